from __future__ import annotations

from collections.abc import Callable

from kit.timeline import (
    CommandRan,
    Deployed,
    MigrationApplied,
    Outcome,
    PageView,
    RefMoved,
    SchemaChanged,
    Timeline,
    WorkerChanged,
)
from kit.timeline.text import format_journal

Rehearse = Callable[..., Timeline]


def journal(timeline: Timeline, width: int = 100) -> list[str]:
    return format_journal(timeline.records, timeline.records[0].at, width)


def command(at: float, text: str = "git status", *, code: int = 0) -> CommandRan:
    return CommandRan(at=at, until=at, clone="dev", command=text, exit=code)


def view(at: float, outcome: Outcome = "ok", message: str = "") -> PageView:
    return PageView(at=at, took=0, document="d", commit="", status=200, outcome=outcome, message=message)


def test_every_kind_has_its_line() -> None:
    timeline = Timeline.of(
        [
            command(0, "npm test", code=2),
            RefMoved(at=1, repository="dev", branch="feature/x", old="", new="3f2a1c9aaa"),
            RefMoved(at=2, repository="github", branch="feature/x", old="3f2a1c9aaa", new=""),
            Deployed(at=3, commit="3f2a1c9aaa", branch="feature/x", target="preview", stage="live"),
            Deployed(
                at=4,
                commit="3f2a1c9aaa",
                branch="main",
                target="production",
                stage="failed",
                detail="no module\nx",
            ),
            MigrationApplied(at=9, database="local", version="071", name="add_x", committed=5.25),
            SchemaChanged(at=6, database="local", change="+x"),
            WorkerChanged(at=7, commit="3f2a1c9aaa", running=True),
            WorkerChanged(at=8, commit="3f2a1c9aaa", running=False),
        ]
    )
    records = sorted(timeline, key=lambda record: record.instant)
    assert format_journal(records, 0, 100) == [
        " 00:00      dev$    npm test  (exit 2)",
        "+00:01      dev     feature/x -> 3f2a1c9",
        "+00:02      github  feature/x deleted",
        "+00:03      host    live 3f2a1c9 (preview of feature/x)",
        r"+00:04      host    FAILED 3f2a1c9: no module\nx",
        "+00:05.2    local   + 071_add_x",
        "+00:06      local   documents +x",
        "+00:07      worker  started with 3f2a1c9",
        "+00:08      worker  stopped",
    ]


def test_a_long_command_is_cut_but_not_its_exit_code() -> None:
    (line,) = journal(Timeline.of([command(0, "echo " + "x" * 200, code=1)]), 60)
    assert line == "00:00    dev$  echo " + "x" * 27 + "...  (exit 1)"


def test_a_command_in_colours_or_many_lines_stays_one_line() -> None:
    (line,) = journal(Timeline.of([command(0, "printf '\x1b[2J'\nexit")]))
    assert line == r"00:00    dev$  printf '\x1b[2J'\nexit"


def test_what_mends_a_window_is_inside_its_bracket() -> None:
    timeline = Timeline.of([view(0), view(1, "lost"), command(1.9), view(2), command(3)])
    assert journal(timeline) == [
        " 00:00      visitors  1 ok",
        "+00:01    ┌ visitors  1 LOST",
        "+00:01.9  │ dev$      git status",
        "          └ broken for 1.0 s",
        "+00:02      visitors  1 ok",
        "+00:03      dev$      git status",
    ]


def test_a_window_that_has_not_ended() -> None:
    timeline = Timeline.of([view(0), view(1, "lost"), view(2, "lost"), command(3)])
    assert journal(timeline)[1:] == [
        "+00:01  ┌ visitors  2 LOST",
        "        └ broken for 1.5 s, not over at the last view",
        "+00:03    dev$      git status",
    ]


def test_kinds_of_errors_are_told_apart_up_to_a_limit() -> None:
    views = [view(number, "failed", f"reason {number % 7}") for number in range(14)]
    lines = journal(Timeline.of(views))
    assert lines[0] == " 00:00  ┌ visitors  2 FAILED (200)  reason 0"
    assert lines[3].endswith("2 FAILED (200)  reason 3")
    assert lines[4] == "+00:04  │ visitors  6 more, of 3 other kinds"
    assert len(lines) == 6


def test_sittings_of_good_views_are_told_apart() -> None:
    timeline = Timeline.of([view(0), view(0.5), view(7200), view(7201)])
    assert journal(timeline) == [
        "   00:00    visitors  2 ok",
        "+2:00:00    visitors  2 ok, until +2:00:01",
    ]


def test_views_that_alternate_are_one_bracket() -> None:
    timeline = Timeline.of([view(number, "lost" if number % 2 else "ok") for number in range(101)])
    assert journal(timeline) == [
        " 00:00    visitors  1 ok",
        "+00:01  ┌ visitors  50 LOST",
        "+00:02  │ visitors  49 ok, in between",
        "        └ broken 50 times, 50.0 s in all",
        "+01:40    visitors  1 ok",
    ]


def test_days_show_as_gaps() -> None:
    lines = journal(Timeline.of([command(0), command(3 * 86400)]))
    assert [line.strip() for line in lines] == [
        "00:00    dev$  git status",
        "... 3 d 0 h later ...",
        "+3d 00:00:00    dev$  git status",
    ]


def test_of_many_commands_the_last_ones_are_shown(rehearse: Rehearse) -> None:
    timeline = Timeline.of([*rehearse(), *(command(1000 + number) for number in range(1000))])
    lines = journal(timeline)
    assert len(lines) < 75
    assert lines[-1].startswith("+33:21")
    text = "\n".join(lines)
    assert text.count("┌") == text.count("└") == 1
    assert "live 3f2a1c9" in text
    assert "+ 20250126153000_add_document_last_viewed" in text
    assert "more events ..." in text
