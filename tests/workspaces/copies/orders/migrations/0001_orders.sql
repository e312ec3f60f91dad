CREATE TABLE orders (
  id serial PRIMARY KEY,
  state text NOT NULL,
  note varchar(200),
  placed_at timestamptz NOT NULL DEFAULT now()
);
