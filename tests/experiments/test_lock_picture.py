from __future__ import annotations

from kit.experiments.queue import SessionSeen, draw_queue, format_queue

QUEUE = (
    SessionSeen(who="idle transaction", state="HOLDS", lock="ACCESS SHARE", statement="SELECT 1"),
    SessionSeen(
        who="migration",
        state="waits for",
        lock="ACCESS EXCLUSIVE",
        behind=("idle transaction",),
        statement="A",
    ),
    SessionSeen(who="reader", state="waits for", lock="ACCESS SHARE", behind=("migration",), statement="B"),
    SessionSeen(who="writer", state="goes on", lock="ROW EXCLUSIVE", statement="C"),
)


def test_whoever_waits_stands_below_the_one_it_waits_for() -> None:
    assert format_queue(QUEUE).splitlines() == [
        "idle transaction  HOLDS      ACCESS SHARE      SELECT 1",
        "└─ migration      waits for  ACCESS EXCLUSIVE  A",
        "   └─ reader      waits for  ACCESS SHARE      B",
        "writer            goes on    ROW EXCLUSIVE     C",
    ]


def test_boxes_are_nested_as_the_text_is() -> None:
    shown = draw_queue(QUEUE)

    assert shown.count("margin-left") == 2
    assert shown.index("idle transaction") < shown.index("migration") < shown.index("reader")
    assert shown.count("<div") == shown.count("</div>")


def test_no_line_is_wider_than_a_notebook() -> None:
    long = SessionSeen(who="migration", state="HOLDS", lock="SHARE", statement="CREATE INDEX " + "x" * 900)

    assert max(map(len, format_queue([long]).splitlines())) == 100


def test_foreign_text_runs_no_script_and_breaks_no_line() -> None:
    bad = "<img src=x onerror=alert(1)>\x1b[2J\n"
    session = SessionSeen(who=bad, state="HOLDS", lock="SHARE", statement=bad)

    assert "<img" not in draw_queue([session])
    assert "&lt;img" in draw_queue([session])
    assert "\x1b" not in format_queue([session])
    assert len(format_queue([session]).splitlines()) == 1


def test_nobody_at_the_table_is_said() -> None:
    assert format_queue([]) == "nobody is at the table"
    assert "nobody is at the table" in draw_queue([])


def test_who_waits_has_a_dashed_edge_and_a_notebook_keeps_it_that_nobody_has_trusted() -> None:
    shown = draw_queue(QUEUE)

    assert shown.count("border:2px dashed") == 2
    assert shown.count("border:2px solid") == shown.count("border:1px solid") == 1
    assert "var(" not in shown
    assert "<style" not in shown
