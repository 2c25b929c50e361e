-- The copy back from another account takes longer than the objective
--
-- Why:     What another account keeps is copied back whole before it can be restored, and the objective's time runs meanwhile.
-- Fix:     Keep warm recovery points in the account for as long as the objective is meant, share the copies from an air-gapped vault, or
--          set a longer rto for this case.
-- Limits:  Where an objective is to survive the loss of the account, or copies are all that is left of a resource. Measured are the copy
--          jobs that AWS still lists and the known restore jobs, of the same type and of like size (a fourth to four times), between the
--          same Regions in either direction; of a resource whose size is not known, its own. A copy that was incremental looks faster
--          than the way back. A restore that nobody has measured counts as nothing; of a copy of which nobody has, nothing is said.
-- Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html, read 2026-11-21 (03 §3.4)
-- Failure: FM16
WITH sized AS (
    -- Sizes are alike where they have the same power of four.
    SELECT arn, size_bytes, CASE WHEN size_bytes > 0 THEN CAST(floor(log2(size_bytes) / 2) AS INTEGER) END AS magnitude FROM resources
),
resting AS (
    SELECT resource_no FROM chains AS c JOIN vault_places AS v ON v.vault_no = c.vault_no JOIN protected AS r USING (resource_no)
    WHERE r.rto_minutes IS NOT NULL
    GROUP BY resource_no
    HAVING coalesce(sum(c.points) FILTER (v.account_id = r.account_id), 0) = 0
),
far AS (
    SELECT
        c.resource_no, c.type, r.arn, r.account_id, r.region, v.account_id AS keeper, v.region AS kept_in, z.size_bytes, z.magnitude,
        CASE WHEN n.resource_no IS NULL THEN r.account_rto_minutes ELSE r.rto_minutes END AS rto_minutes
    FROM chains AS c
    JOIN protected AS r ON r.resource_no = c.resource_no
    JOIN vault_places AS v ON v.vault_no = c.vault_no
    JOIN sized AS z ON z.arn = r.arn
    LEFT JOIN resting AS n ON n.resource_no = c.resource_no
    WHERE c.points > 0 AND v.account_id <> r.account_id AND NOT v.air_gapped AND (r.account_rto_minutes IS NOT NULL OR n.resource_no IS NOT NULL)
),
done AS (
    SELECT
        TRUE AS copy, j.resource_arn AS arn, j.resource_type AS type, least(j.region, split_part(j.destination_vault_arn, ':', 4)) AS one,
        greatest(j.region, split_part(j.destination_vault_arn, ':', 4)) AS other, epoch(j.completed_at) - epoch(j.created_at) AS seconds
    FROM copy_jobs AS j
    WHERE j.state = 'COMPLETED' AND j.completed_at > j.created_at AND j.resource_type IN (SELECT type FROM far)
    UNION ALL
    SELECT FALSE, j.source_resource_arn, j.resource_type, '', '', epoch(j.completed_at) - epoch(j.created_at)
    FROM restores AS j
    WHERE j.state = 'COMPLETED' AND j.completed_at > j.created_at AND j.resource_type IN (SELECT type FROM far)
),
rates AS (
    SELECT d.copy, d.type, d.one, d.other, z.magnitude, median(z.size_bytes / d.seconds) AS bytes_per_second
    FROM done AS d
    JOIN sized AS z ON z.arn = d.arn
    WHERE z.magnitude IS NOT NULL
    GROUP BY ALL
),
own AS (
    SELECT copy, arn, one, other, median(seconds) AS seconds FROM done GROUP BY ALL
),
predicted AS (
    SELECT
        f.*, coalesce(f.size_bytes / c.bytes_per_second, o.seconds) / 60 AS copy_minutes,
        coalesce(f.size_bytes / b.bytes_per_second, w.seconds) / 60 AS restore_minutes,
        copy_minutes + coalesce(restore_minutes, 0) AS minutes
    FROM far AS f
    LEFT JOIN rates AS c
        ON c.copy AND c.type = f.type AND c.one = least(f.region, f.kept_in) AND c.other = greatest(f.region, f.kept_in)
        AND c.magnitude = f.magnitude
    LEFT JOIN own AS o
        ON o.copy AND f.magnitude IS NULL AND o.arn = f.arn AND o.one = least(f.region, f.kept_in) AND o.other = greatest(f.region, f.kept_in)
    LEFT JOIN rates AS b ON NOT b.copy AND b.type = f.type AND b.magnitude = f.magnitude
    LEFT JOIN own AS w ON NOT w.copy AND f.magnitude IS NULL AND w.arn = f.arn
),
-- The copy that comes back first decides; of one that nobody has measured it isn't known when.
first_back AS (
    SELECT resource_no, min_by(p, p.minutes) AS p, bool_or(p.minutes IS NULL) AS doubted
    FROM predicted AS p
    GROUP BY resource_no
)
SELECT
    p.type || ' in ' || p.region AS subject,
    p.type || ' in ' || p.region || ' comes back from account ' || p.keeper || ' in ' || p.kept_in || ' and is restored after '
        || CAST(ceil(max(p.minutes)) AS INTEGER) || ' minutes (' || CAST(ceil(max_by(p.copy_minutes, p.minutes)) AS INTEGER) || ' of them for the copy'
        || CASE WHEN max_by(p.restore_minutes, p.minutes) IS NULL THEN ', and nobody has measured a restore' ELSE '' END
        || '), the objective is ' || p.rto_minutes || ' minutes' AS message,
    min_by(p.account_id, p.arn) AS account_id, p.region, min(p.arn) AS arn, 'restorable' AS link,
    count(*) AS resources, min(DISTINCT p.arn, 20) AS arns, count(*) AS count
FROM first_back
WHERE NOT doubted AND p.minutes > p.rto_minutes
GROUP BY p.type, p.region, p.keeper, p.kept_in, p.rto_minutes
ORDER BY p.type, p.region, p.keeper, p.kept_in, p.rto_minutes;
