-- Recovery points with the resource, leg and slot they belong to.
--
-- Row:    a usable recovery point of a protected resource that a rule of the strategy has made, in the vault of that leg
-- Reads:  recovery_points; protected, vault_places, attribution, legs, hours (made from the strategy and the small facts)
-- Why:    a point belongs to a rule through the plan and rule that created it; policy plan ids are compared in lower case.
--         Its slot is the newest one at or before its creation date; a copy keeps the creation date of its source.
-- Limits: a point made by an older version of a rule (another rule id) counts where its plan has one rule for that vault;
--         on-demand backups (no plan) prove nothing about a rule.
-- Source: AWS Backup developer guide, recovery-points and recov-point-create-a-copy (read 2026-11)
CREATE TEMP VIEW points AS
SELECT
    r.resource_no,
    a.leg_no,
    l.rule_no,
    CASE WHEN p.created_at >= h.slot_at THEN h.slot_no ELSE h.before_no END AS slot_no,
    CASE WHEN p.created_at >= h.slot_at THEN h.mark ELSE h.before_mark END AS mark,
    p.created_at,
    p.delete_at,
    p.status = 'AVAILABLE' AS live,
    p.arn,
    p.key_arn,
    p.encrypted,
    v.key_no AS vault_key_no,
    v.air_gapped,
    -- Keys are compared by hash: nearly all are as expected, and the others are looked at one by one (flaws.sql).
    CASE WHEN p.key_arn IS NOT NULL THEN hash(p.key_arn) WHEN NOT p.encrypted THEN 0 ELSE 1 END
        IS DISTINCT FROM CASE WHEN l.copy OR r.vault_sealed OR v.air_gapped THEN v.key_hash ELSE r.source_hash END AS odd,
    a.rule_id = p.rule_id AS of_this_rule
FROM recovery_points AS p
JOIN vault_places AS v ON v.account_id = p.account_id AND v.region = p.region AND v.vault_name = p.vault_name
JOIN protected AS r ON r.arn = p.resource_arn
JOIN attribution AS a
    ON a.place_no = r.place_no AND a.vault_no = v.vault_no AND a.plan_id = coalesce(lower(p.plan_id), '')
    AND (a.rule_id = p.rule_id OR a.sole)
JOIN legs AS l ON l.leg_no = a.leg_no
LEFT JOIN hours AS h ON h.rule_no = l.rule_no AND h.hour = CAST(floor(epoch(p.created_at) / 3600) AS BIGINT)
WHERE p.status IN ('COMPLETED', 'AVAILABLE') OR (p.status = 'PARTIAL' AND p.resource_type IN ('CloudFormation', 'EKS'));
