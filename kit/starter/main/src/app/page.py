from components.shelves import shelves
from lib.html import layout

WELCOME = "<p>Open a document at <code>/read/</code> and its id.</p>"


async def page():
    return layout("Library", f"{WELCOME}\n{await shelves()}")
