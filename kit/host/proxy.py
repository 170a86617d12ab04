"""A browser's way to a site: it arrives at the clock's instant, and somebody hears what it was shown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from kit.draw import draw_element, draw_paragraph
from kit.errors import KitError

Fetch = Callable[[str], httpx.Response]
Shown = Callable[[str, int], None]

_TYPE, _PAGE = "Content-Type", "text/html"
_SILENT = "Nobody answers: this world is closed, or its site has stopped."
_REMEDY = "Run the notebook's setup cell, then this one again."


class Proxy:
    """Serves what a site answers on an address of its own, for as long as it is open.

    The site's own address would do, but for two things. A browser does not say when its visitor
    asks, as seen by the world's clock; and a page that shows the site in a frame may not know
    where the visitor has gone in it.

    Args:
        fetch: asks the site for a path.
        shown: told of every page that a frame is given: its path, and the status.
    """

    def __init__(self, fetch: Fetch, *, shown: Shown) -> None:
        """Nothing listens before `open`."""
        self._fetch = fetch
        self._shown = shown
        self._server: ThreadingHTTPServer | None = None
        self._changing = threading.Lock()

    def __repr__(self) -> str:
        """Say whether it is open; the address differs from run to run."""
        return f"Proxy({'open' if self._server else 'closed'})"

    def open(self) -> str:
        """Listen, unless it does so already; return the address."""
        with self._changing:
            if self._server is None:
                self._server = _Server(self._fetch, self._shown)
                # A daemon: when the kernel ends, nobody waits for it.
                threading.Thread(target=self._server.serve_forever, name="kit-proxy", daemon=True).start()
            return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Listen no longer."""
        with self._changing:
            server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fetch: Fetch, shown: Shown) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fetch = fetch
        self.shown = shown


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:
        """Say that somebody is here; the site is not asked."""
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def do_GET(self) -> None:
        """Pass the request on."""
        status, kind, page = self._ask()
        # A browser that does not say what it wants the page for is taken for a frame.
        framed = self.headers.get("Sec-Fetch-Dest", "iframe") == "iframe"
        if framed and kind.startswith(_PAGE):
            self.server.shown(self.path, status)
        self.send_response(status)
        self.send_header(_TYPE, kind)
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(page)

    def _ask(self) -> tuple[int, str, bytes]:
        # Only paths: joined to the site's address, another beginning could lead elsewhere.
        if not self.path.startswith("/"):
            return _refuse(HTTPStatus.BAD_REQUEST, "This is no path of the site.", "Go back to /.")
        try:
            answer = self.server.fetch(self.path)
        except KitError as error:
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, error.message, error.remedy)
        except httpx.HTTPError:
            return _refuse(HTTPStatus.BAD_GATEWAY, _SILENT, _REMEDY)
        return answer.status_code, answer.headers.get(_TYPE, "application/octet-stream"), answer.content

    def log_message(self, *_: object) -> None:
        """Say nothing: stderr is the notebook's."""


def _refuse(status: HTTPStatus, message: str, remedy: str) -> tuple[int, str, bytes]:
    style = draw_element("style", ":root { color-scheme: light dark }")
    head = draw_element("head", draw_element("title", message), style)
    lines = "<!doctype html>", head, draw_element("h1", message), draw_paragraph(remedy)
    return status, f"{_PAGE}; charset=utf-8", "\n".join(lines).encode()
