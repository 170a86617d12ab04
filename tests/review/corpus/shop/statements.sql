-- Single statements, as Prisma and Drizzle write them.
-- case: add optional column
-- new: UPDATE "User" SET "phone" = 'x'
ALTER TABLE "User" ADD COLUMN     "phone" TEXT;
-- case: add required column with default
-- new: SELECT "active" FROM "Product"
ALTER TABLE "Product" ADD COLUMN     "active" BOOLEAN NOT NULL DEFAULT true;
-- case: add timestamp column
-- new: SELECT "updatedAt" FROM "User"
ALTER TABLE "User" ADD COLUMN "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
-- case: add two columns
-- new: SELECT "a", "b" FROM "Order"
ALTER TABLE "Order" ADD COLUMN "a" TEXT, ADD COLUMN "b" INTEGER NOT NULL DEFAULT 0;
-- case: drop and add in one
-- new: SELECT "comment" FROM "Order"
ALTER TABLE "Order" DROP COLUMN "note", ADD COLUMN "comment" TEXT;
-- case: drop column
-- new: SELECT "id" FROM "Product"
ALTER TABLE "Product" DROP COLUMN "description";
-- case: drop two columns
-- new: SELECT "id" FROM "Product"
ALTER TABLE "Product" DROP COLUMN "description", DROP COLUMN "weight";
-- case: alter column set not null
-- new: INSERT INTO "User" ("id", "email", "name") VALUES ('n', 'n@x.org', 'N')
-- old: INSERT INTO "LegacyCart" ("data") VALUES (NULL)
ALTER TABLE "LegacyCart" ALTER COLUMN "data" SET NOT NULL;
-- case: alter column drop not null
-- new: INSERT INTO "Order" ("userId", "total") VALUES (NULL, 1)
ALTER TABLE "Order" ALTER COLUMN "userId" DROP NOT NULL;
-- case: alter column set default
-- new: INSERT INTO "Product" ("name", "sku") VALUES ('a', 'b')
ALTER TABLE "Product" ALTER COLUMN "price" SET DEFAULT 0;
-- case: alter column drop default
-- new: INSERT INTO "User" ("id", "email", "role") VALUES ('n', 'n@x.org', 'USER')
ALTER TABLE "User" ALTER COLUMN "role" DROP DEFAULT;
-- case: integer to bigint
-- new: INSERT INTO "Product" ("name", "sku", "price") VALUES ('a', 'b', 5000000000)
ALTER TABLE "Product" ALTER COLUMN "price" SET DATA TYPE BIGINT;
-- case: integer to decimal
-- new: INSERT INTO "Product" ("name", "sku", "price") VALUES ('a', 'b', 5000000000)
ALTER TABLE "Product" ALTER COLUMN "price" SET DATA TYPE DECIMAL(65,30);
-- case: varchar to text
-- new: UPDATE "Product" SET "sku" = repeat('x', 60)
ALTER TABLE "Product" ALTER COLUMN "sku" SET DATA TYPE TEXT;
-- case: text to varchar
-- new: UPDATE "Product" SET "name" = 'x'
-- old: UPDATE "Product" SET "name" = repeat('x', 300) WHERE "id" = 1
ALTER TABLE "Product" ALTER COLUMN "name" SET DATA TYPE VARCHAR(200);
-- case: wider decimal
-- new: UPDATE "Product" SET "weight" = 99999999.99
ALTER TABLE "Product" ALTER COLUMN "weight" SET DATA TYPE DECIMAL(10,2);
-- case: narrower decimal
-- new: UPDATE "Product" SET "weight" = 1
ALTER TABLE "Product" ALTER COLUMN "weight" SET DATA TYPE DECIMAL(6,2);
-- case: timestamp with a zone
ALTER TABLE "Session" ALTER COLUMN "expires" SET DATA TYPE TIMESTAMPTZ(3);
-- case: text to uuid
-- new: SELECT 1 FROM "Session" WHERE "userId" = gen_random_uuid() OR true
ALTER TABLE "Session" ALTER COLUMN "userId" TYPE UUID USING NULL::uuid;
-- case: text to boolean
-- new: SELECT 1 FROM "Order" WHERE "note" IS NOT TRUE
ALTER TABLE "Order" ALTER COLUMN "note" TYPE BOOLEAN USING false;
-- case: rename column
-- new: SELECT "amount" FROM "Order"
ALTER TABLE "Order" RENAME COLUMN "total" TO "amount";
-- case: rename table
-- new: SELECT "id" FROM "Customer"
ALTER TABLE "User" RENAME TO "Customer";
-- case: rename constraint
ALTER TABLE "User" RENAME CONSTRAINT "User_pkey" TO "users_pkey";
-- case: rename index
ALTER INDEX "Product_name_idx" RENAME TO "product_name";
-- case: create table
-- new: SELECT "id" FROM "Review"
CREATE TABLE "Review" ("id" SERIAL NOT NULL, "body" TEXT NOT NULL, CONSTRAINT "Review_pkey" PRIMARY KEY ("id"));
-- case: create join table
-- new: SELECT "A" FROM "_ProductToTag"
CREATE TABLE "_ProductToTag" ("A" INTEGER NOT NULL REFERENCES "Product"("id"), "B" INTEGER NOT NULL);
-- case: drop table
DROP TABLE "LegacyCart";
-- case: drop table that others point to
-- new: INSERT INTO "OrderItem" ("orderId", "productId") VALUES (2, 77)
DROP TABLE "Product" CASCADE;
-- case: add foreign key
-- new: INSERT INTO "Session" VALUES ('t5', 'u1', now())
ALTER TABLE "Session" ADD CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- case: drop foreign key
-- new: INSERT INTO "Order" ("userId", "total") VALUES ('nobody', 1)
ALTER TABLE "Order" DROP CONSTRAINT "Order_userId_fkey";
-- case: create index
CREATE INDEX "Order_status_idx" ON "Order"("status");
-- case: create compound index
CREATE INDEX "Order_user_status" ON "Order" USING btree ("userId","status");
-- case: create unique index
-- new: INSERT INTO "Product" ("name", "sku", "price") VALUES ('Cup', 'CUP-1', 1) ON CONFLICT ("sku") DO NOTHING
CREATE UNIQUE INDEX "Product_sku_key" ON "Product"("sku");
-- case: create unique index that includes a key
-- new: SELECT 1 FROM "User"
CREATE UNIQUE INDEX "User_id_key" ON "User"("id");
-- case: drop unique index
-- new: INSERT INTO "User" ("id", "email") VALUES ('n', 'a@x.org')
DROP INDEX "User_email_key";
-- case: drop index
DROP INDEX "Product_name_idx";
-- case: drop index concurrently
DROP INDEX CONCURRENTLY "Product_name_idx";
-- case: create enum
-- new: SELECT 'A'::"Size"
CREATE TYPE "Size" AS ENUM ('A', 'B');
-- case: add enum value
-- new: UPDATE "Order" SET "status" = 'REFUNDED'
ALTER TYPE "OrderStatus" ADD VALUE 'REFUNDED';
-- case: drop enum that nothing uses
-- old: SELECT 'USER'::"Role"
DROP TYPE "Role" CASCADE;
-- case: create schema
CREATE SCHEMA "audit";
-- case: create schema if not exists
CREATE SCHEMA IF NOT EXISTS "public";
-- case: drop primary key
-- new: INSERT INTO "Session" VALUES ('t1', NULL, now())
-- old: INSERT INTO "Session" VALUES ('t1', NULL, now()) ON CONFLICT ("token") DO NOTHING
ALTER TABLE "Session" DROP CONSTRAINT "Session_pkey";
-- case: add check
-- new: UPDATE "Product" SET "stock" = 0
ALTER TABLE "Product" ADD CONSTRAINT "stock_positive" CHECK ("stock" >= 0);
-- case: add check with many values
-- new: INSERT INTO "Order" ("userId", "total", "note") VALUES ('u1', 1, 'gift')
-- old: INSERT INTO "Order" ("userId", "total", "note") VALUES ('u1', 1, 'other')
ALTER TABLE "Order" ADD CONSTRAINT "note_known" CHECK ("note" IN ('gift', 'a note'));
-- case: add required column without default
-- new: INSERT INTO "Order" ("userId", "total", "channel") VALUES ('u1', 1, 'web')
ALTER TABLE "Order" ADD COLUMN "channel" TEXT NOT NULL;
-- case: add array column
-- new: UPDATE "Product" SET "photos" = ARRAY['x']
ALTER TABLE "Product" ADD COLUMN "photos" TEXT[] DEFAULT ARRAY[]::TEXT[];
-- case: add enum column
-- new: SELECT "kind" FROM "Session"
ALTER TABLE "Session" ADD COLUMN "kind" "Role" NOT NULL DEFAULT 'USER';
-- case: add serial column
-- new: SELECT "n" FROM "Session"
ALTER TABLE "Session" ADD COLUMN "n" SERIAL;
-- case: add uuid column
-- new: SELECT "publicId" FROM "Order"
ALTER TABLE "Order" ADD COLUMN "publicId" UUID NOT NULL DEFAULT gen_random_uuid();
-- case: insert seed
-- new: UPDATE "Product" SET "stock" = 1 WHERE "sku" = 'GIFT'
INSERT INTO "Product" ("name", "sku", "price") VALUES ('Gift card', 'GIFT', 0);
-- case: update all
-- new: UPDATE "Order" SET "note" = '' WHERE "note" = ''
UPDATE "Order" SET "note" = '' WHERE "note" IS NULL;
-- case: update statuses
-- new: SELECT 1 FROM "Order" WHERE "status" = 'PAID'
UPDATE "Order" SET "status" = 'PAID' WHERE "status" = 'PENDING';
-- case: delete old rows
-- old: SELECT 1 FROM "Session" WHERE "token" = 't1'
DELETE FROM "Session" WHERE "expires" < now() + interval '1 day';
-- case: delete from a parent
-- old: SELECT 1 FROM "OrderItem"
DELETE FROM "OrderItem";
-- case: create extension
CREATE EXTENSION IF NOT EXISTS "plpgsql";
-- case: create view
-- new: SELECT "userId" FROM "Spending"
CREATE VIEW "Spending" AS SELECT "userId", sum("total") AS sum FROM "Order" GROUP BY 1;
-- case: create materialized view
-- new: SELECT 1 FROM "Best"
CREATE MATERIALIZED VIEW "Best" AS SELECT "productId" FROM "OrderItem";
-- case: create sequence
-- new: SELECT nextval('"Invoice"')
CREATE SEQUENCE "Invoice";
-- case: alter sequence
ALTER SEQUENCE "Order_id_seq" RESTART WITH 1000;
-- case: replica identity
ALTER TABLE "Order" REPLICA IDENTITY FULL;
-- case: set fillfactor
ALTER TABLE "Order" SET (fillfactor = 80);
-- case: set statistics
ALTER TABLE "Order" ALTER COLUMN "status" SET STATISTICS 500;
-- case: set storage
ALTER TABLE "Order" ALTER COLUMN "note" SET STORAGE EXTERNAL;
-- case: set unlogged
ALTER TABLE "Session" SET UNLOGGED;
-- case: analyze
ANALYZE "Order";
-- case: lock table in share mode
LOCK TABLE "Order" IN SHARE MODE;
-- case: lock table
LOCK TABLE "Order", "User";
-- case: lock row exclusive
LOCK TABLE "Order" IN ROW EXCLUSIVE MODE;
-- case: vacuum full
VACUUM FULL "Session";
-- case: vacuum
VACUUM "Session";
-- case: reindex
REINDEX TABLE "Order";
-- case: select for update
SELECT 1 FROM "Order" FOR UPDATE;
-- case: insert from select
-- new: SELECT 1 FROM "LegacyCart" WHERE "data" = '{"o": 1}'
INSERT INTO "LegacyCart" ("data") SELECT '{"o": 1}' FROM "Order" LIMIT 1;
-- case: unique with two columns
-- new: INSERT INTO "Order" ("userId", "total") VALUES ('u1', 5) ON CONFLICT ("userId", "total") DO NOTHING
ALTER TABLE "Order" ADD CONSTRAINT "Order_unique" UNIQUE ("userId", "total");
-- case: identity
-- new: INSERT INTO "LegacyCart" ("data") VALUES ('{}')
ALTER TABLE "LegacyCart" ALTER COLUMN "id" DROP DEFAULT, ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 100);
-- case: enum value used by an update of its file
ALTER TYPE "OrderStatus" ADD VALUE 'LOST';
UPDATE "Order" SET "status" = 'LOST' WHERE "note" = 'lost';
-- case: enum value used by an insert of its file
ALTER TYPE "Role" ADD VALUE 'GUEST';
INSERT INTO "User" ("id", "email", "role") VALUES ('u5', 'g@x.org', 'GUEST');
-- case: enum value used by an insert without a list of columns
ALTER TYPE "Role" ADD VALUE 'GUEST';
INSERT INTO "User" VALUES ('u5', 'g@x.org', NULL, 'GUEST');
-- case: enum value used as a default of its file
ALTER TYPE "Role" ADD VALUE 'GUEST';
ALTER TABLE "User" ALTER COLUMN "role" SET DEFAULT 'GUEST';
-- case: enum value used as the default of a new column
ALTER TYPE "Role" ADD VALUE 'GUEST';
ALTER TABLE "Session" ADD COLUMN "as" "Role" NOT NULL DEFAULT 'GUEST';
-- case: enum value used in a check of its file
ALTER TYPE "OrderStatus" ADD VALUE 'LOST';
ALTER TABLE "Order" ADD CONSTRAINT "Order_lost" CHECK ("status" <> 'LOST' OR "note" IS NOT NULL);
-- case: enum value used in the predicate of an index
ALTER TYPE "OrderStatus" ADD VALUE 'LOST';
CREATE INDEX "Order_lost" ON "Order" ("id") WHERE "status" = 'LOST';
-- case: enum value used in a view of its file
ALTER TYPE "OrderStatus" ADD VALUE 'LOST';
CREATE VIEW "Lost" AS SELECT "id" FROM "Order" WHERE "status" IN ('LOST', 'SHIPPED');
-- case: enum value cast in its file
ALTER TYPE "OrderStatus" ADD VALUE 'LOST';
SELECT 'LOST'::"OrderStatus";
-- case: enum value in an array of its file
ALTER TYPE "OrderStatus" ADD VALUE 'LOST';
SELECT 1 FROM "Order" WHERE "status" = ANY (ARRAY['LOST', 'PAID']::"OrderStatus"[]);
-- case: enum value used in a body in SQL
ALTER TYPE "OrderStatus" ADD VALUE 'LOST';
CREATE FUNCTION "lose"(n integer) RETURNS void LANGUAGE sql AS $$ UPDATE "Order" SET "status" = 'LOST' WHERE "id" = n $$;
-- case: enum value used by a block of its file
ALTER TYPE "OrderStatus" ADD VALUE 'LOST';
DO $$ BEGIN UPDATE "Order" SET "status" = 'LOST' WHERE "note" = 'lost'; END $$;
-- case: enum value in a body that is read when it runs
-- new: SELECT "lose"(1)
ALTER TYPE "OrderStatus" ADD VALUE 'LOST';
CREATE FUNCTION "lose"(n integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE "Order" SET "status" = 'LOST' WHERE "id" = n; END $$;
-- case: enum value of a type of the same file
-- new: SELECT "size" FROM "Product"
CREATE TYPE "Size" AS ENUM ('S');
ALTER TYPE "Size" ADD VALUE 'XL';
ALTER TABLE "Product" ADD COLUMN "size" "Size" DEFAULT 'XL';
-- case: enum value that is there already, used
ALTER TYPE "OrderStatus" ADD VALUE IF NOT EXISTS 'PAID';
ALTER TABLE "Order" ALTER COLUMN "status" SET DEFAULT 'PENDING';
-- case: enum value that is a text elsewhere
-- new: UPDATE "Order" SET "status" = 'LOST'
ALTER TYPE "OrderStatus" ADD VALUE 'LOST';
COMMENT ON TABLE "Order" IS 'LOST';
INSERT INTO "LegacyCart" ("data") SELECT '{"s": 1}' WHERE 'LOST' = 'FOUND';
-- case: new column with a check of its length
-- new: INSERT INTO "Product" ("name", "sku", "price", "code") VALUES ('Cup', 'CUP-9', 1, 'c')
ALTER TABLE "Product" ADD COLUMN "code" TEXT CHECK (length("code") > 0);
-- case: new column with a check of trimmed text
-- new: INSERT INTO "Product" ("name", "sku", "price", "code") VALUES ('Cup', 'CUP-9', 1, 'c')
ALTER TABLE "Product" ADD COLUMN "code" TEXT, ADD CONSTRAINT "Product_code" CHECK (char_length(btrim("code")) BETWEEN 1 AND 20);
-- case: wider column that points to another table
-- new: UPDATE "OrderItem" SET "productId" = 5000000000 WHERE false
ALTER TABLE "OrderItem" ALTER COLUMN "productId" TYPE BIGINT;
-- case: wider column that others point to
-- new: INSERT INTO "Order" ("id", "userId", "total") VALUES (5000000000, 'u1', 1)
ALTER TABLE "Order" ALTER COLUMN "id" TYPE BIGINT;
-- case: renamed table that is changed under its new name
-- new: INSERT INTO "Basket" ("data", "paid") VALUES ('{}', true)
ALTER TABLE "LegacyCart" RENAME TO "Basket";
ALTER TABLE "Basket" ADD COLUMN "paid" BOOLEAN;
-- case: new column that must be true
-- new: INSERT INTO "Product" ("name", "sku", "price", "gift") VALUES ('Cup', 'CUP-9', 1, true)
ALTER TABLE "Product" ADD COLUMN "gift" BOOLEAN, ADD CONSTRAINT "Product_gift" CHECK ("gift" IS TRUE) NOT VALID;
-- case: new column that must not be distinct
-- new: INSERT INTO "Product" ("name", "sku", "price", "kind") VALUES ('Cup', 'CUP-9', 1, 'a')
ALTER TABLE "Product" ADD COLUMN "kind" TEXT, ADD CONSTRAINT "Product_kind" CHECK ("kind" IS NOT DISTINCT FROM 'a') NOT VALID;
-- case: new column whose greatest is checked
-- new: INSERT INTO "Product" ("name", "sku", "price", "depth") VALUES ('Cup', 'CUP-9', 1, 5)
ALTER TABLE "Product" ADD COLUMN "depth" INTEGER, ADD CONSTRAINT "Product_depth" CHECK (GREATEST("depth", 0) > 0) NOT VALID;
-- case: new column in an array that is checked
-- new: INSERT INTO "Product" ("name", "sku", "price", "kind") VALUES ('Cup', 'CUP-9', 1, 'a')
ALTER TABLE "Product" ADD COLUMN "kind" TEXT, ADD CONSTRAINT "Product_kind" CHECK (ARRAY["kind"] <@ ARRAY['a', 'b']) NOT VALID;
-- case: new column of an array that is checked
-- new: INSERT INTO "Product" ("name", "sku", "price", "tags") VALUES ('Cup', 'CUP-9', 1, '{a}')
ALTER TABLE "Product" ADD COLUMN "tags" TEXT[] CHECK ("tags" <@ ARRAY['a', 'b']);
-- case: new column with a pattern
-- new: INSERT INTO "Product" ("name", "sku", "price", "code") VALUES ('Cup', 'CUP-9', 1, 'a1')
ALTER TABLE "Product" ADD COLUMN "code" TEXT CHECK ("code" LIKE 'a%' AND "code" !~ '\s' AND NOT "code" = ANY ('{ab,ac}'));
-- case: drop column that is not null
-- new: INSERT INTO "Order" ("userId", "status") VALUES ('u1', 'PAID')
ALTER TABLE "Order" DROP COLUMN "total";
-- case: drop column that may be null
-- new: INSERT INTO "Product" ("name", "sku", "price", "stock") VALUES ('Lid', 'LID-1', 1, 1)
ALTER TABLE "Product" DROP COLUMN "weight";
-- case: drop column that is an enum with a default
-- new: INSERT INTO "User" ("id", "email", "name") VALUES ('u7', 'y@x.org', 'Y')
ALTER TABLE "User" DROP COLUMN "role";
-- case: drop column of a composite key
-- new: INSERT INTO "OrderItem" ("orderId") VALUES (2)
ALTER TABLE "OrderItem" DROP COLUMN "productId";
-- case: drop column of the primary key
-- new: INSERT INTO "Session" ("userId", "expires") VALUES ('u1', now())
ALTER TABLE "Session" DROP COLUMN "token";
