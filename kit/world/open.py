"""Open a world at a phase: the learner's own, or that state from a checkpoint.

The learner's own world is the folder `world` in KIT_HOME, all the time: clones, PostgreSQL's
data, journal, state. Opening starts what does not run; closing, or a crash, ends processes
only. `live` names the folder of the reaper that runs them, and `world.lock` stays locked
until the last of them has ended, so that no two servers ever work on the same data. When
one opens another phase, the world as it was goes to `worlds/<its phase>` first.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from filelock import FileLock

from kit.errors import BadInput, KitError, MissingTool, ProcessFailed, ServerFailed, UnusableFolder
from kit.names import EPOCH, KIT_WORLD
from kit.postgres import Server, provider_named, remove_container, restart_server, start_server, take_over
from kit.process import PREFIX, Supervisor, is_served
from kit.repos import STARTER, Repositories, require_git
from kit.timeline.clock import Clock, ClockName, VirtualClock, WallClock
from kit.world.engine import Engine
from kit.world.home import kit_home, require_space, shared_cache
from kit.world.save import find_saved, fingerprint, forget_saved, load, play, require_intact, save
from kit.world.snapshot import Status
from kit.world.workflow import PHASES

FIRST, LAST = 1, len(PHASES) + 1
"""Phase 8 is the world after the last phase."""

Progress = Callable[[str], None]

_mine: dict[str, Engine] = {}  # this process's own, by how it was opened: a cell that runs twice finds it


@dataclass(frozen=True)
class Opened:
    """A running world, and in one sentence where it comes from."""

    engine: Engine
    how: str


def require_phase(phase: object) -> int:
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
        return _from_checkpoint(phase, _open_new(_new_clock(clock), tell, phase=phase))
    if os.environ.get(KIT_WORLD) == "fresh":
        return _reuse(KIT_WORLD, phase, tell)
    with _opening():
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
    require_phase(phase)
    require_git()
    return _reuse(f"scratch, {clock}", phase, progress or (lambda _: None), clock)


def _new_clock(name: ClockName) -> Clock:
    return VirtualClock() if name == "virtual" else WallClock()


def _reuse(name: str, phase: int, tell: Progress, clock: ClockName = "virtual") -> Opened:
    """Open the process's world of that name; one that is open already is brought to the phase."""
    engine = _mine.get(name)
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
        engine = _mine[name] = _open_new(_new_clock(clock), tell, phase=phase)
    return _from_checkpoint(phase, engine)


def _from_checkpoint(phase: int, engine: Engine, *, more: str = "") -> Opened:
    refused = find_refusal()
    return Opened(engine, f"Phase {phase}: built from its checkpoint.{more}{refused and f' {refused}'}")


# The learner's own world


def _open_own(phase: int, tell: Progress) -> Opened:
    engine, kept = _take_or_set_aside(tell)
    saved = _worlds() / str(phase)
    if engine is not None and engine.whole:
        stands = engine.position()
        if stands == phase:
            return Opened(engine, f"Phase {phase}: your own world, as you left it.")
        kept = _keep(engine, stands)
    if find_saved(saved):
        try:
            require_intact(saved)
        except BadInput:
            aside = _set_aside(saved)
            kept = f" What you saved of it cannot be read; it was set aside as {aside.name}.{kept}"
        else:
            if engine is None:
                engine = _open_new(VirtualClock(), tell, keep=True)
            load(engine, saved)
            return Opened(engine, f"Phase {phase}: your own world, saved when you left it.{kept}")
    if engine is None:
        engine = _open_new(VirtualClock(), tell, phase=phase, keep=True)
    else:
        go_to(engine, phase, progress=tell)
    return _from_checkpoint(phase, engine, more=kept)


def _keep(engine: Engine, stands: int) -> str:
    """Save the learner's world among the others before it becomes another one; say so."""
    saved, moved = _worlds() / str(stands), ""
    if find_saved(saved):
        places = (saved.with_name(f"{stands}.{number}") for number in itertools.count(1))
        older = saved.rename(next(place for place in places if not place.exists()))
        moved = f" The one that was kept before is {older.name} now."
    save(engine, saved)
    return f" Your own world of phase {stands} is kept: open_world(phase={stands}) goes back to it.{moved}"


def _take_or_set_aside(tell: Progress) -> tuple[Engine | None, str]:
    """Take the learner's world; where it cannot be read, set it aside, and say so."""
    try:
        return take_own(tell), ""
    except _Unreadable as error:
        with _locked():  # nobody works in it any more
            aside = _set_aside(_world())
        return None, f" Your own world cannot be read ({error}); it was set aside as {aside.name}."


def _set_aside(folder: Path) -> Path:
    """Move a world that cannot be read to where nothing replaces it; return its new place."""
    _worlds().mkdir(mode=0o700, parents=True, exist_ok=True)
    names = (_worlds() / f"unreadable-{number}" for number in itertools.count(1))
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
    mine = _mine.get("own")
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
        engine = _mine["own"] = _engine_of(_world(), supervisor, VirtualClock(), keep=True)
    try:
        with _unreadable():
            engine.take()
    except _Unreadable:
        # Whoever else holds it has lost it, too. From its folder it may start all the same: on another
        # port, if somebody has taken the one of its PostgreSQL.
        for name in engine.supervisor.processes():
            engine.supervisor.stop(name)
        engine.close()
        return _start_own(tell)
    return engine


class _Unreadable(Exception):
    """The folder of the learner's world is there, and no world comes of it."""


def _start_own(tell: Progress) -> Engine | None:
    """Start the learner's world from its folder, after clearing what a crash has left."""
    world = _world()
    if not world.exists():
        return None
    require_space()
    with _locked() as lock:
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
            engine = _mine["own"] = _engine_of(world, supervisor, VirtualClock(), keep=True)
            engine.take()
            engine.position()
        _write_live(supervisor.folder)
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
        raise _Unreadable(error.message.rstrip(".")) from error
    except (OSError, ValueError, KeyError, TypeError, psycopg.Error) as error:
        raise _Unreadable(f"{type(error).__name__}: {error}") from error


def _with_wanted_provider(engine: Engine, tell: Progress) -> Engine:
    """Return the learner's world on the provider that is asked for now; moved by way of dumps."""
    if provider_named().name == engine.server.provider:
        return engine
    tell(f"Moving your world from {engine.server.provider} to {provider_named().name}.")
    stands = engine.position()
    _keep(engine, stands)  # interrupted from here on, it is found there
    engine.close()
    with _locked():
        _delete(_world())
    engine = _open_new(VirtualClock(), tell, keep=True)
    load(engine, _worlds() / str(stands))
    forget_saved(_worlds() / str(stands))
    return engine


def _delete(world: Path) -> None:
    """Delete a world, with its container's volume if that is where its data is."""
    with contextlib.suppress(OSError, ValueError, TypeError):  # it was interrupted before it had a server
        server = Server.load(world / "server.json")
        if server.provider == "docker":
            remove_container(server.instance, data=True)
    shutil.rmtree(world)


def hold_own() -> Supervisor | None:
    """Hold the learner's world, without taking it from anybody; None if it does not run.

    One that is just ending, because its last holder has gone, is waited for.
    """
    folder = _live()
    return Supervisor.attach(folder) if folder is not None else None


def is_own(engine: Engine) -> bool:
    """Say whether a world is the learner's own, which lasts, and no scratch world."""
    return engine.keep


def _world() -> Path:
    return kit_home() / "world"


def _worlds() -> Path:
    return kit_home() / "worlds"


def _live() -> Path | None:
    """Return the folder of the reaper that runs the learner's world, or ran it last."""
    try:
        return Path((kit_home() / "live").read_text(encoding="utf-8"))
    except OSError:
        return None


def _write_live(folder: Path) -> None:
    new = kit_home() / "live.new"
    new.write_text(str(folder), encoding="utf-8")
    new.replace(kit_home() / "live")


def _opening() -> FileLock:
    """Wait until nobody is opening the learner's world."""
    return FileLock(kit_home() / "opening.lock")


@contextlib.contextmanager
def _locked() -> Iterator[int]:
    """Hold the lock that every process of the learner's world inherits: none of them runs meanwhile.

    What is there although its reaper has gone was left by a crash, and is ended.
    """
    path = kit_home() / "world.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _is_locked(descriptor):
            _end_holders(path)  # again, should one of them have started another one meanwhile
        left = _live()
        if left is not None and left.name.startswith(PREFIX):
            shutil.rmtree(left, ignore_errors=True)
        yield descriptor
    finally:
        os.close(descriptor)  # a reaper that was started meanwhile has it open, too


def _is_locked(descriptor: int) -> bool:
    """Lock a file if nobody else has it locked; say whether it is ours."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_holders(path: Path) -> None:
    found = str(path.resolve())  # as the operating system knows it: KIT_HOME may be behind a link
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # it may end, or be somebody else's
            if process.pid != os.getpid() and any(file.path == found for file in process.open_files()):
                process.kill()


# Making a world


def open_copy(saved: Path) -> Engine:
    """Open a scratch world that is what `save` saved, to look at.

    Args:
        saved: the folder.
    """
    engine = _open_new(VirtualClock(), lambda _: None)
    try:
        load(engine, saved)
    except BaseException:
        engine.close()
        raise
    return engine


def _open_new(clock: Clock, tell: Progress, *, phase: int | None = None, keep: bool = False) -> Engine:
    """Start a new world.

    Args:
        clock: its time.
        tell: told what is being done.
        phase: what it is to be; None: nothing yet, `load` is called next.
        keep: it is the learner's own.
    """
    checkpoint = find_checkpoint(phase, tell) if phase is not None else None
    # What builds the first checkpoint leaves its server to the next world: it need not be copied, too.
    cache = kit_home() / "cache" if checkpoint else None
    provider = provider_named(cache=cache, shared=shared_cache() if checkpoint else None)
    tell(f"Starting PostgreSQL ({provider.name}).")
    with contextlib.ExitStack() as undo:
        if keep:
            require_space()
            lock = undo.enter_context(_locked())
            supervisor, folder = Supervisor.start(lock=lock), _world()
            folder.mkdir(mode=0o700)
            if os.geteuid() == 0:
                folder.chmod(0o711)  # PostgreSQL refuses to run as root, and then runs as somebody else
            _write_live(supervisor.folder)
        else:
            supervisor = Supervisor.start()
            folder = supervisor.folder
        try:
            (folder / "changing").touch()  # until it is something: see Engine.changing
            with _left(folder) as left:
                if left is None or take_over(provider, left, folder, supervisor, keep=keep) is None:
                    start_server(provider, folder, supervisor, keep=keep)
            (folder / "repos").mkdir(mode=0o700, exist_ok=True)
            engine = _engine_of(folder, supervisor, clock, keep=keep)
            if keep:
                _mine["own"] = engine
            engine.own()
            if checkpoint is not None:
                load(engine, checkpoint, intact=True)
            if not keep and provider.name != "docker":  # whose data is in a volume
                supervisor.bequeath(*_PARTS, to=_spare())
        except BaseException:
            supervisor.close()
            raise
    return engine


_PARTS = ("pg", "server.json", "repos")
"""What a scratch world leaves to the next one: filling it is quicker than making two thousand files."""


@functools.cache
def _fingerprint(provider: str) -> str:
    # Of the code that runs in this process, whatever becomes of its files.
    return fingerprint(provider=provider)


def _checkpoints() -> Path:
    return kit_home() / "cache" / _fingerprint(provider_named().name)


def _spare() -> Path:
    """Return where the last scratch world leaves its parts to the next world.

    The name has the machine's start in it: what was not written to disk before a crash is not used after it.
    """
    start = Path("/proc/sys/kernel/random/boot_id")
    name = start.read_text().strip() if start.exists() else f"{psutil.boot_time():.0f}"
    return _checkpoints() / f"spare-{name}"


@contextlib.contextmanager
def _left(folder: Path) -> Iterator[Path | None]:
    """Take what the last scratch world has left, None if there is nothing; `repos` is put into `folder`."""
    left, spare = folder / "left", _spare()
    found: Path | None = left
    try:
        spare.rename(left)  # whoever comes first has it
        (left / "repos").rename(folder / "repos")
    except OSError:
        found = None
        for old in spare.parent.glob("spare-*"):
            if old != spare:
                shutil.rmtree(old, ignore_errors=True)
    yield found
    shutil.rmtree(left, ignore_errors=True)


def _engine_of(folder: Path, supervisor: Supervisor, clock: Clock, *, keep: bool) -> Engine:
    return Engine(
        folder,
        supervisor=supervisor,
        server=Server.load(folder / "server.json"),
        clock=clock,
        repositories=Repositories(folder / "repos"),
        keep=keep,
    )


def go_to(engine: Engine, phase: int, *, progress: Progress | None = None) -> None:
    """Make a running world what it is at the beginning of a phase.

    Args:
        engine: the world; what it was is gone.
        phase: 1 to 8.
        progress: told what is being done.

    Raises:
        BadInput: if there is no such phase.
        WorldTaken: if another process has the world, or it is closed.
        ProcessFailed: if a replayed phase does not come out as it should.
    """
    require_phase(phase)
    with engine.ownership.turn():
        pass  # only its owner may change it
    load(engine, find_checkpoint(phase, progress or (lambda _: None)), intact=True)


# Checkpoints


def find_checkpoint(phase: int, tell: Progress) -> Path:
    """Return the checkpoint of a phase; it is built if need be, from the one that is next below it.

    Args:
        phase: 1 to 8.
        tell: told what is being done.

    Raises:
        ProcessFailed: if a replayed phase does not come out as it should.
    """
    cache = _checkpoints()
    if found := _find_ready(cache, phase):
        return found
    if refused := find_refusal():
        tell(refused)
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(cache / "building.lock"):  # two notebooks that open at the same time build it once
        if not _is_ready(cache / str(phase)):
            _build(cache, phase, tell)
    return cache / str(phase)


def _find_ready(cache: Path, phase: int) -> Path | None:
    """Return a phase's checkpoint, the shared one before one's own; None where it is yet to be built."""
    shared = shared_cache()
    if shared is not None:
        prepared = shared / cache.name / str(phase)
        with contextlib.suppress(BadInput, OSError):  # none of this kit, damaged, or not for us to read
            require_intact(prepared)
            return prepared
    return cache / str(phase) if _is_ready(cache / str(phase)) else None


def find_refusal() -> str:
    """Return why the shared cache that KIT_CACHE names is not used, "" where it is, or there is none."""
    shared = shared_cache()
    if shared is None:
        return ""
    try:
        found = {path.name for path in shared.iterdir()}
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
    else:
        if _checkpoints().name in found:
            return ""
        why = "was made by another version of the kit" if found else "is empty"
    return f"The shared cache {shared} {why}: checkpoints are built here instead."


def prepare(folder: Path, *, progress: Progress) -> Path:
    """Build every checkpoint, and a data folder for PostgreSQL, for everybody on this machine to read.

    Args:
        folder: what KIT_CACHE will name; what another version of the kit has left there stays.
        progress: told what is being done.

    Returns:
        The folder with this kit's checkpoints.

    Raises:
        UnusableFolder: if `folder` cannot be written.
    """
    require_git()
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".preparing-") as scratch:
            for phase in range(FIRST, LAST + 1):
                find_checkpoint(phase, progress)
            progress("Preparing PostgreSQL's data folder.")
            shutil.rmtree(_spare(), ignore_errors=True)  # else it would be taken, and none made for later
            _open_new(VirtualClock(), progress, phase=FIRST).close()
            for made in (*(kit_home() / "cache").glob("cluster-*"), _checkpoints()):
                _publish(made, folder / made.name, Path(scratch))
    except OSError as error:
        raise UnusableFolder(
            "The shared cache cannot be written.",
            why=str(error.strerror or error),
            looked=[str(folder)],
            remedy="Run this as who may write there, on a hub root; learners need only read it.",
        ) from error
    return folder / _checkpoints().name


def _publish(made: Path, place: Path, scratch: Path) -> None:
    """Copy what was made to where everybody may read it and nobody writes, as a whole or not at all."""
    ready = scratch / place.name
    shutil.copytree(made, ready, symlinks=True, ignore=shutil.ignore_patterns("spare-*", "*.lock"))
    for path in (ready, *ready.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    if place.exists():
        place.rename(scratch / f"{place.name}-before")
    ready.rename(place)


def _build(cache: Path, phase: int, tell: Progress) -> None:
    """Build a checkpoint in a world of its own: the wall clock's dates would be in every world to come."""
    known = ((number, _find_ready(cache, number)) for number in range(phase - 1, 0, -1))
    below, start = next(((number, found) for number, found in known if found), (0, None))
    engine = _open_new(VirtualClock(), lambda _: None)
    try:
        with engine.changing():
            if start is not None:
                load(engine, start, intact=True)
            else:
                tell("Building the starting state, once.")
                shutil.rmtree(engine.repositories.folder)  # another world may have left its own
                Repositories.create(engine.repositories.folder, when=EPOCH)
                engine.begin(seed=STARTER / "main" / "supabase" / "seed.sql")
            for replayed in PHASES[max(below, 1) - 1 : phase - 1]:
                tell(f"Replaying phase {replayed.number}, once: {replayed.title}.")
                ran = [play(engine, step) for step in replayed.steps]
                if not replayed.done(engine.observe()):
                    failed = [f"{each.command}: {each.output.strip()}" for each in ran if each.exit]
                    raise ProcessFailed(
                        f"Replaying phase {replayed.number} did not do what it should.",
                        why="; ".join(failed)[-600:],
                        remedy="Run `python -m kit doctor`.",
                    )
            save(engine, cache / str(phase))
            engine.stop_everything()  # nobody waits for the apps' own end
    finally:
        engine.close()


def _is_ready(checkpoint: Path) -> bool:
    """Say whether a checkpoint can be loaded; one that is damaged is deleted."""
    if not find_saved(checkpoint):
        return False
    try:
        require_intact(checkpoint)
    except BadInput:
        shutil.rmtree(checkpoint, ignore_errors=True)
        return False
    return True


# The learner's own world from outside a notebook: see where it stands, start a phase again, go in


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where the learner's world stands.

    Attributes:
        open: whether it runs: in a notebook, or in a terminal.
        phase: the phase that comes next; 8 after the last.
        saved: the phases of which another world is kept, the newest first.
        status: what is where; None if there is no world yet.
    """

    open: bool
    phase: int
    saved: tuple[int, ...]
    status: Status | None


def look(supervisor: Supervisor) -> Engine:
    """Return the learner's running world to look at, as far as its owner has written it down.

    Args:
        supervisor: of the world, which stays its owner's.

    Raises:
        ProcessFailed: if it is not complete.
    """
    engine = _engine_of(_world(), supervisor, VirtualClock(), keep=True)
    if not engine.whole:
        raise ProcessFailed(
            "This world is not complete: it is being made, or what made it was interrupted.",
            remedy="Run the notebook's setup cell, and try again.",
        )
    engine.recall()
    return engine


def find_standing(*, progress: Progress | None = None) -> Standing:
    """Look where the learner's world stands; whoever has it open keeps it.

    Args:
        progress: told what is being done.

    Raises:
        ServerFailed: if its PostgreSQL was killed, or its folder cannot be read.
    """
    require_git()
    saved = saved_phases()
    with _opening():
        supervisor = hold_own()
        if supervisor is not None:
            try:
                engine = look(supervisor)
                return _standing(engine, saved, is_open=True)
            finally:
                supervisor.close()
        try:
            started = take_own(progress or (lambda _: None))
        except _Unreadable as error:
            raise ServerFailed(
                "Your own world cannot be read.",
                why=str(error),
                looked=[str(_world())],
                remedy="Open a phase in a notebook: it sets this one aside, and says where.",
            ) from error
        if started is None or not started.whole:
            return Standing(open=False, phase=FIRST, saved=saved, status=None)
        try:
            return _standing(started, saved, is_open=False)
        finally:
            started.close()


def _standing(engine: Engine, saved: tuple[int, ...], *, is_open: bool) -> Standing:
    return Standing(open=is_open, phase=engine.position(), saved=saved, status=Status(engine.observe()))


def reset(phase: int | None = None, *, progress: Progress | None = None) -> int:
    """Make the learner's world what it is at the start of a phase.

    Where it runs, it is changed there; a notebook that has it open is told so at its next
    step. A world that stands in another phase is kept, as one that cannot be read is.

    Args:
        phase: 1 to 8; None for the one in which it stands.
        progress: told what is being done.

    Returns:
        The phase.

    Raises:
        BadInput: if there is no such phase.
    """
    if phase is not None:
        require_phase(phase)
    require_git()
    tell = progress or (lambda _: None)
    with _opening():
        engine, aside = _take_or_set_aside(tell)
        if aside:
            tell(aside.strip())
        stands = engine.position() if engine is not None and engine.whole else _last_saved()
        chosen = stands if phase is None else phase
        if engine is None:
            engine = _open_new(VirtualClock(), tell, phase=chosen, keep=True)
        else:
            if engine.whole and stands != chosen:
                _keep(engine, stands)
            go_to(engine, chosen, progress=tell)
        forget_saved(_worlds() / str(chosen))
        engine.close()
    return chosen


def open_beside(*, progress: Progress | None = None) -> Engine:
    """Open the learner's world for a terminal: beside the notebook that has it, else as one's own.

    Args:
        progress: told what is being done.

    Returns:
        The world; close it in the end. It is its owner's: only look, and use its `environment`.
    """
    require_git()
    tell = progress or (lambda _: None)
    with _opening():
        supervisor = hold_own()
        if supervisor is not None:
            with contextlib.suppress(ProcessFailed):  # not complete: opening makes it so
                beside = look(supervisor)
                if is_served(supervisor.folder / "control"):  # its shells' commands are done by somebody
                    return beside
        try:
            engine, _ = _take_or_set_aside(tell)
            return engine if engine is not None and engine.whole else _open_own(_last_saved(), tell).engine
        finally:
            if supervisor is not None:
                supervisor.close()


def saved_phases() -> tuple[int, ...]:
    """Return the phases of which a world is kept beside the one that is open, the newest first."""
    found = [number for number in range(FIRST, LAST + 1) if find_saved(_worlds() / str(number))]
    found.sort(key=lambda number: (_worlds() / str(number)).stat().st_mtime, reverse=True)
    return tuple(found)


def _last_saved() -> int:
    return next(iter(saved_phases()), FIRST)
