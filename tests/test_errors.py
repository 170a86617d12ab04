from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest

from kit import errors
from kit.errors import HistoryDiverged, KitError, MigrationError, MissingTool, explain_missing

FAMILY = [member for _, member in inspect.getmembers(errors, inspect.isclass) if issubclass(member, KitError)]


def test_the_text_says_what_why_where_and_what_to_do() -> None:
    error = MissingTool("No such tool.", remedy="Install it.", why="it is not there", looked=["/a", "/b"])

    assert str(error).splitlines() == [
        "No such tool.",
        "  Why: it is not there",
        "  Looked at: /a",
        "  Looked at: /b",
        "  What to do: Install it.",
    ]


def test_what_is_not_known_is_left_out() -> None:
    assert str(KitError("It failed.", remedy="Try again.")) == "It failed.\n  What to do: Try again."


def test_facts_for_programs_are_kept() -> None:
    error = HistoryDiverged("They differ.", remedy="git pull", looked=["cloud"], versions=["070"])

    assert (error.message, error.remedy, error.looked) == ("They differ.", "git pull", ("cloud",))
    assert error.details == {"versions": ["070"]}


def test_nobody_can_leave_out_the_remedy() -> None:
    with pytest.raises(TypeError):
        KitError("It failed.")  # type: ignore[call-arg]  # that is what is tested


@pytest.mark.parametrize("member", FAMILY, ids=lambda member: member.__name__)
def test_the_tree_in_the_docstring_is_the_family(member: type[KitError]) -> None:
    line = re.search(rf"^(.*?){member.__name__}\b", errors.__doc__ or "", re.MULTILINE)

    assert line, "not drawn"
    assert len(line[1]) // 4 == len(member.__mro__) - len(KitError.__mro__), "drawn at another depth"
    assert member.__doc__
    assert member.__doc__.startswith("Raised ")


def test_the_tree_draws_nobody_else() -> None:
    drawn = re.findall(r"(?:^|─ )([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)

    assert sorted(drawn[1:]) == sorted(member.__name__ for member in FAMILY)
    assert issubclass(HistoryDiverged, MigrationError)


@pytest.mark.parametrize(
    "program",
    [
        "from kit.cli import main; sys.exit(main(['lab']))",
        "from kit.cli import main; sys.exit(main(['doctor']))",
        "from kit import open_world",
    ],
)
def test_without_the_lesson_it_says_how_to_get_it(program: str) -> None:
    hidden = "import sys; sys.modules.update(dict.fromkeys(['filelock', 'psutil', 'psycopg'])); "
    ran = subprocess.run(
        [sys.executable, "-c", hidden + program], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "The lesson is not installed in this Python, only what `kit check` needs." in ran.stderr
    assert "pip install 'broken-window-kit[lesson]'" in ran.stderr
    assert sys.executable in ran.stderr


def test_a_module_of_the_kits_own_that_is_not_there_is_no_missing_lesson() -> None:
    own = ModuleNotFoundError("No module named 'kit.nothing'", name="kit.nothing")
    with pytest.raises(ModuleNotFoundError, match="nothing"):
        explain_missing(own)
