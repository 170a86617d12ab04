"""A list of links to documents."""

from html import escape

from lib.database import Row


def document_list(documents: list[Row]) -> str:
    """Return the list as HTML, or a sentence if it is empty."""
    if not documents:
        return "<p>No documents.</p>"
    items = [
        f'<li><a href="/read/{document["id"]}">{escape(document["title"] or "Untitled")}</a></li>'
        for document in documents
    ]
    return "\n".join(["<ul>", *items, "</ul>"])
