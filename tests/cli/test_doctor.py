from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kit.cli.doctor import Finding, examine

ROOT = Path(__file__).resolve().parents[2]


def by_check(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def test_this_machine_can_run_the_kit() -> None:
    looked_at: list[str] = []
    found = by_check(examine(progress=looked_at.append))
    assert [finding for finding in found.values() if finding.level == "problem"] == []
    assert found["PostgreSQL"].result.endswith("starts and answers")
    assert found["Python"].result.endswith(sys.executable)
    assert found["a world"].result == "opens, deploys a commit, and its page answers"
    assert len(looked_at) == len(found)


def test_another_projects_kit_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    facts = tmp_path / "kit-0.2.15.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: kit\nVersion: 0.2.15\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = by_check(examine())["Python"]
    assert found.level == "problem"
    assert "Another project's package kit 0.2.15 is installed here, too" in found.result
    assert "pip uninstall kit" in found.remedy


def test_whatever_a_world_fails_with_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def extract(*_: object, **__: object) -> None:
        # What Debian 12's own Python said, in every world, while the doctor found everything it looked for.
        raise TypeError("extractall() got an unexpected keyword argument 'filter'")

    monkeypatch.setattr("tarfile.TarFile.extractall", extract)
    found = by_check(examine())["a world"]
    assert found.level == "problem"
    assert "extractall() got an unexpected keyword argument" in found.result
    assert found.remedy.startswith("Report it")


def test_where_something_lacks_no_world_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_POSTGRES", "oracle")
    assert "a world" not in by_check(examine())


def test_the_command_says_so_too(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "KIT_POSTGRES": "oracle", "LC_ALL": "xx_YY"}
    ran = subprocess.run(
        [sys.executable, "-m", "kit", "doctor"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "There is no PostgreSQL provider named 'oracle'." in ran.stdout
    assert "What to do: Choose one of: embedded, docker, system." in ran.stdout
    assert "xx_YY is not installed" in ran.stdout
    assert ran.stdout.endswith("The kit cannot run here yet: PostgreSQL.\n")
    assert ran.stderr == ""


def test_no_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # In a process of its own: here GitPython has found git already.
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    ran = subprocess.run(
        [sys.executable, "-m", "kit", "doctor"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert ran.returncode == 1
    assert "git is not installed." in ran.stdout
    assert f"Looked at: {tmp_path}" in ran.stdout
    assert "apt install git" in ran.stdout
    assert ran.stdout.endswith("The kit cannot run here yet: git.\n")


def test_an_unusable_temporary_folder_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.NamedTemporaryFile() as file:  # not pytest's folder: its path may be too long for a socket
        monkeypatch.setenv("TMPDIR", file.name)
        found = by_check(examine())
    assert found["temporary folder"].level == "problem"
    assert "Not a directory" in found["temporary folder"].result
    assert "Set TMPDIR" in found["temporary folder"].remedy
    assert found["PostgreSQL"] == Finding(
        check="PostgreSQL", level="problem", result="Not tried: there is no folder for it."
    )


def test_a_long_path_for_temporary_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    assert "too long for a socket" in by_check(examine())["temporary folder"].result
    assert list(deep.iterdir()) == []


def test_a_home_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KIT_HOME", str(tmp_path / "file" / "home"))
    found = by_check(examine())
    assert (found["KIT_HOME"].level, "Set KIT_HOME" in found["KIT_HOME"].remedy) == ("problem", True)
    assert found["left behind"].level == "note"


def test_what_is_optional_is_a_note_until_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    monkeypatch.setenv("KIT_SUPABASE", "cli")
    monkeypatch.setenv("KIT_SUPABASE_CLI", "/nowhere/supabase")
    monkeypatch.setattr("kit.supabase.real._MODULES", Path("/nowhere/supabase"))
    monkeypatch.setattr("kit.supabase.real.shutil.which", lambda _: None)
    found = by_check(examine())
    assert found["Docker"].level == "note"
    assert found["Docker"].remedy.startswith("Start Docker")
    assert found["Node"].level == "note"
    assert found["curl"].level == "note"
    assert found["Supabase CLI"].level == "problem"
    monkeypatch.delenv("KIT_SUPABASE")
    monkeypatch.setenv("KIT_POSTGRES", "docker")
    found = by_check(examine())
    assert found["Supabase CLI"].level == "note"
    assert found["PostgreSQL"].level == "problem"
    assert "No Docker engine of this machine can be used." in found["PostgreSQL"].result
