"""A column goes: does the schema of today take the rows of code that no longer writes it?"""

from __future__ import annotations

import pytest

from kit.review.judge import Judge, Verdict
from kit.review.rules import Order, combine
from kit.supabase import split

DOCS = "CREATE TABLE docs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, {});"
DROP = "ALTER TABLE docs DROP COLUMN lang;"
FILLED = """
    CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NEW; END $$;
    CREATE TRIGGER fill BEFORE INSERT ON docs FOR EACH ROW EXECUTE FUNCTION fill();
"""
OWN = """
    ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON docs FOR INSERT WITH CHECK (lang = auth.uid());
"""


def judge(live: str, pending: str) -> tuple[Order, str]:
    """Judge what is pending on what is live."""
    judged = Judge()
    for statement in split(live):
        assert judged.learn(statement.text) is None
    for statement in split(pending):
        assert isinstance(judged.judge(statement.text), Verdict)
    verdicts = judged.sum_up()
    return combine(verdict.order for verdict in verdicts), " ".join(verdict.why for verdict in verdicts)


@pytest.mark.parametrize(
    ("column", "more", "order"),
    [
        ("lang text", "", "code-first"),
        ("lang text NOT NULL", "", "expand-contract"),
        ("lang text NOT NULL DEFAULT 'en'", "", "code-first"),
        ("lang text NOT NULL DEFAULT NULL", "", "expand-contract"),
        ("lang serial", "", "code-first"),
        ("lang serial", "ALTER TABLE docs ALTER COLUMN lang DROP DEFAULT;", "expand-contract"),
        ("lang text NOT NULL", "ALTER TABLE docs ALTER COLUMN lang DROP NOT NULL;", "code-first"),
        ("lang text NOT NULL", "ALTER TABLE docs ALTER COLUMN lang SET DEFAULT 'en';", "code-first"),
        ("lang text", "ALTER TABLE docs ALTER COLUMN lang SET NOT NULL;", "expand-contract"),
        ("lang text", "ALTER TABLE docs ADD CONSTRAINT there NOT NULL lang;", "expand-contract"),
        ("lang text CHECK (lang <> '')", "", "code-first"),
        ("lang text CHECK (lang IS NOT NULL AND lang <> '')", "", "expand-contract"),
        ("lang text CHECK (NOT (lang IS NULL))", "", "expand-contract"),
        ("lang text CHECK (coalesce(lang, '') <> '')", "", "unknown"),
        ("lang text DEFAULT 'en' CHECK (lang IS NOT NULL)", "", "code-first"),
        ("lang text, alt text, CHECK (num_nonnulls(lang, alt) = 1)", "", "unknown"),
        ("lang text, alt text, CHECK (lang <> alt)", "", "code-first"),
        ("lang text DEFAULT 'en', alt text, CHECK (lang <> alt)", "", "unknown"),
        ("lang text DEFAULT 'en', alt text, CHECK (lang = 'en' OR alt = 'x')", "", "code-first"),
        ("lang text DEFAULT 'en', alt text, UNIQUE (lang, alt)", "", "unknown"),
        ("lang uuid DEFAULT gen_random_uuid() UNIQUE", "", "code-first"),
        ("lang text DEFAULT 'en'", "CREATE UNIQUE INDEX docs_lang ON docs (lang);", "expand-contract"),
        ("lang text", "CREATE UNIQUE INDEX docs_lang ON docs (lang) NULLS NOT DISTINCT;", "expand-contract"),
        ("lang text NOT NULL", FILLED.format("NEW.lang := 'en';"), "code-first"),
        (
            "lang text NOT NULL",
            FILLED.format("IF NEW.lang IS NULL THEN NEW.lang := 'en'; END IF;"),
            "code-first",
        ),
        (
            "lang text NOT NULL",
            FILLED.format("IF NEW.title = 'x' THEN NEW.lang := 'en'; END IF;"),
            "expand-contract",
        ),
        ("lang text", FILLED.format("IF NEW.lang IS NULL THEN RAISE EXCEPTION 'no'; END IF;"), "unknown"),
    ],
)
def test_a_column_of_a_table_that_a_migration_makes(column: str, more: str, order: Order) -> None:
    assert judge(DOCS.format(column) + more, "DROP TRIGGER IF EXISTS fill ON docs;" + DROP)[0] == order


@pytest.mark.parametrize(
    ("domain", "order"),
    [
        ("CREATE DOMAIN code AS text;", "code-first"),
        ("CREATE DOMAIN code AS text NOT NULL;", "expand-contract"),
        ("CREATE DOMAIN code AS text NOT NULL DEFAULT 'en';", "code-first"),
        ("CREATE DOMAIN code AS text; ALTER DOMAIN code SET NOT NULL;", "expand-contract"),
        ("CREATE DOMAIN code AS text NOT NULL; ALTER DOMAIN code DROP NOT NULL;", "code-first"),
        ("CREATE DOMAIN word AS text NOT NULL; CREATE DOMAIN code AS word;", "expand-contract"),
    ],
)
def test_a_column_of_a_domain(domain: str, order: Order) -> None:
    assert judge(domain + DOCS.format("lang code"), DROP)[0] == order


def test_what_becomes_of_a_domain_later_counts_for_its_columns() -> None:
    live = "CREATE DOMAIN code AS text;" + DOCS.format("lang code") + "ALTER DOMAIN code SET NOT NULL;"
    assert judge(live, DROP)[0] == "expand-contract"


def test_a_table_made_like_another_has_its_defaults_only_where_they_are_asked_for() -> None:
    live = "CREATE TABLE old (lang text NOT NULL DEFAULT 'en'); CREATE TABLE docs (LIKE old{});"
    assert judge(live.format(""), DROP)[0] == "expand-contract"
    assert judge(live.format(" INCLUDING DEFAULTS"), DROP)[0] == "code-first"


def test_what_is_pending_counts_in_sum() -> None:
    order, why = judge(DOCS.format("lang text NOT NULL"), "ALTER TABLE docs ALTER lang DROP NOT NULL;" + DROP)
    assert order == "expand-contract"
    assert "First DROP NOT NULL or SET DEFAULT, in a deploy of its own; then the code, then this." in why
    live = DOCS.format("lang text NOT NULL DEFAULT 'en'")
    assert judge(live, "ALTER TABLE docs ALTER lang DROP NOT NULL;" + DROP)[0] == "code-first"
    assert judge(live, "DROP TABLE docs;")[0] == "code-first"
    assert judge(live, DROP + "DROP TABLE docs;")[0] == "code-first"


def test_a_column_that_no_migration_makes_depends_on_what_it_is() -> None:
    order, why = judge("", DROP)
    assert order == "unknown"
    assert "If it is NOT NULL without a default, first DROP NOT NULL, then the code, then this" in why
    loose = "ALTER TABLE docs ALTER lang DROP NOT NULL;"
    assert judge(loose, DROP)[0] == "code-first"
    assert judge("ALTER TABLE docs ALTER lang SET DEFAULT 'en';", DROP)[0] == "code-first"
    assert judge(loose + "ALTER TABLE docs ALTER lang SET NOT NULL;", DROP)[0] == "unknown"


def test_a_policy_that_asks_for_the_column() -> None:
    other = "CREATE POLICY all_of_it ON docs FOR INSERT WITH CHECK (true);"
    goes = "DROP POLICY own ON docs;" + DROP
    closed = DOCS.format("lang uuid") + OWN
    assert judge(closed, goes + other)[0] == "expand-contract"
    assert judge(closed, goes)[0] == "code-first"  # nobody inserts any more
    assert judge(closed + other, goes)[0] == "code-first"
    filled = DOCS.format("lang uuid DEFAULT auth.uid()") + OWN
    assert "refuses" not in judge(filled, goes + other)[1]


def test_a_table_to_which_rows_of_another_one_must_point() -> None:
    live = DOCS.format("lang text") + "CREATE TABLE pages (doc bigint {} REFERENCES docs (id));"
    drop = "DROP TABLE docs CASCADE;"
    order, why = judge(live.format("NOT NULL"), drop)
    assert order == "expand-contract"
    assert "First drop the constraint pages_doc_fkey" in why
    assert judge(live.format(""), drop)[0] == "code-first"
    assert judge(live.format("NOT NULL"), "DROP TABLE docs, pages;")[0] == "code-first"
    assert judge(live.format("NOT NULL") + "ALTER TABLE pages DROP COLUMN doc;", drop)[0] == "code-first"


def test_a_trigger_that_stays_and_reads_what_is_gone() -> None:
    live = DOCS.format("lang text") + FILLED.format("NEW.lang := lower(NEW.lang);")
    order, why = judge(live, DROP)
    assert order == "expand-contract"
    assert "The trigger fill stays, and its function reads lang" in why
    assert judge(live, "DROP TRIGGER fill ON docs;" + DROP)[0] == "code-first"
    replaced = FILLED.format("").split("CREATE TRIGGER")[0].replace("CREATE", "CREATE OR REPLACE")
    assert "stays" not in judge(live, replaced + DROP)[1]
    some = "IF TG_TABLE_NAME = 'other' THEN NEW.lang := ''; END IF;"
    assert judge(DOCS.format("lang text") + FILLED.format(some), DROP)[0] == "code-first"
