"""The learner's own world from outside a notebook: see where it stands, start a phase again, go in."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from kit.errors import ProcessFailed, ServerFailed
from kit.process import Supervisor, is_served
from kit.repos import require_git
from kit.timeline.clock import VirtualClock
from kit.world.checkpoints import Progress, engine_of, go_to, open_new
from kit.world.engine import Engine
from kit.world.holders import hold_own, opening, world_folder, worlds_folder
from kit.world.open import Unreadable, keep_beside, open_own, take_or_set_aside, take_own
from kit.world.save import find_saved, forget_saved
from kit.world.snapshot import Status
from kit.world.workflow import FIRST, LAST, require_phase


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
    engine = engine_of(world_folder(), supervisor, VirtualClock(), keep=True)
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
    with opening():
        supervisor = hold_own()
        if supervisor is not None:
            with contextlib.closing(supervisor), contextlib.closing(look(supervisor)) as engine:
                return _standing(engine, saved, is_open=True)
        try:
            started = take_own(progress or (lambda _: None))
        except Unreadable as error:
            raise ServerFailed(
                "Your own world cannot be read.",
                why=str(error),
                looked=[str(world_folder())],
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
    with opening():
        engine, aside = take_or_set_aside(tell)
        if aside:
            tell(aside.strip())
        stands = engine.position() if engine is not None and engine.whole else _last_saved()
        chosen = stands if phase is None else phase
        if engine is None:
            engine = open_new(VirtualClock(), tell, phase=chosen, keep=True)
        else:
            if engine.whole and stands != chosen:
                keep_beside(engine, stands)
            go_to(engine, chosen, progress=tell)
        forget_saved(worlds_folder() / str(chosen))
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
    with opening():
        supervisor = hold_own()
        if supervisor is not None:
            with contextlib.suppress(ProcessFailed):  # not complete: opening makes it so
                beside = look(supervisor)
                if is_served(supervisor.folder / "control"):  # its shells' commands are done by somebody
                    return beside
        try:
            engine, _ = take_or_set_aside(tell)
            return engine if engine is not None and engine.whole else open_own(_last_saved(), tell).engine
        finally:
            if supervisor is not None:
                supervisor.close()


def saved_phases() -> tuple[int, ...]:
    """Return the phases of which a world is kept beside the one that is open, the newest first."""
    found = [number for number in range(FIRST, LAST + 1) if find_saved(worlds_folder() / str(number))]
    found.sort(key=lambda number: (worlds_folder() / str(number)).stat().st_mtime, reverse=True)
    return tuple(found)


def _last_saved() -> int:
    return next(iter(saved_phases()), FIRST)
