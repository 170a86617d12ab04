"""A document with its text, as the reader page shows it."""

from html import escape

from app.actions.documents import get_chunks, get_document
from lib.html import layout
from lib.moments import moment
from lib.routing import NotFound


async def document_reader(document_id: str) -> str:
    """Return the page of one document; raise NotFound if there is none."""
    document = await get_document(document_id)
    if document is None:
        raise NotFound
    chunks = await get_chunks(document_id)
    file = escape(f"{document['file_name']} ({document['file_type']})")
    facts = f'<p class="facts">{file}, uploaded {moment(document["uploaded_at"])}</p>'
    text = "\n".join(f"<p>{escape(chunk['content'])}</p>" for chunk in chunks)
    if not chunks:
        text = f"<p>Not ready to read yet: {escape(document['processing_status'])}.</p>"
    return layout(document["title"] or "Untitled", f'{facts}\n<div class="text">\n{text}\n</div>')
