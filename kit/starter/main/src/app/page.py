from lib.html import layout


async def page():
    return layout("Rhizome", "<p>Open a document at /read/&lt;its id&gt;.</p>")
