async def update_last_viewed(document_id: str):
    try:
        # Update last_viewed timestamp
        sql = "UPDATE documents SET last_viewed = %s WHERE id = %s"
        await database.execute(sql, [request_time(), document_id])
    except psycopg.Error as error:
        log.error("Failed to update last_viewed:", error)
        return {"success": False}
    revalidate_path(f"/read/{document_id}")
    return {"success": True}
