from app.actions.documents import update_last_viewed
from components.document_reader import document_reader


async def page(params):
    # Update last_viewed when page loads
    await update_last_viewed(params["id"])

    # Rest of page rendering...
    return await document_reader(document_id=params["id"])
