-- A shop as Prisma and Drizzle write one: quoted names, enums, no row security.
CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN');
CREATE TYPE "OrderStatus" AS ENUM ('PENDING', 'PAID', 'SHIPPED');
CREATE TABLE "User" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT,
    "role" "Role" NOT NULL DEFAULT 'USER',
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
CREATE TABLE "Product" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "sku" VARCHAR(20) NOT NULL,
    "price" INTEGER NOT NULL,
    "stock" INTEGER NOT NULL DEFAULT 0,
    "description" TEXT,
    "weight" DECIMAL(8,2),
    CONSTRAINT "Product_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Product_name_idx" ON "Product"("name");
CREATE TABLE "Order" (
    "id" SERIAL NOT NULL,
    "userId" TEXT NOT NULL,
    "status" "OrderStatus" NOT NULL DEFAULT 'PENDING',
    "total" INTEGER NOT NULL,
    "note" TEXT,
    "placedAt" TIMESTAMP(3),
    CONSTRAINT "Order_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "Order" ADD CONSTRAINT "Order_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE TABLE "OrderItem" (
    "orderId" INTEGER NOT NULL,
    "productId" INTEGER NOT NULL,
    "quantity" INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT "OrderItem_pkey" PRIMARY KEY ("orderId", "productId")
);
ALTER TABLE "OrderItem" ADD CONSTRAINT "OrderItem_orderId_fkey" FOREIGN KEY ("orderId") REFERENCES "Order"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "OrderItem" ADD CONSTRAINT "OrderItem_productId_fkey" FOREIGN KEY ("productId") REFERENCES "Product"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE TABLE "Session" ("token" TEXT NOT NULL, "userId" TEXT, "expires" TIMESTAMP(3) NOT NULL, CONSTRAINT "Session_pkey" PRIMARY KEY ("token"));
CREATE TABLE "LegacyCart" ("id" SERIAL PRIMARY KEY, "data" JSONB);
INSERT INTO "User" ("id", "email", "name") VALUES ('u1', 'a@x.org', 'Ada'), ('u2', 'b@x.org', NULL);
INSERT INTO "Product" ("name", "sku", "price", "weight") VALUES ('Cup', 'CUP-1', 500, 1.25), ('Pot', 'POT-1', 900, NULL);
INSERT INTO "Order" ("userId", "total", "status") VALUES ('u1', 500, 'PENDING'), ('u1', 900, 'PAID');
INSERT INTO "OrderItem" ("orderId", "productId") VALUES (1, 1);
INSERT INTO "Session" VALUES ('t1', 'u1', now());
INSERT INTO "LegacyCart" ("data") VALUES ('{}');
