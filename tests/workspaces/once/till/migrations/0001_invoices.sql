CREATE TABLE invoices (order_id text NOT NULL, cents bigint NOT NULL);
CREATE TABLE refunds (account text NOT NULL, cents bigint NOT NULL);
CREATE TABLE accounts (name text PRIMARY KEY, cents bigint NOT NULL);
