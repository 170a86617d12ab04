from __future__ import annotations

import pytest

from kit import World, judge
from kit.errors import MigrationFailed

pytestmark = pytest.mark.measures

FILE = "supabase/migrations/20250127090000_mine.sql"
ACTIONS = "src/app/actions/documents.py"
READER = "src/components/document_reader.py"
COUNT = "ALTER TABLE documents ADD COLUMN views integer NOT NULL DEFAULT 0;"


def count_views(lab: World) -> None:
    code = lab.dev.read(ACTIONS).text
    lab.dev.write(ACTIONS, code.replace("SET last_viewed = %s", "SET last_viewed = %s, views = views + 1"))


def test_rule_and_run_agree_on_a_column_that_the_code_counts_on_and_show_it_alike(lab: World) -> None:
    lab.dev.write(FILE, COUNT)
    count_views(lab)
    before = repr((lab.status(), lab.timeline))

    measured = judge(lab).measure()

    advice = measured.advice
    assert (advice.by_rule, advice.measured, advice.order) == ("schema-first",) * 3
    assert advice.steps == ("npx supabase db push --linked", "git push origin main")
    assert advice.differences == ()
    assert "20 times view LOST; 42703" in repr(measured)
    assert repr(measured).endswith("Rule and run agree.")
    assert measured.locks.held[0].locks == {"documents": "ACCESS EXCLUSIVE"}
    assert repr((lab.status(), lab.timeline)) == before
    again = judge(lab).measure()
    assert repr(measured) == repr(again)
    assert measured._repr_html_() == again._repr_html_()
    assert repr(measured.pairs) == repr(again.pairs)


def test_a_rule_that_nothing_bears_out_is_kept_and_said_so(lab: World) -> None:
    lab.dev.write(FILE, "ALTER TABLE documents ALTER COLUMN title SET NOT NULL;")

    advice = judge(lab).measure().advice

    assert (advice.by_rule, advice.measured, advice.order) == ("code-first", "any", "code-first")
    assert "Nothing broke in either order" in advice.differences[0]
    assert "Rule and run do not agree:" in repr(advice)


def test_rule_and_run_agree_on_a_column_that_must_be_filled(lab: World) -> None:
    lab.dev.write(FILE, "ALTER TABLE documents DROP COLUMN file_type;")
    code = lab.dev.read(ACTIONS).text.replace("file_name, file_type, uploaded_at", "file_name, uploaded_at")
    code = code.replace("(%s, %s, %s, %s, %s)", "(%s, %s, %s, %s)")
    lab.dev.write(ACTIONS, code.replace("file_name, file_type, request_time()", "file_name, request_time()"))
    code = lab.dev.read(READER).text
    lab.dev.write(READER, code.replace(" ({document['file_type']})", ""))

    measured = judge(lab).measure()

    assert measured.advice.by_rule == measured.advice.measured == "expand-contract"
    error = measured.pairs.cell("new", "old").first_error
    assert error is not None
    assert (error.what, error.sqlstate) == ("upload", "23502")


def test_code_that_counts_on_rows_decides_where_the_rule_sees_nothing(lab: World) -> None:
    lab.dev.write(FILE, "CREATE UNIQUE INDEX one_title ON documents (id, title);")
    code = lab.dev.read(ACTIONS).text
    lab.dev.write(
        ACTIONS,
        code.replace(
            "RETURNING id", "ON CONFLICT (id, title) DO UPDATE SET title = excluded.title RETURNING id"
        ),
    )

    advice = judge(lab).measure().advice

    assert advice.measured == "schema-first"
    assert advice.order == "schema-first"


def test_a_change_of_two_minds_is_taken_apart(lab: World) -> None:
    lab.dev.write(
        FILE, f"{COUNT} ALTER TABLE documents ADD CHECK (last_viewed IS NULL OR views > 0) NOT VALID;"
    )
    count_views(lab)

    advice = judge(lab).measure().advice

    assert (advice.by_rule, advice.measured, advice.order) == ("expand-contract",) * 3
    assert len(advice.steps) == 3


def test_code_that_does_not_start_is_told_with_its_line(lab: World) -> None:
    lab.dev.write("src/app/page.py", "import html\nimport nothing_like_it\n")
    live = lab.engine.host.live

    advice = judge(lab).measure().advice

    assert advice.order is None
    assert repr(advice).startswith("No order is safe yet: mend the change first.")
    assert "src/app/page.py, line 2: ModuleNotFoundError" in " ".join(repr(advice).split())
    assert lab.engine.host.live == live
    assert lab.open_page().status == 200


def test_a_migration_that_postgresql_refuses_is_told_with_its_line(lab: World) -> None:
    lab.dev.write(FILE, f"{COUNT}\n\n-- and\nALTER TABLE documents ADD COLUMN b integer NOT NULL;")
    before = repr(lab.status())

    with pytest.raises(MigrationFailed, match=r"_mine\.sql, line 4") as caught:
        judge(lab).measure()

    assert "23502" in caught.value.why
    assert repr(lab.status()) == before


def test_locks_add_up_in_a_file_and_what_runs_alone_holds_nothing(lab: World) -> None:
    lab.dev.write(
        FILE,
        "CREATE INDEX a ON documents (title);\nALTER TABLE documents ADD COLUMN b text;\n"
        "CREATE INDEX c ON documents (b);\nCREATE TABLE shelves (document uuid REFERENCES documents);",
    )
    lab.dev.write(FILE.replace("090000", "090001"), "CREATE INDEX CONCURRENTLY d ON documents (b);")

    locks = judge(lab).measure().locks

    assert [one.locks for one in locks.held] == [
        {"documents": "SHARE"},
        {"documents": "ACCESS EXCLUSIVE"},
        {},
        {},
        None,
    ]
    assert all(one.agrees for one in locks.held)
    assert "nothing more than is held already" in repr(locks)
    assert "outside of a transaction" in repr(locks)
    assert locks._repr_html_().count("<tr>") == 1 + len(locks.held)


def test_code_alone_has_nothing_to_put_in_order(lab: World) -> None:
    lab.dev.append("src/app/page.py", "# mine")

    change = judge(lab)
    measured = change.measure()

    assert repr(change).endswith("Code alone: nothing to put in order.")
    assert measured.advice.steps == ("git push origin main",)
    assert repr(measured.locks) == "No migration, no lock."
