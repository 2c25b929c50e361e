-- Copies of what a legal hold names are not held, and some are older than all that it holds
--
-- Why:     Copies don't inherit holds: one that was made in the account of a resource holds what lies there. Copies elsewhere are often
--          the older history, because they are kept for longer; they go on expiring.
-- Fix:     Make a hold in the account and Region of the copies as well: backup create-legal-hold with the same ResourceIdentifiers.
-- Limits:  Active holds that name resources by ARN; copies in vaults of the strategy that have an end. Recovery points before the
--          dates of the hold are left out.
-- Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/legalhold.html, read 2026-11-21 (03 §3.8)
-- Failure: FM29
WITH active AS (
    SELECT
        account_id, region, hold_id, title, unnest(from_json(json_extract(selection, '$.ResourceIdentifiers'), '["VARCHAR"]')) AS resource_arn,
        CAST(json_extract_string(selection, '$.DateRange.FromDate') AS TIMESTAMPTZ) AS since_at
    FROM legal_holds
    WHERE status = 'ACTIVE' AND points_complete AND selection IS NOT NULL AND json_extract(selection, '$.ResourceIdentifiers') IS NOT NULL
),
held AS (
    SELECT p.account_id, p.region, p.arn, p.resource_arn, r.created_at
    FROM held_points AS p
    JOIN recovery_points AS r ON r.account_id = p.account_id AND r.region = p.region AND r.vault_name = p.vault_name AND r.arn = p.arn
),
reach AS (
    SELECT a.hold_id, a.title, a.account_id, a.region, a.resource_arn, a.since_at, min(h.created_at) AS oldest_at
    FROM active AS a
    JOIN held AS h ON h.account_id = a.account_id AND h.region = a.region AND h.resource_arn = a.resource_arn
    GROUP BY ALL
),
free AS (
    SELECT h.title, h.account_id AS holder, h.resource_arn, v.account_id, v.region, v.vault_name, v.arn, p.delete_at
    FROM reach AS h
    JOIN recovery_points AS p ON p.resource_arn = h.resource_arn AND p.created_at < h.oldest_at
    JOIN vault_places AS v ON v.account_id = p.account_id AND v.region = p.region AND v.vault_name = p.vault_name
    LEFT JOIN held AS o ON o.account_id = p.account_id AND o.region = p.region AND o.arn = p.arn
    WHERE o.arn IS NULL AND p.delete_at IS NOT NULL AND (v.account_id <> h.account_id OR v.region <> h.region)
        AND (h.since_at IS NULL OR p.created_at >= h.since_at)
)
SELECT
    'legal hold ' || title AS subject,
    'legal hold ' || title || ' leaves out ' || count(*) || ' copies in vault ' || vault_name || ' in ' || region || ' of account ' || account_id
        || ' that are older than all it holds; the first expires on ' || strftime(min(delete_at), '%Y-%m-%d') AS message,
    account_id, region, min(arn) AS arn, 'kept' AS link,
    count(DISTINCT resource_arn) AS resources, min(DISTINCT resource_arn, 20) AS arns, count(*) AS count
FROM free
GROUP BY title, holder, account_id, region, vault_name
ORDER BY title, holder, account_id, region, vault_name;
