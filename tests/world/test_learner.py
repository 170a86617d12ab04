from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit import open_world
from kit.errors import BadInput
from kit.world.standing import find_standing, open_beside, reset, saved_phases

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def home(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give each test a learner of its own."""
    monkeypatch.delenv("KIT_WORLD", raising=False)
    with tempfile.TemporaryDirectory(prefix="kl-") as place:
        Path(place).chmod(0o755)
        monkeypatch.setenv("TMPDIR", place)
        yield new_home
        assert list(Path(place).iterdir()) == []


def test_a_new_learner_has_no_world() -> None:
    standing = find_standing()
    assert (standing.open, standing.phase, standing.saved, standing.status) == (False, 1, (), None)


def test_looking_takes_nothing_away() -> None:
    with open_world(phase=2) as world:
        standing = find_standing()
        assert (standing.open, standing.phase, standing.saved) == (True, 2, ())
        assert repr(standing.status) == repr(world.status())
    standing = find_standing()
    assert (standing.open, standing.phase, standing.saved) == (False, 2, ())


def test_reset_keeps_the_worlds_of_other_phases() -> None:
    with open_world(phase=1) as world:
        world.dev.run("git checkout -q -b mine")
    assert reset(2) == 2
    assert saved_phases() == (1,)
    assert reset() == 2
    with open_world(phase=1) as world:
        assert world.dev.run("git branch --show-current").output == "mine\n"


def test_reset_refuses_a_phase_that_is_none() -> None:
    with pytest.raises(BadInput, match="There is no phase 9"):
        reset(9)


def test_a_terminal_goes_on_where_a_kernel_was_killed() -> None:
    code = "from kit import open_world; open_world(phase=1); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as kernel:
        assert kernel.stdout
        kernel.stdout.readline()
        beside = open_beside()
        assert not beside.ownership.holds()
        kernel.kill()
    mine = open_beside()
    beside.close()
    assert mine.ownership.holds()
    assert mine.run("dev", "npx supabase migration up").exit == 0
    mine.close()
