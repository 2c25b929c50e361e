-- Recovery points that are not under the key that they are expected under, of resources and legs that have such.
--
-- Row:    a resource and a leg, with its worst flaw (times 2^32) and the number of its key plus 1; 0: no flaw after all
-- Reads:  observed, points, protected, legs, key_numbers
-- Why:    copies and fully managed types are under the key of their vault, others under that of their resource. 1: a former key of
--         the resource, which can still be used; 2: not told or not read; 3: another key than the vault's; 4: not encrypted;
--         5: a key that can't be used. Whether the key of the vault itself can be used is asked of the vault.
-- Source: AWS Backup developer guide, encryption (read 2026-11-21)
CREATE TEMP TABLE flaws AS
SELECT p.resource_no, p.leg_no, max(k.flaw * 4294967296 + k.key_no) AS flaw
FROM points AS p
JOIN (SELECT DISTINCT resource_no FROM observed WHERE odd) AS o ON o.resource_no = p.resource_no
JOIN protected AS r ON r.resource_no = p.resource_no
JOIN legs AS l ON l.leg_no = p.leg_no
LEFT JOIN key_numbers AS n ON n.arn = p.key_arn
CROSS JOIN LATERAL (SELECT l.copy OR r.vault_sealed OR p.air_gapped AS by_vault) AS b
CROSS JOIN LATERAL (
    SELECT
        coalesce(n.key_no, -1) + 1 AS key_no,
        CAST(CASE
            WHEN p.key_arn IS NULL AND p.air_gapped AND p.vault_key_no IS NULL THEN 0  -- a key that AWS owns
            WHEN p.key_arn IS NULL AND NOT p.encrypted THEN
                CASE CASE WHEN r.vault_sealed OR p.air_gapped THEN 0 WHEN l.copy THEN r.copies_bare ELSE r.source_bare END
                    WHEN 1 THEN 0 WHEN 2 THEN 2 ELSE 4 END
            WHEN n.key_no IS NULL THEN 2
            WHEN b.by_vault AND n.key_no = p.vault_key_no THEN 0
            WHEN NOT n.usable THEN 5
            WHEN b.by_vault AND p.vault_key_no IS NOT NULL THEN 3
            WHEN b.by_vault THEN 0  -- the vault's key was not told: that is said of the vault
            WHEN n.usable IS NULL THEN 2
            WHEN n.key_no <> r.source_key_no THEN 1
            ELSE 0
        END AS BIGINT) AS flaw
) AS k
GROUP BY p.resource_no, p.leg_no;
