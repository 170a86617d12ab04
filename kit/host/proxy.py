"""A browser's way to a site: it arrives at the clock's instant, and somebody hears what it was shown."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import httpx

from kit.draw import draw_element, draw_paragraph
from kit.errors import KitError
from kit.names import KIT_PRIVATE
from kit.process import is_of_own_user

Fetch = Callable[[str], httpx.Response]
Shown = Callable[[str, int], None]

_TYPE, _PAGE = "Content-Type", "text/html"
_SILENT = "Nobody answers: this world is closed, or its site has stopped."
_OWN_LINK = re.compile(rb'(\b(?:href|action|src)=")/(?!/)')
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


def find_public(address: str) -> str:
    """Return an address of this machine as the learner's own browser finds it.

    On a JupyterHub that browser is on another machine, and reaches this one through the learner's server,
    where jupyter-server-proxy is part of that.

    Args:
        address: `http://127.0.0.1:…`, of somebody who reads X-Forwarded-Context, as `Proxy` does.

    Returns:
        The same address where there is no hub; "" where the hub has no such proxy. Where the hub has not
        been told its own address, a path on that.
    """
    below = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
    if not below:
        return address
    if find_spec("jupyter_server_proxy") is None:
        return ""
    server = os.environ.get("JUPYTERHUB_PUBLIC_URL") or below
    return f"{server.rstrip('/')}/proxy/{urlsplit(address).port}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fetch: Fetch, shown: Shown) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fetch = fetch
        self.shown = shown

    def verify_request(self, request: Any, _: object) -> bool:  # noqa: ANN401 - socketserver's
        """Let nobody else in where others work on the machine, too."""
        return not os.environ.get(KIT_PRIVATE) or is_of_own_user(request)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:
        """Say that somebody is here; the site is not asked."""
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def do_GET(self) -> None:
        """Pass the request on."""
        status, kind, page = self._ask()
        # A proxy before this one that lets it appear below a path of its own says which.
        below = self.headers.get("X-Forwarded-Context", "")
        if below and kind.startswith(_PAGE):
            page = _OWN_LINK.sub(rb"\1" + escape(below).encode() + b"/", page)
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
