-- Copies of an account that is not in the organization any more
--
-- Why:     AWS Backup copies between accounts of one organization only: an account that left gets nothing copied any more, and the
--          copies that were made before can't be copied back into it. They expire one by one.
-- Fix:     Invite the account back (organizations invite-account-to-organization), or restore what is still needed where the copies lie.
-- Limits:  Vaults of the strategy. The account is that of the vault a recovery point was copied from, as AWS tells it; copies whose
--          source AWS doesn't tell are left out. Closed accounts are in the organization until they are gone.
-- Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html, read 2026-11-21 (01 §1.7)
-- Failure: FM06
WITH named AS (
    SELECT DISTINCT source_vault_arn FROM recovery_points WHERE source_vault_arn IS NOT NULL
),
foreign_vaults AS (
    SELECT source_vault_arn, split_part(source_vault_arn, ':', 5) AS source
    FROM named
    WHERE split_part(source_vault_arn, ':', 5) NOT IN (SELECT account_id FROM accounts)
),
outside AS (
    SELECT f.source, v.arn, p.account_id, p.region, p.vault_name, count(*) AS points, max(p.delete_at) AS last_at, bool_or(p.delete_at IS NULL) AS kept
    FROM recovery_points AS p
    JOIN foreign_vaults AS f ON f.source_vault_arn = p.source_vault_arn
    JOIN vault_places AS v ON v.account_id = p.account_id AND v.region = p.region AND v.vault_name = p.vault_name
    GROUP BY ALL
)
SELECT
    'account ' || source AS subject,
    CAST(sum(points) AS BIGINT) || ' copies of account ' || source || ' are left in '
        || array_to_string(list_sort(list(DISTINCT 'vault ' || vault_name || ' in ' || region)), ', ')
        || ', and the account is not in the organization any more'
        || CASE WHEN bool_or(kept) THEN '' ELSE '; the last one expires on ' || strftime(max(last_at), '%Y-%m-%d') END AS message,
    min(account_id) AS account_id, min(region) AS region, min(arn) AS arn,
    'copied' AS link, CAST(sum(points) AS BIGINT) AS count
FROM outside
GROUP BY source
ORDER BY source;
