-- The slots without a recovery point, of chains whose sums differ and that have at least one.
--
-- Row:    a missing slot of a resource and leg, and its kind:
--         failed (a job failed), deleted (a job completed, the point is gone), silent (no job), copy_failed, copy (the source
--         is there), source (the source is missing too: not the copy's fault), history (older than the source's retention)
-- Reads:  judged, points, slots, troubles, backup_jobs, attribution, vault_places, protected, legs, hours
-- Limits: jobs are listed for 30 days; before that a missing slot is silent.
CREATE TEMP TABLE gaps AS
WITH suspects AS (
    SELECT j.resource_no, j.leg_no, j.local_leg_no, j.rule_no, j.copy, l.target, j.first_no, j.last_no, j.local_first_no
    FROM judged AS j
    JOIN legs AS l ON l.leg_no = j.leg_no
    WHERE j.suspect AND j.in_range > 0
),
seen AS (
    SELECT DISTINCT p.resource_no, p.leg_no, p.slot_no
    FROM points AS p
    JOIN (SELECT DISTINCT resource_no FROM suspects) AS s ON s.resource_no = p.resource_no
),
missing AS (
    SELECT s.*, z.slot_no, z.slot_at
    FROM suspects AS s
    JOIN slots AS z ON z.rule_no = s.rule_no AND z.slot_no BETWEEN s.first_no AND s.last_no AND z.expected = 1
    LEFT JOIN seen AS n ON n.resource_no = s.resource_no AND n.leg_no = s.leg_no AND n.slot_no = z.slot_no
    WHERE n.slot_no IS NULL
),
finished AS (
    SELECT DISTINCT r.resource_no, a.leg_no, CASE WHEN j.created_at >= h.slot_at THEN h.slot_no ELSE h.before_no END AS slot_no
    FROM backup_jobs AS j
    JOIN protected AS r ON r.arn = j.resource_arn
    JOIN (SELECT DISTINCT resource_no FROM missing WHERE NOT copy) AS s ON s.resource_no = r.resource_no
    JOIN vault_places AS v ON v.account_id = j.account_id AND v.region = j.region AND v.vault_name = j.vault_name
    JOIN attribution AS a
        ON a.place_no = r.place_no AND a.vault_no = v.vault_no AND a.plan_id = coalesce(lower(j.plan_id), '')
        AND (a.rule_id = j.rule_id OR a.sole)
    JOIN legs AS l ON l.leg_no = a.leg_no
    JOIN hours AS h ON h.rule_no = l.rule_no AND h.hour = CAST(floor(epoch(j.created_at) / 3600) AS BIGINT)
    WHERE j.state = 'COMPLETED'
),
failed AS (
    SELECT resource_no, leg_no, slot_no, max_by(message, created_at) AS message
    FROM troubles
    GROUP BY resource_no, leg_no, slot_no
)
SELECT
    m.resource_no, m.leg_no, m.slot_no, m.slot_at, t.message,
    CASE
        WHEN NOT m.copy AND d.slot_no IS NOT NULL THEN 'deleted'
        WHEN NOT m.copy AND t.slot_no IS NOT NULL THEN 'failed'
        WHEN NOT m.copy THEN 'silent'
        WHEN m.slot_no < m.local_first_no THEN 'history'
        WHEN m.target AND n.slot_no IS NULL AND d.slot_no IS NOT NULL THEN 'deleted'  -- the local leg has no chain of its own
        WHEN n.slot_no IS NULL THEN 'source'
        WHEN t.slot_no IS NOT NULL THEN 'copy_failed'
        ELSE 'copy'
    END AS kind
FROM missing AS m
LEFT JOIN finished AS d
    ON d.resource_no = m.resource_no AND d.leg_no = CASE WHEN m.target THEN m.local_leg_no ELSE m.leg_no END AND d.slot_no = m.slot_no
LEFT JOIN failed AS t ON t.resource_no = m.resource_no AND t.leg_no = m.leg_no AND t.slot_no = m.slot_no
LEFT JOIN seen AS n ON n.resource_no = m.resource_no AND n.leg_no = m.local_leg_no AND n.slot_no = m.slot_no;
