-- Asked of every restored database; each row must be true.
SELECT count(*) > 0 AS transactions_are_there FROM transactions;
SELECT max(booked_at) > now() - interval '2 days' AS newest_is_recent FROM transactions;
SELECT sum(debit) = sum(credit) AS books_balance FROM postings;
