-- Coverage by account, Region and type.
--
-- Row:    an account, Region and resource type
-- Reads:  covered, clock
SELECT
    c.account_id, c.region, c.type,
    count(*) AS resources,
    count(*) FILTER (WHERE epoch(k.now) - epoch(c.newest_at) <= 86400) AS within_day,
    count(*) FILTER (WHERE epoch(k.now) - epoch(c.newest_at) <= 7 * 86400) AS within_week,
    count(*) FILTER (WHERE c.newest_at IS NOT NULL) AS ever,
    max(c.newest_at) AS newest_at,
    min(c.newest_at) AS stalest_at
FROM covered AS c
CROSS JOIN clock AS k
GROUP BY c.account_id, c.region, c.type
ORDER BY c.account_id, c.region, c.type;
