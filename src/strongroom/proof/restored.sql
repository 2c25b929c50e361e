-- What restore tests have shown of each chain that they cover.
--
-- Row:    a resource and a leg that a declared restore test covers
-- Reads:  restores, restore_tests, tested, test_legs, test_vaults, judged, place_legs, vault_places, protected, recovery_points, clock
-- Why:    the newest restore of the resource from any vault of the test in one account and Region decides; it must not be older than the
--         newest run that must be over by now. Restores that somebody started count when they succeeded, and where a validation is
--         declared when they were validated: a slip of the hand disproves nothing.
--         A newer record of a test decides for the vault that it restored from. One that could not tell proves nothing and disproves
--         nothing: what was shown before stands until it is too old. A record that failed breaks chains that no declared test covers too,
--         and one that passed proves them.
-- Limits: tags of recovery points are taken to be those of the resource. Nothing is due before the testing plan exists and a
--         recovery point can be there.
-- Source: AWS Backup developer guide, restore-testing and restore-testing-validation (read 2026-11-21)
CREATE TEMP TABLE restored AS
WITH jobs AS (
    SELECT * FROM restores QUALIFY row_number() OVER (PARTITION BY job_id ORDER BY seen_at DESC) = 1
),
sources AS (
    SELECT arn, any_value(resource_arn) AS resource_arn
    FROM recovery_points
    WHERE arn IN (SELECT recovery_point_arn FROM jobs WHERE source_resource_arn IS NULL)
    GROUP BY arn
),
runs AS (
    SELECT
        r.resource_no, r.rto_minutes, v.vault_no,
        coalesce(v.account_id, j.account_id) AS account_id, coalesce(v.region, j.region) AS region,
        j.job_id, j.state, j.message, j.created_at, j.completed_at, j.validation_status, j.validation_message,
        j.testing_plan_arn IS NOT NULL AS of_a_test,
        (epoch(j.completed_at) - epoch(j.created_at)) / 60 AS took_minutes
    FROM jobs AS j
    LEFT JOIN sources AS s ON j.source_resource_arn IS NULL AND s.arn = j.recovery_point_arn
    JOIN protected AS r ON r.arn = coalesce(j.source_resource_arn, s.resource_arn)
    LEFT JOIN vault_places AS v ON v.arn = j.vault_arn
    WHERE j.vault_arn IS NULL OR v.vault_no IS NOT NULL
),
wanted AS (
    SELECT
        t.resource_no, t.test_no, j.leg_no, p.vault_no, p.account_id, p.region,
        w.name, w.validated, w.due_at, w.next_at, w.planned, w.deployed, w.unread, j.points,
        epoch(w.due_at) > greatest(
            epoch(j.floor_at) + j.bound_minutes * 60, coalesce(epoch(w.planned_at), 0)
        ) AS due
    FROM tested AS t
    JOIN test_legs AS l ON l.test_no = t.test_no
    JOIN judged AS j ON j.resource_no = t.resource_no AND j.leg_no = l.leg_no
    JOIN place_legs AS s ON s.place_no = j.place_no AND s.leg_no = j.leg_no
    JOIN vault_places AS p ON p.vault_no = s.vault_no
    JOIN test_vaults AS w ON w.test_no = t.test_no AND w.vault_no = p.vault_no
),
tests AS (
    SELECT
        resource_no, test_no, account_id, region, any_value(name) AS name, any_value(validated) AS validated, any_value(due_at) AS due_at,
        any_value(next_at) AS next_at, bool_or(planned) AS planned, bool_or(deployed) AS deployed, min(unread) AS unread, bool_or(coalesce(due, FALSE) AND points > 0) AS due,
        list_distinct(list(vault_no)) AS vaults
    FROM wanted
    GROUP BY resource_no, test_no, account_id, region
),
decided AS (
    SELECT
        t.resource_no, t.test_no, t.account_id, t.region,
        max_by(r, r.created_at) FILTER (
            r.state IN ('COMPLETED', 'FAILED', 'ABORTED')
            AND NOT (t.validated AND r.state = 'COMPLETED' AND coalesce(r.validation_status, '') = 'VALIDATING')
            AND (r.of_a_test OR (r.state = 'COMPLETED' AND (NOT t.validated OR r.validation_status = 'SUCCESSFUL')))
        ) AS job,
        max(r.created_at) FILTER (r.state IN ('PENDING', 'RUNNING') OR r.validation_status = 'VALIDATING') AS running_at
    FROM tests AS t
    JOIN runs AS r
        ON r.resource_no = t.resource_no AND r.account_id = t.account_id AND r.region = t.region
        AND (r.vault_no IS NULL OR list_contains(t.vaults, r.vault_no))
    GROUP BY t.resource_no, t.test_no, t.account_id, t.region
),
recorded AS (
    SELECT
        w.resource_no, w.test_no, w.leg_no, any_value(r.rto_minutes) AS rto_minutes,
        max_by(n, n.completed_at) FILTER (n.outcome <> 'unknown') AS record,
        max_by(n, n.completed_at) FILTER (n.outcome = 'unknown') AS doubt
    FROM wanted AS w
    JOIN protected AS r ON r.resource_no = w.resource_no
    JOIN vault_places AS v ON v.vault_no = w.vault_no
    JOIN restore_tests AS n
        ON n.resource_arn = r.arn AND n.account_id = v.account_id AND n.region = v.region AND n.vault_name = v.vault_name
    GROUP BY w.resource_no, w.test_no, w.leg_no
),
known AS (
    SELECT
        l.leg_no, t.*, d.job, n.record, n.doubt, n.rto_minutes,
        coalesce(d.running_at >= t.due_at, FALSE) AS running,
        n.record IS NOT NULL AND (
            d.job IS NULL OR n.record.completed_at >= coalesce(d.job.completed_at, d.job.created_at)
            OR coalesce(n.record.job_id = d.job.job_id, FALSE)
            -- What was found wrong is not mended by a restore into which nobody has looked.
            OR (n.record.wrong AND n.record.restored AND d.job.state = 'COMPLETED' AND coalesce(d.job.validation_status, '') <> 'SUCCESSFUL')
        ) AS by_record,
        n.doubt IS NOT NULL AND coalesce(n.doubt.completed_at >= t.due_at OR NOT t.due, TRUE) AS doubted
    FROM (SELECT DISTINCT resource_no, test_no, leg_no, account_id, region FROM wanted) AS l
    JOIN tests AS t ON t.resource_no = l.resource_no AND t.test_no = l.test_no AND t.account_id = l.account_id AND t.region = l.region
    LEFT JOIN decided AS d
        ON d.resource_no = t.resource_no AND d.test_no = t.test_no AND d.account_id = t.account_id AND d.region = t.region
    LEFT JOIN recorded AS n ON n.resource_no = l.resource_no AND n.test_no = l.test_no AND n.leg_no = l.leg_no
),
found AS (
    SELECT
        *,
        CASE
            WHEN by_record AND record.outcome = 'failed' AND record.wrong THEN 'VRF086'
            WHEN unread IS NOT NULL THEN 'VRF001'
            WHEN by_record AND (record.outcome = 'failed' OR record.seconds > rto_minutes * 60) THEN 'VRF087'
            WHEN by_record AND due AND record.started_at < due_at AND NOT running THEN CASE WHEN doubted THEN 'VRF089' ELSE 'VRF080' END
            WHEN by_record THEN NULL
            WHEN job IS NULL AND doubted THEN 'VRF089'
            WHEN job IS NULL AND NOT planned THEN CASE WHEN deployed THEN 'VRF155' ELSE 'VRF084' END
            WHEN job IS NULL AND due AND running THEN 'RUNNING'
            WHEN job IS NULL AND due THEN 'VRF080'
            WHEN job IS NULL THEN 'DUE'
            WHEN job.state <> 'COMPLETED' THEN 'VRF081'
            WHEN validated AND job.validation_status = 'FAILED' THEN 'VRF082'
            WHEN validated AND coalesce(job.validation_status, '') <> 'SUCCESSFUL' THEN 'VRF083'
            WHEN job.took_minutes > job.rto_minutes THEN 'VRF085'
            WHEN due AND job.created_at < due_at AND NOT running THEN CASE WHEN doubted THEN 'VRF089' ELSE 'VRF080' END
        END AS code
    FROM known
),
told AS (
    SELECT
        f.resource_no, f.leg_no, f.code,
        CASE WHEN f.code IS NULL THEN 'proven' WHEN f.code IN ('VRF001', 'VRF089') THEN 'unknown'
             WHEN f.code IN ('DUE', 'RUNNING') THEN 'not_required' ELSE 'broken' END AS state,
        CASE f.code
            WHEN 'VRF001' THEN f.unread
            WHEN 'DUE' THEN 'no run of restore test ' || f.name || ' has been due yet'
                || coalesce(', the next must be over by ' || strftime(f.next_at, '%Y-%m-%d %H:%M') || ' UTC', '')
            WHEN 'RUNNING' THEN 'a restore of restore test ' || f.name || ' is under way'
            WHEN 'VRF080' THEN 'restore test ' || f.name || ' has not restored the resource since ' || strftime(f.due_at, '%Y-%m-%d %H:%M') || ' UTC'
            WHEN 'VRF081' THEN 'restores of restore test ' || f.name || ' fail: '
                || coalesce(nullif(f.job.message, ''), 'the job ended as ' || f.job.state)
            WHEN 'VRF082' THEN 'what restore test ' || f.name || ' restored was found wrong' || coalesce(': ' || nullif(f.job.validation_message, ''), '')
            WHEN 'VRF083' THEN 'what restore test ' || f.name || ' restored was never validated'
                || CASE WHEN f.job.validation_status = 'TIMED_OUT' THEN ' in time' ELSE '' END
            WHEN 'VRF155' THEN 'no restore-testing plan takes the vaults of restore test ' || f.name || ' in ' || f.region
            WHEN 'VRF084' THEN 'restore test ' || f.name || ' is declared and not deployed'
            WHEN 'VRF085' THEN 'a restore took longer than the objective of ' || CAST(f.job.rto_minutes AS VARCHAR) || ' minutes'
            WHEN 'VRF086' THEN 'restore test ' || f.name || ' failed: ' || f.record.told
            WHEN 'VRF087' THEN 'restore test ' || f.name || ' took longer than the objective of '
                || CAST(coalesce(f.rto_minutes, f.record.rto_seconds // 60) AS VARCHAR) || ' minutes'
            WHEN 'VRF089' THEN 'restore test ' || f.name || ' could not tell: ' || f.doubt.told
        END AS cause
    FROM found AS f
),
-- Tests of what no declared test covers: nobody has said how often, so that one that passed proves for a year; what it doesn't prove is
-- not required. That one failed is told until another has passed.
asked_for AS (
    SELECT
        j.resource_no, j.leg_no, any_value(r.rto_minutes) AS rto_minutes,
        max_by(n, n.completed_at) FILTER (n.outcome <> 'unknown') AS record
    FROM restore_tests AS n
    JOIN protected AS r ON r.arn = n.resource_arn
    JOIN vault_places AS v ON v.account_id = n.account_id AND v.region = n.region AND v.vault_name = n.vault_name
    JOIN judged AS j ON j.resource_no = r.resource_no
    JOIN place_legs AS s ON s.place_no = j.place_no AND s.leg_no = j.leg_no AND s.vault_no = v.vault_no
    ANTI JOIN wanted AS w ON w.resource_no = j.resource_no AND w.leg_no = j.leg_no
    GROUP BY j.resource_no, j.leg_no
)
SELECT
    resource_no, leg_no,
    arg_min(state, rank) AS state, arg_min(code, rank) AS code, arg_min(cause, rank) AS cause
FROM (
    SELECT *, CASE state WHEN 'broken' THEN 0 WHEN 'unknown' THEN 1 WHEN 'proven' THEN 3 ELSE 2 END AS rank FROM told
    UNION ALL
    SELECT
        resource_no, leg_no, 'VRF086', 'broken',
        CASE WHEN record.test = '' THEN 'a restore test by hand' ELSE 'restore test ' || record.test END || ' failed: ' || record.told, 0
    FROM asked_for
    WHERE record.outcome = 'failed' AND (record.wrong OR record.seconds > rto_minutes * 60)
    UNION ALL
    SELECT resource_no, leg_no, NULL, 'proven', NULL, 3
    FROM asked_for CROSS JOIN clock AS k
    WHERE record.outcome = 'passed' AND coalesce(record.seconds <= rto_minutes * 60, TRUE)
        AND epoch(k.now) - epoch(record.completed_at) <= 366 * 86400
)
GROUP BY resource_no, leg_no;
