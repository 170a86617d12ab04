"""An exercise's check: its text everywhere; in JupyterLab buttons to ask again, and for a hint."""

from __future__ import annotations

import queue
import reprlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal

import ipywidgets

from kit.draw import Markup, draw_element, draw_paragraph, draw_style
from kit.errors import KitError, WorldTaken
from kit.lesson.exercise import HINTS, Assessment, Attempt, Condition, draw_mark
from kit.lesson.exercises import assess
from kit.widgets.accessibility import Accessibility, Readable
from kit.widgets.cell_events import Idle, follow, replace_former
from kit.world.world import World

DOUBLE_CLICK_S = 0.5
"""Two clicks on one button within this time are a double click, which means one: Windows' default."""
_WAIT_S = 0.25  # after which a check that waits for a cell looks whether its panel is gone
_Event = Literal["check", "hint", "close"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Asked(Assessment):
    """An assessment that JupyterLab shows with two buttons: ask again, a hint.

    Attributes:
        world: that was asked; None where the exercise needs none.
        answer: what the learner found out, where the exercise asks for that.
    """

    world: World | None
    answer: object = None

    def _repr_mimebundle_(self, **options: object) -> dict[str, Any]:
        """Return the widget and the text; only a program that shows widgets calls this."""

        def ask(answer: object) -> Assessment:
            return assess(Attempt(self.world, answer), self.exercise.number)

        return CheckPanel(self, ask=ask, answer=self.answer)._repr_mimebundle_(**options)


def exercise(
    world: World | None, number: str, answer: object = None, *, hint: int | None = None
) -> Assessment:
    """Ask whether an exercise is done; its first Not yet and its first Done are remembered.

    Args:
        world: in which it was done; None where the exercise needs none.
        number: of the exercise: "2a".
        answer: what you found out, where the exercise asks for that.
        hint: which hint to show as long as it is not done, 1 to 3; the third is the solution. None for none.

    Raises:
        BadInput: if there is no such exercise or hint.
    """
    assessed = assess(Attempt(world, answer), number, hint=hint)
    facts = {field.name: getattr(assessed, field.name) for field in fields(assessed)}
    return Asked(**facts, world=world, answer=answer)


class CheckPanel(Readable, ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """An assessment with two buttons: Check asks the world again, Hint shows one hint more.

    Callbacks only put down what was clicked; a thread of the panel's own does the rest.

    Args:
        assessment: what the world said when the cell ran; also what is read where there are no widgets.
        ask: asks the world again, given the answer.
        answer: what the learner found out, if the exercise asks for that. If it is what the notebook
            calls `answer`, Check asks with what that is by then.
        clock: seconds that only ever grow.
    """

    def __init__(
        self,
        assessment: Assessment,
        *,
        ask: Callable[[object], Assessment],
        answer: object = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show the assessment; nothing is asked yet."""
        self._first = self._latest = assessment
        self._ask = ask
        self._answer = follow("answer", answer)
        self._clock = clock
        self._idle = Idle()
        self._hints = assessment.hint or 0
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._clicked: dict[_Event, float] = {}
        self._thread: threading.Thread | None = None
        self._asking = self._closed = False
        number = assessment.exercise.number
        self._check = ipywidgets.Button(description=f"Check {number}", tooltip="Ask the world again")
        self._check.on_click(lambda _: self._click("check"))
        self._next = ipywidgets.Button(
            description="Hint", tooltip=f"One hint more for {number}; the third is the solution"
        )
        self._next.on_click(lambda _: self._click("hint"))
        self._says = ipywidgets.HTML(draw_assessment(assessment, answer))
        self._shown = tuple(ipywidgets.HTML("") for _ in range(HINTS))
        self._state = ipywidgets.HTML("")
        self._state.add_class("kw-asked")
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        super().__init__(
            [
                ipywidgets.HTML(draw_style(__file__, "deploy_picture", "panel", "check_panel")),
                self._says,
                *self._shown,
                ipywidgets.HBox([self._check, self._next, self._state], layout=wrap),
                Accessibility(),
            ]
        )
        self.add_class("kw-check")
        self._paint_hints()
        replace_former(self)

    def __repr__(self) -> str:
        """Return the assessment of when the cell ran, in words; always the same."""
        return repr(self._first)

    def close(self) -> None:
        """End the thread, and take the panel away."""
        if not self._closed:
            self._closed = True
            self._idle.forget()
            self._events.put("close")
        super().close()

    def _click(self, event: _Event) -> None:
        now = self._clock()
        if self._closed or now - self._clicked.get(event, -DOUBLE_CLICK_S) < DOUBLE_CLICK_S:
            return
        self._clicked[event] = now
        if event == "check":
            if self._asking:
                return
            self._asking = True
        self._events.put(event)
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="kit-check", daemon=True)
            self._thread.start()

    # The panel's own thread. What does not change is not sent, so the live region speaks of changes only.

    def _loop(self) -> None:
        while not self._closed:
            event = self._events.get()
            if event == "hint":
                self._hints = min(HINTS, self._hints + 1)
                self._paint_hints()
            elif event == "check":
                self._check_again()
                self._asking = False

    def _check_again(self) -> None:
        """Ask the world once no cell runs, and show what it says."""
        self._tell("Asking the world." if self._idle.wait(0) else "Waiting for the running cell to end.")
        while not self._idle.wait(_WAIT_S):
            if self._closed:
                return
        said, before = self._asked(), self._says.value
        if self._closed:
            return
        self._says.value = said
        self._paint_hints()
        self._tell("Asked again: nothing has changed." if said == before else "Asked again.")

    def _asked(self) -> str:
        answer = self._answer()
        try:
            self._latest = self._ask(answer)
            return draw_assessment(self._latest, answer)
        except WorldTaken as error:
            return _draw_failure(f"{error.message} {error.remedy} Then run this cell again.")
        except KitError as error:
            return _draw_failure(f"The check could not be made. {error}")
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
            return _draw_failure(f"The check failed. {type(error).__name__}: {error}")

    def _paint_hints(self) -> None:
        done = self._latest.holds
        for number, shown in enumerate(self._shown, 1):
            visible = number <= self._hints and not done
            shown.value = draw_hint(self._latest, number) if visible else ""
            shown.layout.display = None if visible else "none"
        self._next.disabled = done or self._hints == HINTS

    def _tell(self, state: str) -> None:
        self._state.value = draw_element("span", state, class_="kw-panel kw-soft")


def draw_assessment(assessment: Assessment, answer: object) -> Markup:
    """Return the assessment as HTML, with the answer that was asked with: `None` or `...` for none."""
    done = assessment.holds
    head: list[str] = [draw_element("strong", assessment.head)]
    if reason := assessment.exercise.done if done else assessment.unclear:
        head += [" ", reason]
    # A run draws itself, in many lines: of those a few letters would tell nothing.
    if answer is not None and answer is not ... and not hasattr(answer, "_repr_html_"):
        shown = draw_element("code", reprlib.repr(answer))
        head += [" ", draw_element("span", "Your answer: ", shown, class_="kw-soft")]
    parts = [draw_element("p", *head)]
    if assessment.conditions:
        drawn = map(_draw_condition, assessment.conditions)
        parts.append(draw_element("ul", *drawn, class_="kw-conditions"))
    if assessment.remedy:
        parts.append(draw_element("p", draw_element("strong", assessment.remedy)))
    return draw_element("div", *parts, class_=f"kw-panel kw-verdict{' kw-done' if done else ''}")


def _draw_condition(condition: Condition) -> Markup:
    mark = draw_element("strong", draw_mark(condition), class_="kw-mark")
    says = [draw_element("span", condition.says)]
    if condition.seen and not condition.met:
        says.append(draw_element("p", condition.seen, class_="kw-seen"))
    return draw_element("li", mark, draw_element("div", *says), class_="" if condition.met else "kw-unmet")


def draw_hint(assessment: Assessment, number: int) -> Markup:
    """Return a hint as HTML; the third is the solution, which keeps its lines."""
    count = draw_element("span", f"Hint {number} of {HINTS}:", class_="kw-soft")
    if number < HINTS:
        shown = [draw_element("p", count, f" {assessment.exercise.hint(number)}")]
    else:
        solution = draw_element("code", assessment.exercise.solution.strip())
        shown = [draw_element("p", count), draw_element("pre", solution)]
    return draw_element("div", *shown, class_="kw-panel")


def _draw_failure(text: str) -> Markup:
    return draw_element("div", draw_paragraph(text), class_="kw-panel kw-verdict")
