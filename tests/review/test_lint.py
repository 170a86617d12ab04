from __future__ import annotations

from pathlib import Path

import pytest

from kit.review.report import find_hints

INDEX = "-- why\nCREATE INDEX documents_title ON documents (title);\n"


def test_what_squawk_says(tmp_path: Path) -> None:
    hints = find_hints(tmp_path, "001_a.sql", INDEX)
    assert [(hint.line, hint.rule) for hint in hints if "concurrent" in hint.rule] == [
        (2, "require-concurrent-index-creation")
    ]


def test_the_projects_own_settings_count(tmp_path: Path) -> None:
    (tmp_path / ".squawk.toml").write_text('excluded_rules = ["require-concurrent-index-creation"]\n')
    hints = find_hints(tmp_path, "001_a.sql", INDEX)
    assert not [hint for hint in hints if "concurrent" in hint.rule]


def test_without_squawk_there_is_nothing_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_hints(tmp_path, "001_a.sql", INDEX) == ()


def test_what_it_cannot_parse_is_not_its_business(tmp_path: Path) -> None:
    assert all(hint.rule != "syntax-error" for hint in find_hints(tmp_path, "001_a.sql", "SELEC 1;"))
