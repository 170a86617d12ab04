"""The seed: a Python that has imported what many programs import, and forks each of them.

An app's imports take ten times as long as its start. The seed makes them once; what it
forks runs a program's own file from its first line, in a process, folder and environment
of its own, as `python FILE` does. It is the reaper's child and nobody else's: the process
in between ends at once, and the reaper adopts what it leaves.

Usage: python -s _seed.py REAPER_SOCKET_FD MODULE...

One message a process, read when everything is imported: a JSON object with the descriptors
of its log and, for one that listens, of its socket; back comes {"name": …, "pid": …}, with 0
for one that could not enter its folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1  # prctl(2)
_MESSAGE = 2**20  # bytes at most: an environment


def main() -> None:
    """Import, then fork whatever the reaper asks for, until it has gone."""
    reaper = socket.socket(fileno=int(sys.argv[1]))
    prctl = ctypes.CDLL(None).prctl
    gc.disable()  # nothing of what is imported is garbage: looking for it takes a fifteenth of the time
    for name in sys.argv[2:]:
        importlib.import_module(name)  # and leave it compiled, else the next seed takes a second longer
    # As for `-B`, with which a program is started where nothing forks it: its folder is the learner's.
    sys.dont_write_bytecode = True
    gc.freeze()  # what is here stays here: no child's collection copies it
    gc.enable()
    while True:
        message, descriptors, _, _ = socket.recv_fds(reaper, _MESSAGE, 2)
        if not message:
            return
        request: dict[str, Any] = json.loads(message)
        ours, its = socket.socketpair()
        between = os.fork()
        if not between:
            if os.fork():
                os._exit(0)
            ours.close()
            # From the instant on in which the reaper knows of it, its group, folder and output are its own.
            _enter(request, *descriptors)
            its.send(str(os.getpid()).encode())
            # Until nobody is between us and the reaper.  Were one of them gone, nobody would know us.
            told = its.recv(1)
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if not told or os.getppid() != request["parent"]:
                os._exit(1)
            its.close()
            reaper.close()
            break
        its.close()
        child = ours.recv(32)  # nothing if it could not enter its folder: its log says why
        os.waitpid(between, 0)
        reaper.send(json.dumps({"name": request["name"], "pid": int(child or 0)}).encode())
        if child:
            # In this order: nothing runs of which the reaper does not know; it may have ended it by now.
            with contextlib.suppress(BrokenPipeError):
                ours.send(b"!")
        ours.close()
        for descriptor in descriptors:
            os.close(descriptor)
    _become(request, *descriptors[1:])


def _enter(request: dict[str, Any], log: int, *_: int) -> None:
    """Give this process, forked for a program, a session, output, environment and folder of its own."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    for opened in (nothing, log):
        os.close(opened)
    os.environ.clear()
    os.environ.update(request["env"])
    try:
        os.chdir(request["cwd"])
    except OSError as error:
        os.write(2, f"{error}\n".encode())
        os._exit(1)


def _become(request: dict[str, Any], *listening: int) -> None:
    """Run a program's file."""
    if os.environ.get("KIT_PRIVATE"):
        # Here, where it is this process already and not yet the learner's program.
        importlib.import_module("_peers").keep_strangers_out()
    sys.argv = [word.replace("{fd}", str(*listening)) for word in request["program"]]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))  # noqa: PTH100, PTH120 - as Python itself does it
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except Exception as error:  # noqa: BLE001 - told as Python would, from the program's own lines on
        told = error.__traceback__
        while told and told.tb_frame.f_code.co_filename != sys.argv[0]:
            told = told.tb_next
        sys.excepthook(type(error), error.with_traceback(told), told)
        sys.exit(1)


if __name__ == "__main__":
    main()
