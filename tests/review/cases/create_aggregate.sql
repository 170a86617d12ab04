-- operation: CREATE AGGREGATE or OPERATOR
-- lock: none
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- new: SELECT plus(price) FROM items
CREATE AGGREGATE plus(integer) (sfunc = int4pl, stype = integer, initcond = '0');
