-- Every marker that `strongroom twin load` wrote is there: the numbers have no gap.
SELECT count(*) > 0 AND count(*) = max(number) FROM strongroom_marker;
