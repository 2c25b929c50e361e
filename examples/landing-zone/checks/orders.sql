-- Asked of every restored database; each row must be true.
SELECT count(*) > 0 AS orders_are_there FROM orders;
