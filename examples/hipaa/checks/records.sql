-- Asked of every restored database; each row must be true.
SELECT count(*) > 0 AS records_are_there FROM records;
SELECT max(changed_at) > now() - interval '2 days' AS newest_is_recent FROM records;
SELECT bool_and(checksum = md5(content)) AS content_is_whole FROM records;
