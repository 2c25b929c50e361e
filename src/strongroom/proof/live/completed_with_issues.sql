-- Backup jobs are completed with issues
--
-- Why:     A job that AWS Backup calls COMPLETED can have left something out; only its status message and its message category tell,
--          and no event, metric or alarm does.
-- Fix:     Remove the reason that AWS names, then take a backup with backup start-backup-job.
-- Limits:  The newest finished job of each resource and rule, of the last 30 days, as long as AWS lists jobs. Stacks and clusters are
--          left out when PARTIAL: a stack with anything in it that AWS Backup does not know is never more than that.
-- Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-dashboards.html, read 2026-11-21 (02 §2.1)
-- Failure: FM20
WITH finished AS (
    SELECT
        resource_arn, account_id, region, vault_name, created_at, coalesce(plan_id, '') AS plan_id, coalesce(rule_id, '') AS rule_id, state,
        CASE WHEN coalesce(message, '') = '' THEN 'the job ended as ' || state ELSE replace(message, resource_arn, 'the resource') END AS message,
        (state = 'PARTIAL' AND resource_type NOT IN ('CloudFormation', 'EKS'))
            OR (state = 'COMPLETED' AND CASE WHEN message_category IS NULL THEN coalesce(message, '') <> '' ELSE message_category <> 'SUCCESS' END)
            AS issue
    FROM backup_jobs
    WHERE state IN ('COMPLETED', 'PARTIAL')
),
issues AS (
    SELECT * FROM finished WHERE issue AND message NOT LIKE '%logically air-gapped backup vault%'
),
newest AS (
    SELECT i.*
    FROM issues AS i
    LEFT JOIN (
        SELECT f.resource_arn, f.plan_id, f.rule_id, max(f.created_at) AS newest_at
        FROM finished AS f
        JOIN (SELECT DISTINCT resource_arn FROM issues) AS w ON w.resource_arn = f.resource_arn
        GROUP BY f.resource_arn, f.plan_id, f.rule_id
    ) AS n ON n.resource_arn = i.resource_arn AND n.plan_id = i.plan_id AND n.rule_id = i.rule_id
    WHERE i.created_at = n.newest_at
)
SELECT
    min(i.resource_arn) || CASE WHEN count(DISTINCT i.resource_arn) > 1 THEN ' and ' || (count(DISTINCT i.resource_arn) - 1) || ' more' ELSE '' END
        AS subject,
    'backup jobs are completed with issues: ' || i.message AS message,
    min_by(i.account_id, i.resource_arn) AS account_id, min_by(i.region, i.resource_arn) AS region, min(i.resource_arn) AS arn,
    'backed_up' AS link, count(DISTINCT i.resource_arn) AS resources, min(DISTINCT i.resource_arn, 20) AS arns, count(*) AS count
FROM newest AS i
JOIN protected AS r ON r.arn = i.resource_arn
GROUP BY i.message
ORDER BY i.message;
