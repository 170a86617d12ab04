from __future__ import annotations

import pytest

from kit.errors import BadInput
from kit.experiments.queue import Queue, RoundTrip, SessionSeen, Stretch, Watched
from kit.process.shell import Ran

HOLDS = SessionSeen(who="migration", state="HOLDS", lock="SHARE", statement="CREATE INDEX")
WAITS = SessionSeen(
    who="writer", state="waits for", lock="ROW EXCLUSIVE", behind=("migration",), statement="U"
)
BUILD = Stretch(queue=Queue((HOLDS, WAITS)), begin=10.0, end=12.0)


def watched(*stretches: Stretch, exit_code: int = 0) -> Watched:
    return Watched(
        ran=Ran(command="npx supabase db push", output="", exit=exit_code),
        began=9.0,
        stretches=stretches,
        answers=(
            RoundTrip(who="reader", asked=1.0, answered=1.25),
            RoundTrip(who="writer", asked=1.0, answered=1.5),
            RoundTrip(who="reader", asked=10.0, answered=10.5),
            RoundTrip(who="reader", asked=11.0, answered=11.5),
            RoundTrip(who="reader", asked=11.75, answered=12.5),
            RoundTrip(who="writer", asked=9.5, answered=12.5),
        ),
    )


def test_the_picture_is_the_queue_that_stood_for_longest() -> None:
    moment = Stretch(queue=Queue((HOLDS,)), begin=9.0, end=10.0)
    nobody = Stretch(queue=Queue(), begin=12.0, end=99.0)

    assert watched(moment, BUILD, nobody).queue == BUILD.queue
    assert watched(nobody).queue == Queue()


def test_answers_are_counted_where_they_began_and_ended_while_it_stood() -> None:
    seen = watched(BUILD)

    assert (seen.answered("reader"), seen.answered("writer")) == (2, 0)
    assert (seen.waits("reader"), seen.waits("writer")) == (False, True)


def test_the_usual_is_from_before_the_command_and_the_slowest_from_during_it() -> None:
    seen = watched(BUILD)

    assert (seen.usual("reader"), seen.slowest("reader")) == (0.25, 0.75)
    assert (seen.usual("writer"), seen.slowest("writer")) == (0.5, 3.0)


def test_those_who_pass_are_drawn_too() -> None:
    assert repr(watched(BUILD)).splitlines() == [
        "$ npx supabase db push",
        "",
        "migration  HOLDS      SHARE          CREATE INDEX",
        "└─ writer  waits for  ROW EXCLUSIVE  U",
        "reader     goes on    ACCESS SHARE   SELECT title FROM documents WHERE id = $1",
        "",
        "reads go on, writes wait",
    ]
    assert "reads go on, writes wait" in watched(BUILD)._repr_html_()


def test_a_command_that_failed_is_told() -> None:
    assert repr(watched(exit_code=1)).splitlines()[-1] == "exit code 1, reads go on, writes go on"


def test_only_two_can_be_asked_for() -> None:
    with pytest.raises(BadInput, match="Nobody called 'worker'"):
        watched().waits("worker")
