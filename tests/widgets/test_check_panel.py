from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from kit import World, exercise, open_world
from kit.errors import BadInput
from kit.lesson.exercise import Assessment, Condition
from kit.lesson.exercises import EXERCISES
from kit.process import wait_until
from kit.widgets import cell_events, check_panel
from kit.widgets.check_panel import DOUBLE_CLICK_S, Asked, CheckPanel, draw_assessment, draw_hint
from kit.world.home import recall

EVIL = "<img src=x onerror=alert(1)>"


def judged(number: str = "1b", *, holds: bool = False, hint: int | None = None) -> Assessment:
    seen = "There is no such branch."
    conditions = (Condition("The branch is there.", met=holds, seen=seen), Condition("So is main.", met=True))
    return Assessment(exercise=EXERCISES[number], conditions=conditions, hint=hint)


@dataclass
class Asker:
    """Answers as told, counts how often it was asked, and with what; `gate` holds an answer back."""

    holds: bool = False
    asked: list[object] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None

    def __call__(self, answer: object) -> Assessment:
        self.asked.append(answer)
        self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return judged(holds=self.holds)


@dataclass
class Hand:
    """A panel, and the time at which its buttons are pressed."""

    panel: CheckPanel
    asker: Asker
    now: float = 0.0

    def press(self, name: str, *, later: float = 1.0) -> None:
        self.now += later
        {"check": self.panel._check, "hint": self.panel._next}[name].click()

    def says(self, words: str) -> bool:
        return wait_until(lambda: words in self.text(), seconds=60, every=0.01)

    def text(self) -> str:
        parts = (self.panel._says, *self.panel._shown, self.panel._state)
        return "\n".join(part.value for part in parts)

    def hints(self) -> int:
        return sum(bool(part.value) for part in self.panel._shown)


@pytest.fixture
def make() -> Iterator[Callable[..., Hand]]:
    """Make panels; after the test their threads have ended."""
    made: list[Hand] = []

    def make(answer: object = None, hint: int | None = None, number: str = "1b") -> Hand:
        asker = Asker()
        asker.gate.set()
        verdict = judged(number, hint=hint)
        hand = Hand(CheckPanel(verdict, ask=asker, answer=answer, clock=lambda: hand.now), asker)
        made.append(hand)
        return hand

    yield make
    for hand in made:
        hand.asker.gate.set()
        hand.panel.close()
    assert wait_until(lambda: not threads(), seconds=60, every=0.02)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "kit-check"]


def test_a_panel_that_nobody_presses_has_no_thread(make: Callable[..., Hand]) -> None:
    make()
    assert threads() == []


def test_check_asks_the_world_again(make: Callable[..., Hand]) -> None:
    hand = make()
    hand.press("check")
    assert hand.says("Asked again: nothing has changed.")
    hand.asker.holds = True
    hand.press("check")
    assert hand.says("<strong>Done:</strong>")
    assert hand.says("Asked again.")
    assert (hand.hints(), hand.panel._next.disabled) == (0, True)
    hand.asker.holds = False
    hand.press("check")
    assert hand.says("<strong>Not yet:</strong>")
    assert (hand.hints(), hand.panel._next.disabled) == (0, False)
    assert len(hand.asker.asked) == 3


def test_hints_come_in_three_steps_and_the_last_is_the_solution(make: Callable[..., Hand]) -> None:
    hand = make()
    assert hand.hints() == 0
    hand.press("hint")
    assert hand.says("Hint 1 of 3:")
    hand.press("hint")
    assert hand.says("Hint 2 of 3:")
    assert "git cherry-pick homepage-and-search" not in hand.text()
    assert not hand.panel._next.disabled
    hand.press("hint")
    assert hand.says("git cherry-pick homepage-and-search")
    assert wait_until(lambda: bool(hand.panel._next.disabled), seconds=60, every=0.01)
    assert hand.asker.asked == []


def test_the_call_may_begin_with_a_later_hint(make: Callable[..., Hand]) -> None:
    assert make(hint=2).hints() == 2


def test_a_double_click_is_one_click(make: Callable[..., Hand]) -> None:
    hand = make()
    hand.press("hint")
    hand.press("hint", later=DOUBLE_CLICK_S / 2)
    hand.press("check", later=0)
    hand.press("check", later=DOUBLE_CLICK_S / 2)
    assert hand.says("Asked again")  # by then the thread has done all that came before
    assert (hand.hints(), len(hand.asker.asked)) == (1, 1)
    hand.press("hint", later=DOUBLE_CLICK_S)
    assert hand.says("Hint 2 of 3:")


def test_clicks_while_it_asks_ask_no_more(make: Callable[..., Hand]) -> None:
    hand = make()
    hand.asker.gate.clear()
    hand.press("check")
    assert hand.says("Asking the world.")
    for _ in range(3):
        hand.press("check")
    hand.asker.gate.set()
    assert hand.says("Asked again")
    assert len(hand.asker.asked) == 1
    assert len(threads()) == 1


def test_a_click_never_waits_for_the_world(make: Callable[..., Hand]) -> None:
    hand = make()
    hand.asker.gate.clear()
    hand.press("check")
    hand.press("hint")  # returns, though the world does not answer
    assert hand.says("Asking the world.")
    assert hand.hints() == 0
    hand.asker.gate.set()
    assert hand.says("Hint 1 of 3:")


def test_closed_in_the_middle_it_says_nothing_more(make: Callable[..., Hand]) -> None:
    hand = make()
    hand.asker.gate.clear()
    hand.press("check")
    assert hand.says("Asking the world.")
    before = hand.panel._says.value
    hand.panel.close()
    hand.asker.holds = True
    hand.asker.gate.set()
    assert wait_until(lambda: not threads(), seconds=60, every=0.02)
    assert hand.panel._says.value == before
    hand.press("check")
    assert threads() == []


def test_the_text_is_the_verdict_of_when_the_cell_ran(make: Callable[..., Hand]) -> None:
    hand = make()
    first = repr(hand.panel)
    assert first == repr(judged())
    hand.asker.holds = True
    hand.press("check")
    assert hand.says("Done:")
    bundle = hand.panel._repr_mimebundle_()
    assert repr(hand.panel) == bundle["text/plain"] == first
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BadInput(EVIL, remedy="Mend it."), "What to do: Mend it."),
        (OSError(EVIL), "The check failed. OSError"),
    ],
)
def test_a_check_that_fails_is_told_and_can_be_made_again(
    make: Callable[..., Hand], error: Exception, words: str
) -> None:
    hand = make()
    hand.asker.error = error
    hand.press("check")
    assert hand.says(words)
    assert EVIL not in hand.text()
    hand.asker.error = None
    hand.press("check")
    assert hand.says("<strong>Not yet:</strong>")


def test_every_text_is_escaped() -> None:
    fields: dict[str, Any] = {"task": EVIL, "done": EVIL, "solution": EVIL}
    evil = replace(EXERCISES["1b"], hints=(EVIL, EVIL), **fields)
    for holds in (False, True):
        condition = Condition(EVIL, met=holds, seen=EVIL, final=True)
        verdict = Assessment(exercise=evil, conditions=(condition,))
        shown = [draw_assessment(verdict, EVIL), *(draw_hint(verdict, number) for number in (1, 2, 3))]
        assert all(EVIL not in html and "&lt;img" in html for html in shown)


def test_conditions_are_a_list_with_what_was_seen_where_one_is_not_met() -> None:
    shown = draw_assessment(judged(), None)
    assert shown.count("<li") == 2
    assert (shown.count("✓"), shown.count("✗")) == (1, 1)
    assert "There is no such branch." in shown
    assert "There is no such branch." not in draw_assessment(judged(holds=True), None)
    unclear = draw_assessment(Assessment(exercise=EXERCISES["1a"], unclear="Give a number."), ...)
    assert "<strong>Not judged:</strong> Give a number." in unclear


def test_an_answer_that_cannot_be_shown_is_shown_by_its_kind() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    verdict = judged("1a")
    assert "Odd instance" in draw_assessment(verdict, Odd())
    assert len(draw_assessment(verdict, "x" * 10_000)) < len(draw_assessment(verdict, ...)) + 100
    assert "Your answer" not in draw_assessment(verdict, ...)


# In a kernel


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InteractiveShell:
    """Run cells, as a kernel does."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # a shell puts its own there
    shell = InteractiveShell(ipython_dir=str(tmp_path), config=Config({"HistoryManager": {"enabled": False}}))
    atexit.unregister(shell.atexit_operations)
    monkeypatch.setattr(cell_events, "get_ipython", lambda: shell)
    return shell


def test_check_asks_with_what_answer_is_by_then(shell: InteractiveShell, make: Callable[..., Hand]) -> None:
    shell.run_cell("answer = ...")
    followed, fixed = make(..., number="1a"), make(7, number="1a")
    shell.run_cell("answer = 3")
    for hand in (followed, fixed):
        hand.press("check")
        assert hand.says("Asked again")
    assert (followed.asker.asked, fixed.asker.asked) == ([3], [7])
    assert "Your answer: <code>3</code>" in followed.text()


def test_a_click_during_a_running_cell_waits_for_its_end(
    shell: InteractiveShell, make: Callable[..., Hand]
) -> None:
    hand = make()
    running, end = threading.Event(), threading.Event()
    shell.user_ns.update(running=running, end=end)
    cell = threading.Thread(target=shell.run_cell, args=("running.set(); assert end.wait(10)",))
    cell.start()
    assert running.wait(10)
    hand.press("check")
    assert hand.says("Waiting for the running cell to end.")
    assert hand.asker.asked == []
    end.set()
    cell.join()
    assert hand.says("Asked again")


def test_a_panel_that_is_closed_watches_no_cells(shell: InteractiveShell, make: Callable[..., Hand]) -> None:
    watching = shell.events.callbacks["pre_run_cell"]
    before = len(watching)
    hand = make()
    assert len(watching) == before + 1
    hand.panel.close()
    hand.panel.close()
    assert len(watching) == before


# With a real world


@pytest.fixture(scope="module")
def lab() -> Iterator[World]:
    with open_world(phase=2, scratch=True) as world:
        yield world


def test_an_exercise_is_shown_as_buttons_and_read_as_text(
    lab: World, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("KIT_HOME", str(tmp_path_factory.mktemp("home")))
    lab.reset(2)
    asked = exercise(lab, "1b")
    assert isinstance(asked, Asked)
    panels: list[CheckPanel] = []
    monkeypatch.setattr(check_panel, "replace_former", panels.append)
    bundle = asked._repr_mimebundle_()
    assert bundle["text/plain"] == repr(asked)
    (panel,) = panels

    def says(words: str) -> bool:
        return wait_until(lambda: words in panel._says.value, seconds=60, every=0.02)

    lab.dev.run("git checkout -b feature/clean-start main && git cherry-pick homepage-and-search")
    panel._check.click()
    assert says("Done:")
    assert [(kept["number"], kept["done"]) for kept in recall("exercise")] == [("1b", False), ("1b", True)]
    assert bundle["text/plain"] == repr(asked)
    panel.close()


def test_a_world_that_was_closed_is_told_in_words() -> None:
    world = open_world(phase=2, scratch=True)
    world.close()
    asked = Asked(exercise=EXERCISES["1b"], world=world)
    panel = CheckPanel(asked, ask=lambda _: exercise(world, "1b"), answer=None)
    panel._check.click()
    assert wait_until(lambda: "This world is closed." in panel._says.value, seconds=60, every=0.02)
    assert "Then run this cell again." in panel._says.value
    panel.close()


def test_an_answer_that_draws_itself_is_not_cut_to_a_few_letters() -> None:
    class Run:
        def _repr_html_(self) -> str:
            return "<p>a picture</p>"

    assessment = Assessment(exercise=EXERCISES["0a"], unclear="so far.")

    assert "Your answer: <code>43</code>" in draw_assessment(assessment, 43)
    assert "Your answer" not in draw_assessment(assessment, Run())
