-- Resources that were backed up into a vault of the strategy and that no plan selects any more (FM10).
--
-- Row:    a vault's name, with the resources that have recovery points of some plan in it
-- Reads:  recovery_points; unselected, local_vaults
-- Why:    a tag that was removed leaves no near miss; only the recovery points show that somebody once meant the resource.
-- Limits: once the last of its recovery points has expired, a resource is forgotten.
SELECT
    p.vault_name, min_by(o.account_id, o.arn) AS account_id, min_by(o.region, o.arn) AS region,
    list_slice(list_sort(list(DISTINCT o.arn)), 1, 20) AS arns, count(DISTINCT o.arn) AS resources, max(p.created_at) AS newest_at
FROM recovery_points AS p
JOIN unselected AS o ON o.arn = p.resource_arn AND o.account_id = p.account_id
JOIN local_vaults AS n ON n.name = p.vault_name
WHERE p.plan_id IS NOT NULL
GROUP BY p.vault_name
ORDER BY p.vault_name;
