"""The shelves of the home page: one for each action for documents that is named shelf_….

A shelf is found by its name, as a page is by its folder: shelf_newest would stand there
as "Newest". Its rows have an id, a title, and opened_at.
"""

from app.actions import documents
from components.document_row import document_row

PREFIX = "shelf_"
EMPTY = '<p class="empty">Nothing here yet. Pick something to read.</p>'


async def shelves() -> str:
    """Return all of them as HTML."""
    names = [name for name in vars(documents) if name.startswith(PREFIX)]
    return "\n".join([await _shelf(name) for name in names])


async def _shelf(name: str) -> str:
    heading = name.removeprefix(PREFIX).replace("_", " ").capitalize()
    rows = [document_row(found, found["opened_at"]) for found in await getattr(documents, name)()]
    content = "\n".join(["<ul>", *rows, "</ul>"]) if rows else EMPTY
    return f"<h2>{heading}</h2>\n{content}"
