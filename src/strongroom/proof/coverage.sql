-- Coverage by account, Region and type.
--
-- Row:    an account, Region and resource type
-- Reads:  covered, chosen, clock
WITH plans AS (
    SELECT account_id, arn, list(DISTINCT plan) AS names FROM chosen GROUP BY account_id, arn
)
SELECT
    c.account_id, c.region, c.type,
    count(*) AS resources,
    count(p.names) AS selected,
    count(*) FILTER (WHERE epoch(k.now) - epoch(c.newest_at) <= 86400) AS within_day,
    count(*) FILTER (WHERE epoch(k.now) - epoch(c.newest_at) <= 7 * 86400) AS within_week,
    count(*) FILTER (WHERE c.newest_at IS NOT NULL) AS ever,
    max(c.newest_at) AS newest_at,
    min(c.newest_at) AS stalest_at,
    list_sort(list_distinct(flatten(list(coalesce(p.names, []))))) AS plans
FROM covered AS c
CROSS JOIN clock AS k
LEFT JOIN plans AS p ON p.account_id = c.account_id AND p.arn = c.arn
GROUP BY c.account_id, c.region, c.type
ORDER BY c.account_id, c.region, c.type;
