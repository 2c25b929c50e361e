-- Recovery points that were meant for an air-gapped vault stay in the ordinary one
--
-- Why:     A type that air-gapped vaults don't take, or a resource on an AWS-managed key, is backed up into the ordinary vault of the
--          rule. The job is COMPLETED, with AWS's remark in its status message, and the vault that nobody can empty stays empty.
-- Fix:     Re-encrypt the resource with a customer-managed key; a type that air-gapped vaults don't take belongs into a plan that
--          copies into a locked vault.
-- Limits:  Of rules of the strategy what the chains show. Of others in accounts of the strategy the newest finished job of each resource
--          and vault, of the last 30 days, as long as AWS lists jobs.
-- Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/lag-vault-primary-backup.html, read 2026-11-21 (03 §3.5)
-- Failure: FM28
WITH chained AS (
    SELECT r.account_id, r.region, r.arn AS resource_arn, c.copied_cause AS message
    FROM chains AS c
    JOIN protected AS r ON r.resource_no = c.resource_no
    WHERE c.copied_code = 'VRF154'
),
remarked AS (
    SELECT resource_arn, vault_name, max(created_at) AS created_at
    FROM backup_jobs
    WHERE state = 'COMPLETED' AND message LIKE '%logically air-gapped backup vault%'
    GROUP BY resource_arn, vault_name
),
newest AS (
    SELECT j.resource_arn, max(j.created_at) AS newest_at
    FROM backup_jobs AS j
    JOIN (SELECT DISTINCT resource_arn FROM remarked) AS w ON w.resource_arn = j.resource_arn
    WHERE j.state = 'COMPLETED'
    GROUP BY j.resource_arn
),
fallen AS (
    SELECT DISTINCT
        j.account_id, j.region, j.resource_arn,
        'recovery points of ' || j.resource_type || ' stay in vault ' || j.vault_name || ' instead of the air-gapped vault: '
            || replace(j.message, j.resource_arn, 'the resource') AS message
    FROM remarked AS m
    JOIN backup_jobs AS j ON j.resource_arn = m.resource_arn AND j.vault_name = m.vault_name AND j.created_at = m.created_at
    JOIN newest AS n ON n.resource_arn = m.resource_arn
    WHERE m.created_at >= n.newest_at - INTERVAL 2 DAY AND j.account_id IN (SELECT account_id FROM vault_places)
        AND NOT EXISTS (
            SELECT 1 FROM chained AS c WHERE c.resource_arn = j.resource_arn AND contains(c.message, ' in vault ' || j.vault_name || ' instead')
        )
    UNION
    SELECT account_id, region, resource_arn, message FROM chained
)
SELECT
    min(resource_arn) || CASE WHEN count(DISTINCT resource_arn) > 1 THEN ' and ' || (count(DISTINCT resource_arn) - 1) || ' more' ELSE '' END AS subject,
    message,
    min_by(account_id, resource_arn) AS account_id, min_by(region, resource_arn) AS region, min(resource_arn) AS arn,
    'copied' AS link, count(DISTINCT resource_arn) AS resources, min(DISTINCT resource_arn, 20) AS arns, count(*) AS count
FROM fallen
GROUP BY message
ORDER BY message;
