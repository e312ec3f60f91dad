CREATE TABLE bookings (id text PRIMARY KEY);
