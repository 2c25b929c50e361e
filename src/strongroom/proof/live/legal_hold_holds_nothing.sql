-- A legal hold holds nothing of what it names
--
-- Why:     A hold takes in snapshots that exist when it is made. Continuous recovery points, copies in other vaults and everything that
--          is made later are no part of it, and nothing says so: the title of the hold reads as if they were.
-- Fix:     Take a backup with backup start-backup-job, then make a new hold, in each account and Region that has recovery points to keep.
-- Limits:  Active holds. Of a hold with more recovery points than are listed nothing is said. Whether there are more than AWS tells is
--          not known.
-- Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/legalhold.html, read 2026-11-21 (03 §3.8)
-- Failure: FM29
WITH active AS (
    SELECT
        h.account_id, h.region, h.hold_id, h.title, CAST(h.created_at AS DATE) AS made_on,
        coalesce(from_json(json_extract(h.selection, '$.ResourceIdentifiers'), '["VARCHAR"]'), []) AS named,
        coalesce(from_json(json_extract(h.selection, '$.VaultNames'), '["VARCHAR"]'), []) AS vaults
    FROM legal_holds AS h
    WHERE h.status = 'ACTIVE' AND h.points_complete
),
wanted AS (
    SELECT account_id, region, hold_id, title, made_on, vaults, unnest(named) AS thing FROM active WHERE len(named) > 0
    UNION ALL
    SELECT account_id, region, hold_id, title, made_on, vaults, '' FROM active WHERE len(named) = 0
),
held AS (
    SELECT DISTINCT p.hold_id, p.resource_arn, r.resource_type
    FROM held_points AS p
    LEFT JOIN recovery_points AS r ON r.account_id = p.account_id AND r.region = p.region AND r.arn = p.arn
),
empty AS (
    SELECT w.*
    FROM wanted AS w
    WHERE NOT EXISTS (
        SELECT 1 FROM held AS h WHERE h.hold_id = w.hold_id AND (w.thing = '' OR w.thing = h.resource_arn OR w.thing = h.resource_type)
    )
),
things AS (
    SELECT DISTINCT account_id, region, thing FROM empty
),
continuous AS (
    SELECT DISTINCT t.account_id, t.region, t.thing
    FROM things AS t
    JOIN recovery_points AS r ON r.account_id = t.account_id AND r.region = t.region AND (t.thing = '' OR r.resource_arn = t.thing)
    WHERE r.status IN ('AVAILABLE', 'STOPPED')
)
SELECT
    'legal hold ' || e.title AS subject,
    'legal hold ' || e.title || ' of ' || e.made_on || ' holds nothing'
        || CASE WHEN max(e.thing) = '' THEN '' ELSE ' of ' || count(DISTINCT e.thing) || ' that it names' END
        || CASE WHEN bool_or(c.thing IS NOT NULL) THEN ': there are continuous recovery points, which a hold leaves out' ELSE '' END AS message,
    e.account_id, e.region, CASE WHEN max(e.thing) LIKE 'arn:%' THEN max(e.thing) END AS arn, 'kept' AS link,
    count(DISTINCT e.thing) AS count
FROM empty AS e
LEFT JOIN continuous AS c ON c.account_id = e.account_id AND c.region = e.region AND c.thing = e.thing
GROUP BY e.account_id, e.region, e.hold_id, e.title, e.made_on
ORDER BY e.account_id, e.region, e.title;
