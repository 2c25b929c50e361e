-- Resources that stand and fall alike: the same copies, in the same places, that reach back as far.
--
-- Row:    an account of resources, and a list of (place, spans of days reached back)
-- Reads:  resources, recovery_points (through copies); places, spans, clock (made in Python)
-- Why:    the smallest sets of events are looked for once for each, however many resources have them.
-- Limits: a resource that is gone and still has recovery points counts with the account in its ARN.
CREATE TEMP TABLE standing AS
WITH reached AS (
    SELECT c.resource_arn, p.place_no, count(s.days) AS spans
    FROM copies AS c
    JOIN places AS p
        ON p.account_id = c.account_id AND p.region = c.region AND p.vault_name = c.vault_name AND p.key_arn = c.key_arn
        AND p.form = c.form AND p.held = c.held
    CROSS JOIN clock AS k
    LEFT JOIN spans AS s ON c.oldest_at <= k.now - to_days(s.days)
    WHERE p.usable
    GROUP BY ALL
),
held AS (
    SELECT resource_arn, list(place_no * 1000 + spans ORDER BY place_no) AS copies
    FROM reached
    GROUP BY resource_arn
)
SELECT
    coalesce(r.arn, h.resource_arn) AS arn,
    coalesce(r.account_id, split_part(h.resource_arn, ':', 5)) AS account_id,
    coalesce(r.region, split_part(h.resource_arn, ':', 4)) AS region,
    coalesce(r.type, '') AS type,
    coalesce(h.copies, []) AS copies
FROM held AS h
FULL JOIN resources AS r ON r.arn = h.resource_arn
