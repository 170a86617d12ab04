from app.actions.search import search_documents
from components.document_list import document_list
from components.search_form import search_form
from lib.html import layout


async def page(search_params):
    words = search_params.get("q", "").strip()
    documents = await search_documents(words) if words else []
    return layout("Search", f"{search_form(words)}\n<h2>Found</h2>\n{document_list(documents)}")
