-- Rows that left the state with their interval (chain/archive.py): the state keeps one root over all of them.
CREATE TABLE history (
    interval INTEGER, number INTEGER, key BLOB, value BLOB NOT NULL, PRIMARY KEY (interval, number, key)
) WITHOUT ROWID;
CREATE INDEX history_row ON history (number, key);
-- The root over each interval's rows, by which an archived row is proved when rows of other intervals are gone.
CREATE TABLE history_roots (interval INTEGER PRIMARY KEY, root BLOB NOT NULL);
