-- migrate:up
CREATE TABLE entries (id serial PRIMARY KEY, account text NOT NULL, cents integer NOT NULL);
CREATE TABLE accounts (name text PRIMARY KEY, cents integer NOT NULL);
INSERT INTO accounts (name, cents) VALUES ('ada', 0);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'closed'; END $$;
CREATE TRIGGER closed BEFORE UPDATE ON accounts EXECUTE FUNCTION refuse();

-- migrate:down
DROP TABLE accounts;
DROP FUNCTION refuse;
DROP TABLE entries;
