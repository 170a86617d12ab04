-- What today's code runs.
SELECT id, name, born, bio FROM authors WHERE name = 'Woolf'
INSERT INTO authors (name) VALUES ('Woolf')
INSERT INTO authors (name, born, bio) VALUES ('Homer', -800, NULL)
SELECT id, title, isbn, author_id, pages, price, state, archived, metadata, created_at FROM books
SELECT title FROM books WHERE state = 'new'
SELECT title FROM books WHERE archived = false
INSERT INTO books (title) VALUES ('Untitled')
INSERT INTO books (title, isbn, author_id, pages, price, state, archived) VALUES (repeat('t', 200), '9780156701600', NULL, -1, 123456.78, 'odd', NULL) ON CONFLICT (isbn) DO NOTHING
INSERT INTO books (title, metadata) VALUES ('Meta', '{"a": 1}')
UPDATE books SET state = 'lent', pages = NULL WHERE title = 'Orlando'
DELETE FROM books WHERE title = 'Orlando'
SELECT id, email, card, phone, active, joined_on FROM readers WHERE email = 'a@x.org'
INSERT INTO readers (email) VALUES ('c@x.org')
INSERT INTO readers (email, card, phone) VALUES ('a@x.org', 5, '12345678901234567890') ON CONFLICT (email) DO UPDATE SET card = excluded.card
DELETE FROM readers WHERE email = 'b@x.org'
SELECT id, book_id, reader_id, due_on, returned, fee FROM loans WHERE reader_id = 1
INSERT INTO loans (book_id, reader_id) VALUES (1, 1)
INSERT INTO loans (book_id, reader_id, returned, fee) VALUES (2, 99, NULL, NULL)
UPDATE loans SET returned = true, due_on = NULL WHERE id = 1
SELECT id FROM loans WHERE due_on IS NULL
SELECT line FROM old_imports
SELECT id, book_id, reader_id FROM current_loans
SELECT id, title, state FROM book_titles
SELECT loans FROM loan_counts WHERE book_id = 1
SELECT late_fee(3)
