from components.document_reader import document_reader


async def page(params):
    return await document_reader(document_id=params["id"])
