"""POST /api/documents: add a document, which the worker then processes."""

from json import JSONDecodeError

from starlette.requests import Request
from starlette.responses import JSONResponse

from app.actions.documents import add_document


async def post(request: Request) -> JSONResponse:
    """Take {"title", "file_name", "file_type"} as JSON."""
    try:
        sent = await request.json()
        fields = [str(sent[name]) for name in ("title", "file_name", "file_type")]
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        return JSONResponse({"error": "title, file_name and file_type are needed"}, 400)
    added = await add_document(*fields)
    return JSONResponse(added, 201 if added["success"] else 500)
