-- The header of each block as the full node signed it: what a phone trusts.
CREATE TABLE headers (height INTEGER PRIMARY KEY, signed BLOB NOT NULL);
