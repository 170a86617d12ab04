-- Whole files, as Prisma and Drizzle write them.
-- case: prisma enum with a value less
BEGIN;
CREATE TYPE "OrderStatus_new" AS ENUM ('PENDING', 'PAID');
ALTER TABLE "Order" ALTER COLUMN "status" DROP DEFAULT;
UPDATE "Order" SET "status" = 'PAID' WHERE "status" = 'SHIPPED';
ALTER TABLE "Order" ALTER COLUMN "status" TYPE "OrderStatus_new" USING ("status"::text::"OrderStatus_new");
ALTER TYPE "OrderStatus" RENAME TO "OrderStatus_old";
ALTER TYPE "OrderStatus_new" RENAME TO "OrderStatus";
DROP TYPE "OrderStatus_old";
ALTER TABLE "Order" ALTER COLUMN "status" SET DEFAULT 'PENDING';
COMMIT;
-- case: enum with a value more by another type
-- new: UPDATE "User" SET "role" = 'OWNER'
CREATE TYPE "Role_new" AS ENUM ('USER', 'ADMIN', 'OWNER');
ALTER TABLE "User" ALTER COLUMN "role" DROP DEFAULT;
ALTER TABLE "User" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");
ALTER TYPE "Role" RENAME TO "Role_old";
ALTER TYPE "Role_new" RENAME TO "Role";
DROP TYPE "Role_old";
ALTER TABLE "User" ALTER COLUMN "role" SET DEFAULT 'USER';
-- case: enum with a value less by another type
CREATE TYPE "Role_new" AS ENUM ('USER');
ALTER TABLE "User" ALTER COLUMN "role" DROP DEFAULT;
ALTER TABLE "User" ALTER COLUMN "role" TYPE "Role_new" USING ("role"::text::"Role_new");
ALTER TYPE "Role" RENAME TO "Role_old";
ALTER TYPE "Role_new" RENAME TO "Role";
DROP TYPE "Role_old";
ALTER TABLE "User" ALTER COLUMN "role" SET DEFAULT 'USER';
-- case: foreign key again with another action
ALTER TABLE "OrderItem" DROP CONSTRAINT "OrderItem_orderId_fkey";
ALTER TABLE "OrderItem" ADD CONSTRAINT "OrderItem_orderId_fkey" FOREIGN KEY ("orderId") REFERENCES "Order"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- case: foreign key again that lets go
-- new: DELETE FROM "Product" WHERE "id" = 1
ALTER TABLE "OrderItem" DROP CONSTRAINT "OrderItem_productId_fkey";
ALTER TABLE "OrderItem" ADD CONSTRAINT "OrderItem_productId_fkey" FOREIGN KEY ("productId") REFERENCES "Product"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- case: foreign key again unchanged
ALTER TABLE "Order" DROP CONSTRAINT "Order_userId_fkey";
ALTER TABLE "Order" ADD CONSTRAINT "Order_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- case: table with keys and indexes
-- new: INSERT INTO "Review" ("productId", "stars") VALUES (1, 5)
CREATE TABLE "Review" ("id" SERIAL NOT NULL, "productId" INTEGER NOT NULL, "stars" INTEGER NOT NULL, CONSTRAINT "Review_pkey" PRIMARY KEY ("id"));
CREATE INDEX "Review_productId_idx" ON "Review"("productId");
CREATE UNIQUE INDEX "Review_one" ON "Review"("productId", "stars");
ALTER TABLE "Review" ADD CONSTRAINT "Review_productId_fkey" FOREIGN KEY ("productId") REFERENCES "Product"("id") ON DELETE CASCADE;
-- case: drizzle table with a guarded key
-- new: INSERT INTO "Tag" ("name", "productId") VALUES ('a', 1)
CREATE TABLE IF NOT EXISTS "Tag" ("id" serial PRIMARY KEY NOT NULL, "name" text, "productId" integer);
DO $$ BEGIN
 ALTER TABLE "Tag" ADD CONSTRAINT "Tag_fk" FOREIGN KEY ("productId") REFERENCES "public"."Product"("id") ON DELETE no action ON UPDATE no action;
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;
-- case: drizzle enum with a guard
-- new: UPDATE "Product" SET "size" = 'S'
DO $$ BEGIN
 CREATE TYPE "size" AS ENUM('S', 'M');
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;
ALTER TABLE "Product" ADD COLUMN "size" "size";
-- case: required column whose default goes
-- new: INSERT INTO "Product" ("name", "sku", "price", "brand") VALUES ('a', 'b', 1, 'c')
ALTER TABLE "Product" ADD COLUMN "brand" TEXT NOT NULL DEFAULT '';
ALTER TABLE "Product" ALTER COLUMN "brand" DROP DEFAULT;
-- case: column of another type by drop and add
-- new: UPDATE "Order" SET "note" = 5
ALTER TABLE "Order" DROP COLUMN "note";
ALTER TABLE "Order" ADD COLUMN "note" INTEGER;
-- case: column with a unique index
-- new: UPDATE "User" SET "handle" = 'x' WHERE "id" = 'u1'
ALTER TABLE "User" ADD COLUMN "handle" TEXT;
CREATE UNIQUE INDEX "User_handle_key" ON "User"("handle");
-- case: column with a default and a unique index
-- new: SELECT "code" FROM "LegacyCart"
ALTER TABLE "LegacyCart" ADD COLUMN "code" TEXT DEFAULT 'x';
CREATE UNIQUE INDEX "LegacyCart_code_key" ON "LegacyCart"("code");
-- case: two tables that point to each other
-- new: SELECT 1 FROM "Post"
CREATE TABLE "Post" ("id" SERIAL PRIMARY KEY, "topId" INTEGER);
CREATE TABLE "Reply" ("id" SERIAL PRIMARY KEY, "postId" INTEGER REFERENCES "Post"("id"));
ALTER TABLE "Post" ADD CONSTRAINT "top" FOREIGN KEY ("topId") REFERENCES "Reply"("id");
-- case: unused table goes
ALTER TABLE "OrderItem" DROP CONSTRAINT "OrderItem_productId_fkey";
DROP TABLE "Product";
-- case: optional made required
ALTER TABLE "Session" ALTER COLUMN "userId" SET NOT NULL;
-- case: empty values filled and made required
-- old: INSERT INTO "LegacyCart" ("data") VALUES (NULL)
UPDATE "LegacyCart" SET "data" = '{}' WHERE "data" IS NULL;
ALTER TABLE "LegacyCart" ALTER COLUMN "data" SET NOT NULL;
-- case: index swapped
DROP INDEX "Product_name_idx";
CREATE INDEX "Product_name_sku_idx" ON "Product"("name", "sku");
-- case: index renamed and constraint renamed
ALTER INDEX "User_email_key" RENAME TO "users_email";
ALTER TABLE "Session" RENAME CONSTRAINT "Session_pkey" TO "session_pk";
-- case: unique index replaced by a constraint
DROP INDEX "User_email_key";
ALTER TABLE "User" ADD CONSTRAINT "User_email_key" UNIQUE ("email");
-- case: table made again
DROP TABLE "LegacyCart";
CREATE TABLE "LegacyCart" ("id" SERIAL PRIMARY KEY, "content" TEXT);
-- case: column renamed and compatible view
-- new: SELECT "amount" FROM "Order"
ALTER TABLE "Order" RENAME COLUMN "total" TO "amount";
CREATE VIEW "OrderTotals" AS SELECT "id", "amount" AS "total" FROM "Order";
-- case: many optional columns
-- new: SELECT "a", "b", "c" FROM "Session"
ALTER TABLE "Session" ADD COLUMN "a" TEXT;
ALTER TABLE "Session" ADD COLUMN "b" INTEGER;
ALTER TABLE "Session" ADD COLUMN "c" JSONB DEFAULT '{}';
-- case: columns of several tables go
ALTER TABLE "Order" DROP COLUMN "note";
ALTER TABLE "User" DROP COLUMN "createdAt";
-- case: comes and goes
-- new: SELECT "nickname" FROM "User"
ALTER TABLE "User" ADD COLUMN "nickname" TEXT;
ALTER TABLE "Product" DROP COLUMN "description";
-- case: column made and dropped
ALTER TABLE "User" ADD COLUMN "tmp" TEXT;
UPDATE "User" SET "tmp" = "name";
ALTER TABLE "User" DROP COLUMN "tmp";
-- case: wider number and its default
-- new: UPDATE "Product" SET "stock" = 5000000000 WHERE "id" = 1
ALTER TABLE "Product" ALTER COLUMN "stock" DROP DEFAULT;
ALTER TABLE "Product" ALTER COLUMN "stock" TYPE BIGINT;
ALTER TABLE "Product" ALTER COLUMN "stock" SET DEFAULT 0;
-- case: rights of a new role
-- new: service_role: SELECT "id" FROM "User"
GRANT USAGE ON SCHEMA public TO service_role;
GRANT SELECT ON "User" TO service_role;
-- case: statements of a dump
SET statement_timeout = 0;
SET client_encoding = 'UTF8';
-- case: function that checks stock
-- new: SELECT in_stock(1)
CREATE OR REPLACE FUNCTION in_stock(product integer) RETURNS boolean LANGUAGE sql AS $$ SELECT "stock" > 0 FROM "Product" WHERE "id" = product $$;
COMMENT ON FUNCTION in_stock(integer) IS 'x';
-- case: trigger that stamps
-- new: WITH made AS (UPDATE "Order" SET "total" = 1 RETURNING "touchedAt") SELECT 1 FROM made WHERE "touchedAt" IS NOT NULL
ALTER TABLE "Order" ADD COLUMN "touchedAt" TIMESTAMP;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW."touchedAt" = now(); RETURN NEW; END; $$;
CREATE TRIGGER stamp BEFORE UPDATE ON "Order" FOR EACH ROW EXECUTE FUNCTION stamp();
-- case: trigger that refuses
CREATE FUNCTION enough() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW."stock" < 0 THEN RAISE EXCEPTION 'none left'; END IF; RETURN NEW; END; $$;
CREATE TRIGGER enough BEFORE INSERT OR UPDATE ON "Product" FOR EACH ROW EXECUTE FUNCTION enough();
-- case: address table split off
-- new: SELECT "city" FROM "Address"
CREATE TABLE "Address" ("id" TEXT NOT NULL, "userId" TEXT NOT NULL, "city" TEXT, CONSTRAINT "Address_pkey" PRIMARY KEY ("id"));
INSERT INTO "Address" ("id", "userId", "city") SELECT 'a-' || "id", "id", 'York' FROM "User";
ALTER TABLE "Address" ADD CONSTRAINT "Address_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- case: two enums and their columns
-- new: SELECT "channel", "carrier" FROM "Order"
CREATE TYPE "Channel" AS ENUM ('WEB', 'SHOP');
CREATE TYPE "Carrier" AS ENUM ('POST', 'BIKE');
ALTER TABLE "Order" ADD COLUMN "channel" "Channel" NOT NULL DEFAULT 'WEB', ADD COLUMN "carrier" "Carrier";
-- case: enum in place of a text
-- new: SELECT 1 FROM "Order" WHERE "note" = 'GIFT'::"NoteKind" OR true
CREATE TYPE "NoteKind" AS ENUM ('GIFT');
ALTER TABLE "Order" ALTER COLUMN "note" TYPE "NoteKind" USING NULL;
-- case: prices in cents to decimals beside
-- new: SELECT "priceDecimal" FROM "Product"
ALTER TABLE "Product" ADD COLUMN "priceDecimal" DECIMAL(12,2);
UPDATE "Product" SET "priceDecimal" = "price" / 100.0;
CREATE INDEX "Product_priceDecimal_idx" ON "Product"("priceDecimal");
-- case: soft delete
-- new: UPDATE "User" SET "deletedAt" = now() WHERE "id" = 'u1'
ALTER TABLE "User" ADD COLUMN "deletedAt" TIMESTAMP(3);
CREATE INDEX "User_deletedAt_idx" ON "User"("deletedAt");
CREATE VIEW "ActiveUser" AS SELECT "id", "email" FROM "User" WHERE "deletedAt" IS NULL;
-- case: login providers
-- new: INSERT INTO "Account" ("userId", "provider") VALUES ('u1', 'x')
CREATE TABLE "Account" ("id" SERIAL NOT NULL, "userId" TEXT NOT NULL, "provider" TEXT NOT NULL, CONSTRAINT "Account_pkey" PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "Account_user_provider" ON "Account"("userId", "provider");
ALTER TABLE "Account" ADD CONSTRAINT "Account_user" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Account" ALTER COLUMN "provider" SET DEFAULT 'email';
-- case: primary key changed
-- old: INSERT INTO "Session" ("token", "userId", "expires") VALUES ('t1', 'x', now()) ON CONFLICT ("token") DO NOTHING
-- new: INSERT INTO "Session" ("token", "userId", "expires") VALUES ('t1', 'x', now())
ALTER TABLE "Session" DROP CONSTRAINT "Session_pkey";
ALTER TABLE "Session" ADD COLUMN "id" SERIAL;
ALTER TABLE "Session" ADD CONSTRAINT "Session_pkey" PRIMARY KEY ("id");
-- case: cart table takes over
-- new: SELECT "userId" FROM "Cart"
CREATE TABLE "Cart" ("id" SERIAL PRIMARY KEY, "userId" TEXT, "data" JSONB);
INSERT INTO "Cart" ("data") SELECT "data" FROM "LegacyCart";
DROP TABLE "LegacyCart";
-- case: table renamed behind a view
-- new: SELECT "data" FROM "Cart"
ALTER TABLE "LegacyCart" RENAME TO "Cart";
CREATE VIEW "LegacyCart" AS SELECT * FROM "Cart";
-- case: unique email without case
-- new: INSERT INTO "User" ("id", "email") VALUES ('m', 'm@x.org')
-- old: INSERT INTO "User" ("id", "email") VALUES ('m', 'A@X.ORG')
CREATE UNIQUE INDEX "User_email_lower" ON "User"(lower("email"));
-- case: required foreign key on a new column
-- new: INSERT INTO "Product" ("name", "sku", "price", "shopId") VALUES ('a', 'b', 1, 1)
CREATE TABLE "Shop" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL);
INSERT INTO "Shop" ("name") VALUES ('Main');
ALTER TABLE "Product" ADD COLUMN "shopId" INTEGER NOT NULL DEFAULT 1 REFERENCES "Shop"("id");
ALTER TABLE "Product" ALTER COLUMN "shopId" DROP DEFAULT;
-- case: optional foreign key with a default shop
-- new: SELECT "shopId" FROM "Product"
CREATE TABLE "Shop" ("id" SERIAL PRIMARY KEY, "name" TEXT NOT NULL);
INSERT INTO "Shop" ("name") VALUES ('Main');
ALTER TABLE "Product" ADD COLUMN "shopId" INTEGER NOT NULL DEFAULT 1 REFERENCES "Shop"("id");
