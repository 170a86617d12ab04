"""Open the learner's world at a phase: go on with their own, or build that state from a checkpoint."""

from __future__ import annotations

import json
import os
import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from kit.checkpoints import fingerprint, kit_home, load, save
from kit.clock import EPOCH, Clock, ClockName, VirtualClock, WallClock
from kit.errors import BadInput, KitError
from kit.phases import PHASES
from kit.postgres import Provider, Server, create, provider_named, start_server
from kit.process import Supervisor, make_folder
from kit.replay import play
from kit.repos import STARTER, Repositories, check_git
from kit.timeline import Timeline, load_records
from kit.world import World

FIRST, LAST = 1, len(PHASES) + 1
"""open_world(phase=8) is the world after the last phase."""

Progress = Callable[[str], None]
_open: weakref.WeakValueDictionary[str, World] = weakref.WeakValueDictionary()


@dataclass(frozen=True)
class Opened:
    """A world at a phase, and how it got there."""

    world: World
    how: str


def open_at(
    phase: int, *, clock: ClockName = "virtual", scratch: bool = False, progress: Progress | None = None
) -> Opened:
    """Open a world that stands at the beginning of a phase, or where the learner left it within.

    Args:
        phase: 1 to 7, or 8 for the state after the last.
        clock: "virtual", or "wall" (only with `scratch`).
        scratch: a world of its own, from the checkpoint, never saved.
        progress: told in a few words what is being done, when it takes longer.

    Returns:
        The world, and one sentence that says where it comes from.

    Raises:
        BadInput: if there is no such phase.
        MissingTool, UnusableFolder, ServerFailed: if this machine cannot run it; see `kit doctor`.
    """
    if isinstance(phase, bool) or not isinstance(phase, int) or not FIRST <= phase <= LAST:
        raise BadInput(
            f"There is no phase {phase!r}.",
            looked=[f"{one.number}: {one.title}" for one in PHASES],
            remedy=f"Give a number from {FIRST} to {LAST - 1}, or {LAST} for the state after the last phase.",
        )
    tell = progress or (lambda _: None)
    check_git()
    if scratch or os.environ.get("KIT_WORLD") == "fresh":
        return _open_scratch(phase, clock, tell, keep="" if scratch else "fresh")
    return _open_own(phase, tell)


def _open_scratch(phase: int, clock: ClockName, tell: Progress, *, keep: str) -> Opened:
    world = _open.get(keep) if keep else None
    if world is None or not world.is_mine():
        world = _new_world(VirtualClock() if clock == "virtual" else WallClock(), tell)
    if keep:
        _open[keep] = world
    try:
        go_to(world, phase, tell)
    except BaseException:
        world.close()
        raise
    return Opened(world, f"Phase {phase}: built from its checkpoint." if phase < LAST else "All phases done: built from the checkpoint.")


def _open_own(phase: int, tell: Progress) -> Opened:
    home = kit_home()
    with FileLock(home / "opening.lock"):
        pointer = home / "live"
        world, running = _open.get("own"), False
        if world is not None and world.folder.exists():
            world.take()
            running = True
        else:
            world = _attach(pointer, tell)
            running = world is not None
            if world is None:
                world = _new_world(VirtualClock(), tell)
                world.supervisor.before_end(
                    [sys.executable, "-m", "kit.opening", str(world.folder)], env=_farewell_environment()
                )
                pointer.write_text(str(world.folder))
        _open["own"] = world
        stands = world.position() if running else 0
        if stands == phase:
            return Opened(world, f"Phase {phase}: this is your own world, as you left it.")
        worlds = home / "worlds"
        if running:
            save(world, worlds / str(stands))
        kept = f" Your own world of phase {stands} is kept: open_world(phase={stands}) goes back to it." if running else ""
        if (worlds / str(phase)).exists():
            load(world, worlds / str(phase))
            return Opened(world, f"Phase {phase}: this is your own world, saved when you left it.{kept}")
        go_to(world, phase, tell)
        return Opened(world, f"Phase {phase}: built from its checkpoint.{kept}")


def _attach(pointer: Path, tell: Progress) -> World | None:
    """Take over the learner's world from another kernel; None if none is running."""
    try:
        folder = Path(pointer.read_text())
        supervisor = Supervisor.attach(folder)
    except OSError:
        return None
    if supervisor is None:
        return None
    tell("Your world is open elsewhere: taking it over.")
    world = _world_of(folder, supervisor, VirtualClock())
    world.take()
    return world


def _world_of(folder: Path, supervisor: Supervisor, clock: Clock) -> World:
    """Put a world together again from what its folder says."""
    server = Server.load(folder / "server.json")
    return World(
        folder, supervisor=supervisor, server=server, clock=clock, repositories=Repositories(folder / "repos")
    )


def _new_world(clock: Clock, tell: Progress) -> World:
    home = kit_home()
    provider: Provider = provider_named(None, cache=home / "cache")
    tell(f"Starting PostgreSQL ({provider.name}).")
    folder = make_folder()
    supervisor = Supervisor.start(folder)
    try:
        server = start_server(provider, folder, supervisor)
        (folder / "repos").mkdir()
        world = World(
            folder, supervisor=supervisor, server=server, clock=clock, repositories=Repositories(folder / "repos")
        )
        world.own()
    except BaseException:
        supervisor.close()
        raise
    return world


def go_to(world: World, phase: int, tell: Progress) -> None:
    """Make `world` what it is at the beginning of a phase, from its checkpoint, else by replaying what is missing."""
    cache = kit_home() / "cache" / fingerprint(provider=world.server.provider)
    ready = next((number for number in range(phase, 0, -1) if (cache / str(number)).exists()), 0)
    if ready:
        load(world, cache / str(ready))
    else:
        tell("Building the starting state.")
        _begin(world)
        save(world, cache / "1")
    for one in PHASES[max(ready, 1) - 1 : phase - 1]:
        tell(f"Replaying phase {one.number}: {one.title}.")
        for step in one.steps:
            play(world, step)
        save(world, cache / str(one.number + 1))


def _begin(world: World) -> None:
    """Make the state in which the workflow starts."""
    world.stop_everything()
    Repositories.create(world.repositories.folder, when=EPOCH)
    for name in ("local", "cloud"):
        create(world.server, name)
    world.replace_journal(Timeline())
    world.clock.restart(0.0)
    world.begin(seed=STARTER / "main" / "supabase" / "seed.sql")


def _farewell_environment() -> dict[str, str]:
    names = ("PATH", "HOME", "KIT_HOME", "TMPDIR", "XDG_STATE_HOME")
    top = str(Path(__file__).parent.parent)
    return {"PYTHONPATH": top, "LC_ALL": "C.UTF-8"} | {name: os.environ[name] for name in names if name in os.environ}


def _save_own(folder: Path) -> None:
    """Save the learner's world when its last holder has gone: the reaper runs this while PostgreSQL still does."""
    world = World(
        folder,
        supervisor=Supervisor.watching(folder),
        server=Server.load(folder / "server.json"),
        clock=VirtualClock(),
        repositories=Repositories(folder / "repos"),
    )
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    world.replace_journal(Timeline.of(load_records((folder / "journal.jsonl").read_text(encoding="utf-8")).records))
    world.host.resume(state["host"])
    save(world, kit_home() / "worlds" / str(world.position()), state=state)


if __name__ == "__main__":
    try:
        _save_own(Path(sys.argv[1]))
    except KitError as error:
        sys.exit(str(error))
