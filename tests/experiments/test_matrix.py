from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kit import World, open_world, two_by_two
from kit.errors import BadInput, MigrationFailed, ProcessFailed
from kit.experiments.matrix import Tried, TwoByTwo
from kit.lesson.exercises import EXERCISES

pytestmark = pytest.mark.measures

FILE = "supabase/migrations/20250126170000_mine.sql"
MISSING = 'column "{}" of relation "documents" does not exist'


@pytest.fixture(scope="module")
def lab() -> Iterator[World]:
    with open_world(phase=8, scratch=True) as world:
        yield world


@pytest.fixture
def fresh(lab: World) -> World:
    lab.reset(8)
    lab.dev.run("git checkout -q main")
    return lab


def broken(table: TwoByTwo) -> dict[tuple[str, str], dict[tuple[str, str], int]]:
    return {(cell.code, cell.schema): cell.bad() for cell in table.cells if not cell.works}


VIEWS = {("view", "lost"): 20}


def answer(letter: str) -> str:
    """Return the answer of exercise 9b, as its solution gives it."""
    answers: dict[str, dict[str, str]] = {}
    exec(EXERCISES["9b"].solution, answers)  # noqa: S102 - the kit's own text, as the notebook shows it
    return answers["answer"][letter]


def test_a_rename_breaks_both_mixed_pairs() -> None:
    """How all three changes of the lesson are drawn, notebook 09 stores, and nbval compares."""
    table = two_by_two("rename")
    assert broken(table) == {("new", "old"): VIEWS, ("old", "new"): VIEWS}
    assert table.order == "expand-contract"
    kinds = {one.what for cell in table.cells for one in cell.tried}
    assert kinds == {"view", "page /", "page /search", "upload", "job"}


def test_loud_code_fails() -> None:
    table = two_by_two("drop", handling="loud")
    assert broken(table) == {("old", "new"): {("view", "failed"): 20}}
    assert "20 of 20 views FAILED" in repr(table)


def test_a_change_of_ones_own_is_measured_in_a_copy(fresh: World) -> None:
    fresh.dev.write(FILE, "CREATE INDEX ON documents (title);")
    before = fresh.status(), fresh.timeline
    table = two_by_two(fresh, title="an index")
    assert table.order == "any" == answer("A")
    assert repr(table).startswith("Measured: an index\n")
    assert repr((fresh.status(), fresh.timeline)) == repr(before)


def test_the_worker_is_a_copy_of_the_code_too(fresh: World) -> None:
    code = fresh.dev.read("worker/main.py").text
    fresh.dev.write("worker/main.py", code.replace(", processing_completed_at = now()", ""))
    fresh.dev.write(FILE, "ALTER TABLE documents DROP COLUMN processing_completed_at;")
    table = two_by_two(fresh)
    assert broken(table) == {("old", "new"): {("job", "failed"): 1}}
    assert table.order == "code-first" == answer("C")
    assert table.cell("old", "new").first_error == Tried(
        what="job",
        outcome="failed",
        sqlstate="42703",
        message='column "processing_completed_at" of relation "documents" does not exist',
    )


def test_an_upload_meets_what_no_reader_meets(fresh: World) -> None:
    action = fresh.dev.read("src/app/actions/documents.py").text
    action = action.replace("file_type, uploaded_at)", "file_type, uploaded_at, language)")
    action = action.replace("(%s, %s, %s, %s, %s) RET", "(%s, %s, %s, %s, %s, 'en') RET")
    fresh.dev.write("src/app/actions/documents.py", action)
    add = "ALTER TABLE documents ADD COLUMN language text NOT NULL DEFAULT 'en';"
    fresh.dev.write(FILE, f"{add} ALTER TABLE documents ALTER COLUMN language DROP DEFAULT;")
    table = two_by_two(fresh)
    upload = {("upload", "failed"): 1}
    assert broken(table) == {("new", "old"): upload, ("old", "new"): upload}
    error = table.cell("old", "new").first_error
    assert error is not None
    assert error.sqlstate == "23502"


def test_code_that_does_not_start_is_told_with_its_line(fresh: World) -> None:
    fresh.dev.append("src/main.py", "half_a_thought = (")
    table = two_by_two(fresh)
    assert table.order is None
    assert not table.cell("new", "old").works
    error = table.cell("new", "new").first_error
    assert error is not None
    assert error.what == "start"
    assert "src/main.py, line" in error.message


def test_a_table_that_is_gone_breaks_every_page(fresh: World) -> None:
    fresh.dev.write(FILE, "ALTER TABLE documents RENAME TO papers;")
    table = two_by_two(fresh)
    assert table.order is None
    assert table.cell("old", "new").ok == 0


def test_a_migration_that_does_not_apply_is_told_with_what_postgresql_said(fresh: World) -> None:
    fresh.dev.write(FILE, "ALTER TABLE documents DROP COLUMN nobody;")
    before = repr(fresh.status())
    with pytest.raises(MigrationFailed) as caught:
        two_by_two(fresh)
    assert caught.value.why.startswith(f"ERROR: {MISSING.format('nobody')} (SQLSTATE 42703)")
    assert repr(fresh.status()) == before


def test_a_push_that_git_refuses_is_told(fresh: World) -> None:
    fresh.production.run("git checkout -q main && git pull -q origin main")
    fresh.production.run("git commit -q --allow-empty -m faster && git push -q origin main")
    with pytest.raises(ProcessFailed, match="git push") as caught:
        two_by_two(fresh)
    assert "rejected" in caught.value.why


def test_without_documents_there_is_nothing_to_try(fresh: World) -> None:
    fresh.dev.run('psql -q "$CLOUD_DB_URL" -c "ALTER TABLE documents RENAME TO papers"')
    with pytest.raises(BadInput, match="no documents"):
        two_by_two(fresh)


def test_there_is_no_such_change() -> None:
    with pytest.raises(BadInput, match="There is no change 'move'"):
        two_by_two("move")  # type: ignore[arg-type]  # what a learner may type


def _rename_file_name(lab: World) -> None:
    lab.dev.run(
        "sed -i 's/file_name/original_name/g' src/app/actions/*.py src/components/*.py worker/main.py"
    )


def _show_language(lab: World) -> None:
    lab.dev.run(
        "sed -i 's/uploaded_at, processing_status/uploaded_at, language/' src/app/actions/documents.py"
    )
    lab.dev.run("""sed -i 's/"processing_status"/"language"/g' src/components/document_reader.py""")


ALTER = "ALTER TABLE documents"


@pytest.mark.parametrize(
    ("letter", "sql", "edit"),
    [
        ("B", f"{ALTER} RENAME COLUMN file_name TO original_name;", _rename_file_name),
        ("D", f"{ALTER} ADD COLUMN language TEXT NOT NULL DEFAULT 'en';", _show_language),
    ],
)
def test_the_answers_of_exercise_9b_are_what_is_measured(
    fresh: World, letter: str, sql: str, edit: Callable[[World], None]
) -> None:
    """A and C are measured above, in a copy and with its worker."""
    edit(fresh)
    fresh.dev.write(FILE, sql)
    assert two_by_two(fresh).order == answer(letter)


def test_no_pair_finds_rows_that_another_one_has_prepared(fresh: World) -> None:
    """New code fills the column that the constraint wants; old code meets rows that it did not fill."""
    action = fresh.dev.read("src/app/actions/documents.py").text
    action = action.replace("SET last_viewed = %s", "SET last_viewed = %s, viewed_by = user_id")
    fresh.dev.write("src/app/actions/documents.py", action)
    fresh.dev.write(
        FILE,
        "ALTER TABLE documents ADD COLUMN viewed_by uuid;\n"
        "UPDATE documents SET viewed_by = user_id WHERE last_viewed IS NOT NULL;\n"
        "ALTER TABLE documents ADD CHECK ((last_viewed IS NULL) = (viewed_by IS NULL));",
    )
    table = two_by_two(fresh)
    assert table.order == "expand-contract"
    error = table.cell("old", "new").first_error
    assert error is not None
    assert error.sqlstate == "23514"
