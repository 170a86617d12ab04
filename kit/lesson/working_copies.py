"""The learner's copies of the notebooks: without outputs, kept up to date, never overwritten unasked.

The stored notebooks are for reading and for the tests; whatever the learner does, they do to a copy.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock

from kit.errors import BadInput, UnusableFolder
from kit.lesson.merge import (
    Notebook,
    format_notebook,
    has_ids,
    is_run,
    is_written_alike,
    merge,
    note,
    parse_notebook,
    strip_outputs,
)

EARLIER = "earlier"
"""The folder, beside the copies, for what was taken out of the way."""
_GIVEN = ".given"
"""The folder with the notebooks as the learner was given them: what a merge starts from."""
_NAMES = "[0-9][0-9]_*.ipynb"
_NOTE = "note-from-the-kit"
_UNKNOWN = "nobody knows any more what you were given"
_WITHOUT_IDS = "its cells have no ids of their own"

CopyOutcome = Literal[
    "made", "updated", "merged", "put beside", "replaced", "made anew", "withdrawn", "left alone"
]


@dataclass(frozen=True, kw_only=True)
class Update:
    """What became of one copy.

    Attributes:
        name: of the notebook: "05_merge_and_deploy".
        outcome: "merged": it has both sides' changes; "replaced": it could not be opened.
        kept: the file that was written beside it, or set aside; "" for none.
        why: the reason, where there is one.
        conflicts: how many cells both sides had changed.
    """

    name: str
    outcome: CopyOutcome
    kept: str = ""
    why: str = ""
    conflicts: int = 0

    def __str__(self) -> str:
        """Say it in a line."""
        kept = f" (as it was: {self.kept})" if self.kept else ""
        match self.outcome:
            case "made":
                said = "a new copy"
            case "updated":
                said = "the kit's new version; you had changed nothing in it"
            case "merged":
                both = (
                    f"; {self.conflicts} of them the kit changed, too: see its notes"
                    if self.conflicts
                    else ""
                )
                said = f"brought up to date; what you wrote and ran is kept{both}{kept}"
            case "put beside":
                said = f"stays as it is, since {self.why}; the kit's new version is {self.kept}"
            case "replaced":
                said = f"made anew, since it cannot be opened: {self.why}{kept}"
            case "made anew":
                said = f"made anew{kept}"
            case "withdrawn":
                said = f"is no part of the lesson any more{kept}"
            case "left alone":
                said = f"cannot be brought up to date: {self.why}"
        return f"{self.name}: {said}"


class WorkingCopies:
    """A folder with the learner's copies of the notebooks.

    Whoever has brought them up to date has them open until its process ends: JupyterLab takes that process's
    place, and what somebody may be working in is not changed from outside.

    Args:
        source: the folder with the stored notebooks, which is only read.
        folder: the folder for the copies; it is made if need be.

    Attributes:
        is_open_elsewhere: whether another process has them open, so that only missing ones were made.
    """

    def __init__(self, source: Path, folder: Path) -> None:
        """Do nothing yet."""
        self.source, self.folder = source, folder
        self.is_open_elsewhere = False
        self._given, self._earlier = folder / _GIVEN, folder / EARLIER
        self._open: int | None = None

    def __repr__(self) -> str:
        """Name the folder."""
        return f"WorkingCopies({str(self.folder)!r})"

    def update(self, fresh: Sequence[str] = ()) -> tuple[Update, ...]:
        """Make what is missing, and bring up to date what the kit has changed.

        Args:
            fresh: notebooks to make anew, by number or name; as they were they are kept in `earlier/`.

        Returns:
            What became of each copy that did not stay as it was.

        Raises:
            BadInput: if a stored notebook cannot be read, or there is none of such a name.
            UnusableFolder: if the folder cannot be written.
        """
        stored = self._read_stored()
        wanted = [self.find_name(word) for word in fresh]
        if self.folder.resolve() == self.source.resolve():
            raise BadInput(
                "That folder holds the stored notebooks.",
                looked=[str(self.folder)],
                remedy="Name another folder for your copies.",
            )
        try:
            self._given.mkdir(parents=True, exist_ok=True)
            with FileLock(self._given / "update.lock"):
                self.is_open_elsewhere = not self._take()
                changed = (self._bring(name, new, anew=name in wanted) for name, new in stored.items())
                updates = [*filter(None, changed), *self._withdraw(set(stored))]
                self._share()
        except OSError as error:
            self.close()
            raise UnusableFolder(
                "Your copies of the notebooks cannot be kept there.",
                why=str(error.strerror or error),
                looked=[str(self.folder)],
                remedy="Make that a folder that you may write, or name another one: "
                "python -m kit lab --folder ~/my-notebooks",
            ) from error
        return tuple(updates)

    def find_name(self, word: str) -> str:
        """Return the notebook that somebody means.

        Args:
            word: its number, its name or its file: "5", "05", "05_merge_and_deploy".

        Raises:
            BadInput: if there is none such.
        """
        names = sorted(path.stem for path in self.source.glob(_NAMES))
        stem = Path(word).name.removesuffix(".ipynb")
        for name in names:
            if stem in (name, name[:2], name[:2].removeprefix("0")):
                return name
        raise BadInput(
            f"There is no notebook {word!r}.", looked=names, remedy="Name it by its number, such as 05."
        )

    def close(self) -> None:
        """Have them open no longer, unless a program that took this process's place does."""
        if self._open is not None:
            os.close(self._open)
            self._open = None

    def _take(self) -> bool:
        """Say whether nobody else has them open; nobody will, as long as the lock for the update is held."""
        if self._open is None:
            self._open = os.open(self._given / "open.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._open, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _share(self) -> None:
        if self._open is not None:
            fcntl.flock(self._open, fcntl.LOCK_SH)
            os.set_inheritable(self._open, True)  # noqa: FBT003 - has no keyword

    def _read_stored(self) -> dict[str, Notebook]:
        stored = {}
        for path in sorted(self.source.glob(_NAMES)):
            try:
                stored[path.stem] = strip_outputs(parse_notebook(path.read_text(encoding="utf-8")))
            except (OSError, ValueError) as error:
                raise BadInput(
                    f"The stored notebook {path.name} cannot be read.",
                    why=str(error),
                    looked=[str(path)],
                    remedy=f"Get it back: git checkout -- {path.name}, in its folder.",
                ) from error
        if not stored:
            raise BadInput(
                "There are no notebooks.", looked=[str(self.source)], remedy="Use a whole clone of the kit."
            )
        return stored

    def _bring(self, name: str, new: Notebook, *, anew: bool) -> Update | None:
        """Bring one copy up to date; None if it stays as it is."""
        path = self.folder / f"{name}.ipynb"
        if not path.exists():
            self._give(name, new)
            return Update(name=name, outcome="made")
        if anew:
            kept = self._set_aside(path)
            self._give(name, new)
            return Update(name=name, outcome="made anew", kept=kept)
        if self.is_open_elsewhere:
            return None
        try:
            own = parse_notebook(path.read_text(encoding="utf-8"))
        except OSError as error:
            return Update(name=name, outcome="left alone", why=str(error.strerror))
        except ValueError as error:
            why = "it is no text" if isinstance(error, UnicodeDecodeError) else str(error)
            kept = self._set_aside(path)
            told = note(
                _NOTE, f"Your copy could not be opened ({why}), so this is a new one. It is kept: {kept}"
            )
            self._give(name, new, shown={**new, "cells": [told, *new["cells"]]})
            return Update(name=name, outcome="replaced", kept=kept, why=why)
        return self._bring_readable(name, own, new)

    def _bring_readable(self, name: str, own: Notebook, new: Notebook) -> Update | None:
        given = self._read_given(name)
        if is_written_alike(own, new) or (given is not None and is_written_alike(given, new)):
            self._note_given(name, new)
            return None
        if given is None or not has_ids(own):
            why = _UNKNOWN if given is None else _WITHOUT_IDS
            kept = self._put_beside(name, new, why)
            self._note_given(name, new)
            return Update(name=name, outcome="put beside", kept=kept, why=why)
        is_edited = not is_written_alike(own, given)
        if not is_edited and not is_run(own):
            self._give(name, new)
            return Update(name=name, outcome="updated")
        merged = merge(given=given, own=own, new=new)
        # Of what was only run, nothing is lost but the outputs of cells that say something else now.
        kept = self._copy_aside(name) if is_edited else ""
        self._give(name, new, shown=merged.notebook)
        return Update(name=name, outcome="merged", kept=kept, conflicts=len(merged.conflicts))

    def _withdraw(self, stored: set[str]) -> Iterator[Update]:
        """Take away what is no part of the lesson any more; set aside what the learner has worked in."""
        for past in sorted(self._given.glob(_NAMES)):
            if past.stem in stored or self.is_open_elsewhere:
                continue
            path, given = self.folder / past.name, self._read_given(past.stem)
            if path.exists():
                with contextlib.suppress(ValueError):
                    own = parse_notebook(path.read_text(encoding="utf-8"))
                    if given is not None and is_written_alike(own, given) and not is_run(own):
                        path.unlink()
            if path.exists():
                yield Update(name=past.stem, outcome="withdrawn", kept=self._set_aside(path))
            past.unlink()

    def _read_given(self, name: str) -> Notebook | None:
        try:
            return parse_notebook((self._given / f"{name}.ipynb").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def _give(self, name: str, new: Notebook, *, shown: Notebook | None = None) -> None:
        # In this order: if the machine stops between the two, the next start finds nothing left to do.
        self._write(self.folder / f"{name}.ipynb", format_notebook(shown or new))
        self._note_given(name, new)

    def _note_given(self, name: str, new: Notebook) -> None:
        path, text = self._given / f"{name}.ipynb", format_notebook(new)
        with contextlib.suppress(FileNotFoundError, UnicodeDecodeError):
            if path.read_text(encoding="utf-8") == text:
                return
        self._write(path, text)

    def _write(self, path: Path, text: str) -> None:
        """Write a file so that it is there with all of its text or as it was, whatever happens meanwhile."""
        unfinished = self._given / "unfinished"
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def _put_beside(self, name: str, new: Notebook, why: str) -> str:
        path = self.folder / f"{name} (new version).ipynb"
        if path.exists():
            self._set_aside(path)
        told = note(_NOTE, f"This is the new version of {name}. Your copy stays as it is, since {why}.")
        self._write(path, format_notebook({**new, "cells": [told, *new["cells"]]}))
        return path.name

    def _set_aside(self, path: Path) -> str:
        aside = self._find_place(path)
        path.rename(aside)
        return f"{EARLIER}/{aside.name}"

    def _copy_aside(self, name: str) -> str:
        path = self.folder / f"{name}.ipynb"
        aside = self._find_place(path)
        shutil.copy2(path, aside)
        return f"{EARLIER}/{aside.name}"

    def _find_place(self, path: Path) -> Path:
        """Return a name that nothing has in the folder for what was taken out of the way."""
        self._earlier.mkdir(exist_ok=True)
        stem = f"{path.stem} until {datetime.now().astimezone():%Y-%m-%d %H.%M}"
        number, place = 1, self._earlier / f"{stem}.ipynb"
        while place.exists():
            number += 1
            place = self._earlier / f"{stem} ({number}).ipynb"
        return place
