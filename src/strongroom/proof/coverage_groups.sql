-- Coverage by whatever resources are grouped by.
--
-- Row:    a group: an account, an OU, a type, a tag's value or a plan
-- Reads:  covered, chosen, grouped_resources (name, account_id, arn), grouped_others (name), clock
-- Why:    a recovery point counts wherever it lies and whoever made it; replicas, Multi-AZ and the services' own backups don't:
--         they repeat a deletion, or are gone with the resource or its account.
-- Limits: a resource that several plans select is in the group of each.
WITH found AS (
    SELECT
        g.name,
        count(*) AS resources,
        count(p.arn) AS selected,
        count(*) FILTER (WHERE epoch(k.now) - epoch(c.newest_at) <= 86400) AS within_day,
        count(*) FILTER (WHERE epoch(k.now) - epoch(c.newest_at) <= 7 * 86400) AS within_week,
        count(*) FILTER (WHERE c.newest_at IS NOT NULL) AS ever,
        max(c.newest_at) AS newest_at,
        min(c.newest_at) AS stalest_at
    FROM grouped_resources AS g
    JOIN covered AS c ON c.account_id = g.account_id AND c.arn = g.arn
    CROSS JOIN clock AS k
    LEFT JOIN (SELECT DISTINCT account_id, arn FROM chosen) AS p ON p.account_id = c.account_id AND p.arn = c.arn
    GROUP BY g.name
),
others AS (
    SELECT name, count(*) AS unknown_to_backup FROM grouped_others GROUP BY name
)
SELECT
    coalesce(f.name, o.name) AS name,
    coalesce(f.resources, 0) AS resources, coalesce(f.selected, 0) AS selected,
    coalesce(f.within_day, 0) AS within_day, coalesce(f.within_week, 0) AS within_week, coalesce(f.ever, 0) AS ever,
    f.newest_at, f.stalest_at,
    coalesce(o.unknown_to_backup, 0) AS unknown_to_backup
FROM found AS f
FULL JOIN others AS o ON o.name = f.name
ORDER BY 1;
