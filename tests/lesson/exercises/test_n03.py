from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.lesson.exercise import Assessment

pytestmark = pytest.mark.exercises

PAGE = "src/app/read/[id]/page.py"
SERVE = 'lab.dev.run("npm run dev")'


def page(*lines: str) -> str:
    """Write the reader page with these lines before what it shows, and serve it."""
    body = "".join(f"    {line}\n" for line in lines)
    text = (
        "from app.actions.documents import update_last_viewed\n"
        "from components.document_reader import document_reader\n\n\n"
        f'async def page(params):\n{body}    return await document_reader(document_id=params["id"])\n'
    )
    return f"lab.dev.write({PAGE!r}, {text!r})\n{SERVE}"


ADD = "ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ"
CALL = 'result = await update_last_viewed(params["id"])'
RAISE = 'raise RuntimeError("not saved")'
WRONG = {
    "3a": {
        "nothing": "",
        "served again, unchanged": SERVE,
        "an error in any case": page(CALL, RAISE),
        "an error without asking": page(RAISE),
        "the wrong way round": page(CALL, 'if result["success"]:', f"    {RAISE}"),
        "only printed": page(CALL, 'if not result["success"]:', '    print("not saved")'),
        "not served again": page(CALL, 'if not result["success"]:', f"    {RAISE}").replace(SERVE, ""),
        "a page that does not start": page("if"),
        "nothing written, and nothing lost": page(),
        "the column brought back": (
            page(CALL, 'if not result["success"]:', f"    {RAISE}")
            + f"""\nlab.dev.run('psql "$LOCAL_DB_URL" -c "{ADD}"')"""
        ),
        "no longer recorded": page(
            'result = {"success": False}', 'if not result["success"]:', f"    {RAISE}"
        ),
        "not awaited": page(
            'result = update_last_viewed(params["id"])', 'if not result["success"]:', f"    {RAISE}"
        ),
    },
    "3b": {
        "nothing typed": "answer = ...",
        "all of them": "answer = 200",
        "none": "answer = 0",
        "a word": 'answer = "many"',
        "what was listed": """
answer = lab.dev.run('psql "$LOCAL_DB_URL" -c "SELECT title FROM documents"')""",
        "counted in the cloud": """answer = lab.dev.run('psql "$CLOUD_DB_URL" -Atc "SELECT 0"')""",
    },
}
RIGHT = {
    "3a": {
        "asserted": page('assert (await update_last_viewed(params["id"]))["success"]'),
        "another exception, in a line": page(CALL, 'if result != {"success": True}:', "    1 / 0"),
        "shown first, then raised": page(
            CALL,
            'html = await document_reader(document_id=params["id"])',
            'if result["success"]:',
            "    return html",
            RAISE,
        ),
        "the action lets the error through": """
code = lab.dev.read("src/app/actions/documents.py").text
start = code.index("async def update_last_viewed")
head, rest = code[:start], code[start:]
rest = rest.replace('return {"success": False}', "raise", 1)
lab.dev.write("src/app/actions/documents.py", head + rest)
lab.dev.run("npm run dev")""",
        "edited by the shell": """
mend = r"s/^    await update_last_viewed.*/    assert (&)[\\x22success\\x22]/; s/(    await/(await/"
lab.dev.run(f"sed -i '{mend}' 'src/app/read/[id]/page.py'")
lab.dev.run("npm run dev")""",
    },
    "3b": {
        "text": 'answer = " 1 "',
        "a word": 'answer = "one"',
        "as psql printed it": """
answer = lab.dev.run('psql "$LOCAL_DB_URL" -c "SELECT count(last_viewed) FROM documents"')""",
        "after one more": f'{SERVE}\nlab.open_page("dev", title="Against Rivers")\nanswer = 2',
    },
}


def test_a_wrong_solution_is_not_done(wrong: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assert not solve(*wrong).holds


def test_an_unusual_solution_is_done(right: tuple[str, str], solve: Callable[..., Assessment]) -> None:
    assessment = solve(*right)
    assert assessment.holds, repr(assessment)


def test_there_are_enough_of_both(require_enough: Callable[..., None]) -> None:
    require_enough(WRONG, RIGHT)
