"""A page that stays open in somebody's browser, with the code that it came with."""

from __future__ import annotations

from kit.draw import format_commit
from kit.errors import BadInput
from kit.world.engine import Engine
from kit.world.page import Page, find_forms


class Tab:
    """A browser tab: what it got from the deployment that served it, it keeps until it is loaded again.

    Args:
        engine: of the world that it is in.
        title: of the document that is open in it.
    """

    def __init__(self, engine: Engine, title: str) -> None:
        """Open the document on production."""
        response = engine.open_page("production", title)
        self._engine = engine
        self._title = title
        self.page = Page.read("production", response)
        self.commit = response.headers.get("X-Deployment", "")
        """The commit whose code the tab holds."""
        self._forms = {form.button: form for form in find_forms(response.text)}

    def __repr__(self) -> str:
        """Say what is open, from which commit, and what can be pressed."""
        buttons = ", ".join(f"[{button}]" for button in self._forms) or "nothing to press"
        return f"a tab with {self._title!r}, as {format_commit(self.commit)} served it: {buttons}"

    def press(self, button: str) -> Page:
        """Press a button: the tab sends what its own page says, to whatever production is now.

        Args:
            button: the text on it.

        Returns:
            The answer.

        Raises:
            BadInput: if the page has no such button.
            ProcessFailed: if production does not answer.
        """
        if button not in self._forms:
            raise BadInput(
                f"There is no button {button!r} in this tab.",
                looked=list(self._forms),
                remedy="Give the text on one of its buttons.",
            )
        form = self._forms[button]
        return Page.read("production", self._engine.press(button, form))
