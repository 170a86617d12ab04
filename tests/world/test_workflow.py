from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.names import FEATURE, MIGRATION, VERSION
from kit.process.shell import Ran
from kit.repos import STARTER
from kit.timeline import CommandRan
from kit.world import workflow
from kit.world.snapshot import Snapshot
from kit.world.workflow import PHASES, QUESTIONS, Edit, Phase, Predicate, Run, Step

FILE = tomllib.loads(Path(workflow.__file__).with_suffix(".toml").read_text(encoding="utf-8"))

STEPS = [step for phase in PHASES for step in phase.steps]
PREDICATES = [
    pytest.param(step, predicate, id=f"{step.number} {predicate.says}")
    for step in STEPS
    for predicate in step.predicates
]
MEANT_TO_FAIL = {"7.2b"}
ACTIONS = [
    {"dev"},
    {"production"},
    {"edit", "source"},
    {"edit", "source", "append"},
    {"wait"},
    {"visitors"},
    {"open"},
]


def test_every_word_of_the_file_is_known() -> None:
    assert FILE.keys() == {"phases", "steps"}
    assert all(facts.keys() == {"title", "done"} for facts in FILE["phases"].values())
    assert all(facts.keys() - {"title", "then"} in ACTIONS for facts in FILE["steps"].values())
    assert len(FILE["steps"]) == len(STEPS)


def test_every_question_is_asked() -> None:
    asked = {name for facts in FILE["steps"].values() for name in facts.get("then", {}).values()}

    assert asked | {facts["done"] for facts in FILE["phases"].values()} == QUESTIONS.keys()


def test_there_are_seven_phases_with_the_workflows_own_numbers() -> None:
    assert [phase.number for phase in PHASES] == [1, 2, 3, 4, 5, 6, 7]
    assert list(dict.fromkeys(re.sub("[a-z]$", "", step.number) for step in STEPS)) == [
        "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "4.1", "4.2",
        "5.1", "5.2", "5.3", "5.4", "6.1", "6.2", "7.1", "7.2",
    ]  # fmt: skip


def test_each_step_has_a_number_of_its_own_in_order() -> None:
    numbers = [step.number for step in STEPS]

    assert len(set(numbers)) == len(numbers)
    assert numbers == sorted(numbers)
    for phase in PHASES:
        assert all(step.number.startswith(f"{phase.number}.") for step in phase.steps)


def test_parts_of_a_step_have_one_title() -> None:
    titles: dict[str, set[str]] = {}
    for step in STEPS:
        titles.setdefault(step.number.rstrip("abcdefg"), set()).add(step.title)

    assert {number for number, title in titles.items() if len(title) > 1} == set()


def test_each_step_of_a_number_ends_with_something_to_check() -> None:
    checked = {step.number.rstrip("abcdefg") for step in STEPS if step.predicates}
    missing = {step.number.rstrip("abcdefg") for step in STEPS} - checked

    assert missing <= {"3.1"}  # a file that is half of a change


@pytest.mark.parametrize(
    "step", [step for step in STEPS if isinstance(step.action, Edit)], ids=lambda step: step.number
)
def test_what_is_written_is_in_the_starter(step: Step) -> None:
    assert isinstance(step.action, Edit)
    assert (STARTER / step.action.source).is_file()


def test_the_names_agree() -> None:
    assert f"/{VERSION}_" in MIGRATION
    assert any(isinstance(one.action, Run) and FEATURE in one.action.text for one in STEPS)


@pytest.mark.parametrize(("step", "predicate"), PREDICATES)
def test_each_sentence_is_true_after_its_step(
    snapshots: Callable[[str], Snapshot], step: Step, predicate: Predicate
) -> None:
    assert predicate.says.endswith(".")
    assert predicate.holds(snapshots(step.number))


@pytest.mark.parametrize(("step", "predicate"), PREDICATES)
def test_each_sentence_can_be_untrue(
    snapshots: Callable[[str], Snapshot], step: Step, predicate: Predicate
) -> None:
    assert step.predicates
    elsewhere = ["", *(other.number for other in STEPS)]

    assert not all(predicate.holds(snapshots(number)) for number in elsewhere)


@pytest.mark.parametrize(("step", "predicate"), PREDICATES)
def test_each_sentence_can_be_asked_of_any_world(
    snapshots: Callable[[str], Snapshot], step: Step, predicate: Predicate
) -> None:
    # Notebooks are opened out of order, steps are left out.
    assert step.predicates
    for number in ("", *(other.number for other in STEPS)):
        assert predicate.holds(snapshots(number)) in (True, False)


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: f"phase {phase.number}")
def test_a_phase_is_done_after_its_last_step_and_not_before_its_first(
    snapshots: Callable[[str], Snapshot], phase: Phase
) -> None:
    steps = [step.number for step in STEPS]
    first, last = phase.steps[0].number, phase.steps[-1].number
    before = steps[steps.index(first) - 1] if first in steps[1:] else ""

    assert not phase.done(snapshots(before))
    assert all(phase.done(snapshots(number)) for number in steps[steps.index(last) :])


def test_all_commands_succeed_but_one_that_is_meant_to_fail(played: list[tuple[Step, Ran, Snapshot]]) -> None:
    assert {step.number for step, ran, _ in played if ran.exit} == MEANT_TO_FAIL


def test_the_journal_holds_the_commands_in_their_order(played: list[tuple[Step, Ran, Snapshot]]) -> None:
    *_, (_, _, end) = played

    assert [one.command for one in end.timeline.only(CommandRan)] == [step.action.text for step in STEPS]
