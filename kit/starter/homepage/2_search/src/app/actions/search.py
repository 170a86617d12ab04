"""Server actions for search."""

from lib import database
from lib.session import current_user_id


async def search_documents(words: str, limit: int = 20):
    # strpos, not LIKE: in a pattern the visitor's % and _ would match anything.
    return await database.fetch_all(
        "SELECT id, title, uploaded_at FROM documents WHERE user_id = %s"
        " AND strpos(lower(title), lower(%s)) > 0 ORDER BY title, id LIMIT %s",
        [current_user_id(), words, limit],
    )
