"""The router of the model host: one stable address in front of whatever is live.

A process of its own (standard library only). For every connection it reads the alias
file, which names the port of the live deployment, and passes bytes on. Deployments
answer one request a connection, so a switch of the file is a switch for every
request that comes after it; one that was under way ends where it began.

Usage: python -I -S _router.py LISTENING_SOCKET_FD ALIAS_FILE
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from pathlib import Path

_PAGE = "<!doctype html><title>{0}</title><h1>{0}</h1><p>{1}</p>"


def _answer(status: str, words: str) -> bytes:
    page = _PAGE.format(status, words).encode()
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/html",
        f"Content-Length: {len(page)}",
        "Connection: close",
        "\r\n",
    )
    return "\r\n".join(lines).encode() + page


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


async def _route(alias: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async with contextlib.AsyncExitStack() as last:
        last.callback(writer.close)
        try:
            port = int(alias.read_text())  # noqa: ASYNC240 - a few bytes, and each request needs the newest
        except (OSError, ValueError):
            await _refuse(reader, writer, "404 Not Found", "Nothing is deployed here yet.")
            return
        try:
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
        except (OSError, OverflowError):
            await _refuse(reader, writer, "502 Bad Gateway", "The live deployment does not answer.")
            return
        last.callback(back_writer.close)
        there = asyncio.create_task(_pass_on(reader, back_writer))
        last.callback(there.cancel)
        await _pass_on(back_reader, writer)


async def _refuse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: str, words: str
) -> None:
    with contextlib.suppress(OSError):
        # Read first: closing a connection with unread bytes resets it, and the answer may be lost.
        await reader.read(65536)
        writer.write(_answer(status, words))
        await writer.drain()


async def _main(descriptor: int, alias: Path) -> None:
    listening = socket.socket(fileno=descriptor)
    server = await asyncio.start_server(lambda r, w: _route(alias, r, w), sock=listening)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), Path(sys.argv[2])))
