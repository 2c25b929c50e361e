-- Accounts that are not governed (any more) and hold recovery points in a vault that the strategy gives to every governed account.
--
-- Row:    an account
-- Reads:  recovery_points, accounts; vault_places, legs, local_vaults
-- Limits: an account whose recovery points have all expired is forgotten.
SELECT
    p.account_id, min(p.region) AS region, min(p.vault_name) AS vault_name, list_slice(list_sort(list(DISTINCT p.resource_arn)), 1, 20) AS arns,
    count(DISTINCT p.resource_arn) AS resources, max(p.created_at) AS newest_at
FROM recovery_points AS p
JOIN accounts AS c ON c.account_id = p.account_id AND c.status = 'ACTIVE'
JOIN local_vaults AS n ON n.name = p.vault_name
LEFT JOIN vault_places AS v ON v.account_id = p.account_id AND v.region = p.region AND v.vault_name = p.vault_name
WHERE v.vault_no IS NULL AND p.plan_id IS NOT NULL
GROUP BY p.account_id
ORDER BY p.account_id;
