CREATE TABLE invoices (id serial PRIMARY KEY, order_id text NOT NULL, cents integer NOT NULL);
CREATE TABLE stock (name text PRIMARY KEY, left_over integer NOT NULL CHECK (left_over >= 0));
INSERT INTO stock (name, left_over) VALUES ('tea', 0), ('milk', 0);
