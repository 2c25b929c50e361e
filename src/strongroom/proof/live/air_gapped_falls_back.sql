-- Recovery points that were meant for an air-gapped vault stay in the ordinary one
--
-- Why:     A type that air-gapped vaults don't take, or a resource on an AWS-managed key, is backed up into the ordinary vault of the
--          rule. The job is COMPLETED, with AWS's remark in its status message, and the vault that nobody can empty stays empty.
-- Fix:     Re-encrypt the resource with a customer-managed key; a type that air-gapped vaults don't take belongs into a plan that
--          copies into a locked vault.
-- Limits:  Accounts of the strategy; the newest finished job of each resource and vault, of the last 30 days, as long as AWS lists jobs.
-- Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/lag-vault-primary-backup.html, read 2026-11-21 (03 §3.5)
-- Failure: FM28
WITH remarked AS (
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
    SELECT DISTINCT j.account_id, j.region, j.vault_name, j.resource_type, j.resource_arn, replace(j.message, j.resource_arn, 'the resource') AS message
    FROM remarked AS m
    JOIN backup_jobs AS j ON j.resource_arn = m.resource_arn AND j.vault_name = m.vault_name AND j.created_at = m.created_at
    JOIN newest AS n ON n.resource_arn = m.resource_arn
    WHERE m.created_at >= n.newest_at - INTERVAL 2 DAY AND j.account_id IN (SELECT account_id FROM vault_places)
)
SELECT
    min(resource_arn) || CASE WHEN count(DISTINCT resource_arn) > 1 THEN ' and ' || (count(DISTINCT resource_arn) - 1) || ' more' ELSE '' END AS subject,
    'recovery points of ' || resource_type || ' stay in vault ' || vault_name || ' instead of the air-gapped vault: ' || message AS message,
    min_by(account_id, resource_arn) AS account_id, min_by(region, resource_arn) AS region, min(resource_arn) AS arn,
    'sealed' AS link, count(DISTINCT resource_arn) AS resources, min(DISTINCT resource_arn, 20) AS arns, count(*) AS count
FROM fallen
GROUP BY resource_type, vault_name, message
ORDER BY resource_type, vault_name, message;
