"""Add a document as a user of the production site does, then give the worker the time to process it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg

PATIENCE_S = 5.0
"""Seconds to wait for the worker, of real time: it is told at once and needs some milliseconds."""
_LOOK_EVERY_S = 0.02


def upload(
    title: str, *, address: str, moment: float, connect: Callable[[], psycopg.Connection], log: Path
) -> httpx.Response:
    """Add a document; return the site's answer when the worker is done with it, has failed, or does not come.

    Args:
        title: the document's.
        address: of the site.
        moment: when, in seconds since 1970.
        connect: opens a connection to the site's database.
        log: the worker's.

    Raises:
        httpx.HTTPError: if no answer came.
    """
    said = log.read_bytes().count(b'"failed"') if log.exists() else 0
    file_name = f"{title.lower().replace(' ', '-')}.epub"
    response = httpx.post(
        f"{address}/api/documents",
        json={"title": title, "file_name": file_name, "file_type": "epub"},
        headers={"X-Request-Start": f"t={moment:.6f}"},
        trust_env=False,
    )
    if not response.is_success:
        return response
    document = str(response.json()["id"])
    deadline = time.monotonic() + PATIENCE_S
    with connect() as connection:
        while time.monotonic() < deadline:
            row = connection.execute(
                "SELECT processing_status FROM documents WHERE id = %s", [document]
            ).fetchone()
            if row is None or row[0] != "pending":
                break
            if log.exists() and log.read_bytes().count(b'"failed"') > said:
                break
            time.sleep(_LOOK_EVERY_S)
    return response
