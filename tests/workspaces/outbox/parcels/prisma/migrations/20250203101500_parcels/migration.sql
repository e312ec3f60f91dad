-- CreateTable
CREATE TABLE "parcels" (
    "id" SERIAL PRIMARY KEY,
    "name" TEXT NOT NULL UNIQUE,
    "withdrawn" BOOLEAN NOT NULL DEFAULT false
);
