"""What `supabase`, `npx`, `npm` and the origin's post-receive hook are in a learner's shell.

A messenger (standard library only): it hands the command to the world that the
learner works in, prints what comes back, and ends with its exit code. The world does
the work, so that its clock can let page views happen while a command runs.

Usage: python -I -S _client.py SOCKET PROGRAM [ARGUMENT...]
"""

from __future__ import annotations

import json
import os
import socket
import sys


def main() -> int:
    """Send the command, print the answer, return the exit code."""
    path, program, *arguments = sys.argv[1:]
    request = {
        "program": program,
        "arguments": arguments,
        "folder": os.getcwd(),
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
        stream.write(json.dumps(request) + "\n")
        stream.flush()
        for line in stream:
            message = json.loads(line)
            if "exit" in message:
                return int(message["exit"])
            sys.stdout.write(message["text"])
            sys.stdout.flush()
            if message.get("ask"):
                stream.write(json.dumps({"answer": sys.stdin.readline()}) + "\n")
                stream.flush()
    sys.stderr.write(f"{program}: the world was closed before the command had ended.\n")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
