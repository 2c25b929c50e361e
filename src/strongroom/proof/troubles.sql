-- Jobs that failed, with AWS's words for it.
--
-- Row:    a backup job or copy job of a protected resource that did not succeed
-- Reads:  backup_jobs, copy_jobs; protected, vault_places, attribution, legs, hours
-- Limits: AWS lists jobs of the last 30 days only. A copy job is taken for the newest slot before it.
CREATE TEMP TABLE troubles AS
WITH failed AS (
    SELECT
        j.resource_arn, v.vault_no, j.plan_id, j.rule_id, j.created_at, FALSE AS copy,
        CASE WHEN coalesce(j.message, '') = '' THEN 'the job ended as ' || j.state ELSE j.message END AS message
    FROM backup_jobs AS j
    JOIN vault_places AS v ON v.account_id = j.account_id AND v.region = j.region AND v.vault_name = j.vault_name
    WHERE j.state IN ('FAILED', 'EXPIRED', 'ABORTED')
    UNION ALL
    SELECT
        j.resource_arn, v.vault_no, j.plan_id, j.rule_id, j.created_at, TRUE AS copy,
        CASE WHEN coalesce(j.message, '') = '' THEN 'the job ended as ' || j.state ELSE j.message END AS message
    FROM copy_jobs AS j
    JOIN vault_places AS v ON v.arn = j.destination_vault_arn
    WHERE j.state = 'FAILED'
)
SELECT
    r.resource_no,
    a.leg_no,
    CASE WHEN j.created_at >= h.slot_at THEN h.slot_no ELSE h.before_no END AS slot_no,
    j.created_at,
    replace(j.message, j.resource_arn, 'the resource') AS message
FROM failed AS j
JOIN protected AS r ON r.arn = j.resource_arn
JOIN attribution AS a
    ON a.place_no = r.place_no AND a.vault_no = j.vault_no AND a.plan_id = coalesce(lower(j.plan_id), '')
    AND (a.rule_id = j.rule_id OR a.sole)
JOIN legs AS l ON l.leg_no = a.leg_no AND l.copy = j.copy
LEFT JOIN hours AS h ON h.rule_no = l.rule_no AND h.hour = CAST(floor(epoch(j.created_at) / 3600) AS BIGINT);
