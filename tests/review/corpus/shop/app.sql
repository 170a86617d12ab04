-- What today's code runs.
SELECT "id", "email", "name", "role", "createdAt" FROM "User" WHERE "email" = 'a@x.org'
SELECT "id" FROM "User" WHERE "role" = 'USER'
INSERT INTO "User" ("id", "email") VALUES ('u9', 'z@x.org')
INSERT INTO "User" ("id", "email", "name", "role") VALUES ('u8', 'a@x.org', NULL, 'ADMIN') ON CONFLICT ("email") DO UPDATE SET "name" = excluded."name"
UPDATE "User" SET "name" = NULL WHERE "id" = 'u1'
DELETE FROM "User" WHERE "id" = 'u2'
SELECT "id", "name", "sku", "price", "stock", "description", "weight" FROM "Product" WHERE "price" > 100
INSERT INTO "Product" ("name", "sku", "price") VALUES ('Cup', 'CUP-1', 0)
INSERT INTO "Product" ("name", "sku", "price", "stock", "weight") VALUES ('Jar', repeat('s', 20), 2000000000, -1, 123456.78)
UPDATE "Product" SET "stock" = "stock" - 1 WHERE "sku" = 'CUP-1'
DELETE FROM "Product" WHERE "sku" = 'POT-1'
SELECT "id", "userId", "status", "total", "note", "placedAt" FROM "Order" WHERE "status" = 'PENDING'
INSERT INTO "Order" ("userId", "total") VALUES ('u1', 0)
INSERT INTO "Order" ("userId", "status", "total", "note", "placedAt") VALUES ('u2', 'SHIPPED', 5, 'a note', '2024-01-01')
UPDATE "Order" SET "status" = 'PAID' WHERE "id" = 1
DELETE FROM "Order" WHERE "id" = 1
SELECT "orderId", "productId", "quantity" FROM "OrderItem"
INSERT INTO "OrderItem" ("orderId", "productId") VALUES (2, 1)
INSERT INTO "OrderItem" ("orderId", "productId", "quantity") VALUES (2, 2, 0)
SELECT "token", "userId", "expires" FROM "Session" WHERE "userId" = 'u1'
INSERT INTO "Session" VALUES ('t2', NULL, now())
INSERT INTO "Session" ("token", "userId", "expires") VALUES ('t3', 'nobody', now())
SELECT "id", "data" FROM "LegacyCart"
INSERT INTO "LegacyCart" ("data") VALUES ('{"a": 1}')
