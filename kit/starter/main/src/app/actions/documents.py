"""Server actions for documents: what the pages may ask of the database.

An action that writes does not raise. It logs the error and answers
{"success": False}; whoever called it decides what that means for the page.
"""

from uuid import UUID

import psycopg

from lib import database, log
from lib.request import request_time
from lib.routing import revalidate_path
from lib.session import current_user_id


async def get_document(document_id: str):
    try:
        UUID(document_id)
    except ValueError:
        return None
    return await database.fetch_one(
        "SELECT id, title, file_name, file_type, uploaded_at, processing_status"
        " FROM documents WHERE id = %s",
        [document_id],
    )


async def get_chunks(document_id: str):
    return await database.fetch_all(
        "SELECT content FROM chunks WHERE document_id = %s ORDER BY position", [document_id]
    )


async def add_document(title: str, file_name: str, file_type: str):
    try:
        document = await database.fetch_one(
            "INSERT INTO documents (user_id, title, file_name, file_type, uploaded_at)"
            " VALUES (%s, %s, %s, %s, %s) RETURNING id",
            [current_user_id(), title, file_name, file_type, request_time()],
        )
    except psycopg.Error as error:
        log.error("Failed to add document:", error)
        return {"success": False}
    revalidate_path("/")
    return {"success": True, "id": str(document["id"])}
