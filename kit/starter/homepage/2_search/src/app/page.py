from app.actions.library import get_recent_documents
from components.document_list import document_list
from components.search_form import search_form
from components.shelves import shelves
from lib.html import layout


async def page():
    documents = await get_recent_documents()
    recent = f"<h2>Recently added</h2>\n{document_list(documents)}"
    return layout("Library", f"{search_form()}\n{await shelves()}\n{recent}")
