from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.cli import FAILED, MISUSED, main
from kit.lesson.exercises import EXERCISES
from kit.world.home import progress_file, remember


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("KIT_HOME", str(home))
    remember("exercise", {"number": "0a", "done": True})
    return home


def test_it_prints_what_is_done_and_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["progress"]) == 0
    shown = capsys.readouterr().out
    assert f"1 of {len(EXERCISES)} exercises done." in shown
    assert "Next: 1a in 01_prepare_feature." in shown
    assert all(f" {number} " in shown for number in EXERCISES)


def test_json_is_one_object_and_nothing_else(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["progress", "--json", "--export", str(tmp_path / "p.json")]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["done"] == 1
    assert captured.err == ""
    assert json.loads((tmp_path / "p.json").read_text()) == json.loads(captured.out)


def test_markdown_is_what_is_exported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["progress", "--markdown"]) == 0
    shown = capsys.readouterr().out
    assert main(["progress", "--export", str(tmp_path / "p.md")]) == 0
    assert f"Wrote {tmp_path / 'p.md'}." in capsys.readouterr().out
    assert (tmp_path / "p.md").read_text() == shown


@pytest.mark.parametrize("name", ["p.md", "p.json"])
def test_an_export_replaces_an_earlier_one(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    assert main(["progress", "--export", str(path)]) == 0
    before = path.read_text()
    remember("exercise", {"number": "1b", "done": True})
    assert main(["progress", "--export", str(path)]) == 0
    assert path.read_text() != before


@pytest.mark.parametrize("text", ["", "# My notes\n", '{"done": 1}', "<!-- broken-window-kit\n"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_file_that_is_no_export_stays_as_it_is(
    text: str, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notes.md"
    path.write_text(text)
    assert main(["progress", *options, "--export", str(path)]) == MISUSED
    captured = capsys.readouterr()
    assert "is no export of your progress: it stays as it is." in captured.err
    assert captured.out == ""
    assert path.read_text() == text


def test_the_exports_of_a_class_are_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    assert main(["progress", "--export", str(exports / "Ada.json")]) == 0
    (exports / "Bo.json").write_text("half of")
    capsys.readouterr()

    assert main(["progress", "--class", str(exports)]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].split()[:3] == ["learner", "00", "01"]
    assert "Not read: Bo.json: it is no JSON" in shown
    assert main(["progress", "--json", "--class", str(exports)]) == 0
    (ada,) = json.loads(capsys.readouterr().out)["learners"]
    assert ada["notebooks"]["00_start_here"]["done"] == 1


def test_a_class_is_no_export_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--markdown", f"--export={tmp_path / 'p.md'}"):
        assert main(["progress", "--class", str(tmp_path), option]) == MISUSED
    assert main(["progress", "--class", str(tmp_path / "nowhere")]) == MISUSED
    assert capsys.readouterr().out == ""


def test_a_pipe_and_a_folder_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert main(["progress", "--export", str(tmp_path / "pipe")]) == MISUSED
    assert main(["progress", "--export", str(tmp_path)]) == MISUSED


@pytest.mark.parametrize("name", ["nowhere/p.md", "a\0b", "x" * 300])
def test_a_file_that_cannot_be_written_is_told(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["progress", "--export", str(tmp_path / name)]) == FAILED
    error = capsys.readouterr().err
    assert "cannot be written to" in error
    assert "Why:" in error
    assert "What to do:" in error


def test_a_progress_file_that_cannot_be_read_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    progress_file().unlink()
    progress_file().mkdir()
    assert main(["progress"]) == FAILED
    assert "your progress cannot be used" in capsys.readouterr().err


def test_a_terminal_command_needs_no_jupyter(home: Path) -> None:
    code = (
        "import sys; from kit.cli import main; main(['progress']);"
        " sys.exit(any(name in sys.modules for name in ('IPython', 'ipywidgets')))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KIT_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "exercises done." in ran.stdout


def test_how_long_the_notebooks_take_is_told_with_what_it_comes_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["notebooks", "--minutes", "--check"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == [
        "notebook",
        "told",
        "minutes",
        "prose",
        "code",
        "outputs",
        "predictions",
        "exercises",
        "(min)",
    ]
    assert lines[1][:2] == ["core", "00_start_here"]
    assert [line[0] for line in lines[-3:]] == ["core", "depth", "all"]
    told = [int(line[2]) for line in lines[1:-3]]
    assert int(lines[-1][1]) == sum(told)
