from __future__ import annotations

from kit import World, judge

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
