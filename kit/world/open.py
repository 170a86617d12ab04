"""Open a world at a phase: the learner's own, or that state from a checkpoint."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from kit.errors import BadInput, ProcessFailed, ServerFailed
from kit.names import EPOCH, KIT_WORLD, ROOT
from kit.postgres import Server, provider_named, start_server
from kit.process import Supervisor, wait_until
from kit.repos import STARTER, Repositories, require_git
from kit.timeline.clock import Clock, ClockName, VirtualClock, WallClock
from kit.world.engine import Engine
from kit.world.home import kit_home
from kit.world.save import check_saved, find_saved, fingerprint, forget_saved, load, play, save
from kit.world.snapshot import Status
from kit.world.workflow import PHASES

# Open a world at a phase: go on with the learner's own, or build that state from a checkpoint


FIRST, LAST = 1, len(PHASES) + 1
"""Phase 8 is the world after the last phase."""

Progress = Callable[[str], None]

_GONE_S = 6.0
"""Seconds that a world may take to be saved and deleted, and a little more."""
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
            looked=[f"phase {known.number}: {known.title}" for known in PHASES],
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
    require_git()
    tell = progress or (lambda _: None)
    if scratch:
        return _from_checkpoint(
            _new_engine(VirtualClock() if clock == "virtual" else WallClock(), tell), phase, tell
        )
    if os.environ.get(KIT_WORLD) == "fresh":
        return _from_checkpoint(_reused(KIT_WORLD, tell), phase, tell)
    with FileLock(kit_home() / "opening.lock"):
        return _open_own(phase, tell)


def open_scratch(phase: int, *, clock: ClockName = "virtual", progress: Progress | None = None) -> Opened:
    """Open this process's one scratch world of a clock at a phase: opened again, it starts over.

    A notebook's cell that runs twice would else leave a server behind each time.

    Args:
        phase: 1 to 7, or 8 for the state after the last.
        clock: "virtual", or "wall".
        progress: told in a few words what is being done.

    Raises:
        BadInput: if there is no such phase, or no such clock.
        MissingTool, UnusableFolder, ServerFailed: if this machine cannot run it; see `python -m kit doctor`.
    """
    check_phase(phase)
    require_git()
    tell = progress or (lambda _: None)
    return _from_checkpoint(_reused(f"scratch, {clock}", tell, clock), phase, tell)


def _reused(name: str, tell: Progress, clock: ClockName = "virtual") -> Engine:
    engine = _mine.get(name)
    if engine is None or not engine.ownership.holds():
        if engine is not None:
            engine.close()
        engine = _mine[name] = _new_engine(VirtualClock() if clock == "virtual" else WallClock(), tell)
    engine.take()
    return engine


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
    if engine is not None and engine.whole:
        stands = engine.position()
        if stands == phase:
            return Opened(engine, f"Phase {phase}: your own world, as you left it.")
        save(engine, worlds / str(stands))
        kept = f" Your own world of phase {stands} is kept: open_world(phase={stands}) goes back to it."
    elif engine is None:
        engine = new_own(tell)
    saved = worlds / str(phase)
    if not find_saved(saved):
        return _from_checkpoint(engine, phase, tell, more=kept)
    try:
        check_saved(saved)
    except BadInput:
        aside = saved.with_name(f"unreadable-{phase}")
        shutil.rmtree(aside, ignore_errors=True)
        saved.rename(aside)
        kept = f" What you saved of it cannot be read; it was set aside as {aside.name}.{kept}"
        return _from_checkpoint(engine, phase, tell, more=kept)
    load(engine, saved)
    return Opened(engine, f"Phase {phase}: your own world, saved when you left it.{kept}")


def take_own(tell: Progress) -> Engine | None:
    """Return the learner's world if it runs, here or taken over from another process; else None."""
    engine, folder = _mine.get("own"), _live()
    if engine is not None and engine.folder != folder:
        _mine.pop("own").close()  # `reset` has put a new one in its place
        engine = None
    if engine is None or engine.closed or not engine.folder.exists():
        supervisor = hold_own()
        if supervisor is None:
            return None
        tell("Your world is open elsewhere: taking it over.")
        engine = _mine["own"] = _engine_of(supervisor, VirtualClock())
    engine.take()
    return engine


def hold_own() -> Supervisor | None:
    """Hold the learner's world, without taking it from anybody; None if it does not run.

    One that is just being saved, because its last holder has gone, is waited for.
    """
    folder = _live()
    if folder is None or not folder.exists():
        return None
    supervisor = Supervisor.attach(folder)
    if supervisor is None:
        wait_until(lambda: not folder.exists(), seconds=_GONE_S)
    return supervisor


def is_own(engine: Engine) -> bool:
    """Say whether a world is the learner's own, which is saved in the end, and no scratch world."""
    return engine.folder == _live()


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
    environment |= {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    farewell = "import pathlib, sys; from kit.world.open import save_own; save_own(pathlib.Path(sys.argv[1]))"
    engine.supervisor.before_end([sys.executable, "-c", farewell, engine.folder], env=environment)
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
    supervisor = Supervisor.start()
    folder = supervisor.folder
    try:
        start_server(provider, folder, supervisor)
        (folder / "repos").mkdir()
        (folder / "changing").touch()  # until it is something: see Engine.changing
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

    Raises:
        ProcessFailed: if it is not complete.
    """
    engine = _engine_of(supervisor, VirtualClock())
    if not engine.whole:
        raise ProcessFailed(
            "This world is not complete: it is being made, or what made it was interrupted.",
            remedy="Run the notebook's setup cell, and try again.",
        )
    state = engine.read_state()
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
        WorldTaken: if another process has the world, or it is closed.
        ProcessFailed: if a replayed phase does not come out as it should.
    """
    check_phase(phase)
    tell = progress or (lambda _: None)
    cache = kit_home() / "cache" / fingerprint(provider=engine.server.provider)
    with engine.ownership.turn():
        pass  # only its owner may change it
    if _is_ready(cache / str(phase)):
        load(engine, cache / str(phase))
        return
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "building.lock"):  # two notebooks that open at the same time build it once
        if engine.clock.name == "virtual":
            _build(engine, cache, phase, tell)
            return
        # The wall clock's dates would be in the commits of every world to come.
        builder = _new_engine(VirtualClock(), tell)
        try:
            _build(builder, cache, phase, tell)
        finally:
            builder.close()
    load(engine, cache / str(phase))


def _build(engine: Engine, cache: Path, phase: int, tell: Progress) -> None:
    """Go to a phase from the checkpoint that is next to it; keep one of each phase on the way."""
    ready = next((number for number in range(phase, 0, -1) if _is_ready(cache / str(number))), 0)
    with engine.changing():
        if ready:
            load(engine, cache / str(ready))
        else:
            tell("Building the starting state, once.")
            _begin(engine)
            save(engine, cache / "1")
        for missing in PHASES[max(ready, 1) - 1 : phase - 1]:
            tell(f"Replaying phase {missing.number}, once: {missing.title}.")
            ran = [play(engine, step) for step in missing.steps]
            if not missing.done(engine.observe()):
                failed = [f"{each.command}: {each.output.strip()}" for each in ran if each.exit]
                raise ProcessFailed(
                    f"Replaying phase {missing.number} did not do what it should.",
                    why="; ".join(failed)[-600:],
                    remedy="Run `python -m kit doctor`.",
                )
            save(engine, cache / str(missing.number + 1))


def _is_ready(checkpoint: Path) -> bool:
    """Say whether a checkpoint can be loaded; one that is damaged is deleted."""
    if not find_saved(checkpoint):
        return False
    try:
        check_saved(checkpoint)
    except BadInput:
        shutil.rmtree(checkpoint, ignore_errors=True)
        return False
    return True


def _begin(engine: Engine) -> None:
    """Make the state in which the workflow starts."""
    engine.stop_everything()
    with tempfile.TemporaryDirectory(dir=engine.folder) as scratch:
        # Copied into place: a terminal may be open in one of the clones.
        Repositories.create(Path(scratch) / "repos", when=EPOCH)
        Repositories.load(Path(scratch) / "repos", engine.repositories.folder)
    engine.begin(seed=STARTER / "main" / "supabase" / "seed.sql")


def save_own(folder: Path) -> None:
    """Save the learner's world: the reaper's farewell, when the last holder has gone and databases answer.

    Args:
        folder: of the world.

    Raises:
        ProcessFailed: if it is not complete; what was saved before stays.
    """
    engine = look(Supervisor.watching(folder))
    engine.mend_server()
    save(engine, kit_home() / "worlds" / str(engine.position()), state=engine.read_state())


# The learner's own world from outside a notebook: see where it stands, start a phase again, go in


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where the learner's world stands.

    Attributes:
        open: whether it runs: in a notebook, or in a terminal.
        phase: the phase that comes next; 8 after the last.
        saved: the phases with a saved world, the newest first.
        status: what is where; None if there is no world yet.
    """

    open: bool
    phase: int
    saved: tuple[int, ...]
    status: Status | None


def find_standing(*, progress: Progress | None = None) -> Standing:
    """Look where the learner's world stands; whoever has it open keeps it.

    Args:
        progress: told what is being done.

    Raises:
        ServerFailed: if its PostgreSQL was killed.
    """
    require_git()
    saved = saved_phases()
    with _lock():
        supervisor = hold_own()
        if supervisor is not None:
            try:
                engine = look(supervisor)
                return Standing(
                    open=True, phase=engine.position(), saved=saved, status=Status(engine.observe())
                )
            finally:
                supervisor.close()
    if not saved:
        return Standing(open=False, phase=FIRST, saved=(), status=None)
    engine = open_copy(_worlds() / str(saved[0]), progress=progress)
    try:
        return Standing(open=False, phase=saved[0], saved=saved, status=Status(engine.observe()))
    finally:
        engine.close()


def reset(phase: int | None = None, *, progress: Progress | None = None) -> int:
    """Make the learner's world what it is at the start of a phase.

    Where it runs, it is changed there; a notebook that has it open is told so at its next
    step. A world that stands in another phase is saved first.

    Args:
        phase: 1 to 8; None for the one in which it stands.
        progress: told what is being done.

    Returns:
        The phase.

    Raises:
        BadInput: if there is no such phase.
    """
    if phase is not None:
        check_phase(phase)
    require_git()
    tell = progress or (lambda _: None)
    with _lock():
        engine = _take(tell)
        stands = engine.position() if engine is not None and engine.whole else _last_saved()
        chosen = stands if phase is None else phase
        if engine is None:
            engine = new_own(tell)
        elif engine.whole and stands != chosen:
            save(engine, _worlds() / str(stands))
        try:
            go_to(engine, chosen, progress=tell)
            forget_saved(_worlds() / str(chosen))
        finally:
            engine.close()
    return chosen


def _take(tell: Progress) -> Engine | None:
    try:
        return take_own(tell)
    except ServerFailed:
        tell("Your world's databases cannot be saved: making new ones.")
        return None


def open_beside(*, progress: Progress | None = None) -> Engine:
    """Open the learner's world for a terminal: beside the notebook that has it, else as one's own.

    Args:
        progress: told what is being done.

    Returns:
        The world; close it in the end. It is its owner's: only look, and use its `environment`.
    """
    require_git()
    with _lock():
        supervisor = hold_own()
        beside = _look(supervisor) if supervisor is not None else None
    if beside is not None and _is_served(beside.folder):
        return beside
    phase = beside.position() if beside is not None else _last_saved()
    try:
        return open_at(phase, progress=progress).engine
    finally:
        if beside is not None:  # nobody served it: it is ours now
            beside.close()


def _look(supervisor: Supervisor) -> Engine | None:
    try:
        return look(supervisor)
    except ProcessFailed:  # it is not complete: opening it makes it so
        supervisor.close()
        return None


def _is_served(folder: Path) -> bool:
    """Say whether somebody does the commands of the shells of the world in `folder`."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(folder / "control"))
        except OSError:
            return False
        return True


def saved_phases() -> tuple[int, ...]:
    """Return the phases with a saved world, the newest first."""
    found = [number for number in range(FIRST, LAST + 1) if find_saved(_worlds() / str(number))]
    found.sort(key=lambda number: (_worlds() / str(number)).stat().st_mtime, reverse=True)
    return tuple(found)


def _last_saved() -> int:
    return next(iter(saved_phases()), FIRST)


def _worlds() -> Path:
    return kit_home() / "worlds"


def _lock() -> FileLock:
    """Wait until nobody is opening the learner's world."""
    return FileLock(kit_home() / "opening.lock")
