-- CreateTable
CREATE TABLE "parcels" (
    "id" SERIAL PRIMARY KEY,
    "name" TEXT NOT NULL UNIQUE,
    "withdrawn" BOOLEAN NOT NULL DEFAULT false
);

-- CreateTable
CREATE TABLE "claims" (
    "id" SERIAL PRIMARY KEY,
    "parcel_id" INTEGER NOT NULL
);
