-- operation: RENAME SCHEMA
-- lock: none
-- on: items
-- order: expand-contract
-- before: CREATE SCHEMA IF NOT EXISTS warehouse
-- before: CREATE TABLE IF NOT EXISTS warehouse.t ()
-- old: SELECT FROM warehouse.t
-- new: SELECT FROM shop.t
ALTER SCHEMA warehouse RENAME TO shop;
