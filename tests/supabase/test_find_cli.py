from __future__ import annotations

from pathlib import Path

import pytest

from kit.errors import MissingTool
from kit.process.messenger import hook_text
from kit.supabase.real import find_cli


def put_on_path(folder: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = folder / "supabase"
    program.write_text(f"#!/bin/sh\n{line}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("KIT_SUPABASE_CLI", raising=False)
    monkeypatch.setattr("kit.supabase.real._MODULES", folder / "nowhere")
    return program


def test_a_supabase_on_the_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = put_on_path(tmp_path, "true", monkeypatch)
    assert find_cli() == program


def test_the_kits_own_in_a_learners_shell_is_not_taken_for_the_real_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path, hook_text(tmp_path, "supabase"), monkeypatch)
    with pytest.raises(MissingTool):
        find_cli()
