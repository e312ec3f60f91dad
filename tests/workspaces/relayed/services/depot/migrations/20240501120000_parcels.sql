CREATE TABLE parcels (id bigint PRIMARY KEY, weight integer NOT NULL);
CREATE TABLE shelves (name text PRIMARY KEY, parcels integer NOT NULL);
