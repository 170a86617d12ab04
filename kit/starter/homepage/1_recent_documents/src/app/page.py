from app.actions.library import get_recent_documents
from components.document_list import document_list
from lib.html import layout


async def page():
    documents = await get_recent_documents()
    return layout("Rhizome", f"<h2>Recent</h2>\n{document_list(documents)}")
