-- Objectives that are not held, on the chains that are meant to hold them.
--
-- Row:    a resource and a leg that is meant to hold an objective which nothing holds: broken, or unknown
-- Reads:  judged, protected, legs, place_legs, targets, lags, clock
-- Why:    an objective is met for a resource when its rules together meet it: the newest recovery point of all of them counts,
--         and of those only that survive the loss that the objective names. A continuous recovery point reaches to its lag
--         before now. The legs that run most often are meant to hold it; without a loss these are local ones.
-- Limits: each loss is judged alone; a lock counts as declared, whether it is in force is for another link. Of what `native`
--         declares, automated backups of databases are read; the rest is unknown. While a leg that is meant is unread or has had
--         nothing due yet, nothing is said.
CREATE TEMP TABLE promises AS
WITH asked AS (
    SELECT resource_no, '' AS loss, rpo_minutes AS minutes FROM protected WHERE rpo_minutes IS NOT NULL
    UNION ALL
    SELECT resource_no, 'account', account_minutes FROM protected WHERE account_minutes IS NOT NULL
    UNION ALL
    SELECT resource_no, 'region', region_minutes FROM protected WHERE region_minutes IS NOT NULL
    UNION ALL
    SELECT resource_no, 'deletion', deletion_minutes FROM protected WHERE deletion_minutes IS NOT NULL
),
held AS (
    SELECT
        a.resource_no, a.loss, a.minutes, j.leg_no, j.copy, l.rule_name,
        CASE a.loss
             WHEN '' THEN TRUE WHEN 'account' THEN NOT s.same_account WHEN 'region' THEN NOT s.same_region ELSE l.hardened END AS fits,
        coalesce(c.lag_minutes, j.interval_minutes) AS interval_minutes,
        CASE WHEN c.lag_minutes IS NOT NULL AND j.live THEN c.lag_minutes ELSE (epoch(k.now) - epoch(j.newest_at)) / 60 END AS age_minutes,
        s.unread IS NOT NULL AS unread,
        j.points = 0 AND j.expected = 0 AND NOT j.overdue AS early
    FROM asked AS a
    JOIN judged AS j ON j.resource_no = a.resource_no
    CROSS JOIN clock AS k
    JOIN legs AS l ON l.leg_no = j.leg_no
    JOIN place_legs AS s ON s.place_no = j.place_no AND s.leg_no = j.leg_no
    LEFT JOIN lags AS c ON j.continuous AND (NOT j.copy OR (l.target AND j.live)) AND c.type = j.type
),
unmet AS (
    SELECT
        resource_no, loss, minutes,
        bool_or(fits) AS possible,
        coalesce(min(interval_minutes) FILTER (fits AND (loss <> '' OR NOT copy)), min(interval_minutes) FILTER (NOT copy)) AS interval_minutes
    FROM held
    GROUP BY resource_no, loss, minutes
    HAVING NOT coalesce(min(age_minutes) FILTER (fits) <= minutes, FALSE)
        AND NOT coalesce(bool_or(unread) FILTER (fits), FALSE)
        AND NOT coalesce(min(interval_minutes) FILTER (fits AND early) <= min(interval_minutes) FILTER (fits), FALSE)
),
doubted AS (
    SELECT
        u.*,
        CASE WHEN u.loss = '' AND r.native_minutes <= u.minutes
             THEN CASE WHEN r.native_on THEN 'held' WHEN r.native_on IS NULL THEN 'unknown' ELSE 'broken' END
             WHEN u.loss = 'region' AND r.native_leaves THEN 'unknown' ELSE 'broken' END AS state
    FROM unmet AS u
    JOIN protected AS r ON r.resource_no = u.resource_no
),
meant AS (
    SELECT
        h.resource_no, h.leg_no, d.loss, d.state, d.possible,
        array_to_string(list_sort(list_distinct(list(h.rule_name) OVER (PARTITION BY h.resource_no, h.loss))), ', ') AS rules,
        CASE WHEN d.minutes % 1440 = 0 AND d.minutes > 1440 THEN d.minutes // 1440 || ' days'
             WHEN d.minutes = 60 THEN '1 hour' WHEN d.minutes % 60 = 0 THEN d.minutes // 60 || ' hours' ELSE d.minutes || ' minutes' END AS objective,
        CASE d.loss WHEN '' THEN '' WHEN 'deletion' THEN ' that survives deletion' ELSE ' that survives the loss of the ' || d.loss END AS survivor
    FROM doubted AS d
    JOIN held AS h ON h.resource_no = d.resource_no AND h.loss = d.loss AND h.interval_minutes = d.interval_minutes
    WHERE d.state <> 'held' AND CASE WHEN d.possible AND d.loss <> '' THEN h.fits ELSE NOT h.copy END
)
SELECT
    m.resource_no, coalesce(t.target_leg_no, m.leg_no) AS leg_no,
    min(state) AS state,  -- broken before unknown
    min_by(
        CASE WHEN state = 'unknown' AND loss = '' THEN 'the objective of ' || objective
                || ' rests on the point-in-time recovery that native declares, and whether it is on was not read'
             WHEN state = 'unknown' THEN 'the objective of ' || objective || ' after the loss of the ' || loss
                || ' rests on the snapshots that native declares, and these were not read'
             WHEN possible THEN 'the newest recovery point of rule ' || rules || survivor || ' is older than the objective of ' || objective
             ELSE 'no rule leaves a recovery point' || survivor || ', for which the objective is ' || objective
        END, state || loss
    ) AS cause
FROM meant AS m
JOIN protected AS r ON r.resource_no = m.resource_no
LEFT JOIN targets AS t ON t.group_no = r.group_no AND t.leg_no = m.leg_no AND t.passes  -- what only passes has no chain of its own
GROUP BY ALL;
