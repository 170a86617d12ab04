"""The app's log: one JSON object a line, on stderr."""

import json
import logging
import sys

import psycopg

from lib.request import request_id


def info(message: str) -> None:
    """Log that something happened."""
    _write({"level": "info", "message": message})


def error(message: str, cause: BaseException | None = None) -> None:
    """Log that something went wrong; a database error adds its SQLSTATE and statement."""
    line = {"level": "error", "message": message}
    if isinstance(cause, psycopg.Error):
        line["sqlstate"] = cause.sqlstate or ""
        line["error"] = cause.diag.message_primary or str(cause)
        line["statement"] = "; ".join(getattr(cause, "__notes__", []))
    elif cause is not None:
        line["error"] = f"{type(cause).__name__}: {cause}"
    _write(line)


class Lines(logging.Handler):
    """Writes what libraries log as lines of the same kind."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        line = {"level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            line["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        _write(line)


def _write(line: dict[str, str]) -> None:
    print(json.dumps({**line, "request_id": request_id()}), file=sys.stderr, flush=True)
