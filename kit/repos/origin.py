"""Make the three repositories: the bare origin with its history, and two clones of it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from kit.names import HOMEPAGE
from kit.repos.git import REMOTE_URL, run_git, ssh_command
from kit.repos.starter import Change, homepage_history, main_history, uncommitted

_AUTHOR = "Rhizome Developer <developer@rhizome.example>"
# No repacking: it runs on in the background, and what runs on outlives its owner.
_CALM = {"gc.auto": "0", "maintenance.auto": "false", "receive.autogc": "false"}


def make(
    github: Path, *, dev: Path, production: Path, when: datetime, environment: Mapping[str, str]
) -> None:
    """Make the origin, with its branches, and the clones.

    Args:
        github: the folder for the bare origin; the clones are its siblings.
        dev: the clone on `homepage-and-search`, with documentation that is not committed yet.
        production: the clone on main.
        when: the beginning; the history lies in the days before it.
        environment: what git runs in.

    Raises:
        ProcessFailed: if git fails.
    """
    folder = github.parent
    run_git("init", "--quiet", "--bare", "--initial-branch=main", github, cwd=folder, environment=environment)
    for name, value in _CALM.items():
        run_git("config", name, value, cwd=github, environment=environment)
    with tempfile.TemporaryFile() as stream:
        _write_history(stream, when)
        stream.seek(0)
        # One pack instead of a file for each object: quicker to copy.
        run_git(
            "-c",
            "fastimport.unpackLimit=0",
            "fast-import",
            "--quiet",
            cwd=github,
            environment=environment,
            stdin=stream,
        )
    # In the clones too, for a terminal or an editor that was not started by the kit.
    settings = {**_CALM, "core.sshCommand": ssh_command(f"../{github.name}"), "ssh.variant": "simple"}
    options = [f"--config={name}={value}" for name, value in settings.items()]
    for clone in (dev, production):
        run_git("clone", "--quiet", *options, REMOTE_URL, clone.name, cwd=folder, environment=environment)
    run_git("checkout", "--quiet", HOMEPAGE, cwd=dev, environment=environment)
    for path, text in uncommitted().items():
        (dev / path).parent.mkdir(parents=True, exist_ok=True)
        (dev / path).write_bytes(text)


def _write_history(stream: BinaryIO, when: datetime) -> None:
    """Write both branches as input for `git fast-import`, which runs no hook and converts no line ending."""
    for change in main_history():
        _write_commit(stream, "main", change, when)
    stream.write(f"reset refs/heads/{HOMEPAGE}\nfrom refs/heads/main\n\n".encode())
    for change in homepage_history():
        _write_commit(stream, HOMEPAGE, change, when)


def _write_commit(stream: BinaryIO, branch: str, change: Change, when: datetime) -> None:
    seconds = int((when - timedelta(days=change.days)).timestamp())
    stream.write(f"commit refs/heads/{branch}\ncommitter {_AUTHOR} {seconds} +0000\n".encode())
    _write_data(stream, f"{change.message}\n".encode())
    for path, text in change.files.items():
        stream.write(f"M 100644 inline {path}\n".encode())
        _write_data(stream, text)


def _write_data(stream: BinaryIO, data: bytes) -> None:
    stream.write(b"data %d\n%b\n" % (len(data), data))
