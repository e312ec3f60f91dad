CREATE TABLE invoices (id serial PRIMARY KEY, order_id integer NOT NULL, name text NOT NULL);
