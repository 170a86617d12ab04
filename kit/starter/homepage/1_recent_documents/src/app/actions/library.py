"""Server actions for the library: which documents are there?"""

from lib import database
from lib.session import current_user_id


async def get_recent_documents(limit: int = 10):
    return await database.fetch_all(
        "SELECT id, title, uploaded_at FROM documents"
        " WHERE user_id = %s ORDER BY uploaded_at DESC LIMIT %s",
        [current_user_id(), limit],
    )
