"""The exercises of phase 3: a failure that shows, and a test that asks the database."""

from __future__ import annotations

from kit.errors import BadInput
from kit.lesson.exercise import Attempt, Exercise
from kit.names import READER_PAGE

_SERVER_ERROR = 500


def _loud(attempt: Attempt) -> bool:
    seen = attempt.seen
    if "last_viewed" in seen.local.columns or not seen.dev_serving:
        return False
    page = attempt.world.dev.read(READER_PAGE).text
    try:
        answer = attempt.world.open_page("dev")
    except BadInput:
        return False
    return "update_last_viewed(" in page and answer.status >= _SERVER_ERROR


EXERCISES_3 = (
    Exercise(
        number="3a",
        task="Make a lost view an error that people see.",
        phase=4,
        holds=_loud,
        missing="a page that calls update_last_viewed, answers 500 where that fails, and is being served.",
        done="the page looks at the answer now. The same failure, and this time a monitor would see it.",
        hints=(
            'The action answers {"success": False}. Somebody has to look.',
            'Keep what it answers, and raise an error if not result["success"]. An uncaught one is a 500.',
        ),
        solution=f'''lab.dev.write("{READER_PAGE}", """
from app.actions.documents import update_last_viewed
from components.document_reader import document_reader


async def page(params):
    result = await update_last_viewed(params["id"])
    if not result["success"]:
        raise RuntimeError("last_viewed was not saved")
    return await document_reader(document_id=params["id"])
""")
lab.dev.run("npm run dev")''',
        before='lab.dev.run("npm run dev")\n'
        """lab.dev.run('psql "$LOCAL_DB_URL" -c "ALTER TABLE documents DROP COLUMN last_viewed"')""",
    ),
    Exercise(
        number="3b",
        task="How many documents have been viewed locally?",
        phase=4,
        holds=lambda attempt: attempt.answer == attempt.seen.local.viewed > 0,
        missing="the local database counts differently.",
        done="you asked the one witness who knows. In phase 7 you will ask the cloud the same question.",
        hints=(
            "An unread document has no last_viewed: it is NULL there.",
            "count(last_viewed) counts the rows in which it is not NULL.",
        ),
        solution='world.dev.run(\'psql "$LOCAL_DB_URL" -c "SELECT count(last_viewed) FROM documents"\')\n'
        "answer = 1",
    ),
)
