"""Find what was left behind where even the reaper was killed: folders, processes, containers, old caches."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import stat
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click
import psutil
from filelock import FileLock, Timeout

from kit.cli.app import FAILED, KitCommand
from kit.cli.screen import BAD, Screen
from kit.errors import BadInput, KitError
from kit.postgres import ProviderName, remove_container
from kit.process import PREFIX, is_served, temporary_folder
from kit.world.holders import hold_own
from kit.world.home import kit_home
from kit.world.save import fingerprint

SETTLED_S = 5.0
"""Seconds without a change before a folder counts as left behind; a younger one is perhaps being made."""
_GRACE_S = 3.0
_MEGABYTE = 2**20
_NAME = re.compile(re.escape(PREFIX) + r"[a-z0-9_]{8}")  # as tempfile.mkdtemp names it
_MARKS = ("reaper.sock", "reaper.log", "server.json", "state.json")
"""A folder with none of these is not the kit's, whatever its name is."""
_PARTS = "pg|host|repos"
_CHECKPOINTS = re.compile(r"[0-9a-f]{16}")
_PROVIDERS: tuple[ProviderName, ...] = ("embedded", "docker", "system")


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """What nobody holds any more, and how many worlds somebody does hold.

    Attributes:
        folders: of worlds without a reaper.
        processes: pids of processes that belong to such a world.
        caches: folders with checkpoints that no version of the kit here uses.
        held: worlds of this user that are in use.
    """

    folders: tuple[Path, ...]
    processes: tuple[int, ...]
    caches: tuple[Path, ...]
    held: int

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.folders or self.processes or self.caches)


def find_leftovers() -> Leftovers:
    """Look through the temporary folder, the processes and the cache; nothing is changed.

    Raises:
        UnusableFolder: if the kit's folder for what lasts cannot be used.
    """
    parents = _parents()
    worlds = [path for parent in parents for path in _worlds(parent)]
    # A reaper listens until its very last step.
    held = [path for path in worlds if is_served(path / "reaper.sock")]
    folders = [path for path in worlds if path not in held and _is_settled(path)]
    return Leftovers(
        folders=tuple(folders),
        processes=tuple(_find_processes(parents, folders)),
        caches=tuple(_find_caches()),
        held=len(held),
    )


def remove(found: Leftovers) -> tuple[str, ...]:
    """End and delete what was found.

    Returns:
        What could not be done, a sentence each.
    """
    failed = [f"Process {pid} could not be ended." for pid in _end(found.processes)]
    failed += _delete_worlds(found.folders)
    for cache in found.caches:
        # Nobody waits for it: somebody may be building in it right now.
        with contextlib.suppress(Timeout, OSError), FileLock(cache / "building.lock", timeout=0):
            _delete(cache)
    return tuple(failed)


def _delete_worlds(folders: Iterable[Path]) -> list[str]:
    """Delete folders, with their containers; say what could not be done."""
    failed = []
    for folder in folders:
        failed += _remove_container(folder)
        if not _delete(folder):
            failed.append(f"{folder} could not be deleted.")
    return failed


def _remove_container(world: Path) -> list[str]:
    """Remove the container of a world that has one, with its data; say what could not be done."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        server = json.loads((world / "server.json").read_text(encoding="utf-8"))
        if server["provider"] == "docker":
            try:
                remove_container(server["instance"], data=True)
            except KitError as error:
                return [f"A container could not be removed: {error.message}"]
    return []


def find_kept() -> tuple[Path, ...]:
    """Return what the kit keeps for good: caches and saved worlds, and nothing of anybody else's."""
    home = kit_home()
    names = {
        "cache": r"[0-9a-f]{16}|cluster-\d+-[0-9a-f]{12}|tmp[a-z0-9_]{8}",
        "worlds": r"[1-9](\.\d+)?|unreadable-\d+|\.[1-9]-before|\.saving-[a-z0-9_]{8}",
    }
    found = [
        path
        for folder, pattern in names.items()
        if (home / folder).is_dir()
        for path in sorted((home / folder).iterdir())
        if path.is_dir() and not path.is_symlink() and re.fullmatch(pattern, path.name)
    ]
    if (home / "world").is_dir() and not _is_running():
        found.append(home / "world")
    return tuple(found)


def _is_running() -> bool:
    supervisor = hold_own()
    if supervisor is not None:
        supervisor.close()
    return supervisor is not None


def remove_kept(paths: Iterable[Path]) -> tuple[str, ...]:
    """Delete what `find_kept` returned; say what could not be deleted."""
    failed = _delete_worlds(paths)
    for folder in ("cache", "worlds"):
        with contextlib.suppress(OSError):  # not empty: what is left is not ours
            (kit_home() / folder).rmdir()
    return tuple(failed)


def measure(paths: Iterable[Path]) -> int:
    """Return how many bytes the files of these folders have."""
    total = 0
    for path in paths:
        for place, _, names in os.walk(path):
            for name in names:
                with contextlib.suppress(OSError):
                    total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - thousands; Path is slow
    return total


def _parents() -> list[Path]:
    """Return where worlds may lie: the folder for temporary files, and where the learner's world ran last."""
    parents = [temporary_folder()]
    with contextlib.suppress(OSError):
        parents.append(Path((kit_home() / "live").read_text(encoding="utf-8")).parent)
    return list(dict.fromkeys(parents))


def _worlds(parent: Path) -> list[Path]:
    try:
        return sorted(path for path in parent.iterdir() if _NAME.fullmatch(path.name) and _is_ours(path))
    except OSError:
        return []


def _is_ours(folder: Path) -> bool:
    """Say whether this user's kit made it; a link, or somebody else's folder of such a name, it did not."""
    with contextlib.suppress(OSError):
        facts = folder.lstat()
        if stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid():
            inside = {path.name for path in folder.iterdir()}
            return not inside or not inside.isdisjoint(_MARKS)
    return False


def _is_settled(world: Path) -> bool:
    try:
        return time.time() - world.stat().st_mtime > SETTLED_S
    except OSError:
        return False


def _find_processes(parents: list[Path], folders: list[Path]) -> list[int]:
    """Return processes that work in a world without a reaper; nothing that somebody runs in a terminal."""
    places = "|".join(re.escape(str(parent)) for parent in parents)
    world = re.compile(rf"((?:{places})/{_NAME.pattern})/(?:{_PARTS})\b")
    found = []
    for process in psutil.process_iter():
        # A process may end, or be somebody else's, at any of these.
        with contextlib.suppress(psutil.Error, OSError):
            words = "\0".join([*process.cmdline(), process.cwd()])
            names = {Path(match) for match in world.findall(words)}
            if process.terminal() is None and any(name in folders or not name.exists() for name in names):
                found.append(process.pid)
    return found


def _find_caches() -> list[Path]:
    cache = kit_home() / "cache"
    ours = {fingerprint(provider=provider) for provider in _PROVIDERS}
    if not cache.is_dir():
        return []
    return sorted(
        path for path in cache.iterdir() if _CHECKPOINTS.fullmatch(path.name) and path.name not in ours
    )


def _end(pids: Iterable[int]) -> list[int]:
    """End processes; return those that are still there."""
    processes = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            # SIGINT is PostgreSQL's fast shutdown; on SIGTERM it would wait for its clients.
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
            processes.append(process)
    _, alive = psutil.wait_procs(processes, timeout=_GRACE_S)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    _, alive = psutil.wait_procs(alive, timeout=_GRACE_S)
    return [process.pid for process in alive]


def _delete(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    if folder.is_dir():
        # Folders that were made read-only keep their content: open them, and try again.
        for place, names, _ in os.walk(folder):
            for name in names:
                with contextlib.suppress(OSError):
                    (Path(place) / name).chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


@click.command(cls=KitCommand)
@click.option("--all", "everything", is_flag=True, help="Also delete caches and saved worlds; asks first.")
@click.option("--yes", is_flag=True, help="With --all: do not ask.")
def clean(*, everything: bool, yes: bool) -> int:
    """Remove what was left behind where even the process that looks after a world was killed.

    That is folders, processes and containers of worlds that nobody holds, and caches of earlier
    versions of the kit. Worlds that are open stay; so do saved ones, without --all.
    """
    screen, kept = Screen(), find_kept() if everything else ()
    if kept:
        size = measure(kept) // _MEGABYTE
        screen.line(f"These would be deleted, {size} MB: caches, and your saved worlds.")
        for path in kept:
            screen.line(f"  {path}")
        if not yes:
            if not sys.stdin.isatty():
                raise BadInput("Nobody is here to be asked.", remedy="Give --yes as well.")
            if not screen.ask("Delete them?"):
                screen.line("Nothing was deleted.")
                return FAILED
    with screen.progress() as tell:
        tell("Looking for what was left behind.")
        found = find_leftovers()
        tell("Removing it.")
        failed = [*remove(found), *remove_kept(kept)]
    rows = [
        ("worlds without an owner", str(len(found.folders))),
        ("processes without an owner", str(len(found.processes))),
        ("caches of other versions of the kit", str(len(found.caches))),
    ]
    if everything:
        rows.append(("caches and saved worlds", str(len(kept))))
    screen.table(("removed", ""), rows)
    if found.held:
        screen.line(f"In use, and left alone: {found.held} world{'s' if found.held > 1 else ''}.")
    for sentence in failed:
        screen.line(sentence, style=BAD)
    return FAILED if failed else 0
