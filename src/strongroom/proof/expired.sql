-- Recovery points that AWS Backup could not delete when their retention was over (FM27).
--
-- Row:    an account, Region and vault with recovery points in status EXPIRED
-- Reads:  recovery_points, vault_places
-- Limits: vaults of the strategy only.
SELECT p.account_id, p.region, p.vault_name, v.arn, count(*) AS points, min(p.delete_at) AS since_at
FROM recovery_points AS p
JOIN vault_places AS v ON v.account_id = p.account_id AND v.region = p.region AND v.vault_name = p.vault_name
WHERE p.status = 'EXPIRED'
GROUP BY p.account_id, p.region, p.vault_name, v.arn
ORDER BY p.account_id, p.region, p.vault_name;
