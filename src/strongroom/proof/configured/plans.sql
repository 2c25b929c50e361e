-- Plans as they are in AWS, with the names of their rules: what a strategy does not declare is picked out of them.
--
-- Row:    a plan in an account and Region
-- Reads:  backup_plans, backup_rules
SELECT p.account_id, p.region, p.plan_id, p.name, p.arn, coalesce(list(DISTINCT lower(r.name)) FILTER (WHERE r.name IS NOT NULL), []) AS rules
FROM backup_plans AS p
LEFT JOIN backup_rules AS r USING (account_id, region, plan_id)
GROUP BY ALL
ORDER BY ALL
