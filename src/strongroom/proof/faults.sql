-- Broken and doubtful links, grouped by cause: one fault, however many resources it touches.
--
-- Row:    a code, a state and a cause, with how many resources and chains carry it and the first of them
-- Reads:  chains, protected, standing
-- Limits: unread facts (VRF001) are reported by account elsewhere, restore tests that are not deployed (VRF155) and what
--         stays out of an air-gapped vault (VRF154) by live checks;
--         at most 20 resources are named.
WITH links AS (
    SELECT 1 AS link, resource_no, leg_no, selected_state AS state, selected_code AS code, selected_cause AS cause FROM chains
    UNION ALL
    SELECT 2, resource_no, leg_no, equipped_state, equipped_code, equipped_cause FROM chains
    UNION ALL
    SELECT 3, resource_no, leg_no, backed_up_state, backed_up_code, backed_up_cause FROM chains
    UNION ALL
    SELECT 4, resource_no, leg_no, copied_state, copied_code, copied_cause FROM chains
    UNION ALL
    SELECT 5, resource_no, leg_no, sealed_state, sealed_code, sealed_cause FROM chains
    UNION ALL
    SELECT 6, resource_no, leg_no, kept_state, kept_code, kept_cause FROM chains
    UNION ALL
    SELECT 7, resource_no, leg_no, restorable_state, restorable_code, restorable_cause FROM chains
    UNION ALL
    SELECT 8, resource_no, leg_no, restored_state, restored_code, restored_cause FROM chains
),
touched AS (
    SELECT code, state, cause, resource_no, min(link) AS link, count(DISTINCT leg_no) AS legs
    FROM links
    WHERE state IN ('broken', 'unknown') AND code NOT IN ('VRF001', 'VRF154', 'VRF155')
    GROUP BY code, state, cause, resource_no
)
SELECT
    t.code, t.state, t.cause, min(t.link) AS link, count(*) AS resources, CAST(sum(t.legs) AS BIGINT) AS chains,
    min(r.arn, 20) AS arns, count(DISTINCT r.account_id) AS accounts, min_by(r.account_id, r.arn) AS account_id, min_by(r.region, r.arn) AS region,
    count(*) FILTER (WHERE NOT s.safe) AS bare, count(*) FILTER (WHERE s.promised) AS promised,
    count(*) FILTER (WHERE s.promised AND NOT s.safe) AS bare_promised
FROM touched AS t
JOIN protected AS r ON r.resource_no = t.resource_no
JOIN standing AS s ON s.resource_no = t.resource_no
GROUP BY t.code, t.state, t.cause
ORDER BY t.code, t.cause;
