"""The learner's own world from outside a notebook: see where it stands, start a phase again, go in."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from kit.errors import ProcessFailed, ServerFailed
from kit.process import Supervisor
from kit.repos import check_git
from kit.world.engine import Engine
from kit.world.open import (
    FIRST,
    LAST,
    Progress,
    check_phase,
    go_to,
    hold_own,
    look,
    new_own,
    open_at,
    open_copy,
    take_own,
)
from kit.world.save import find_saved, forget_saved, kit_home, save
from kit.world.status import Status


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
    check_git()
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
    check_git()
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
    check_git()
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
