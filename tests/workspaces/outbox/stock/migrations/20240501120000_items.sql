-- migrate:up
CREATE TABLE items (name text PRIMARY KEY, count integer NOT NULL);

-- migrate:down
DROP TABLE items;
