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
import socket
import sys
from typing import TextIO


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
            sys.stdout.write(message["text"])
            sys.stdout.flush()
            if message.get("ask"):
                send(stream, {"answer": sys.stdin.readline()})
    sys.stderr.write(f"{program}: the world was closed before the command had ended.\n")
    return 1


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
