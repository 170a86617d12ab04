"""What `supabase`, `npx`, `npm` and the origin's post-receive hook are in a learner's shell.

A messenger (standard library only): it hands the command to the world that the
learner works in, prints what comes back, and ends with its exit code. The world does
the work, so that its clock can let page views happen while a command runs.

Usage: python -I -S _messenger.py SOCKET PROGRAM [ARGUMENT...]
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
from typing import TextIO

PIPED_S = 0.1
"""How long a question waits for a line of a pipe. Source: the Supabase CLI 2.122.1, without a terminal."""


def main() -> int:
    """Send the command, print the answer, return the exit code."""
    path, program, *arguments = sys.argv[1:]
    try:
        folder = os.getcwd()  # noqa: PTH109 - without pathlib it starts sooner
    except OSError:
        sys.stderr.write(f"{program}: the folder that this shell is in is gone.\n  What to do: cd\n")
        return 1
    request = {
        "program": program,
        "arguments": arguments,
        "folder": folder,
        "input": sys.stdin.read() if program == "post-receive" else "",
        "terminal": sys.stdin.isatty(),
        "shown": sys.stdout.isatty(),
        "version": os.environ.get("KIT_SUPABASE_VERSION", ""),
    }
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except OSError:
            sys.stderr.write(
                f"{program}: the world of this shell is closed.\n"
                "  What to do: run the notebook's setup cell, or `python -m kit shell`, and type it again.\n"
            )
            return 1
        stream = connection.makefile("rw", encoding="utf-8")
        send(stream, request)
        while line := receive(stream):
            message = json.loads(line)
            if "exit" in message:
                return int(message["exit"])
            sys.stdout.write(message.get("text", ""))
            sys.stdout.flush()
            if wanted := message.get("ask"):
                send(stream, {"answer": read(wanted)})
    sys.stderr.write(f"{program}: the world was closed before the command had ended.\n")
    return 1


def read(wanted: str) -> str:
    """Return what stands on standard input: a "line", the line that a pipe has by "now", or "all"."""
    piped = sys.stdin.buffer
    if wanted == "now" and not select.select([piped], [], [], PIPED_S)[0]:
        return ""
    content = piped.read() if wanted == "all" else piped.readline()
    return content.decode("utf-8", "surrogateescape")


def send(stream: TextIO, message: object) -> None:
    """Send one message, if the world is still there."""
    with contextlib.suppress(OSError):
        stream.write(json.dumps(message) + "\n")
        stream.flush()


def receive(stream: TextIO) -> str:
    """Return the next message, nothing if the world is gone."""
    with contextlib.suppress(OSError):
        return stream.readline()
    return ""


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # nobody reads on: `npx supabase --help | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
