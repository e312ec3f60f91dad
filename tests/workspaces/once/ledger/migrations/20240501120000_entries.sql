-- migrate:up
CREATE TABLE entries (id serial PRIMARY KEY, account text NOT NULL, cents integer NOT NULL);
CREATE TABLE accounts (name text PRIMARY KEY, cents integer NOT NULL);

-- migrate:down
DROP TABLE accounts;
DROP TABLE entries;
