"""A list of links to documents."""

from components.document_row import document_row
from lib.database import Row


def document_list(documents: list[Row]) -> str:
    """Return the list as HTML, or a sentence if it is empty."""
    if not documents:
        return '<p class="empty">No documents.</p>'
    rows = [document_row(document, document["uploaded_at"]) for document in documents]
    return "\n".join(["<ul>", *rows, "</ul>"])
