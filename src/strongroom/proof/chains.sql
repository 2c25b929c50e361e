-- The proof chains: a state for each link, with code and cause where it is not proven.
--
-- Row:    a resource and a leg (a destination of a rule)
-- Reads:  judged, promises, gaps, place_legs, targets, type_states, copy_states, permissions, legs, clock; seals, key_numbers, restorables,
--         restored, recovered, denied
-- Why:    an unread fact makes unknown what needs it; a broken link that follows from an earlier one carries the earlier one's
--         code and cause, so that one fault is one finding.
-- Limits: codes are those of causes.py; a cause names no single resource.
CREATE TEMP TABLE chains AS
WITH gap AS (
    SELECT
        resource_no, leg_no,
        count(*) FILTER (WHERE kind = 'failed') AS failed,
        count(*) FILTER (WHERE kind = 'silent') AS silent,
        count(*) FILTER (WHERE kind = 'deleted') AS deleted,
        count(*) FILTER (WHERE kind = 'copy_failed') AS copy_failed,
        count(*) FILTER (WHERE kind = 'copy') AS copy_silent,
        count(*) FILTER (WHERE kind = 'history') AS history,
        min(slot_at) FILTER (WHERE kind = 'silent') AS silent_at,
        min(slot_at) FILTER (WHERE kind = 'deleted') AS deleted_at,
        min(slot_at) FILTER (WHERE kind = 'copy') AS copy_silent_at,
        min(slot_at) FILTER (WHERE kind = 'history') AS history_at,
        max_by(message, slot_at) FILTER (WHERE kind IN ('failed', 'copy_failed')) AS message
    FROM gaps
    GROUP BY resource_no, leg_no
),
foundation AS (
    SELECT
        j.*, l.rule_name, l.target, a.taken, a.cause AS target_cause, s.vault_no, s.unread, s.local_unread,
        g.failed, g.silent, g.deleted, g.copy_failed, g.copy_silent, g.history,
        g.silent_at, g.deleted_at, g.copy_silent_at, g.history_at, g.message AS gap_message,
        o.state AS promise_state, o.cause AS promise_cause,
        CASE o.state WHEN 'broken' THEN 'VRF033' WHEN 'unknown' THEN 'VRF035' END AS promise_code,
        epoch(k.now) - epoch(j.newest_at) <= j.bound_minutes * 60 AS fresh,
        j.owed_days > max(coalesce(j.keep_days, 2147483647)) OVER (PARTITION BY j.resource_no)
            AND coalesce(j.keep_days, 2147483647) = max(coalesce(j.keep_days, 2147483647)) OVER (PARTITION BY j.resource_no) AS owes,
        CASE WHEN s.selected_state = 'broken' OR t.state = 'proven' THEN s.selected_state
             WHEN t.state = 'broken' OR s.selected_state = 'proven' THEN t.state ELSE s.selected_state END AS selected_state,
        CASE WHEN s.selected_state = 'broken' OR t.state = 'proven' THEN s.selected_code
             WHEN t.state = 'broken' OR s.selected_state = 'proven' THEN t.code ELSE s.selected_code END AS selected_code,
        CASE WHEN s.selected_state = 'broken' OR t.state = 'proven' THEN s.selected_cause
             WHEN t.state = 'broken' OR s.selected_state = 'proven' THEN t.cause ELSE s.selected_cause END AS selected_cause,
        CASE WHEN s.equipped_state = 'broken' THEN 'place'
             WHEN v.state = 'broken' THEN 'copy'
             WHEN p.state = 'broken' THEN 'permissions'
             WHEN s.equipped_state = 'unknown' AND NOT s.equipped_doubt THEN 'place'
             WHEN p.state = 'unknown' AND NOT p.doubt THEN 'permissions'
             WHEN s.equipped_state = 'unknown' THEN 'place'
             WHEN v.state = 'unknown' THEN 'copy'
             WHEN p.state = 'unknown' THEN 'permissions' ELSE 'place' END AS equipped_by,
        s.equipped_state AS place_state, s.equipped_code AS place_code, s.equipped_cause AS place_cause, s.equipped_doubt AS place_doubt,
        v.state AS verdict_state, v.code AS verdict_code, v.cause AS verdict_cause, v.doubt AS verdict_doubt,
        p.state AS permission_state, p.code AS permission_code, p.cause AS permission_cause, p.doubt AS permission_doubt
    FROM judged AS j
    CROSS JOIN clock AS k
    JOIN legs AS l ON l.leg_no = j.leg_no
    JOIN place_legs AS s ON s.place_no = j.place_no AND s.leg_no = j.leg_no
    JOIN type_states AS t ON t.plan_no = j.plan_no AND t.region = j.region AND t.type = j.type
    LEFT JOIN targets AS a ON a.group_no = j.group_no AND a.target_leg_no = j.leg_no
    LEFT JOIN copy_states AS v
        ON j.copy AND NOT l.target AND v.type = j.type AND v.key_manager = j.key_manager AND v.same_account = s.same_account
        AND v.same_region = s.same_region AND v.destination_key_manager = s.destination_key_manager
    LEFT JOIN permissions AS p ON p.group_no = j.group_no AND p.leg_no = j.leg_no
    LEFT JOIN promises AS o ON o.resource_no = j.resource_no AND o.leg_no = j.leg_no
    LEFT JOIN gap AS g ON g.resource_no = j.resource_no AND g.leg_no = j.leg_no
),
equipped AS (
    SELECT
        f.*,
        -- What could only not be interpreted is proven by a copy that arrived; of what isn't selected no copy can arrive.
        CASE WHEN e.state = 'unknown' AND e.doubt AND f.selected_state = 'broken' THEN f.selected_state
             WHEN e.state = 'unknown' AND e.doubt AND f.points > 0 AND f.fresh THEN 'proven' ELSE e.state END AS equipped_state,
        CASE WHEN e.state = 'unknown' AND e.doubt AND f.selected_state = 'broken' THEN f.selected_code
             WHEN e.state = 'unknown' AND e.doubt AND f.points > 0 AND f.fresh THEN NULL ELSE e.code END AS equipped_code,
        CASE WHEN e.state = 'unknown' AND e.doubt AND f.selected_state = 'broken' THEN f.selected_cause
             WHEN e.state = 'unknown' AND e.doubt AND f.points > 0 AND f.fresh THEN NULL ELSE e.cause END AS equipped_cause
    FROM foundation AS f
    CROSS JOIN LATERAL (
        SELECT
            CASE f.equipped_by WHEN 'place' THEN f.place_state WHEN 'copy' THEN f.verdict_state ELSE f.permission_state END AS state,
            CASE f.equipped_by WHEN 'place' THEN f.place_code WHEN 'copy' THEN f.verdict_code ELSE f.permission_code END AS code,
            CASE f.equipped_by WHEN 'place' THEN f.place_cause WHEN 'copy' THEN f.verdict_cause ELSE f.permission_cause END AS cause,
            CASE f.equipped_by WHEN 'place' THEN f.place_doubt WHEN 'copy' THEN f.verdict_doubt ELSE f.permission_doubt END AS doubt
    ) AS e
),
rooted AS (
    SELECT
        *,
        CASE WHEN selected_state = 'broken' THEN selected_code WHEN equipped_state = 'broken' THEN equipped_code END AS root_code,
        CASE WHEN selected_state = 'broken' THEN selected_cause WHEN equipped_state = 'broken' THEN equipped_cause END AS root_cause
    FROM equipped
),
found_local AS (
    SELECT
        resource_no, leg_no, points, root_code, root_cause,
        CASE
            WHEN unread IS NOT NULL THEN 'VRF001'
            WHEN expired THEN 'DUE'
            WHEN continuous AND points > 0 THEN NULL
            WHEN continuous AND overdue THEN 'VRF034'
            WHEN continuous THEN 'DUE'
            WHEN in_range = 0 AND (expected > 0 OR (overdue AND points = 0)) AND message IS NOT NULL THEN 'VRF031'
            WHEN points = 0 AND (expected > 0 OR overdue) THEN 'VRF030'
            WHEN points = 0 THEN 'DUE'
            WHEN in_range = 0 AND expected > 0 THEN 'VRF032'
            WHEN failed > 0 THEN 'VRF031'
            WHEN silent > 0 THEN 'VRF032'
        END AS code,
        CASE
            WHEN unread IS NOT NULL THEN unread
            WHEN expired THEN 'what the runs of rule ' || rule_name || ' left has expired by its retention'
            WHEN continuous AND points = 0 AND overdue THEN 'rule ' || rule_name || ' has no active continuous recovery point'
            WHEN in_range = 0 AND message IS NOT NULL AND points = 0 THEN 'backup jobs of rule ' || rule_name || ' fail: ' || message
            WHEN points = 0 AND (expected > 0 OR overdue) THEN 'rule ' || rule_name || ' has no recovery point, and no failed job is listed'
            WHEN points = 0 THEN 'no run has been due yet'
            WHEN in_range = 0 AND expected > 0 AND message IS NOT NULL THEN 'backup jobs of rule ' || rule_name || ' fail: ' || message
            WHEN in_range = 0 AND expected > 0 THEN 'all runs of rule ' || rule_name || ' that were due are missing'
            WHEN failed > 0 THEN 'backup jobs of rule ' || rule_name || ' fail: ' || gap_message
            WHEN silent > 0 THEN 'rule ' || rule_name || ' made no recovery point at ' || strftime(silent_at, '%Y-%m-%d %H:%M') || ' UTC'
                || CASE WHEN silent > 1 THEN ' and ' || (silent - 1) || ' more times' ELSE '' END
        END AS cause
    FROM rooted
    WHERE NOT copy
),
backed AS (
    SELECT
        resource_no, leg_no, points,
        CASE WHEN code IS NULL THEN 'proven' WHEN code = 'VRF001' THEN 'unknown' WHEN code = 'DUE' THEN 'not_required' ELSE 'broken' END AS state,
        CASE WHEN code IN ('VRF001', 'DUE') THEN code WHEN code IS NOT NULL THEN coalesce(root_code, code) END AS code,
        CASE WHEN code IN ('VRF001', 'DUE') THEN cause WHEN code IS NOT NULL THEN coalesce(root_cause, cause) END AS cause
    FROM found_local
),
found_copy AS (
    SELECT
        r.resource_no, r.leg_no, r.points, r.root_code, r.root_cause,
        r.promise_code, r.promise_cause,
        -- An objective is judged over all legs; it breaks those that are meant to hold it, not the copies of these.
        CASE WHEN s.own THEN r.promise_state ELSE b.state END AS backed_state,
        CASE WHEN NOT s.own THEN b.code WHEN r.promise_state = 'broken' THEN coalesce(r.root_code, r.promise_code) ELSE r.promise_code END
            AS backed_code,
        CASE WHEN NOT s.own THEN b.cause
             WHEN r.promise_state = 'broken' THEN coalesce(r.root_cause, r.promise_cause) ELSE r.promise_cause END AS backed_cause,
        b.points AS local_points,
        CASE
            WHEN NOT r.copy THEN 'NONE'
            WHEN r.unread IS NOT NULL OR r.local_unread IS NOT NULL THEN 'VRF001'
            WHEN r.expired THEN coalesce(r.promise_code, 'DUE')
            WHEN r.taken = FALSE AND b.points > 0 AND (r.points = 0 OR (r.in_range = 0 AND r.expected > 0)) THEN 'VRF154'
            WHEN r.target AND r.taken IS NULL AND b.points > 0 AND r.points = 0 AND r.message IS NULL AND (r.expected > 0 OR r.overdue)
                THEN 'VRF028'
            WHEN r.continuous AND r.points > 0 AND (r.fresh OR (r.target AND r.live)) THEN r.promise_code
            WHEN r.continuous AND r.overdue AND r.message IS NOT NULL THEN 'VRF040'
            WHEN r.continuous AND r.overdue THEN 'VRF041'
            WHEN r.continuous THEN 'DUE'
            WHEN r.in_range = 0 AND (r.expected > 0 OR (r.overdue AND r.points = 0)) AND r.message IS NOT NULL THEN 'VRF040'
            WHEN r.in_range = 0 AND (r.expected > 0 OR (r.overdue AND r.points = 0)) THEN 'VRF041'
            WHEN r.points = 0 THEN 'DUE'
            WHEN r.copy_failed > 0 THEN 'VRF040'
            WHEN r.copy_silent > 0 THEN 'VRF041'
            ELSE r.promise_code
        END AS code,
        CASE
            WHEN NOT r.copy THEN NULL
            WHEN r.unread IS NOT NULL THEN r.unread
            WHEN r.local_unread IS NOT NULL THEN r.local_unread
            WHEN r.expired THEN 'the copies of rule ' || r.rule_name || ' have expired by their retention'
            WHEN r.taken = FALSE AND b.points > 0 AND (r.points = 0 OR (r.in_range = 0 AND r.expected > 0)) THEN r.target_cause
            WHEN r.target AND r.taken IS NULL AND b.points > 0 AND r.points = 0 AND r.message IS NULL AND (r.expected > 0 OR r.overdue)
                THEN r.target_cause
            WHEN r.points = 0 AND NOT r.overdue AND r.expected = 0 THEN 'no copy has been due yet'
            WHEN r.copy_failed > 0 THEN 'copy jobs of rule ' || r.rule_name || ' fail: ' || r.gap_message
            WHEN r.copy_silent > 0 THEN 'rule ' || r.rule_name || ' has no copy of its recovery point of '
                || strftime(r.copy_silent_at, '%Y-%m-%d %H:%M') || ' UTC'
                || CASE WHEN r.copy_silent > 1 THEN ' and of ' || (r.copy_silent - 1) || ' more' ELSE '' END
            WHEN (r.in_range = 0 OR r.continuous) AND r.message IS NOT NULL THEN 'copy jobs of rule ' || r.rule_name || ' fail: ' || r.message
            WHEN r.in_range = 0 OR r.continuous THEN 'rule ' || r.rule_name || ' has no copy, and no failed copy job is listed'
        END AS cause
    FROM rooted AS r
    JOIN backed AS b ON b.resource_no = r.resource_no AND b.leg_no = r.local_leg_no
    CROSS JOIN LATERAL (SELECT NOT r.copy AND r.promise_state IS NOT NULL AND b.state IN ('proven', 'not_required') AS own) AS s
),
copied AS (
    SELECT
        *,
        CASE WHEN code IS NULL THEN 'proven' WHEN code IN ('VRF001', 'VRF028', 'VRF035') THEN 'unknown'
             WHEN code IN ('DUE', 'NONE') THEN 'not_required' ELSE 'broken' END AS copied_state,
        -- Without any source the copy's cause is the source's.
        CASE WHEN code IN ('VRF001', 'VRF028', 'VRF035', 'VRF154', 'DUE') THEN code WHEN code = 'NONE' THEN NULL
             WHEN code IS NOT NULL THEN coalesce(root_code, CASE WHEN local_points = 0 AND backed_state = 'broken' THEN backed_code END, code)
        END AS copied_code,
        CASE WHEN code IN ('VRF001', 'VRF028', 'VRF154', 'DUE') THEN cause WHEN code = 'VRF035' THEN promise_cause WHEN code = 'NONE' THEN NULL
             WHEN code = 'VRF033' THEN coalesce(root_cause, promise_cause)
             WHEN code IS NOT NULL THEN coalesce(root_cause, CASE WHEN local_points = 0 AND backed_state = 'broken' THEN backed_cause END, cause)
        END AS copied_cause
    FROM found_copy
),
found_kept AS (
    SELECT
        r.*, c.backed_state, c.backed_code, c.backed_cause, c.copied_state, c.copied_code, c.copied_cause,
        CASE
            WHEN r.unread IS NOT NULL THEN 'VRF001'
            WHEN r.points = 0 THEN 'EMPTY'
            WHEN r.misfits > 0 THEN 'VRF050'
            WHEN r.deleted > 0 OR r.history > 0 THEN 'VRF051'
            WHEN r.owes THEN 'VRF052'
        END AS kept_found
    FROM rooted AS r
    JOIN copied AS c ON c.resource_no = r.resource_no AND c.leg_no = r.leg_no
),
ends AS (
    SELECT
        k.*,
        -- Without recovery points there is nothing to seal, to keep or to restore: the cause is the one that left none.
        CASE WHEN k.copy THEN k.copied_state ELSE k.backed_state END AS empty_state,
        CASE WHEN k.copy THEN k.copied_code ELSE k.backed_code END AS empty_code,
        CASE WHEN k.copy THEN k.copied_cause ELSE k.backed_cause END AS empty_cause,
        f.arn AS flaw_arn, f.state AS flaw_state,
        s.state AS seal_state, s.code AS seal_code, s.cause AS seal_cause,
        CASE
            WHEN s.state = 'broken' THEN 'VAULT'
            WHEN k.unread IS NOT NULL THEN 'VRF001'
            WHEN k.flaw = 5 AND k.flaw_key_no = k.source_key_no AND k.root_code = 'VRF076' THEN 'ROOT'
            WHEN k.flaw = 5 THEN 'VRF049'
            WHEN k.flaw >= 3 THEN 'VRF048'
            WHEN s.state = 'unknown' AND NOT (s.doubt AND k.points > 0 AND k.fresh) THEN 'VAULT'
            WHEN k.points = 0 THEN 'EMPTY'
            WHEN k.flaw = 2 THEN 'VRF088'
            WHEN s.state = 'not_required' THEN 'VAULT'
        END AS sealed_found,
        a.state AS foreseen_state, a.code AS foreseen_code, a.cause AS foreseen_cause,
        CASE
            WHEN k.unread IS NOT NULL THEN 'VRF001'
            WHEN k.points = 0 THEN 'EMPTY'
            WHEN a.state = 'broken' THEN 'FORESEEN'
            WHEN x.leg_no IS NOT NULL THEN 'VRF099'
            WHEN a.doubt AND a.state = 'unknown' AND e.leg_no IS NOT NULL THEN NULL  -- it was restored
            WHEN a.state IS NOT NULL THEN 'FORESEEN'
        END AS restorable_found,
        z.state AS tested_state, z.code AS tested_code, z.cause AS tested_cause, 'a restore was denied: ' || x.message AS denied_cause,
        CASE WHEN z.state IS NULL THEN 'NONE' WHEN k.points = 0 AND k.unread IS NULL AND z.state <> 'proven' THEN 'EMPTY' END AS restored_found
    FROM found_kept AS k
    JOIN seals AS s ON s.place_no = k.place_no AND s.leg_no = k.leg_no
    LEFT JOIN key_numbers AS f ON f.key_no = k.flaw_key_no
    LEFT JOIN restorables AS a ON a.group_no = k.group_no AND a.leg_no = k.leg_no
    LEFT JOIN recovered AS e ON e.resource_no = k.resource_no AND e.leg_no = k.leg_no
    LEFT JOIN denied AS x ON x.resource_no = k.resource_no AND x.leg_no = k.leg_no
    LEFT JOIN restored AS z ON z.resource_no = k.resource_no AND z.leg_no = k.leg_no
)
SELECT
    k.resource_no, k.leg_no, k.place_no, k.vault_no, k.type, k.points, k.expected, k.newest_at, k.oldest_at,
    k.selected_state, k.selected_code, k.selected_cause,
    k.equipped_state, k.equipped_code, k.equipped_cause,
    k.backed_state AS backed_up_state, k.backed_code AS backed_up_code, k.backed_cause AS backed_up_cause,
    k.copied_state, k.copied_code, k.copied_cause,
    CASE
        WHEN k.sealed_found IS NULL THEN 'proven'
        WHEN k.sealed_found IN ('VRF001', 'VRF088') THEN 'unknown'
        WHEN k.sealed_found = 'VAULT' THEN k.seal_state
        WHEN k.sealed_found = 'EMPTY' THEN k.empty_state
        ELSE 'broken'
    END AS sealed_state,
    CASE k.sealed_found WHEN 'VAULT' THEN k.seal_code WHEN 'EMPTY' THEN k.empty_code WHEN 'ROOT' THEN k.root_code
        ELSE k.sealed_found END AS sealed_code,
    CASE k.sealed_found
        WHEN 'VRF001' THEN k.unread
        WHEN 'VAULT' THEN k.seal_cause
        WHEN 'EMPTY' THEN k.empty_cause
        WHEN 'ROOT' THEN k.root_cause
        WHEN 'VRF049' THEN 'recovery points are under '
            || CASE WHEN k.flaw_key_no IS DISTINCT FROM k.source_key_no AND NOT k.copy THEN 'the former key ' ELSE 'key ' END
            || k.flaw_arn || ', which is ' || k.flaw_state
        WHEN 'VRF048' THEN CASE WHEN k.flaw = 4 THEN 'recovery points of rule ' || k.rule_name || ' are not encrypted'
            ELSE 'recovery points of rule ' || k.rule_name || ' are under key ' || k.flaw_arn || ' instead of the key of their vault' END
        WHEN 'VRF088' THEN CASE WHEN k.flaw_arn IS NOT NULL THEN 'key ' || k.flaw_arn || ' of recovery points was not read'
            ELSE 'the key of recovery points of rule ' || k.rule_name || ' was not told or not read' END
    END AS sealed_cause,
    CASE
        WHEN k.kept_found IS NULL THEN 'proven'
        WHEN k.kept_found = 'VRF001' THEN 'unknown'
        WHEN k.kept_found = 'EMPTY' THEN k.empty_state
        ELSE 'broken'
    END AS kept_state,
    CASE WHEN k.kept_found = 'EMPTY' THEN k.empty_code ELSE k.kept_found END AS kept_code,
    CASE k.kept_found
        WHEN 'VRF001' THEN k.unread
        WHEN 'EMPTY' THEN k.empty_cause
        WHEN 'VRF050' THEN CASE WHEN k.copy AND NOT k.target THEN 'copies' ELSE 'recovery points' END || ' of rule ' || k.rule_name || ' are kept '
            || coalesce(k.misfit_days || ' days', 'forever') || ' instead of ' || coalesce(k.keep_days || ' days', 'forever')
        WHEN 'VRF051' THEN CASE WHEN k.copy AND NOT k.target THEN 'copies' ELSE 'recovery points' END || ' of rule ' || k.rule_name || ' lack the run of '
            || strftime(coalesce(k.deleted_at, k.history_at), '%Y-%m-%d %H:%M') || ' UTC, which is inside the retention of '
            || coalesce(k.keep_days || ' days', 'forever')
        WHEN 'VRF052' THEN 'the longest retention is ' || k.keep_days || ' days, ' || k.owed_days || ' days are owed'
    END AS kept_cause,
    CASE k.restorable_found WHEN 'VRF001' THEN 'unknown' WHEN 'EMPTY' THEN k.empty_state WHEN 'FORESEEN' THEN k.foreseen_state
        WHEN 'VRF099' THEN 'broken' ELSE 'proven' END AS restorable_state,
    CASE k.restorable_found WHEN 'EMPTY' THEN k.empty_code WHEN 'FORESEEN' THEN k.foreseen_code ELSE k.restorable_found END AS restorable_code,
    CASE k.restorable_found WHEN 'VRF001' THEN k.unread WHEN 'EMPTY' THEN k.empty_cause WHEN 'FORESEEN' THEN k.foreseen_cause
        WHEN 'VRF099' THEN k.denied_cause END AS restorable_cause,
    CASE k.restored_found WHEN 'NONE' THEN 'not_required' WHEN 'EMPTY' THEN k.empty_state ELSE k.tested_state END AS restored_state,
    -- The test that was denied has failed for the same reason.
    CASE WHEN k.restored_found = 'EMPTY' THEN k.empty_code
         WHEN k.restorable_found = 'VRF099' AND k.tested_code IN ('VRF081', 'VRF086') THEN 'VRF099' ELSE k.tested_code END AS restored_code,
    CASE WHEN k.restored_found = 'EMPTY' THEN k.empty_cause
         WHEN k.restorable_found = 'VRF099' AND k.tested_code IN ('VRF081', 'VRF086') THEN k.denied_cause ELSE k.tested_cause END AS restored_cause
FROM ends AS k
-- What is in a standard vault on its way to an air-gapped one is judged there, where it has to arrive.
WHERE NOT EXISTS (SELECT 1 FROM targets AS t WHERE t.group_no = k.group_no AND t.leg_no = k.leg_no AND t.passes);
