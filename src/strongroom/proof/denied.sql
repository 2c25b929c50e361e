-- Chains of which the newest restore that shows anything was denied: what was foreseen to work does not.
--
-- Row:    a resource and a leg
-- Reads:  restores, restore_tests, denials, restoring, protected, judged, place_legs, vault_places
-- Why:    a prediction is no better than what it interprets; AWS's refusal is. A restore that came after it lifts it.
-- Limits: messages that AWS documents; jobs of restore tests and of the role that restores, because others may lack permissions by intent.
--         A repair shows with the next restore only.
CREATE TEMP TABLE denied AS
WITH jobs AS (
    SELECT * FROM restores QUALIFY row_number() OVER (PARTITION BY job_id ORDER BY seen_at DESC) = 1
),
shown AS (
    SELECT r.resource_no, v.vault_no, coalesce(n.completed_at, n.created_at) AS shown_at, n.state = 'COMPLETED' AS done, n.message
    FROM jobs AS n
    CROSS JOIN restoring AS o
    JOIN protected AS r ON r.arn = n.source_resource_arn
    JOIN vault_places AS v ON v.arn = n.vault_arn
    WHERE n.state = 'COMPLETED' OR (
        n.state = 'FAILED' AND (n.testing_plan_arn IS NOT NULL OR list_last(string_split(n.role_arn, '/')) = o.role)
        AND EXISTS (SELECT 1 FROM denials AS d WHERE contains(n.message, d.fragment))
    )
    UNION ALL
    SELECT r.resource_no, v.vault_no, t.completed_at, t.restored, t.told
    FROM restore_tests AS t
    JOIN protected AS r ON r.arn = t.resource_arn
    JOIN vault_places AS v ON v.account_id = t.account_id AND v.region = t.region AND v.vault_name = t.vault_name
    WHERE t.restored OR (t.outcome = 'failed' AND EXISTS (SELECT 1 FROM denials AS d WHERE contains(t.told, d.fragment)))
),
newest AS (
    SELECT resource_no, vault_no, max_by(done, shown_at) AS done, max_by(message, shown_at) AS message
    FROM shown
    GROUP BY resource_no, vault_no
)
SELECT j.resource_no, j.leg_no, n.message
FROM newest AS n
JOIN judged AS j ON j.resource_no = n.resource_no
JOIN place_legs AS s ON s.place_no = j.place_no AND s.leg_no = j.leg_no AND s.vault_no = n.vault_no
WHERE NOT n.done;
