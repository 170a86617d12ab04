"""Run what a learner types: a real shell, in a clone, with an environment of its own."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kit.errors import MissingTool, ProcessFailed
from kit.process import Supervisor

SHOWN_BYTES = 200_000
"""Bytes of output that a notebook can show; of more, the middle is left out."""
_SYSTEM_FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
_number = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A command that ran, with what it printed; shown as a terminal shows it.

    Attributes:
        command: as it was typed.
        output: standard output and error, in the order in which they came.
        exit: the exit code of the shell; 0 is success.
    """

    command: str
    output: str
    exit: int

    def __repr__(self) -> str:
        """Show the prompt, the output, and the exit code where it is not 0."""
        prompt = "\n".join(
            f"{'$' if number == 0 else '>'} {line}" for number, line in enumerate(self.command.splitlines())
        )
        parts = [prompt, self.output.rstrip("\n"), f"[exit code {self.exit}]" if self.exit else ""]
        return "\n".join(part for part in parts if part)


def find_shell() -> str:
    """Return the shell that commands run in: bash, else sh.

    Raises:
        MissingTool: if there is neither.
    """
    looked = [f"{folder}/{name}" for name in ("bash", "sh") for folder in _SYSTEM_FOLDERS]
    for path in looked:
        if os.access(path, os.X_OK):
            return path
    raise MissingTool("There is no shell on this machine.", looked=looked, remedy="Install bash.")


def shell_path(programs: Path) -> str:
    """Return a PATH with the world's programs first, then git's folder, then the system's."""
    git = shutil.which("git")
    folders = [str(programs), *([str(Path(git).parent)] if git else []), *_SYSTEM_FOLDERS]
    return os.pathsep.join(dict.fromkeys(folders))


def run(command: str, *, supervisor: Supervisor, folder: Path, env: Mapping[str, str]) -> Ran:
    """Run one command to its end.

    The shell is a child of the reaper, like everything else: were the notebook's kernel
    to die meanwhile, the command would end too. It has no input to wait for. Interrupted
    (Ctrl+C, or the notebook's stop button), it ends with everything that it started.

    Args:
        command: what was typed; any shell syntax.
        supervisor: the shell's parent; its folder has the file that collects the output.
        folder: the working folder.
        env: the whole environment.

    Returns:
        The command with its output and exit code (a signal's number plus 128 where one ended it,
        as shells say it); a failing command is an answer, not an error.

    Raises:
        MissingTool: if there is no shell.
        ProcessFailed: if the shell cannot be started, or the reaper is gone.
    """
    name = f"command {os.getpid()}-{next(_number)}"
    output = supervisor.folder / f"{name.replace(' ', '-')}.out"
    try:
        supervisor.spawn(name, [find_shell(), "-c", command], env=env, cwd=folder, log=output)
        code = supervisor.wait(name) or 0
        text = _read(output)
    except BaseException:
        with contextlib.suppress(ProcessFailed):
            supervisor.stop(name)
        raise
    finally:
        output.unlink(missing_ok=True)
    return Ran(command=command, output=as_shown(text), exit=code if code >= 0 else 128 - code)


def _read(output: Path) -> str:
    """Return what a command wrote, without the middle of what is too long to be shown."""
    size = output.stat().st_size
    with output.open("rb") as file:
        if size <= SHOWN_BYTES:
            return file.read().decode(errors="replace")
        first = file.read(SHOWN_BYTES // 2)
        file.seek(-(SHOWN_BYTES // 2), os.SEEK_END)
        last = file.read()
    # At the ends of lines, where there are some.
    first = first[: first.rfind(b"\n")] if b"\n" in first else first
    last = last[last.find(b"\n") + 1 :] or last
    gap = f"[{size - len(first) - len(last)} bytes are not shown]"
    return "\n".join((first.decode(errors="replace"), gap, last.decode(errors="replace")))


def as_shown(text: str) -> str:
    """Return what a terminal would show in the end: no colours, of overwritten lines the last state."""
    text = re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]*(\x07|\x1b\\))", "", text)
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
