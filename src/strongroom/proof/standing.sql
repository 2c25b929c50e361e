-- How each protected resource stands: whether a proven copy of it is left, and whether something was promised about it.
--
-- Row:    a resource
-- Reads:  chains, protected, legs
-- Why:    a cause that leaves resources without any copy outranks one that costs a second copy. A copy is left where the recovery
--         points of a leg have arrived as they should and nothing is known that would keep them from being restored.
-- Limits: what could not be read about a restore is not held against a copy; it is told as unread.
CREATE TEMP TABLE standing AS
SELECT
    c.resource_no,
    bool_or(
        c.points > 0 AND c.restorable_state IS DISTINCT FROM 'broken'
        AND CASE WHEN l.copy THEN c.copied_state ELSE c.backed_up_state END = 'proven'
    ) AS safe,
    any_value(coalesce(r.rpo_minutes, r.account_minutes, r.region_minutes, r.deletion_minutes, r.owed_days)) IS NOT NULL AS promised
FROM chains AS c
JOIN legs AS l ON l.leg_no = c.leg_no
JOIN protected AS r ON r.resource_no = c.resource_no
GROUP BY c.resource_no;
