-- What is left of every resource: the copies that could be restored today.
--
-- Row:    a resource, a vault, a key, a form of ARN (a service's own snapshots, AWS Backup's own recovery points), and whether a legal hold
--         keeps them, with the oldest instant that can be restored
-- Reads:  recovery_points, legal_holds, held_points, clock (made from the snapshot)
-- Why:    a copy falls with its vault, its account, its Region and its key; which days it reaches back decides about ransomware.
--         A continuous recovery point reaches back as many days as it is kept, not to its creation.
--         Nobody deletes what an active legal hold keeps, not even its retention, before the hold is cancelled.
-- Limits: what a hold keeps and AWS did not list counts as not held. A recovery point of which AWS doesn't tell the key is taken for one that no key event destroys, and is counted as unknown.
-- Source: AWS Backup developer guide, recovery-points and point-in-time-recovery (read 2026-11)
CREATE TEMP TABLE copies AS
WITH held AS (
    SELECT DISTINCT p.account_id, p.region, p.arn
    FROM held_points AS p
    JOIN legal_holds AS h ON h.account_id = p.account_id AND h.region = p.region AND h.hold_id = p.hold_id AND h.status = 'ACTIVE'
)
SELECT
    p.resource_arn,
    p.account_id,
    p.region,
    p.vault_name,
    coalesce(p.key_arn, '') AS key_arn,
    concat(split_part(p.arn, ':', 3), ':', split_part(split_part(p.arn, ':', 6), '/', 1)) AS form,
    (p.account_id, p.region, p.arn) IN (SELECT (account_id, region, arn) FROM held) AS held,
    p.key_arn IS NULL AND coalesce(p.encrypted, true) AS key_unknown,
    count(*) AS points,
    any_value(p.arn) AS example,
    min(
        CASE
            WHEN p.status = 'AVAILABLE' THEN greatest(p.created_at, c.now - to_days(coalesce(CAST(p.delete_after_days AS INTEGER), 35)))
            ELSE p.created_at
        END
    ) AS oldest_at
FROM recovery_points AS p, clock AS c
WHERE
    p.status IN ('COMPLETED', 'AVAILABLE')
    AND (p.delete_at IS NULL OR p.delete_at > c.now OR (p.account_id, p.region, p.arn) IN (SELECT (account_id, region, arn) FROM held))
GROUP BY ALL
