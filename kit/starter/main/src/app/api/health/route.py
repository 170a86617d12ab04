"""GET /api/health: can this deployment reach its database?"""

from starlette.requests import Request
from starlette.responses import JSONResponse

from lib import database


async def get(_request: Request) -> JSONResponse:
    """Answer 200 if the database answers."""
    await database.fetch_one("SELECT 1")
    return JSONResponse({"ok": True})
