"""A page that stays open in somebody's browser while production becomes another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.errors import BadInput
from kit.names import READER_PAGE
from kit.world.engine import Engine
from kit.world.page import Form, find_forms
from kit.world.tab import Tab

At = Callable[[int], Engine]
ROUTE = "src/app/api/documents/[id]/route.py"
POST = """from urllib.parse import parse_qs

from starlette.responses import JSONResponse

from lib import database
from lib.request import request_time


async def post(request):
    for column in parse_qs((await request.body()).decode()).values():
        sql = f"UPDATE documents SET {column[0]} = %s WHERE id = %s"
        await database.execute(sql, [request_time(), request.path_params["id"]])
    return JSONResponse({"saved": True})
"""
PAGE = """async def page(params):
    return (
        f'<form method="post" action="/api/documents/{params["id"]}">'
        '<input type="hidden" name="column" value="last_viewed"><button>Mark as read</button></form>'
    )
"""


def deploy(world: Engine, **files: str) -> None:
    for path, text in files.items():
        world.write("dev", path, text)
    assert world.run("dev", "git add -A && git commit -qm change && git push -q origin HEAD:main").exit == 0
    world.advance(36)


def test_a_tab_goes_on_with_the_code_that_it_came_with(at: At) -> None:
    world = at(8)
    world.run("dev", "git checkout -q main")
    deploy(world, **{ROUTE: POST, READER_PAGE: PAGE})
    tab = Tab(world, "My Test Document")
    assert repr(tab) == (f"a tab with 'My Test Document', as {world.host.live[:7]} served it: [Mark as read]")
    assert tab.press("Mark as read").status == 200
    assert world.observe().cloud.viewed

    deploy(world, **{READER_PAGE: "async def page():\n    return '<p>new</p>'\n"})
    with world.server.connect("cloud", role="migrator") as connection:
        connection.execute("ALTER TABLE documents DROP COLUMN last_viewed")

    assert tab.press("Mark as read").status == 500
    assert "last_viewed" in world.log("production").read_text()
    assert world.host.live != tab.commit
    assert "nothing to press" in repr(Tab(world, "My Test Document"))


def test_what_is_not_there_cannot_be_pressed(at: At) -> None:
    world = at(1)

    with pytest.raises(BadInput):
        Tab(world, "My Test Document").press("Save")


@pytest.mark.parametrize(
    ("page", "forms"),
    [
        ("<form><input name=q><button>Search</button></form>", ()),
        ("<p>no form</p>", ()),
        (
            (
                '<form method="POST" action="/a"><input name="x" value="1&amp;2">'
                "<button>Do <b>it</b></button></form>"
            ),
            (Form(action="/a", fields={"x": "1&2"}, button="Do it"),),
        ),
        ('<form method="post"><button></button></form>', (Form(action="", button=""),)),
    ],
)
def test_forms_that_post_are_found(page: str, forms: tuple[Form, ...]) -> None:
    assert find_forms(page) == forms
