-- Chains of which a recovery point has been restored, whoever did it: what could only not be foreseen is proven by it.
--
-- Row:    a resource and a leg
-- Reads:  restores, protected, judged, place_legs, vault_places
CREATE TEMP TABLE recovered AS
SELECT DISTINCT j.resource_no, j.leg_no
FROM restores AS n
JOIN protected AS r ON r.arn = n.source_resource_arn
JOIN vault_places AS v ON v.arn = n.vault_arn
JOIN judged AS j ON j.resource_no = r.resource_no
JOIN place_legs AS s ON s.place_no = j.place_no AND s.leg_no = j.leg_no AND s.vault_no = v.vault_no
WHERE n.state = 'COMPLETED';
