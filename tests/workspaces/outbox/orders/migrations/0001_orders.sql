CREATE TABLE orders (id serial PRIMARY KEY, name text NOT NULL UNIQUE, withdrawn boolean NOT NULL DEFAULT false);
