from __future__ import annotations

import pytest

from kit import World, exercise, judge
from kit.lesson.exercise import Exercise
from kit.lesson.exercises import EXERCISES

FILE = "supabase/migrations/20250127090000_mine.sql"
ACTIONS = "src/app/actions/documents.py"
CODE, SCHEMA = "git push origin main", "npx supabase db push --linked"


def write_change(lab: World) -> None:
    lab.dev.write(FILE, "ALTER TABLE documents ADD COLUMN views integer NOT NULL DEFAULT 0;")
    code = lab.dev.read(ACTIONS).text
    lab.dev.write(ACTIONS, code.replace("SET last_viewed = %s", "SET last_viewed = %s, views = views + 1"))
    lab.dev.run("git add -A && git commit -qm 'feat: count views'")


def test_a_deploy_without_a_broken_view_passes(lab: World) -> None:
    write_change(lab)
    change = judge(lab)
    assert "are not live" in repr(change.outcome())
    lab.visitors(rate=5)
    lab.advance(1)
    lab.dev.run(SCHEMA)
    assert repr(change.outcome()) == f"Not yet: {ACTIONS} is not live."
    lab.dev.run(CODE)
    lab.advance(37)

    assert change.outcome().passed
    assert repr(change.outcome()) == ("Passed: code and schema are live, and all of 200 page views were ok.")
    assert judge(lab).empty


def test_a_deploy_that_breaks_a_view_shows_its_window(lab: World) -> None:
    write_change(lab)
    change = judge(lab)
    lab.visitors(rate=5)
    lab.advance(1)
    lab.dev.run(CODE)
    lab.advance(36)
    lab.dev.run(SCHEMA)
    lab.advance(1)

    outcome = change.outcome()

    assert not outcome.passed
    assert repr(outcome).startswith("Broken for 3 s: 0 failed, 15 lost of ")
    assert "15 LOST  42703" in repr(outcome)
    assert "broken 3.0 s" in repr(outcome)


def test_without_visitors_nobody_knows(lab: World) -> None:
    write_change(lab)
    change = judge(lab)
    lab.dev.run(f"{SCHEMA} && {CODE}")
    lab.advance(37)

    assert repr(change.outcome()).startswith("Not yet: nobody was there to notice.")


def test_no_change_is_no_deploy(lab: World) -> None:
    assert repr(judge(lab).outcome()).startswith("Not yet: nothing was deployed")


def before(one: Exercise) -> str:
    """Return what comes before an exercise, with as many visitors as it takes to see three seconds."""
    assert "lab.visitors(rate=20)" in one.before
    return one.before.replace("rate=20", "rate=5")


ONE_MIGRATION = """
ALTER TABLE documents ADD COLUMN viewed_by UUID;
UPDATE documents SET viewed_by = user_id WHERE last_viewed IS NOT NULL;
ALTER TABLE documents ADD CHECK ((last_viewed IS NULL) = (viewed_by IS NULL));
"""


DROP = """
lab.dev.write("supabase/migrations/20250127120000_drop_document_file_type.sql",
    "ALTER TABLE documents DROP COLUMN file_type;")
"""


@pytest.mark.parametrize(
    ("number", "wrong"),
    [
        ("11a", f'lab.dev.run("{CODE}")\nlab.advance(36)\nlab.dev.run("{SCHEMA}")\nlab.advance(1)\n'),
        (
            "11b",
            f'{DROP}lab.dev.run("git add -A && git commit -qm all && {CODE} && {SCHEMA}")\nlab.advance(37)\n',
        ),
        ("16b", f'lab.dev.run("{CODE}")\nlab.advance(36)\nlab.dev.run("{SCHEMA}")\nlab.advance(1)\n'),
    ],
)
def test_the_same_change_in_the_wrong_order_is_not_done(lab: World, number: str, wrong: str) -> None:
    one = EXERCISES[number]
    change, _, _ = one.solution.partition('lab.dev.run("npx')
    exec(f"{before(one)}\n{change}\n{wrong}", {"lab": lab})  # noqa: S102 - the kit's own text

    assert not exercise(lab, number).holds


@pytest.mark.parametrize("deploy", [f"{SCHEMA} && {CODE}", f"{CODE} ; {SCHEMA}"])
def test_what_has_to_be_taken_apart_breaks_when_it_is_not(lab: World, deploy: str) -> None:
    one = EXERCISES["16a"]
    _, _, rest = one.solution.partition("\ncode = ")
    code, _, _ = rest.partition("lab.dev.run(")
    lab.dev.write(FILE, ONE_MIGRATION)
    exec(f"{before(one)}\ncode = {code}", {"lab": lab})  # noqa: S102 - as above
    lab.dev.run(f"git add -A && git commit -qm all && {deploy}")
    lab.advance(37)

    assert not exercise(lab, "16a").holds


@pytest.mark.parametrize(
    ("number", "edited"),
    [
        pytest.param("11a", "\"({document['file_type']})\"", id="the page does not show it"),
        pytest.param("11b", '"(%s, %s, %s, %s, %s)"', id="nobody can upload any more"),
    ],
)
def test_half_a_change_is_not_done(lab: World, number: str, edited: str) -> None:
    one = EXERCISES[number]
    half = one.solution.replace(edited, '"what is nowhere in the file"', 1)
    assert half != one.solution
    exec(f"{before(one)}\n{half}", {"lab": lab})  # noqa: S102 - as above

    assert not exercise(lab, number).holds
