CREATE TABLE mails (id serial PRIMARY KEY);
