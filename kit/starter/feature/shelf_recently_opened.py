async def shelf_recently_opened():
    try:
        rows = "SELECT id, title, last_viewed AS opened_at FROM documents WHERE user_id = %s"
        order = " AND last_viewed IS NOT NULL ORDER BY last_viewed DESC LIMIT 5"
        return await database.fetch_all(rows + order, [current_user_id()])
    except psycopg.Error as error:
        log.error("Failed to read last_viewed:", error)
        return []
