"""Open a world at a phase: go on with the learner's own, or build that state from a checkpoint."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from kit.checkpoints import fingerprint, kit_home, load, save
from kit.clock import EPOCH, Clock, ClockName, VirtualClock, WallClock
from kit.engine import Engine
from kit.errors import BadInput, KitError
from kit.phases import PHASES
from kit.postgres import Server, create, provider_named, start_server
from kit.process import Supervisor, make_folder
from kit.replay import play
from kit.repos import STARTER, Repositories, check_git

FIRST, LAST = 1, len(PHASES) + 1
"""Phase 8 is the world after the last phase."""
FRESH = "KIT_WORLD"
"""Set to "fresh", every opening starts from a checkpoint and nothing is saved: for tests and CI."""

Progress = Callable[[str], None]

_mine: dict[str, Engine] = {}  # this process's own, by how it was opened: a cell that runs twice finds it


@dataclass(frozen=True)
class Opened:
    """A running world, and in one sentence where it comes from."""

    engine: Engine
    how: str


def check_phase(phase: object) -> int:
    """Return `phase` if there is one of that number.

    Raises:
        BadInput: if there is not.
    """
    if isinstance(phase, bool) or not isinstance(phase, int) or not FIRST <= phase <= LAST:
        raise BadInput(
            f"There is no phase {phase!r}.",
            looked=[f"phase {one.number}: {one.title}" for one in PHASES],
            remedy=f"Give a number from {FIRST} to {LAST - 1}, or {LAST} for the state after the last phase.",
        )
    return phase


def open_at(
    phase: int, *, clock: ClockName = "virtual", scratch: bool = False, progress: Progress | None = None
) -> Opened:
    """Open a world that stands at the beginning of a phase, or where the learner left it within that phase.

    Args:
        phase: 1 to 7, or 8 for the state after the last.
        clock: "virtual", or "wall" for a scratch world.
        scratch: a world of its own, from the checkpoint, never saved.
        progress: told in a few words what is being done.

    Raises:
        BadInput: if there is no such phase.
        MissingTool, UnusableFolder, ServerFailed: if this machine cannot run it; see `python -m kit doctor`.
    """
    check_phase(phase)
    check_git()
    tell = progress or (lambda _: None)
    if scratch:
        return _from_checkpoint(
            _new_engine(VirtualClock() if clock == "virtual" else WallClock(), tell), phase, tell
        )
    if os.environ.get(FRESH) == "fresh":
        engine = _mine.get(FRESH)
        if engine is None or not engine.ownership.holds():
            engine = _mine[FRESH] = _new_engine(VirtualClock(), tell)
        engine.take()
        return _from_checkpoint(engine, phase, tell)
    with FileLock(kit_home() / "opening.lock"):
        return _open_own(phase, tell)


def _from_checkpoint(engine: Engine, phase: int, tell: Progress, *, more: str = "") -> Opened:
    try:
        go_to(engine, phase, progress=tell)
    except BaseException:
        engine.close()
        raise
    return Opened(engine, f"Phase {phase}: built from its checkpoint.{more}")


def _open_own(phase: int, tell: Progress) -> Opened:
    """Open the learner's world: the one that runs here or elsewhere, else a new one with what was saved."""
    engine = take_own(tell)
    worlds, kept = kit_home() / "worlds", ""
    if engine is not None:
        stands = engine.position()
        if stands == phase:
            return Opened(engine, f"Phase {phase}: your own world, as you left it.")
        save(engine, worlds / str(stands))
        kept = f" Your own world of phase {stands} is kept: open_world(phase={stands}) goes back to it."
    else:
        engine = new_own(tell)
    saved = worlds / str(phase)
    if not saved.exists():
        return _from_checkpoint(engine, phase, tell, more=kept)
    load(engine, saved)
    return Opened(engine, f"Phase {phase}: your own world, saved when you left it.{kept}")


def take_own(tell: Progress) -> Engine | None:
    """Return the learner's world if it runs, here or taken over from another process; else None."""
    engine, folder = _mine.get("own"), _live()
    if engine is not None and engine.folder != folder:
        _mine.pop("own").close()  # `reset` has put a new one in its place
        engine = None
    if engine is None or not engine.folder.exists():
        supervisor = hold_own()
        if supervisor is None:
            return None
        tell("Your world is open elsewhere: taking it over.")
        engine = _mine["own"] = _engine_of(supervisor, VirtualClock())
    engine.take()
    return engine


def hold_own() -> Supervisor | None:
    """Hold the learner's world, without taking it from anybody; None if it does not run."""
    folder = _live()
    return Supervisor.attach(folder) if folder else None


def _live() -> Path | None:
    """Return the folder of the learner's world that ran last."""
    try:
        return Path((kit_home() / "live").read_text(encoding="utf-8"))
    except OSError:
        return None


def new_own(tell: Progress) -> Engine:
    """Start a world, still empty, that is the learner's from now on."""
    engine = _mine["own"] = _new_engine(VirtualClock(), tell)
    names = ("PATH", "HOME", "KIT_HOME", "TMPDIR", "XDG_STATE_HOME")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    environment |= {"PYTHONPATH": str(Path(__file__).parent.parent), "LC_ALL": "C.UTF-8"}
    engine.supervisor.before_end([sys.executable, "-m", "kit.opening", engine.folder], env=environment)
    (kit_home() / "live").write_text(str(engine.folder), encoding="utf-8")
    return engine


def open_copy(saved: Path, *, progress: Progress | None = None) -> Engine:
    """Open a scratch world that is what `save` saved, to look at.

    Args:
        saved: the folder.
        progress: told what is being done.
    """
    engine = _new_engine(VirtualClock(), progress or (lambda _: None))
    try:
        load(engine, saved)
    except BaseException:
        engine.close()
        raise
    return engine


def _new_engine(clock: Clock, tell: Progress) -> Engine:
    provider = provider_named(cache=kit_home() / "cache")
    tell(f"Starting PostgreSQL ({provider.name}).")
    folder = make_folder()
    supervisor = Supervisor.start(folder)
    try:
        start_server(provider, folder, supervisor)
        (folder / "repos").mkdir()
        engine = _engine_of(supervisor, clock)
        engine.own()
    except BaseException:
        supervisor.close()
        raise
    return engine


def _engine_of(supervisor: Supervisor, clock: Clock) -> Engine:
    return Engine(
        supervisor.folder,
        supervisor=supervisor,
        server=Server.load(supervisor.folder / "server.json"),
        clock=clock,
        repositories=Repositories(supervisor.folder / "repos"),
    )


def look(supervisor: Supervisor) -> Engine:
    """Return a running world to look at, as far as its owner has written it down; it stays its owner's.

    Args:
        supervisor: of the world.
    """
    engine = _engine_of(supervisor, VirtualClock())
    state = json.loads((supervisor.folder / "state.json").read_text(encoding="utf-8"))
    engine.journal.load()
    engine.clock.restart(state["now"])
    engine.host.resume(state["host"])
    engine.programs.worker_commit = state["worker"]
    return engine


def go_to(engine: Engine, phase: int, *, progress: Progress | None = None) -> None:
    """Make a world what it is at the beginning of a phase: from a checkpoint, and by replaying the rest.

    Args:
        engine: the world; what it was is gone.
        phase: 1 to 8.
        progress: told what is being done.

    Raises:
        BadInput: if there is no such phase.
    """
    check_phase(phase)
    tell = progress or (lambda _: None)
    cache = kit_home() / "cache" / fingerprint(provider=engine.server.provider)
    if (cache / str(phase)).exists():
        load(engine, cache / str(phase))
        return
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "building.lock"):  # two notebooks that open at the same time build it once
        ready = next((number for number in range(phase, 0, -1) if (cache / str(number)).exists()), 0)
        if ready:
            load(engine, cache / str(ready))
        else:
            tell("Building the starting state, once.")
            _begin(engine)
            save(engine, cache / "1")
        for one in PHASES[max(ready, 1) - 1 : phase - 1]:
            tell(f"Replaying phase {one.number}, once: {one.title}.")
            for step in one.steps:
                play(engine, step)
            save(engine, cache / str(one.number + 1))


def _begin(engine: Engine) -> None:
    """Make the state in which the workflow starts."""
    engine.stop_everything()
    Repositories.create(engine.repositories.folder, when=EPOCH)
    for name in ("local", "cloud"):
        create(engine.server, name)
    engine.begin(seed=STARTER / "main" / "supabase" / "seed.sql")


def save_own(folder: Path) -> None:
    """Save the learner's world: the reaper's farewell, when the last holder has gone and databases answer.

    Args:
        folder: of the world.
    """
    engine = look(Supervisor.watching(folder))
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    save(engine, kit_home() / "worlds" / str(engine.position()), state=state)


if __name__ == "__main__":
    try:
        save_own(Path(sys.argv[1]))
    except KitError as error:
        sys.exit(str(error))
