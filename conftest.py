"""What all processes of a test run share; what notebooks prove besides their stored outputs.

nbval runs a notebook's cells as the learner gets them. In the same kernel the journal is then compared with
the workflow: no notebook runs twice. That each exercise can be solved, tests/lesson/exercises proves.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.manager import KernelManager
from xdist.scheduler import LoadFileScheduling

from kit.names import ROOT
from kit.world.workflow import PHASES, Edit, Run

# Without this package jsonschema is imported a second sooner: kit/cli/_jupyter.py says why.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # None is Python's own word for it
from kit.lesson.notebooks import environment, find_cleared  # noqa: E402 - it brings jsonschema, as nbval does

pytest_plugins = ["nbval.plugin"]

RUN = "KIT_TEST_RUN"
"""Names the run's folder to pytest-xdist's workers, and to a pytest that a test starts."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of ours is made in it
MEMORY_NEEDED = 8 * 2**30
"""Bytes: what a run with three processes keeps is up to 3 GB, and the processes themselves take 2."""
LONGEST = ("notebooks/", "tests/experiments/", "tests/world/", "tests/cli/")
"""What takes longest comes first, so that no process is left with it in the end."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder, before there are workers; whoever made it deletes it.

    A run makes some hundred thousand files, and on a disk that takes up to ten times as long as in memory.
    """
    if RUN in os.environ:
        return
    _require_stored(config)
    # Not pytest's own, which only its owner may enter: as root, PostgreSQL runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=_memory())).resolve()
    folder.chmod(0o711)
    (folder / "cache").mkdir(mode=0o711)
    os.environ[RUN] = str(folder)
    config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(RUN), ignore_errors=True))
    if folder.parent == MEMORY:
        _make_temporary(folder / "t", config)
        # Short names: there will be sockets below it.
        config.option.basetemp = config.option.basetemp or str(folder / "p")
    # A run that somebody ends from outside, because it takes too long, says what has failed by then.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("The run was terminated."))


def _memory() -> Path | None:
    """Return where files are in memory; None where there is no such place, or another one was named."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return None
    place = os.statvfs(MEMORY)
    free = min(place.f_bavail * place.f_frsize, psutil.virtual_memory().available)
    return MEMORY if free >= MEMORY_NEEDED and not place.f_flag & os.ST_NOEXEC else None


def _make_temporary(folder: Path, config: pytest.Config) -> None:
    """Have every process of the run put its temporary files into a folder."""
    folder.mkdir()
    folder.chmod(0o1777)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)

    def forget() -> None:
        del os.environ["TMPDIR"]
        tempfile.tempdir = None

    config.add_cleanup(forget)


def _require_stored(config: pytest.Config) -> None:
    """Say once that a notebook's outputs are missing, instead of in each test that looks at one of them."""
    asked = [Path(argument.partition("::")[0]) for argument in config.args] if config.option.nbval else []
    paths = [path for place in asked for path in (place.glob("*.ipynb") if place.is_dir() else [place])]
    cleared = sorted(map(str, find_cleared([path for path in paths if path.suffix == ".ipynb"])))
    if cleared:
        raise pytest.UsageError(
            f"These stored notebooks were changed: cells store no output. {', '.join(cleared)}\n"
            f"  To get them back as they were committed: git checkout -- {' '.join(cleared)}\n"
            f"  To store what they show now: python -m kit notebooks {' '.join(cleared)}"
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where something failed, name the stored notebooks that differ from the last commit."""
    if not terminalreporter.stats.get("failed") and not terminalreporter.stats.get("error"):
        return
    asked = ["git", "-C", str(ROOT), "status", "--porcelain", "--", "notebooks"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    if changed := [line[3:] for line in said.splitlines()]:
        terminalreporter.write_line(f"Changed since the last commit: {', '.join(changed)}.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Start a notebook's kernel, which happens before its first cell, from the run's checkpoints."""
    if item.path.suffix != ".ipynb":
        return (yield)
    run = Path(os.environ[RUN])
    place = run / f"nbval-{os.environ.get('PYTEST_XDIST_WORKER', os.getpid())}"
    if not place.exists():
        (place / "home").mkdir(parents=True)
        (place / "home" / "cache").symlink_to(run / "cache")
    # Jupyter chooses free ports, and the kernel, which binds them later, dies if one was taken meanwhile, by
    # one of the thousands that a run opens, for instance. Sockets that are files are nobody else's.
    manager = functools.partial(KernelManager, transport="ipc", ip=str(place / "kernel"))
    with environment(place), pytest.MonkeyPatch.context() as patch:
        patch.setattr("nbval.kernel.KernelManager", manager)
        return (yield)


class Scheduling(LoadFileScheduling):
    """Keeps a file's tests together, which share what they start; but not those that share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        return (
            nodeid if nodeid.startswith("tests/notebooks/test_providers.py") else super()._split_scope(nodeid)
        )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes run tests: one a core for `-n logical`, one more for `-n auto`.

    One more, since some tests wait; not twice as many, since each collects all tests, for seconds.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if config.option.numprocesses == "logical" else cores + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:  # noqa: ANN401 - xdist's own
    """Give pytest-xdist the scheduling of this suite."""
    return Scheduling(config, log)


class Asked(pytest.Item):
    """Code that a notebook's kernel runs after a cell, and the first line of what it must show."""

    code: str
    shows: str

    def runtest(self) -> None:
        """Run it in the kernel that nbval has started."""
        shown: list[str] = []

        def note(message: dict[str, Any]) -> None:
            content = message["content"]
            shown.append(
                content.get("text")
                or content.get("data", {}).get("text/plain", "")
                or "\n".join(content.get("traceback", ()))
            )

        client: Any = self.parent.kernel.kc  # type: ignore[union-attr]  # nbval's file has it
        limit = self.config.option.nbval_cell_timeout
        client.execute_interactive(self.code, store_history=False, timeout=limit, output_hook=note)
        said = "".join(shown).strip()
        assert said.partition("\n")[0] == self.shows, said  # noqa: S101 - pytest's own

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: object) -> str:
        """Return what was run, and what came of it."""
        return f"{self.code}\n\n{excinfo.exconly()}"

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where it is."""
        return self.path, 0, self.nodeid


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the question for the journal behind a phase; the longest first."""
    items[:] = [each for item in items for each in (item, *_asked_after(item))]
    items.sort(key=lambda item: [not item.nodeid.startswith(folder) for folder in LONGEST])


def _asked_after(item: pytest.Item) -> Iterator[Asked]:
    if item.path.suffix != ".ipynb":
        return
    number = int(item.path.name[:2])
    last = [cell for cell in item.parent.nb.cells if cell.cell_type == "code"][-1]
    if 1 <= number <= len(PHASES) and item.cell is last:
        actions = [step.action for phase in PHASES[:number] for step in phase.steps]
        journal = Asked.from_parent(item.parent, name="Journal")
        journal.code = _JOURNAL
        journal.shows = json.dumps(
            [[action.clone if isinstance(action, Run | Edit) else "world", action.text] for action in actions]
        )
        yield journal


_JOURNAL = """
import json
from kit.timeline import CommandRan
print(json.dumps([[ran.clone, ran.command] for ran in world.timeline.only(CommandRan)]))
"""
