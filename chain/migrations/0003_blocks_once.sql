-- A block that is signed holds all that it held before: it is kept once.
UPDATE blocks SET content = x'' WHERE signed IS NOT NULL;
