CREATE TABLE stock (
  sku text PRIMARY KEY,
  available integer NOT NULL,
  counted_at timestamptz
);

CREATE TABLE reservations (
  id bigserial PRIMARY KEY,
  price_list bigint NOT NULL
);
