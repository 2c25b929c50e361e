-- What exists of each leg of each resource, in one pass over the recovery points.
--
-- Row:    a resource and a leg that has recovery points
-- Reads:  points, legs, leg_ranges
-- Why:    count and sum of marks of the slots that must be there are compared with those of the schedule (see slots.py), so
--         that no list of slots has to be built for resources that are well.
-- Limits: a retention is judged to half a day; continuous recovery points have none of their own.
CREATE TEMP TABLE observed AS
SELECT
    p.resource_no,
    p.leg_no,
    count(*) AS points,
    max(p.created_at) AS newest_at,
    min(p.created_at) AS oldest_at,
    bool_or(p.live) AS live,
    min(p.slot_no) AS oldest_no,
    min(p.slot_no) FILTER (WHERE p.of_this_rule) AS own_no,
    count(*) FILTER (WHERE p.mark > 0 AND p.slot_no BETWEEN g.first_no AND g.last_no) AS in_range,
    CAST(coalesce(sum(p.mark) FILTER (WHERE p.slot_no BETWEEN g.first_no AND g.last_no), 0) AS BIGINT) AS marks,
    count(*) FILTER (WHERE m.misfit) AS misfits,
    min(CASE WHEN m.misfit THEN m.kept_days END) AS misfit_days,
    bool_or(p.odd) AS odd  -- some are not under the key that they are expected under: see flaws.sql
FROM points AS p
JOIN legs AS l ON l.leg_no = p.leg_no
JOIN leg_ranges AS g ON g.leg_no = p.leg_no
CROSS JOIN LATERAL (
    SELECT
        CAST(round((epoch(p.delete_at) - epoch(p.created_at)) / 86400) AS BIGINT) AS kept_days,
        p.of_this_rule AND NOT (l.continuous AND (p.live OR NOT l.copy)) AND (
            (p.delete_at IS NULL) <> (l.keep_days IS NULL)
            OR abs(epoch(p.delete_at) - epoch(p.created_at) - l.keep_days * 86400) > 43200
        ) AS misfit
) AS m
GROUP BY p.resource_no, p.leg_no;
