from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from kit.errors import BadInput, ProcessFailed, Stopped
from kit.experiments import rehearsal as module
from kit.experiments.changes import CHANGES, ChangeName, recipe
from kit.experiments.orders import DEPLOY_ORDERS, DeployOrder
from kit.experiments.prediction import measure, planned_pushes, planned_span, predict
from kit.experiments.rehearsal import Plan, Rehearsal, rehearse
from kit.process import wait_until
from kit.timeline import (
    CommandRan,
    Deployed,
    MigrationApplied,
    PageView,
    RefMoved,
    Timeline,
    first_push,
)
from kit.timeline.journal import dump_records
from kit.world.engine import Engine
from kit.world.open import open_at

Rehearsed = Callable[[Plan], Rehearsal]


@pytest.fixture(scope="module", autouse=True)
def checkpoints() -> None:
    """Build the checkpoints on the virtual clock, once."""
    open_at(5, scratch=True).engine.close()


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the worlds of one test a folder with a short path of its own."""
    with tempfile.TemporaryDirectory(prefix="s-") as name:
        Path(name).chmod(0o711)
        monkeypatch.setenv("TMPDIR", name)
        yield Path(name)


def running_in(folder: Path) -> list[list[str]]:
    """Return the processes that speak of a folder."""
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if any(str(folder) in word for word in line)]


def test_the_timeline_so_far_grows_while_a_rehearsal_runs() -> None:
    seen: list[Callable[[], Timeline]] = []
    told: list[int] = []
    measured = rehearse(
        Plan(build=0.5, wait=1, rate=20, clock="wall"),
        progress=lambda _: told.append(len(seen)),
        watch=seen.append,
    )
    assert told[-1] == 0  # visitors come after the last word
    assert len(seen) == 1
    assert seen[0]() == measured.timeline


def test_a_rehearsal_that_is_stopped_ends_at_once_and_leaves_nothing(folder: Path) -> None:
    stop, watching = threading.Event(), threading.Event()
    seen: list[Timeline] = []

    def watch(look: Callable[[], Timeline]) -> None:
        def wait_and_stop() -> None:
            deadline = time.monotonic() + 20
            while not look().only(PageView) and time.monotonic() < deadline:
                watching.wait(0.05)
            seen.append(look())
            stop.set()

        threading.Thread(target=wait_and_stop).start()

    began = time.monotonic()
    with pytest.raises(Stopped):
        rehearse(Plan(build=60, wait=600, clock="wall"), watch=watch, stop=stop)
    assert time.monotonic() - began < 30
    assert seen[0].only(PageView)
    assert list(folder.iterdir()) == []
    assert wait_until(lambda: not running_in(folder), seconds=60, every=0.05)  # the reaper's own last moment


def test_a_rehearsal_may_be_stopped_before_it_begins() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        rehearse(Plan(), stop=stop)


def test_on_the_virtual_clock_a_rehearsal_can_be_stopped_too() -> None:
    stop = threading.Event()

    def watch(_: Callable[[], Timeline]) -> None:
        stop.set()

    with pytest.raises(Stopped):
        rehearse(Plan(), watch=watch, stop=stop)


# What is measured


def comparable(timeline: Timeline) -> str:
    """Everything that was recorded, but for the real time that answers took."""
    return dump_records(
        replace(record, took=0.0) if isinstance(record, PageView) else record for record in timeline
    )


@pytest.fixture(scope="module")
def code_first(rehearsed: Rehearsed) -> Rehearsal:
    """The workflow's own timeline."""
    return rehearsed(Plan(order="code-first", wait=36))


def test_code_first_is_broken_from_live_to_migrated(code_first: Rehearsal) -> None:
    facts = code_first.facts()

    assert facts["wait_s"] == 36
    assert facts["windows"] == [{"start_s": 35.0, "end_s": 38.0}]
    assert facts["truth_s"] == 3.0
    assert abs(facts["broken_s"] - facts["truth_s"]) <= 1 / 20
    assert facts["requests"] == {"total": 840, "ok": 780, "failed": 0, "lost": 60, "blocked": 0}
    assert facts["first_error"] == {
        "sqlstate": "42703",
        "message": 'column "last_viewed" of relation "documents" does not exist',
    }


def test_what_is_shown_does_not_depend_on_how_long_answers_took(code_first: Rehearsal) -> None:
    slower = Timeline.of(
        replace(record, took=record.took + 7.0) if isinstance(record, PageView) else record
        for record in code_first.timeline
    )

    assert repr(slower) == repr(code_first.timeline)
    assert replace(code_first, timeline=slower).facts() == code_first.facts()


def test_lost_views_are_those_that_the_database_misses(at: Callable[[int], Engine]) -> None:
    # With two a second each visitor has a document to himself: no later view hides a lost one.
    world, plan = at(5), Plan(wait=36, rate=2)
    made = recipe(plan.change, plan.handling)
    module.prepare(world, made, plan)
    module.make_commit(world, made.whole)
    world.journal.replace(Timeline())
    world.visit(2)
    for _ in module.deploy_plainly(world, plan):
        pass

    views = world.timeline.only(PageView)
    new = [view for view in views if view.commit == world.host.live]
    assert len({view.document for view in views}) == len(views)
    with world.server.connect("cloud") as connection:
        missing = connection.execute(
            "SELECT id::text FROM documents WHERE id = ANY(%s::uuid[]) AND last_viewed IS NULL",
            [[view.document for view in new]],
        ).fetchall()
    assert {view.document for view in new if view.outcome == "lost"} == {row[0] for row in missing}
    assert len(missing) == 6
    assert all(view.outcome == "ok" for view in views if view not in new)


def test_on_the_wall_clock_visitors_see_the_window_that_there_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAD_S", 0.7)
    # A seventh of the build is what the new code has to start: with less, a busy machine is live late.
    rehearsal = rehearse(Plan(clock="wall", build=6, wait=7, rate=50))
    facts = rehearsal.facts()

    (window,) = facts["windows"]
    # The wait counts from the start of the command, the window from when GitHub has the commit.
    git, database = (one for one in rehearsal.timeline.only(CommandRan) if "push" in one.command)
    assert database.at - git.at >= 7
    zero = first_push(rehearsal.timeline)
    assert zero is not None
    # To within the gap between two visitors, at both ends, and what one answer takes.
    assert abs(facts["broken_s"] - facts["truth_s"]) <= 2 / 50 + 0.1
    assert window["start_s"] >= 6 - 1 / 50
    assert window["end_s"] >= database.at - zero - 1 / 50
    assert facts["requests"]["lost"] > 0
    assert facts["requests"]["failed"] == facts["requests"]["blocked"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"change": "nothing"},
        {"order": "backwards"},
        {"order": None},
        {"handling": "whispering"},
        {"clock": "sun"},
        {"clock": ["wall"]},
        {"build": 0},
        {"build": -1},
        {"build": float("nan")},
        {"build": 3601},
        {"rate": 0},
        {"rate": 201},
        {"rate": "20"},
        {"wait": -1},
        {"wait": float("inf")},
        {"wait": "2"},
        {"order": "together", "wait": 3},
        {"order": "schema-first", "wait": 3},
    ],
)
def test_a_plan_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refused:
        Plan(**wrong)

    assert refused.value.remedy


def test_a_command_that_fails_ends_the_rehearsal_and_says_which(at: Callable[[int], Engine]) -> None:
    with pytest.raises(ProcessFailed, match=r"git merge -q --no-edit .* failed") as failure:
        module.make_commit(at(1), recipe("add", "silent").whole)

    assert failure.value.why


# What is measured, for each change in each order

BUILD = 7.0
FROM_LIVE_TO_APPLIED = (7.0, 10.0)  # code-first: db push starts a second after it is live, and takes 2 s
SCHEMA_FIRST = (0.0, 7.0)  # from applied to live; git push waits for db push
TOGETHER = (2.0, 7.0)
BREAKS: dict[ChangeName, dict[DeployOrder, tuple[float, float]]] = {
    "add": {"code-first": FROM_LIVE_TO_APPLIED},
    "drop": {"schema-first": SCHEMA_FIRST, "together": TOGETHER},
    "rename": {"code-first": FROM_LIVE_TO_APPLIED, "schema-first": SCHEMA_FIRST, "together": TOGETHER},
}
WAITS: dict[DeployOrder, float] = {"code-first": 8, "schema-first": -2, "together": 0}
LAST_MIGRATION: dict[ChangeName, float] = {"add": 0, "drop": 8, "rename": 5 * 8}
RATES: dict[DeployOrder, float] = {"expand-contract": 4}  # where nothing breaks, few will do
RATE = 10.0
SILENT = [
    Plan(change=change, order=order, build=BUILD, rate=RATES.get(order, RATE))
    for change in CHANGES
    for order in DEPLOY_ORDERS
]
LOUD = [
    Plan(change="add", order="code-first", build=BUILD, rate=RATE, handling="loud"),
    Plan(change="drop", order="schema-first", build=BUILD, rate=RATE, handling="loud"),
    Plan(change="rename", order="together", build=BUILD, rate=RATE, handling="loud"),
    Plan(change="rename", order="expand-contract", build=BUILD, rate=4, handling="loud"),
]


def each(plans: list[Plan]) -> pytest.MarkDecorator:
    ids = [f"{plan.change}, {plan.order}, {plan.handling}" for plan in plans]
    return pytest.mark.parametrize("plan", plans, ids=ids)


@each(SILENT + LOUD)
def test_which_order_breaks_which_change(rehearsed: Rehearsed, plan: Plan) -> None:
    facts = rehearsed(plan).facts()
    assert (facts["change"], facts["order"], facts["handling"]) == (plan.change, plan.order, plan.handling)
    assert facts["wait_s"] == WAITS.get(plan.order, LAST_MIGRATION[plan.change])
    requests, window = facts["requests"], BREAKS[plan.change].get(plan.order)
    broken = "lost" if plan.handling == "silent" else "failed"
    if window is None:
        assert (facts["windows"], facts["broken_s"], facts["truth_s"]) == ([], 0, 0)
        assert requests["ok"] == requests["total"] > BUILD * plan.rate
        assert facts["first_error"] is None
        return
    start, end = window
    assert facts["truth_s"] == end - start
    (seen,) = facts["windows"]
    assert (seen["start_s"], seen["end_s"]) == pytest.approx(window, abs=1 / plan.rate)
    assert requests[broken] == pytest.approx((end - start) * plan.rate, abs=1)
    assert requests["ok"] == requests["total"] - requests[broken]
    assert facts["first_error"]["sqlstate"] == "42703"
    # New code misses the new name; old code misses the old one.
    missing = "viewed_at" if (plan.change, plan.order) == ("rename", "code-first") else "last_viewed"
    assert f'column "{missing}"' in facts["first_error"]["message"]
    statuses = {view.status for view in rehearsed(plan).timeline.only(PageView) if view.outcome == broken}
    assert statuses == ({200} if broken == "lost" else {500})


@each(SILENT)
def test_the_prediction_agrees_with_what_is_measured(rehearsed: Rehearsed, plan: Plan) -> None:
    measured, expected = rehearsed(plan), predict(plan)
    seen = measure(measured.timeline, plan)
    assert seen
    assert measured.facts()["broken_s"] == pytest.approx(expected.broken_s, abs=0.05)
    assert [mark.text for mark in seen.marks] == [push.text for push in planned_pushes(plan)]
    assert [mark.at for mark in seen.marks] == pytest.approx([push.at for push in planned_pushes(plan)])
    for spans, turns in ((seen.code, expected.code), (seen.schema, expected.schema)):
        assert [span.start for span in spans[1:]] == pytest.approx([turn.at for turn in turns[1:]])
    assert (seen.start, seen.now) == pytest.approx(planned_span(plan), abs=0.1)


def test_two_rehearsals_on_the_virtual_clock_are_equal(rehearsed: Rehearsed) -> None:
    """Those of the notebooks too: each run of them must show what is stored."""
    plan = SILENT[0]
    first, second = rehearsed(plan), rehearse(plan)
    assert comparable(first.timeline) == comparable(second.timeline)
    assert json.dumps(first.facts()) == json.dumps(second.facts())
    assert repr(first) == repr(second)


def test_expand_and_contract_pushes_each_step_after_the_one_before_is_live(rehearsed: Rehearsed) -> None:
    rehearsal = rehearsed(SILENT[-1])
    timeline = rehearsal.timeline
    pushes = [one.at for one in timeline.only(RefMoved) if one.repository == "github"]
    zero = pushes[0]
    assert [at - zero for at in pushes] == pytest.approx([0, 8, 16, 24, 32, 40])
    live = [(one.at - zero, one.commit) for one in timeline.only(Deployed) if one.stage == "live"]
    assert [at for at, _ in live] == pytest.approx([7, 15, 23, 31, 39, 47])
    assert [rehearsal.writes[commit] for _, commit in live] == [
        {"last_viewed"},
        {"last_viewed", "viewed_at"},
        {"last_viewed", "viewed_at"},
        {"last_viewed", "viewed_at"},
        {"viewed_at"},
        {"viewed_at"},
    ]
    applied = [(round(one.at - zero, 3), one.name) for one in timeline.only(MigrationApplied)]
    assert applied == [
        (2, "add_document_viewed_at"),
        (18, "backfill_document_viewed_at"),
        (42, "drop_document_last_viewed"),
    ]
    answered = {view.commit for view in timeline.only(PageView)}
    assert answered == {rehearsal.old, *(commit for _, commit in live)}  # each was seen, none was broken


def test_on_the_wall_clock_too_nothing_breaks_between_the_steps() -> None:
    rehearsal = rehearse(Plan(change="drop", order="expand-contract", build=0.5, clock="wall"))
    facts = rehearsal.facts()
    assert facts["requests"]["ok"] == facts["requests"]["total"] > 0
    assert (facts["windows"], facts["truth_s"]) == ([], 0)
