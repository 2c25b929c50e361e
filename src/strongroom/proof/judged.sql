-- Every chain with what it should have and what it has.
--
-- Row:    a resource and a leg of a plan that selects it: one proof chain
-- Reads:  memberships, protected, legs, place_legs, leg_ranges, hours, slots; observed, flaws, troubles; clock;
--         backup_jobs, copy_jobs, vault_places, attribution
-- Why:    slots are expected from the latest of: resource created, plan created, last seen unselected; and, as far as no earlier
--         snapshot saw it selected, not before the first recovery point or job of the leg. Slots whose recovery points may
--         already be deleted, or whose run may still be going on, are not expected.
--         A leg whose retention is over between two runs has expired when a copy or a finished job shows that it ran.
-- Limits: a rule added to an old plan counts from the plan's creation for "no recovery point at all".
CREATE TEMP TABLE judged AS
WITH trouble AS (
    SELECT resource_no, leg_no, min(slot_no) AS first_no, max_by(message, created_at) AS message, max(created_at) AS failed_at
    FROM troubles
    GROUP BY resource_no, leg_no
),
-- A point of any leg shows that the rule was at work for the resource: from then on every leg must have its own.
begun AS (
    SELECT o.resource_no, l.rule_no, min(o.own_no) AS own_no, max(CASE WHEN o.own_no IS NOT NULL THEN o.newest_at END) AS newest_at
    FROM observed AS o
    JOIN legs AS l ON l.leg_no = o.leg_no
    GROUP BY o.resource_no, l.rule_no
),
-- Jobs are looked at only of legs whose recovery points may all have been deleted before the next run.
finished AS (
    SELECT j.resource_arn, v.vault_no, j.plan_id, j.rule_id, j.created_at, FALSE AS copy
    FROM backup_jobs AS j
    JOIN vault_places AS v ON v.account_id = j.account_id AND v.region = j.region AND v.vault_name = j.vault_name
    WHERE j.state = 'COMPLETED'
    UNION ALL
    SELECT j.resource_arn, v.vault_no, j.plan_id, j.rule_id, j.created_at, TRUE AS copy
    FROM copy_jobs AS j
    JOIN vault_places AS v ON v.arn = j.destination_vault_arn
    WHERE j.state = 'COMPLETED'
),
ran AS (
    SELECT r.resource_no, a.leg_no, max(j.created_at) AS ran_at
    FROM finished AS j
    JOIN protected AS r ON r.arn = j.resource_arn
    JOIN attribution AS a
        ON a.place_no = r.place_no AND a.vault_no = j.vault_no AND a.plan_id = coalesce(lower(j.plan_id), '')
        AND (a.rule_id = j.rule_id OR a.sole)
    JOIN legs AS l ON l.leg_no = a.leg_no AND (l.copy = j.copy OR l.target)
    JOIN leg_ranges AS g ON g.leg_no = a.leg_no AND g.first_no > g.last_no
    GROUP BY r.resource_no, a.leg_no
),
chain AS (
    SELECT
        m.resource_no, l.leg_no, l.rule_no, l.plan_no, l.local_leg_no, l.copy, l.continuous, l.keep_days, l.bound_minutes, l.interval_minutes,
        r.place_no, r.group_no, r.region, r.type, r.key_manager, r.owed_days, r.source_key_no,
        m.selected_at,
        greatest(
            coalesce(r.created_at, TIMESTAMPTZ '1970-01-01 00:00:00+00'),
            coalesce(s.active_at, TIMESTAMPTZ '1970-01-01 00:00:00+00'),
            coalesce(m.unselected_at, TIMESTAMPTZ '1970-01-01 00:00:00+00')
        ) AS floor_at
    FROM memberships AS m
    JOIN protected AS r ON r.resource_no = m.resource_no
    JOIN legs AS l ON l.plan_no = m.plan_no
    JOIN place_legs AS s ON s.place_no = r.place_no AND s.leg_no = l.leg_no
),
bounds AS (
    SELECT
        c.*,
        coalesce(o.points, 0) AS points, coalesce(o.live, FALSE) AS live, o.newest_at, o.oldest_at,
        coalesce(o.in_range, 0) AS in_range, coalesce(o.marks, 0) AS marks, coalesce(o.misfits, 0) AS misfits, o.misfit_days,
        coalesce(w.flaw, 0) // 4294967296 AS flaw, CAST(coalesce(w.flaw, 0) % 4294967296 AS INTEGER) - 1 AS flaw_key_no,
        t.message,
        coalesce(
            o.points IS NULL AND g.first_no > g.last_no
            AND greatest(n.ran_at, CASE WHEN NOT c.copy THEN b.newest_at END) > coalesce(t.failed_at, TIMESTAMPTZ '1970-01-01 00:00:00+00'),
            FALSE
        ) AS expired,
        g.last_no, g.local_first_no,
        greatest(
            g.first_no,
            1 + CASE WHEN c.floor_at >= f.slot_at THEN f.slot_no ELSE coalesce(f.before_no, 0) END,
            least(
                coalesce(o.oldest_no, 2147483647),
                coalesce(b.own_no, 2147483647),
                coalesce(t.first_no, 2147483647),
                coalesce(1 + CASE WHEN c.selected_at >= e.slot_at THEN e.slot_no ELSE e.before_no END, 2147483647)
            )
        ) AS first_no
    FROM chain AS c
    JOIN leg_ranges AS g ON g.leg_no = c.leg_no
    LEFT JOIN observed AS o ON o.resource_no = c.resource_no AND o.leg_no = c.leg_no
    LEFT JOIN flaws AS w ON w.resource_no = c.resource_no AND w.leg_no = c.leg_no
    LEFT JOIN begun AS b ON b.resource_no = c.resource_no AND b.rule_no = c.rule_no
    LEFT JOIN trouble AS t ON t.resource_no = c.resource_no AND t.leg_no = c.leg_no
    LEFT JOIN ran AS n ON n.resource_no = c.resource_no AND n.leg_no = c.leg_no
    LEFT JOIN hours AS f ON f.rule_no = c.rule_no AND f.hour = CAST(floor(epoch(c.floor_at) / 3600) AS BIGINT)
    LEFT JOIN hours AS e ON e.rule_no = c.rule_no AND e.hour = CAST(floor(epoch(c.selected_at) / 3600) AS BIGINT)
)
SELECT
    b.*,
    CASE WHEN b.last_no >= b.first_no THEN z.expected_to - coalesce(a.expected_to, 0) ELSE 0 END AS expected,
    CASE WHEN b.last_no >= b.first_no
        THEN b.in_range <> z.expected_to - coalesce(a.expected_to, 0) OR b.marks <> z.mark_to - coalesce(a.mark_to, 0)
        ELSE FALSE
    END AS suspect,
    epoch(k.now) - epoch(b.floor_at) > b.bound_minutes * 60 AS overdue
FROM bounds AS b
CROSS JOIN clock AS k
LEFT JOIN slots AS z ON z.rule_no = b.rule_no AND z.slot_no = b.last_no
LEFT JOIN slots AS a ON a.rule_no = b.rule_no AND a.slot_no = b.first_no - 1;
