-- Every resource of the organization with its newest recovery point, wherever it lies and whoever made it.
--
-- Row:    a resource
-- Reads:  resources, recovery_points
-- Limits: recovery points of unread accounts are missing; needs no strategy.
CREATE TEMP TABLE covered AS
WITH newest AS (
    SELECT resource_arn, max(created_at) AS newest_at, count(*) AS points
    FROM recovery_points
    WHERE status IN ('COMPLETED', 'AVAILABLE', 'STOPPED', 'PARTIAL')
    GROUP BY resource_arn
)
SELECT r.account_id, r.region, r.type, r.arn, r.name, n.newest_at, coalesce(n.points, 0) AS points
FROM resources AS r
LEFT JOIN newest AS n ON n.resource_arn = r.arn;
