from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import World, judge
from kit.errors import BadInput
from kit.experiments.own_change import MOST_BYTES
from kit.postgres import dump

FILE = "supabase/migrations/20250127090000_mine.sql"
ADD = "ALTER TABLE documents ADD COLUMN language text;"
REFUSED = (
    "CREATE DATABASE x;",
    "DROP DATABASE cloud;",
    "ALTER DATABASE local RENAME TO other;",
    "CREATE ROLE x;",
    "ALTER SYSTEM SET work_mem = '1GB';",
    "SET ROLE kit;",
    "COPY documents TO PROGRAM 'cat';",
    "COPY documents TO '/tmp/documents';",
    "SELECT pg_read_file('PG_VERSION');",
    "SELECT lo_import('PG_VERSION');",
    "CREATE EXTENSION dblink;",
    "DO $$ BEGIN PERFORM pg_read_file('PG_VERSION'); END $$;",
)
Spoil = Callable[[World, Path], object]


def everything(lab: World, scratch: Path) -> list[object]:
    """Both databases, what the server has besides, and the repositories with all that is not committed."""
    for name in ("local", "cloud"):
        dump(lab.engine.server, name, scratch / name)
    with lab.engine.server.connect() as connection:
        databases = connection.execute("SELECT datname, datacl::text FROM pg_database ORDER BY 1").fetchall()
        roles = connection.execute("SELECT rolname FROM pg_roles ORDER BY 1").fetchall()
    seen = lab.engine.repositories.observe()
    return [
        *((scratch / name).read_bytes() for name in ("local", "cloud")),
        databases,
        roles,
        seen,
        lab.timeline,
        lab.engine.host.live,
    ]


def sql(text: str) -> Spoil:
    return lambda lab, _: lab.dev.write(FILE, text)


def data(content: bytes) -> Spoil:
    return lambda _, clone: (clone / FILE).write_bytes(content)


def code(path: str, text: str) -> Spoil:
    return lambda lab, _: lab.dev.write(path, text)


def shell(command: str) -> Spoil:
    return lambda lab, _: lab.dev.run(command)


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        pytest.param(
            sql(f"{ADD}\n\nALTER documents DROP title;"),
            (f"{FILE}, line 3", "does not understand", "Correct"),
            id="no SQL",
        ),
        pytest.param(
            sql(f"{ADD}\n\\! rm -rf ~"),
            (f"{FILE}, line 2", r"\! is a command of psql", "Take it out"),
            id="psql",
        ),
        pytest.param(
            sql(f"{ADD}\n-- out\nCOPY documents TO PROGRAM 'cat';"),
            (f"{FILE}, line 3", "runs a program", "Take it out"),
            id="COPY TO PROGRAM",
        ),
        pytest.param(
            sql("DROP DATABASE local;"),
            (f"{FILE}, line 1", "deletes a whole database", "Take it out"),
            id="DROP",
        ),
        pytest.param(
            sql(""), (f"{FILE}, line 1", "no statement in this file", "delete the file"), id="empty"
        ),
        pytest.param(
            data(b"INSERT INTO chunks VALUES (1);\n" * 35_000),
            (f"{FILE}, line {MOST_BYTES // 31 + 1}", "The file has 1.1 MB", "COPY from a client"),
            id="a megabyte",
        ),
        pytest.param(
            data(b"-- caf\xc3\xa9\n-- caf\xe9\nSELECT 1;\n"),
            (f"{FILE}, line 2", "not UTF-8", "iconv"),
            id="not UTF-8",
        ),
        pytest.param(
            shell("rm -r supabase/migrations"),
            ("supabase/migrations", "no such folder", "git checkout main --"),
            id="no folder",
        ),
        pytest.param(
            shell("rm supabase/migrations/070_*"),
            ("supabase/migrations/070_….sql", "The cloud database has this version", "Bring the file back"),
            id="a file is gone",
        ),
        pytest.param(
            code("supabase/migrations/069_late.sql", ADD),
            (
                "supabase/migrations/069_late.sql, line 1",
                "older than 20250126153000, which the cloud database has",
                "Rename it",
            ),
            id="out of order",
        ),
        pytest.param(
            code("src/app/page.py", "import os\ndef page(:\n"),
            ("src/app/page.py, line 2", "invalid syntax", "Mend the line"),
            id="code is no Python",
        ),
        pytest.param(
            code("worker/main.py", "import os\n\n  os"),
            ("worker/main.py, line 3", "unexpected indent", "Mend the line"),
            id="nor is the worker",
        ),
        pytest.param(
            lambda _, clone: (clone / "src/app/page.py").write_bytes(b"# fine\nX = '\0'\n"),
            ("src/app/page.py, line 2", "null bytes", "Mend the line"),
            id="a NUL in the code",
        ),
        pytest.param(
            shell("rm src/main.py"),
            ("src/main.py", "no file to start", "git checkout main --"),
            id="no entry",
        ),
        pytest.param(
            shell("git commit -q --allow-empty -m x && git push -q origin main"),
            ("github main", "still being built", "world.advance(36)"),
            id="a build is under way",
        ),
        pytest.param(
            lambda lab, _: lab.rollback(lab.engine.host.live),
            ("production site", "rolled back", "lab.promote()"),
            id="production is rolled back",
        ),
    ],
)
def test_bad_input_is_told_with_its_line_and_its_remedy_and_the_world_stays_as_it_was(
    lab: World, tmp_path: Path, spoil: Spoil, wanted: tuple[str, str, str]
) -> None:
    place, message, remedy = wanted
    spoil(lab, lab.engine.repositories.clones["dev"])
    before = everything(lab, tmp_path)

    change = judge(lab)

    first = change.faults[0]
    assert first.place == place
    assert message in first.message
    assert remedy in first.remedy
    assert repr(change).startswith("Not yet a change that can be deployed:\n- " + place)
    with pytest.raises(BadInput, match="What to do: "):
        change.measure()
    assert everything(lab, tmp_path) == before


def test_a_colleague_who_was_faster_is_told_apart(lab: World) -> None:
    lab.production.run("git commit -q --allow-empty -m faster && git push -q origin main")
    lab.advance(36)

    (fault,) = judge(lab).faults

    assert "git will refuse the push" in fault.message
    assert "git pull --no-rebase origin main" in fault.remedy
    lab.dev.run("git pull -q --no-rebase origin main")
    assert judge(lab).faults == ()


def test_no_change_is_no_change(lab: World) -> None:
    change = judge(lab)

    assert change.empty
    assert repr(change).startswith("No change: ")
    with pytest.raises(BadInput, match="There is no change to measure"):
        change.measure()


def test_a_change_is_what_the_folder_holds_committed_or_not(lab: World) -> None:
    lab.dev.write(FILE, f"-- a language\n{ADD}\nCREATE INDEX ON documents (title);")
    lab.dev.append("src/app/page.py", "# mine")
    lab.dev.run("git add src && git commit -qm 'half of it'")

    change = judge(lab)

    assert change.code == ("src/app/page.py",)
    assert [one.file for one in change.pending] == ["20250127090000_mine.sql"]
    assert [(one.line, one.verdict.operation) for one in change.pending[0].statements] == [
        (2, "ADD COLUMN"),
        (3, "CREATE INDEX"),
    ]
    assert change.order == "schema-first"
    assert "line 2: ADD COLUMN; ACCESS EXCLUSIVE, reads and writes wait" in repr(change)
    assert repr(change).endswith("By the SQL alone: schema first.")
    assert repr(judge(lab)) == repr(change)


def test_what_the_cloud_has_already_is_not_pending_whatever_git_says(lab: World) -> None:
    lab.dev.write(FILE, ADD)
    lab.dev.run("npx supabase db push")

    assert judge(lab).pending == ()


def test_everything_is_escaped(lab: World) -> None:
    evil = "<img src=x onerror=alert(1)>"
    lab.dev.write(f"src/{evil}.txt", "x")
    lab.dev.write(f"supabase/migrations/20250127090000_{evil}.sql", ADD)

    for shown in (judge(lab)._repr_html_(), _spoilt(lab)):
        assert "<img" not in shown
        assert "&lt;img" in shown


def _spoilt(lab: World) -> str:
    lab.dev.write("supabase/migrations/20250127090001_x.sql", 'ALTER "<img src=x onerror=alert(1)>";')
    return judge(lab)._repr_html_()


def test_names_that_are_no_text_and_folders_named_like_code_are_no_fault(lab: World) -> None:
    clone = lab.engine.repositories.clones["dev"]
    (clone / "src" / "folder.py").mkdir()
    Path(os.fsdecode(os.fsencode(clone) + b"/src/\xff.txt")).touch()
    lab.dev.write("supabase/migrations/20250127090000_a\tb.sql", "ALTER;")

    change = judge(lab)

    assert [one.place for one in change.faults] == ["supabase/migrations/20250127090000_a?b.sql, line 1"]
    assert change.code == ("src/\ufffd.txt",)
    repr(change).encode()


def test_what_reaches_out_is_refused_by_postgresql_too(lab: World, tmp_path: Path) -> None:
    for number, sql_text in enumerate(REFUSED):
        lab.dev.write(f"supabase/migrations/202501270900{number:02}_out.sql", sql_text)
        before = everything(lab, tmp_path)[:4]

        pushed = lab.dev.run("npx supabase db push")

        assert pushed.exit == 1, sql_text
        assert "ERROR: " in pushed.output
        assert everything(lab, tmp_path)[:4] == before
        lab.dev.run("rm supabase/migrations/*_out.sql")


def test_only_a_world_can_be_judged() -> None:
    with pytest.raises(BadInput, match="no world"):
        judge("lab")  # type: ignore[arg-type]  # what a learner may type
