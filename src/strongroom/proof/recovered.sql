-- Chains of which a recovery point has been restored, whoever did it: what could only not be foreseen is proven by it.
--
-- Row:    a resource and a leg
-- Reads:  restores, restore_tests, protected, judged, place_legs, vault_places
CREATE TEMP TABLE recovered AS
WITH done AS (
    SELECT n.source_resource_arn AS resource_arn, v.vault_no
    FROM restores AS n
    JOIN vault_places AS v ON v.arn = n.vault_arn
    WHERE n.state = 'COMPLETED'
    UNION
    SELECT t.resource_arn, v.vault_no
    FROM restore_tests AS t
    JOIN vault_places AS v ON v.account_id = t.account_id AND v.region = t.region AND v.vault_name = t.vault_name
    WHERE t.restored
)
SELECT DISTINCT j.resource_no, j.leg_no
FROM done AS n
JOIN protected AS r ON r.arn = n.resource_arn
JOIN judged AS j ON j.resource_no = r.resource_no
JOIN place_legs AS s ON s.place_no = j.place_no AND s.leg_no = j.leg_no AND s.vault_no = n.vault_no;
