"""An exercise's check: ask the world again, and take one hint after the other."""

from __future__ import annotations

import queue
import reprlib
import threading
import time
from collections.abc import Callable
from html import escape
from typing import Any, Literal

import ipywidgets

from kit.draw import SHEET
from kit.errors import KitError, WorldTaken
from kit.lesson.exercise import HINTS, Assessment
from kit.widgets import cell_events as cells
from kit.widgets.accessibility import Accessibility

DOUBLE_CLICK_S = 0.5
"""Two clicks on one button within this time are a double click, which means one: Windows' default."""
_WAIT_S = 0.25  # after which a check that waits for a cell looks whether its panel is gone
CheckEvent = Literal["check", "hint", "close"]

_SHEET = """
.kw-check{padding:2px 0 4px}
.kw-check .kw-panel{font-size:14px;max-width:75ch;overflow-wrap:anywhere}
.kw-check .kw-panel p{margin:2px 0}
.kw-check .kw-verdict{border-left:3px solid var(--kw-line);padding-left:8px}
.kw-check .kw-verdict.kw-done{border-color:var(--kw-new)}
.kw-check .kw-panel pre{margin:2px 0;padding:6px 10px;white-space:pre-wrap;word-break:normal;
overflow-wrap:anywhere;font-family:var(--jp-code-font-family,monospace);font-size:13px;line-height:1.4;
color:var(--kw-text);background:var(--kw-paper);border:1px solid var(--kw-line)}
.kw-check .widget-button{width:auto;min-width:96px;max-width:100%}
.kw-check .kw-asked{margin:2px 8px}
.kw-check.jupyter-widgets-disconnected::after{
content:"The kernel was restarted: run the notebook's setup, then this cell again.";
display:block;padding:4px 0;font-weight:700;color:var(--jp-ui-font-color1,#1f2328)}
.kw-check.jupyter-widgets-disconnected .widget-hbox,.kw-check.jupyter-widgets-disconnected::before,
.kw-check .jupyter-widgets-disconnected::before{display:none}
"""


class CheckPanel(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no type information
    """A verdict with two buttons: Check asks the world again, Next hint shows one hint more.

    Callbacks only put down what was clicked; a thread of the panel's own does the rest.

    Args:
        verdict: what the world said when the cell ran; also what is read where there are no widgets.
        ask: asks the world again, given the answer.
        answer: what the learner found out, if the exercise asks for that. If it is what the notebook
            calls `answer`, Check asks with what that is by then.
        clock: seconds that only ever grow.
    """

    def __init__(
        self,
        verdict: Assessment,
        *,
        ask: Callable[[object], Assessment],
        answer: object = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show the verdict; nothing is asked yet."""
        self._first = self._verdict = verdict
        self._ask = ask
        self._answer = cells.follow("answer", answer)
        self._clock = clock
        self._idle = cells.Idle()
        self._hints = verdict.hint
        self._events: queue.SimpleQueue[CheckEvent] = queue.SimpleQueue()
        self._clicked: dict[CheckEvent, float] = {}
        self._thread: threading.Thread | None = None
        self._asking = self._closed = False
        number = verdict.exercise.number
        self._check = ipywidgets.Button(description=f"Check {number}", tooltip="Ask the world again")
        self._check.on_click(lambda _: self._click("check"))
        self._next = ipywidgets.Button(
            description="Next hint", tooltip=f"One hint more for {number}; the third is the solution"
        )
        self._next.on_click(lambda _: self._click("hint"))
        self._says = ipywidgets.HTML(draw_verdict(verdict, answer))
        self._shown = tuple(ipywidgets.HTML("") for _ in range(HINTS))
        self._state = ipywidgets.HTML("")
        self._state.add_class("kw-asked")
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        super().__init__(
            [
                ipywidgets.HTML(f"<style>{SHEET}{_SHEET}</style>"),
                self._says,
                *self._shown,
                ipywidgets.HBox([self._check, self._next, self._state], layout=wrap),
                Accessibility(),
            ]
        )
        self.add_class("kw-check")
        self._paint_hints()
        cells.replace_former(self)

    def __repr__(self) -> str:
        """Return the verdict of when the cell ran, in words; always the same."""
        return repr(self._first)

    def _repr_mimebundle_(self, **options: object) -> dict[str, Any]:
        """Return the widget, and the text for where there is none."""
        bundle: dict[str, Any] = dict(super()._repr_mimebundle_(**options) or {})
        bundle["text/plain"] = repr(self)
        return bundle

    def close(self) -> None:
        """End the thread, and take the panel away."""
        if not self._closed:
            self._closed = True
            self._idle.forget()
            self._events.put("close")
        super().close()

    def _click(self, event: CheckEvent) -> None:
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
            self._verdict = self._ask(answer)
            return draw_verdict(self._verdict, answer)
        except WorldTaken as error:
            return _paragraph(f"{error.message} {error.remedy} Then run this cell again.")
        except KitError as error:
            return _paragraph(f"The check could not be made. {error}")
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
            return _paragraph(f"The check failed. {type(error).__name__}: {error}")

    def _paint_hints(self) -> None:
        done = self._verdict.holds
        for number, shown in enumerate(self._shown, 1):
            visible = number <= self._hints and not done
            shown.value = draw_hint(self._verdict, number) if visible else ""
            shown.layout.display = None if visible else "none"
        self._next.disabled = done or self._hints == HINTS

    def _tell(self, state: str) -> None:
        self._state.value = f"<span class='kw-panel kw-soft'>{escape(state)}</span>"


def draw_verdict(verdict: Assessment, answer: object) -> str:
    """Return the verdict as HTML, with the answer that was asked with, if one was given.

    Args:
        verdict: what the world said.
        answer: `None` or `...` for none.
    """
    word = "Done" if verdict.holds else "Not yet"
    text = verdict.exercise.done if verdict.holds else verdict.exercise.missing
    given = ""
    if answer is not None and answer is not ...:
        given = f" <span class='kw-soft'>Your answer: <code>{escape(reprlib.repr(answer))}</code></span>"
    mark = " kw-done" if verdict.holds else ""
    return (
        f"<div class='kw-panel kw-verdict{mark}'><p><strong>{word}:</strong> {escape(text)}{given}</p></div>"
    )


def draw_hint(verdict: Assessment, number: int) -> str:
    """Return a hint as HTML; the third is the solution, which keeps its lines."""
    if number < HINTS:
        shown = f"<p>{_count(number)} {escape(verdict.exercise.hint(number))}</p>"
    else:
        solution = escape(verdict.exercise.solution.strip())
        shown = f"<p>{_count(number)}</p><pre><code>{solution}</code></pre>"
    return f"<div class='kw-panel'>{shown}</div>"


def _count(number: int) -> str:
    return f"<span class='kw-soft'>Hint {number} of {HINTS}:</span>"


def _paragraph(text: str) -> str:
    return f"<div class='kw-panel kw-verdict'><p>{'<br>'.join(escape(text).splitlines())}</p></div>"
