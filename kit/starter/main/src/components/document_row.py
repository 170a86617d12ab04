"""A document in a list: a link to it, and a moment."""

from datetime import datetime
from html import escape

from lib.database import Row
from lib.moments import moment


def document_row(document: Row, when: datetime | None) -> str:
    """Return the row as HTML; a moment that nobody knows is left out."""
    link = f'<a href="/read/{document["id"]}">{escape(document["title"] or "Untitled")}</a>'
    return f"<li>{link} {moment(when) if when else ''}</li>"
