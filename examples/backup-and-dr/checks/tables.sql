-- PartiQL, asked of every restored table; it must return an item.
SELECT * FROM restored;
