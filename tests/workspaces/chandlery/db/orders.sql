CREATE TABLE orders (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email text NOT NULL,
  lines jsonb NOT NULL,
  total_cents bigint NOT NULL,
  status text NOT NULL
);

CREATE TABLE charges (
  id text PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES orders (id),
  cents bigint NOT NULL
);
