-- What vaults hold: the newest recovery point of each form of ARN, and every key that recovery points are encrypted under.
--
-- Row:    a vault, a form of ARN and a key
-- Reads:  recovery_points
-- Why:    policies tell recovery points apart by the form of their ARN: a service's own snapshots, AWS Backup's own ones.
WITH formed AS (
  SELECT
    account_id,
    region,
    vault_name,
    arn,
    key_arn,
    created_at,
    concat(split_part(arn, ':', 3), ':', split_part(split_part(arn, ':', 6), '/', 1)) AS form
  FROM recovery_points
)
SELECT account_id, region, vault_name, form, key_arn, arg_max(arn, created_at) AS arn, max(created_at) AS newest_at
FROM formed
GROUP BY ALL
ORDER BY ALL
