-- A lending library as Rails, Django and Alembic write one.
CREATE TABLE authors (id bigserial PRIMARY KEY, name character varying NOT NULL, born integer, bio text);
CREATE TABLE books (
    id bigserial PRIMARY KEY,
    title character varying(200) NOT NULL,
    isbn character varying(13),
    author_id bigint,
    pages integer,
    price numeric(8, 2) NOT NULL DEFAULT 0.0,
    state character varying NOT NULL DEFAULT 'new',
    archived boolean DEFAULT false,
    metadata json,
    created_at timestamp(6) without time zone NOT NULL DEFAULT now(),
    CONSTRAINT fk_books_author FOREIGN KEY (author_id) REFERENCES authors (id)
);
CREATE INDEX index_books_on_author_id ON books USING btree (author_id);
CREATE UNIQUE INDEX index_books_on_isbn ON books (isbn);
CREATE INDEX index_books_on_state ON books (state) WHERE state <> 'gone';
CREATE TABLE readers (
    id bigserial PRIMARY KEY,
    email character varying NOT NULL,
    card integer,
    phone character varying(20),
    active boolean NOT NULL DEFAULT true,
    joined_on date,
    CONSTRAINT readers_email_uniq UNIQUE (email),
    CONSTRAINT card_positive CHECK (card > 0)
);
CREATE TABLE loans (
    id bigserial PRIMARY KEY,
    book_id bigint NOT NULL REFERENCES books (id) ON DELETE CASCADE,
    reader_id bigint NOT NULL,
    due_on date,
    returned boolean,
    fee integer DEFAULT 0
);
CREATE TABLE old_imports (id serial PRIMARY KEY, line text);
CREATE VIEW current_loans AS SELECT id, book_id, reader_id FROM loans WHERE returned IS NOT TRUE;
CREATE VIEW book_titles AS SELECT id, title, state FROM books;
CREATE MATERIALIZED VIEW loan_counts AS SELECT book_id, count(*) AS loans FROM loans GROUP BY book_id;
CREATE UNIQUE INDEX loan_counts_book ON loan_counts (book_id);
CREATE FUNCTION late_fee(days integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT days * 10 $$;
CREATE FUNCTION log_loan() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO old_imports (line) VALUES ('loan'); RETURN NULL; END $$;
INSERT INTO authors (name, born) VALUES ('Woolf', 1882), ('Borges', 1899);
INSERT INTO books (title, isbn, author_id, pages) VALUES ('Orlando', '9780156701600', 1, 333), ('Ficciones', NULL, 2, NULL);
INSERT INTO readers (email, card) VALUES ('a@x.org', 1), ('b@x.org', NULL);
INSERT INTO loans (book_id, reader_id, due_on) VALUES (1, 1, '2024-01-01'), (2, 1, NULL);
INSERT INTO old_imports (line) VALUES ('x');
REFRESH MATERIALIZED VIEW loan_counts;
