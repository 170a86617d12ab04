"""Open a world at a phase: the learner's own, or that state from a checkpoint.

The learner's own world is the folder `world` in KIT_HOME, all the time: clones, PostgreSQL's
data, journal, state. Opening starts what does not run; closing, or a crash, ends processes
only. When one opens another phase, the world as it was goes to `worlds/<its phase>` first.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from kit.errors import BadInput, KitError, MissingTool
from kit.names import KIT_WORLD
from kit.postgres import Server, provider_named, remove_container, restart_server
from kit.process import Supervisor
from kit.repos import require_git
from kit.timeline.clock import Clock, ClockName, VirtualClock, WallClock
from kit.world.checkpoints import Progress, engine_of, find_refusal, go_to, open_new
from kit.world.engine import Engine
from kit.world.holders import MINE, hold_own, locked, opening, world_folder, worlds_folder, write_live
from kit.world.home import require_space
from kit.world.save import find_saved, forget_saved, load, require_intact, save
from kit.world.workflow import require_phase


@dataclass(frozen=True)
class Opened:
    """A running world, and in one sentence where it comes from."""

    engine: Engine
    how: str


def open_at(
    phase: int, *, clock: ClockName = "virtual", scratch: bool = False, progress: Progress | None = None
) -> Opened:
    """Open a world that stands at the beginning of a phase, or where the learner left it within that phase.

    Args:
        phase: 1 to 7, or 8 for the state after the last.
        clock: "virtual", or "wall" for a scratch world.
        scratch: a world of its own, from the checkpoint, never kept.
        progress: told in a few words what is being done.

    Raises:
        BadInput: if there is no such phase.
        MissingTool, UnusableFolder, ServerFailed: if this machine cannot run it; see `python -m kit doctor`.
    """
    require_phase(phase)
    require_git()
    tell = progress or (lambda _: None)
    if scratch:
        return _from_checkpoint(phase, open_new(_new_clock(clock), tell, phase=phase))
    if os.environ.get(KIT_WORLD) == "fresh":
        return _reuse(KIT_WORLD, phase, tell)
    with opening():
        return open_own(phase, tell)


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
    require_phase(phase)
    require_git()
    return _reuse(f"scratch, {clock}", phase, progress or (lambda _: None), clock)


def _new_clock(name: ClockName) -> Clock:
    return VirtualClock() if name == "virtual" else WallClock()


def _reuse(name: str, phase: int, tell: Progress, clock: ClockName = "virtual") -> Opened:
    """Open the process's world of that name; one that is open already is brought to the phase."""
    engine = MINE.get(name)
    if engine is not None and engine.ownership.holds():
        try:
            engine.take()
            go_to(engine, phase, progress=tell)
        except BaseException:
            engine.close()
            raise
    else:
        if engine is not None:
            engine.close()
        engine = MINE[name] = open_new(_new_clock(clock), tell, phase=phase)
    return _from_checkpoint(phase, engine)


def _from_checkpoint(phase: int, engine: Engine, *, more: str = "") -> Opened:
    refused = find_refusal()
    return Opened(engine, f"Phase {phase}: built from its checkpoint.{more}{refused and f' {refused}'}")


def open_own(phase: int, tell: Progress) -> Opened:
    """Open the learner's world at a phase, while nobody else does; what stands in another phase is kept."""
    engine, kept = take_or_set_aside(tell)
    saved = worlds_folder() / str(phase)
    if engine is not None and engine.whole:
        stands = engine.position()
        if stands == phase:
            return Opened(engine, f"Phase {phase}: your own world, as you left it.")
        kept = keep_beside(engine, stands)
    if find_saved(saved):
        try:
            require_intact(saved)
        except BadInput:
            aside = _set_aside(saved)
            kept = f" What you saved of it cannot be read; it was set aside as {aside.name}.{kept}"
        else:
            if engine is None:
                engine = open_new(VirtualClock(), tell, keep=True)
            load(engine, saved)
            return Opened(engine, f"Phase {phase}: your own world, saved when you left it.{kept}")
    if engine is None:
        engine = open_new(VirtualClock(), tell, phase=phase, keep=True)
    else:
        go_to(engine, phase, progress=tell)
    return _from_checkpoint(phase, engine, more=kept)


def keep_beside(engine: Engine, stands: int) -> str:
    """Save the learner's world among the others before it becomes another one; say so."""
    saved, moved = worlds_folder() / str(stands), ""
    if find_saved(saved):
        places = (saved.with_name(f"{stands}.{number}") for number in itertools.count(1))
        older = saved.rename(next(place for place in places if not place.exists()))
        moved = f" The one that was kept before is {older.name} now."
    save(engine, saved)
    return f" Your own world of phase {stands} is kept: open_world(phase={stands}) goes back to it.{moved}"


def take_or_set_aside(tell: Progress) -> tuple[Engine | None, str]:
    """Take the learner's world; where it cannot be read, set it aside, and say so."""
    try:
        return take_own(tell), ""
    except Unreadable as error:
        with locked():  # nobody works in it any more
            aside = _set_aside(world_folder())
        return None, f" Your own world cannot be read ({error}); it was set aside as {aside.name}."


def _set_aside(folder: Path) -> Path:
    """Move a world that cannot be read to where nothing replaces it; return its new place."""
    worlds_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    names = (worlds_folder() / f"unreadable-{number}" for number in itertools.count(1))
    return folder.rename(next(place for place in names if not place.exists()))


def take_own(tell: Progress) -> Engine | None:
    """Return the learner's world: this process's, taken over from another one, or started from its folder.

    None if there is none. One whose making was interrupted is not `whole`.

    Args:
        tell: told in a few words what is being done.

    Raises:
        MissingTool: if its PostgreSQL is not on this machine any more.
        UnusableFolder: if the disk is nearly full.
        ServerFailed, BadInput: if it cannot be read.
    """
    mine = MINE.get("own")
    supervisor = hold_own()
    if supervisor is None:
        if mine is not None:
            mine.close()
        return _start_own(tell)
    if mine is not None and not mine.closed and mine.supervisor.folder == supervisor.folder:
        supervisor.close()
        engine = mine
    else:
        if mine is not None:
            mine.close()
        tell("Your world is open elsewhere: taking it over.")
        engine = MINE["own"] = engine_of(world_folder(), supervisor, VirtualClock(), keep=True)
    try:
        with _unreadable():
            engine.take()
    except Unreadable:
        # Whoever else holds it has lost it, too. From its folder it may start all the same: on another
        # port, if somebody has taken the one of its PostgreSQL.
        for name in engine.supervisor.processes():
            engine.supervisor.stop(name)
        engine.close()
        return _start_own(tell)
    return engine


class Unreadable(Exception):
    """The folder of the learner's world is there, and no world comes of it."""


def _start_own(tell: Progress) -> Engine | None:
    """Start the learner's world from its folder, after clearing what a crash has left."""
    world = world_folder()
    if not world.exists():
        return None
    require_space()
    with locked() as lock:
        if (world / "changing").exists():
            # Whoever made it was interrupted; what was there before is among the saved ones.
            _delete(world)
            return None
        tell("Starting your world.")
        supervisor = Supervisor.start(lock=lock)
    try:
        with _unreadable():
            provider = provider_named(Server.load(world / "server.json").provider)
            restart_server(provider, world, supervisor, keep=True)
            engine = MINE["own"] = engine_of(world, supervisor, VirtualClock(), keep=True)
            engine.take()
            engine.position()
        write_live(supervisor.folder)
    except BaseException:
        supervisor.close()
        raise
    return _with_wanted_provider(engine, tell)


@contextlib.contextmanager
def _unreadable() -> Iterator[None]:
    try:
        yield
    except MissingTool:
        raise  # nothing is wrong with the world
    except KitError as error:
        raise Unreadable(error.message.rstrip(".")) from error
    except (OSError, ValueError, KeyError, TypeError, psycopg.Error) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error


def _with_wanted_provider(engine: Engine, tell: Progress) -> Engine:
    """Return the learner's world on the provider that is asked for now; moved by way of dumps."""
    if provider_named().name == engine.server.provider:
        return engine
    tell(f"Moving your world from {engine.server.provider} to {provider_named().name}.")
    stands = engine.position()
    keep_beside(engine, stands)  # interrupted from here on, it is found there
    engine.close()
    with locked():
        _delete(world_folder())
    engine = open_new(VirtualClock(), tell, keep=True)
    load(engine, worlds_folder() / str(stands))
    forget_saved(worlds_folder() / str(stands))
    return engine


def _delete(world: Path) -> None:
    """Delete a world, with its container's volume if that is where its data is."""
    with contextlib.suppress(OSError, ValueError, TypeError):  # it was interrupted before it had a server
        server = Server.load(world / "server.json")
        if server.provider == "docker":
            remove_container(server.instance, data=True)
    shutil.rmtree(world)


def is_own(engine: Engine) -> bool:
    """Say whether a world is the learner's own, which lasts, and no scratch world."""
    return engine.keep
