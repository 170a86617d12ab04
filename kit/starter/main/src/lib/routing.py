"""Routes from files: src/app/read/[id]/page.py answers /read/<id>.

A page.py has a function `page` that returns HTML. A route.py has functions named
after HTTP methods, `get` or `post`, that return a response.
"""

import importlib
import inspect
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from lib import log
from lib.html import layout
from lib.request import remember

Endpoint = Callable[[Request], Awaitable[Response]]

_stale_paths: ContextVar[list[str]] = ContextVar("stale_paths")


class NotFound(Exception):
    """Raised by a page when what it should show does not exist."""


def not_found(*_: object) -> Response:
    """Answer 404, with a page."""
    return HTMLResponse(layout("Not found", '<p class="empty">There is no such page.</p>'), 404)


def revalidate_path(path: str) -> None:
    """Tell the router, with the answer, that its copies of `path` are out of date."""
    _stale_paths.get().append(path)


def find_routes(folder: Path) -> list[Route]:
    """Return a route for each page.py and route.py, fixed paths before [parameters]."""
    files = [*folder.rglob("page.py"), *folder.rglob("route.py")]
    files.sort(key=lambda file: [(part.startswith("["), part) for part in file.parts])
    return [route for file in files for route in _routes_of(file, folder)]


def _routes_of(file: Path, folder: Path) -> list[Route]:
    parts = file.relative_to(folder).parent.parts
    path = "/" + "/".join(part.replace("[", "{").replace("]", "}") for part in parts)
    module = importlib.import_module(".".join([folder.name, *parts, file.stem]))
    if file.name == "page.py":
        return [Route(path, _page_endpoint(module), methods=["GET"])]
    return [
        Route(path, _api_endpoint(getattr(module, method)), methods=[method.upper()])
        for method in ("get", "post")
        if hasattr(module, method)
    ]


def _page_endpoint(module: ModuleType) -> Endpoint:
    # A page names the properties that it wants, and gets only those.
    wanted = inspect.signature(module.page).parameters

    async def endpoint(request: Request) -> Response:
        _begin(request)
        offered = {"params": request.path_params, "search_params": request.query_params}
        try:
            html = await module.page(**{name: offered[name] for name in wanted})
        except NotFound:
            return not_found()
        except Exception as error:
            log.error(f"Unhandled error on {request.url.path}:", error)
            sorry = '<p class="empty">This page could not be shown. Please try again later.</p>'
            return HTMLResponse(layout("Something went wrong", sorry), 500)
        return _finish(HTMLResponse(html))

    return endpoint


def _api_endpoint(handler: Endpoint) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        _begin(request)
        try:
            return _finish(await handler(request))
        except Exception as error:
            log.error(f"Unhandled error on {request.url.path}:", error)
            return JSONResponse({"error": "internal server error"}, 500)

    return endpoint


def _begin(request: Request) -> None:
    remember(request)
    _stale_paths.set([])


def _finish(response: Response) -> Response:
    if stale := _stale_paths.get():
        response.headers["X-Revalidate-Paths"] = " ".join(stale)
    return response
