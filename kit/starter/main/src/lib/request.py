"""What the code that answers a request may know about it, without passing it around."""

import re
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_request_start: ContextVar[str] = ContextVar("request_start", default="")


def remember(request: Request) -> None:
    """Keep what the hosting router says in its headers."""
    _request_id.set(request.headers.get("X-Request-Id", ""))
    _request_start.set(request.headers.get("X-Request-Start", ""))


def request_id() -> str:
    """Return the router's id of this request, "" if it gave none."""
    return _request_id.get()


def request_time() -> datetime:
    """Return when the visitor asked: `X-Request-Start: t=<unix seconds>`, else now."""
    header = re.fullmatch(r"t=(\d{1,11})(?:\.(\d{1,9}))?", _request_start.get())
    if header is None:
        return datetime.now(UTC)
    seconds, fraction = header.groups(default="")
    # Not through a float: that could be a microsecond off.
    microseconds = int(fraction.ljust(6, "0")[:6])
    return datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=microseconds)
