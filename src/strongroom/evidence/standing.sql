-- Every resource and vault that a declared restore test covers, with the newest restore job of AWS that proves it.
--
-- Row:    a restore test, a resource and a vault
-- Reads:  tested, test_legs, test_vaults, judged, place_legs, vault_places, protected, restores, recovery_points
-- Why:    a job proves what it restored when it completed and, where the test declares a validation, when AWS was told that it succeeded.
-- Limits: a job of which AWS doesn't tell the vault speaks for all vaults of its account and Region, as in the proof.
-- Source: AWS Backup developer guide, restore-testing and restore-testing-validation (read 2026-11-21)
WITH wanted AS (
    SELECT
        t.test_no, r.resource_no, r.arn, r.account_id AS owner_id, r.type, r.rto_minutes, p.vault_no, p.account_id, p.region, p.vault_name, p.arn AS vault_arn,
        w.validated, w.due_at, max(j.points) AS points,
        bool_or(coalesce(epoch(w.due_at) > epoch(j.floor_at) + j.bound_minutes * 60, FALSE)) AS reached
    FROM tested AS t
    JOIN protected AS r ON r.resource_no = t.resource_no
    JOIN test_legs AS l ON l.test_no = t.test_no
    JOIN judged AS j ON j.resource_no = t.resource_no AND j.leg_no = l.leg_no
    JOIN place_legs AS s ON s.place_no = j.place_no AND s.leg_no = j.leg_no
    JOIN vault_places AS p ON p.vault_no = s.vault_no
    JOIN test_vaults AS w ON w.test_no = t.test_no AND w.vault_no = p.vault_no
    GROUP BY ALL
),
newest AS (
    SELECT * FROM restores QUALIFY row_number() OVER (PARTITION BY job_id ORDER BY seen_at DESC) = 1
),
sources AS (
    SELECT arn, any_value(resource_arn) AS resource_arn
    FROM recovery_points
    WHERE arn IN (SELECT recovery_point_arn FROM newest WHERE source_resource_arn IS NULL)
    GROUP BY arn
),
jobs AS (
    SELECT n.*, coalesce(n.source_resource_arn, s.resource_arn) AS tested_arn
    FROM newest AS n
    LEFT JOIN sources AS s ON n.source_resource_arn IS NULL AND s.arn = n.recovery_point_arn
    WHERE n.state = 'COMPLETED'
)
SELECT
    w.test_no, w.arn AS resource_arn, w.owner_id, w.type, w.account_id, w.region, w.vault_name, w.rto_minutes, w.points, w.due_at, w.reached,
    max_by(j.job_id, j.created_at) AS job_id, max(j.created_at) AS job_at,
    max_by(epoch(j.completed_at) - epoch(j.created_at), j.created_at) AS job_seconds
FROM wanted AS w
LEFT JOIN jobs AS j
    ON j.tested_arn = w.arn AND (NOT w.validated OR j.validation_status = 'SUCCESSFUL')
    AND CASE WHEN j.vault_arn IS NULL THEN j.account_id = w.account_id AND j.region = w.region ELSE j.vault_arn = w.vault_arn END
GROUP BY w.test_no, w.arn, w.owner_id, w.type, w.account_id, w.region, w.vault_name, w.rto_minutes, w.points, w.due_at, w.reached
ORDER BY w.test_no, w.arn, w.account_id, w.region, w.vault_name;
