"""Make a world: on nothing, on what another one has left, or from the checkpoint of a phase; build these."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from filelock import FileLock

from kit.errors import BadInput, ProcessFailed, UnusableFolder
from kit.names import EPOCH
from kit.postgres import Server, provider_named, start_server, take_over
from kit.process import Supervisor
from kit.repos import STARTER, Repositories, require_git
from kit.timeline.clock import Clock, VirtualClock
from kit.world.engine import Engine
from kit.world.holders import MINE, locked, world_folder, write_live
from kit.world.home import kit_home, require_space, shared_cache
from kit.world.save import find_saved, fingerprint, load, play, require_intact, save
from kit.world.workflow import FIRST, LAST, PHASES, require_phase

Progress = Callable[[str], None]


def open_new(
    clock: Clock, tell: Progress, *, phase: int | None = None, keep: bool = False, anew: bool = False
) -> Engine:
    """Start a new world.

    Args:
        clock: its time.
        tell: told what is being done.
        phase: what it is to be; None: nothing yet, `load` is called next.
        keep: it is the learner's own.
        anew: do not take what another world has left.
    """
    checkpoint = find_checkpoint(phase, tell) if phase is not None else None
    # What builds the first checkpoint leaves its server to the next world: it need not be copied, too.
    cache = kit_home() / "cache" if checkpoint else None
    provider = provider_named(cache=cache, shared=shared_cache() if checkpoint else None)
    tell(f"Starting PostgreSQL ({provider.name}).")
    with contextlib.ExitStack() as undo:
        if keep:
            require_space()
            lock = undo.enter_context(locked())
            supervisor, folder = Supervisor.start(lock=lock), world_folder()
            folder.mkdir(mode=0o700)
            if os.geteuid() == 0:
                folder.chmod(0o711)  # PostgreSQL refuses to run as root, and then runs as somebody else
            write_live(supervisor.folder)
        else:
            supervisor = Supervisor.start()
            supervisor.dispose()
            folder = supervisor.folder
        try:
            (folder / "changing").touch()  # until it is something: see Engine.changing
            with contextlib.nullcontext() if anew else _left(folder) as left:
                if left is None or take_over(provider, left, folder, supervisor, keep=keep) is None:
                    start_server(provider, folder, supervisor, keep=keep)
            (folder / "repos").mkdir(mode=0o700, exist_ok=True)
            engine = engine_of(folder, supervisor, clock, keep=keep)
            if keep:
                MINE["own"] = engine
            engine.own()
            if checkpoint is not None:
                load(engine, checkpoint, intact=True)
            if not keep and provider.name != "docker":  # whose data is in a volume
                supervisor.bequeath(*_PARTS, to=_spare())
        except BaseException:
            supervisor.close()
            raise
    return engine


def open_copy(saved: Path) -> Engine:
    """Open a scratch world that is what `save` saved, to look at.

    Args:
        saved: the folder.
    """
    engine = open_new(VirtualClock(), lambda _: None)
    try:
        load(engine, saved)
    except BaseException:
        engine.close()
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


def engine_of(folder: Path, supervisor: Supervisor, clock: Clock, *, keep: bool) -> Engine:
    """Return the world that is in a folder, and whose server runs.

    Args:
        folder: of the world.
        supervisor: of its processes.
        clock: its time.
        keep: it is the learner's own.
    """
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
            open_new(VirtualClock(), progress, phase=FIRST, anew=True).close()  # it makes one for later
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
    engine = open_new(VirtualClock(), lambda _: None)
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
