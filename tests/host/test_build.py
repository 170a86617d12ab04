from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kit.errors import BuildFailed
from kit.host.build import Build, build, records_views
from kit.repos import Repositories, feature

Commit = Callable[[Mapping[str, str | bytes | None]], str]

READER = "src/app/read/[id]/page.py"
ACTIONS = "src/app/actions/documents.py"
BROKEN = "src/app/broken.py"


@pytest.fixture
def make(repositories: Repositories, commit: Commit, builds: Path) -> Callable[..., Build]:
    def make(files: Mapping[str, str | bytes | None]) -> Build:
        made = commit(files)
        return build(repositories, made, builds / made)

    return make


def test_a_build_holds_the_commits_own_files(make: Callable[..., Build], repositories: Repositories) -> None:
    made = make({"src/app/new.py": "answer = 42\n"})
    (repositories.clones["dev"] / "src/app/new.py").write_text("not committed")

    assert (made.folder / "src/app/new.py").read_text() == "answer = 42\n"
    assert not (made.folder / ".git").exists()


def test_a_build_that_exists_is_used_again(repositories: Repositories, commit: Commit, builds: Path) -> None:
    made = commit({})
    build(repositories, made, builds / made)
    (builds / made / "marked").touch()

    build(repositories, made, builds / made)

    assert (builds / made / "marked").exists()


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("def f(:\n", 1, "invalid syntax"),
        ("a = 1\n  b = 2\n", 2, "unexpected indent"),
        ("a = '\0'\n", 1, "null bytes"),
        (b"a = 'caf\xe9'\n", 1, "utf-8"),
        ("-" * 100_000 + "1\n", 1, ""),
    ],
)
def test_a_file_that_does_not_compile_fails_the_build_and_leaves_nothing(
    make: Callable[..., Build], builds: Path, text: str | bytes, line: int, why: str
) -> None:
    with pytest.raises(BuildFailed) as failure:
        make({BROKEN: text})

    assert failure.value.message == f"The build failed: {BROKEN}, line {line}."
    assert why.casefold() in (failure.value.why or "").casefold()
    assert failure.value.why
    assert list(builds.iterdir()) == []


def test_a_commit_without_an_entry_fails(make: Callable[..., Build]) -> None:
    with pytest.raises(BuildFailed, match="has no src"):
        make({"src/main.py": None})


def test_a_link_out_of_the_build_fails(
    make: Callable[..., Build], repositories: Repositories, builds: Path
) -> None:
    link = repositories.clones["dev"] / "out"
    link.symlink_to("/etc/passwd")
    try:
        with pytest.raises(BuildFailed, match="does not unpack"):
            make({})
    finally:
        link.unlink(missing_ok=True)

    assert list(builds.iterdir()) == []


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="no annotation is compiled in place any more")
def test_code_is_compiled_with_its_own_future_and_not_the_kits(make: Callable[..., Build]) -> None:
    # Under `from __future__ import annotations` a yield in an annotation is a syntax error.
    make({"src/app/odd.py": "def outer():\n    def inner(x: (yield)): pass\n"})


def page(text: str) -> dict[str, str]:
    return {READER: text}


ACTION = feature().files[ACTIONS]
CALLS = "from {0} import {1}\n\nasync def page(params):\n    await {2}(params['id'])\n"
UPDATES = 'async def touch(i):\n    await database.execute("{0}", [i])\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, False, id="the starter writes nothing"),
        pytest.param({ACTIONS: ACTION, READER: feature("silent").files[READER]}, True, id="silent"),
        pytest.param({ACTIONS: ACTION, READER: feature("loud").files[READER]}, True, id="loud"),
        pytest.param({ACTIONS: ACTION}, False, id="nobody calls it"),
        pytest.param(
            {ACTIONS: ACTION, READER: "from app.actions.documents import update_last_viewed\n"},
            False,
            id="imported, not called",
        ),
        pytest.param(
            {
                ACTIONS: ACTION,
                READER: CALLS.format("app.actions.documents", "update_last_viewed as seen", "seen"),
            },
            True,
            id="under another name",
        ),
        pytest.param(
            {
                ACTIONS: ACTION,
                READER: CALLS.format("app.actions", "documents", "documents.update_last_viewed"),
            },
            True,
            id="through its module",
        ),
        pytest.param(
            {
                "src/app/actions/views.py": UPDATES.format("UPDATE  public.documents SET x = 1"),
                READER: CALLS.format("app.actions.views", "touch", "touch"),
            },
            True,
            id="schema-qualified, in another file",
        ),
        pytest.param(
            {
                "src/app/actions/views.py": 'SQL = "update documents set x = 1"\n\n'
                "async def touch(i):\n    await database.execute(SQL, [i])\n",
                READER: CALLS.format("app.actions.views", "touch", "touch"),
            },
            True,
            id="the SQL in a constant",
        ),
        pytest.param(
            {
                "src/app/actions/views.py": UPDATES.format("UPDATE documents_archive SET x = 1"),
                READER: CALLS.format("app.actions.views", "touch", "touch"),
            },
            False,
            id="another table",
        ),
        pytest.param(
            {
                "src/app/actions/views.py": 'async def touch(i):\n    """Update documents some day."""\n',
                READER: CALLS.format("app.actions.views", "touch", "touch"),
            },
            False,
            id="only in words",
        ),
        pytest.param({READER: None}, False, id="no reader page"),
    ],
)
def test_what_a_view_should_leave_behind_is_read_from_the_commit(
    make: Callable[..., Build], files: dict[str, str | None], *, expected: bool
) -> None:
    made = make(files)

    assert made.records_views is expected
    assert records_views(made.folder) is expected


def test_building_warns_nobody(make: Callable[..., Build]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make({"src/app/odd.py": 'pattern = "\\d"\n'})
