from __future__ import annotations

import pytest

from kit.widgets import cell_events


class Shell:
    """What a kernel's shell says of the cell that runs."""

    def __init__(self) -> None:
        self.cell, self.run = "a", 1

    def get_parent(self) -> dict[str, object]:
        return {"metadata": {"cellId": self.cell}, "header": {"msg_id": str(self.run)}}


class Thing:
    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell()
    monkeypatch.setattr(cell_events, "get_ipython", lambda: shell)
    monkeypatch.setattr(cell_events, "_made", {})
    return shell


def made() -> Thing:
    thing = Thing()
    cell_events.replace_former(thing)
    return thing


def closed(*things: Thing) -> list[bool]:
    return [thing.closed for thing in things]


def test_a_cell_that_is_run_again_replaces_all_it_made(shell: Shell) -> None:
    first, second = made(), made()
    assert closed(first, second) == [False, False]
    shell.run = 2
    third = made()
    assert closed(first, second, third) == [True, True, False]


def test_another_cell_has_its_own(shell: Shell) -> None:
    first = made()
    shell.cell, shell.run = "b", 2
    made()
    assert not first.closed


def test_outside_a_notebook_nothing_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_events, "get_ipython", lambda: None)
    first = made()
    made()
    assert not first.closed
