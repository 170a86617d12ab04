"""The router of the model host: one stable address in front of whatever is live.

A process of its own, with few modules: every world has one. For every connection it reads
the alias file, which names the port of the live deployment, and passes bytes on.
Deployments answer one request a connection, so a switch of the file is a switch for every
request that comes after it; one that was under way ends where it began.

Usage: python -I -S _router.py LISTENING_SOCKET_FD ALIAS_FILE [PEERS_FILE]

With the third, process/_peers.py, it answers its own user only.
"""

from __future__ import annotations

import importlib
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

_PAGE = "<!doctype html><title>{0}</title><h1>{0}</h1><p>{1}</p>"
_NOT_YOURS = (
    "403 Forbidden",
    "This is another learner's production.  What yours is, <code>world.address</code> says in your notebook.",
)
_SILENT = ("502 Bad Gateway", "The live deployment does not answer.")
_CHUNK = 65536

_selector = DefaultSelector()


def _accept(
    listening: socket.socket, alias: str, is_of_own_user: Callable[[socket.socket], bool] | None, _events: int
) -> None:
    try:
        visitor, _ = listening.accept()
    except OSError:
        return  # the visitor has gone already
    visitor.settimeout(0)
    if is_of_own_user is not None and not is_of_own_user(visitor):
        _refuse(visitor, *_NOT_YOURS)
        return
    try:
        with open(alias, encoding="ascii") as file:  # noqa: PTH123 - pathlib would take 2 MB
            port = int(file.read())
    except (OSError, ValueError):
        _refuse(visitor, "404 Not Found", "Nothing is deployed here yet.")
        return
    live = socket.socket()
    live.settimeout(0)
    try:
        live.connect_ex(("127.0.0.1", port))
    except OverflowError:
        live.close()
        _refuse(visitor, *_SILENT)
        return
    _selector.register(live, EVENT_WRITE, partial(_connected, visitor, live))


def _connected(visitor: socket.socket, live: socket.socket, _events: int) -> None:
    _selector.unregister(live)
    try:
        live.getpeername()
    except OSError:
        live.close()
        _refuse(visitor, *_SILENT)
        return
    _Link(visitor, live)


def _refuse(visitor: socket.socket, status: str, words: str) -> None:
    page = _PAGE.format(status, words).encode()
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/html",
        f"Content-Length: {len(page)}",
        "Connection: close",
        "\r\n",
    )

    def answer(_events: int) -> None:
        _selector.unregister(visitor)
        with visitor, suppress(OSError):
            # Read first: closing a connection with unread bytes resets it, and the answer may be lost.
            visitor.recv(_CHUNK)
            visitor.send("\r\n".join(lines).encode() + page)

    _selector.register(visitor, EVENT_READ, answer)


class _Link:
    """Two connected sockets: each is read as fast as the other takes what it says.

    The live deployment's end ends both; the visitor's end is passed on.
    """

    def __init__(self, visitor: socket.socket, live: socket.socket) -> None:
        self._live = live
        self._other = {visitor: live, live: visitor}
        self._waiting = {visitor: b"", live: b""}  # what each has not taken yet
        self._open = {visitor, live}  # those that may still say something
        self._interest = dict.fromkeys(self._other, 0)
        self._listen()

    def _listen(self) -> None:
        for end, other in self._other.items():
            interest = EVENT_READ if end in self._open and not self._waiting[other] else 0
            interest |= EVENT_WRITE if self._waiting[end] else 0
            if interest == self._interest[end]:
                continue
            if self._interest[end]:
                _selector.unregister(end)
            if interest:
                _selector.register(end, interest, partial(self._pass_on, end))
            self._interest[end] = interest

    def _pass_on(self, end: socket.socket, events: int) -> None:
        if end.fileno() == -1:
            return  # closed for what the other end did in the same round
        try:
            if events & EVENT_WRITE:
                self._send(end)
            if events & EVENT_READ:
                data = end.recv(_CHUNK)
                if not data:
                    self._open.discard(end)
                self._waiting[self._other[end]] = data
                self._send(self._other[end])
        except OSError:
            self._open.clear()
            self._waiting = dict.fromkeys(self._waiting, b"")
        over = self._live not in self._open and not any(self._waiting.values())
        if over:
            self._open.clear()
        self._listen()
        if over:
            for each in self._other:
                each.close()

    def _send(self, end: socket.socket) -> None:
        data = self._waiting[end]
        if data:
            with suppress(BlockingIOError):
                self._waiting[end] = data[end.send(data) :]
        if not self._waiting[end] and self._other[end] not in self._open:
            end.shutdown(socket.SHUT_WR)


def _main(descriptor: int, alias: str, peers: str = "") -> None:
    is_of_own_user = None
    if peers:
        sys.path.append(os.path.dirname(peers))  # noqa: PTH120 - as above
        is_of_own_user = importlib.import_module("_peers").is_of_own_user
    listening = socket.socket(fileno=descriptor)
    listening.settimeout(0)
    _selector.register(listening, EVENT_READ, partial(_accept, listening, alias, is_of_own_user))
    while True:
        for key, events in _selector.select():
            key.data(events)


if __name__ == "__main__":
    _main(int(sys.argv[1]), *sys.argv[2:])
