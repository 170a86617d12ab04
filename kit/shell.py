"""Run what a learner types: a real shell, in a clone, with an environment of its own."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kit.errors import MissingTool
from kit.process import Supervisor

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


def run(command: str, *, supervisor: Supervisor, folder: Path, env: Mapping[str, str], scratch: Path) -> Ran:
    """Run one command to its end.

    The shell is a child of the reaper, like everything else: were the notebook's kernel
    to die meanwhile, the command would end too. It has no input to wait for.

    Args:
        command: what was typed; any shell syntax.
        supervisor: the shell's parent.
        folder: the working folder.
        env: the whole environment.
        scratch: a folder for the file that collects the output.

    Returns:
        The command with its output and exit code; a failing command is an answer, not an error.
    """
    name = f"command {os.getpid()}-{next(_number)}"
    output = scratch / f"{name.replace(' ', '-')}.out"
    try:
        supervisor.spawn(name, [find_shell(), "-c", command], env=env, cwd=folder, log=output, stop="SIGTERM")
        try:
            code = supervisor.wait(name)
        except KeyboardInterrupt:
            supervisor.stop(name)
            raise
        text = output.read_text(encoding="utf-8", errors="replace")
    finally:
        output.unlink(missing_ok=True)
    return Ran(command=command, output=as_shown(text), exit=code or 0)


def as_shown(text: str) -> str:
    """Return what a terminal would show in the end: no colours, of overwritten lines the last state."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
