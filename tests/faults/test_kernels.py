from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from jupyter_client.manager import KernelManager

from kit.names import KIT_WORLD
from kit.process import wait_until

from .conftest import PATIENCE_S, Place

pytestmark = pytest.mark.losses

Start = Callable[[], "Kernel"]


class Kernel:
    """A real Jupyter kernel."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env=environment)
        self.client: Any = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str) -> str:
        """Run a cell; return what it showed, or its error."""
        shown = []

        def note(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "execute_result":
                shown.append(content["data"]["text/plain"])
            elif message["msg_type"] == "error":
                shown.append(content["ename"])

        self.client.execute_interactive(code, timeout=60, output_hook=note)
        return "".join(shown)

    def end(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@pytest.fixture
def kernel(place: Place) -> Iterator[Start]:
    made: list[Kernel] = []

    def kernel() -> Kernel:
        # IPython's own files, too, belong to the test.
        environment = place.environment | {
            KIT_WORLD: "fresh",
            "IPYTHONDIR": f"{place.environment['KIT_HOME']}/i",
        }
        made.append(Kernel(environment))
        return made[-1]

    yield kernel
    for one in made:
        one.end()


def worlds_processes(place: Place) -> list[psutil.Process]:
    found = []
    for process in place.processes():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if "ipykernel" not in " ".join(process.cmdline()):
                found.append(process)
    return found


def no_world(place: Place) -> bool:
    return not place.worlds() and not worlds_processes(place)


OPENS = "from kit import open_world; world = open_world(phase=1); world"
OPENED = "Phase 1: built from its checkpoint."


def test_a_killed_kernel_leaves_nothing(place: Place, kernel: Start) -> None:
    one = kernel()
    assert one.run(OPENS) == OPENED
    assert place.worlds()

    one.manager.signal_kernel(9)  # as nbval does

    assert wait_until(lambda: no_world(place), seconds=PATIENCE_S, every=0.05), worlds_processes(place)


def test_a_restarted_kernel_leaves_nothing_and_opens_anew(place: Place, kernel: Start) -> None:
    one = kernel()
    assert one.run(OPENS) == OPENED
    before = place.worlds()

    one.manager.restart_kernel(now=True)
    one.client.wait_for_ready(timeout=60)

    assert wait_until(lambda: no_world(place), seconds=PATIENCE_S, every=0.05), worlds_processes(place)
    assert one.run(OPENS) == OPENED
    assert place.worlds() != before


def test_an_interrupted_cell_leaves_its_world_usable(place: Place, kernel: Start) -> None:
    one = kernel()
    one.run(OPENS)
    # After an error a kernel refuses for a moment what was already sent: not what is tested here.
    one.client.execute("world.dev.run('touch ../begun; sleep 999')", stop_on_error=False)
    assert wait_until(lambda: any(place.folder.glob("kit-*/repos/begun")), seconds=60)

    one.manager.interrupt_kernel()

    while True:
        try:
            reply = one.client.get_shell_msg(timeout=60)
        except queue.Empty:
            pytest.fail("the interrupted cell does not end")
        if reply["msg_type"] == "execute_reply":
            break
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert one.run("world.dev.run('echo still here').output") == "'still here\\n'"
    assert not [process for process in place.processes() if process.name() == "sleep"]


WATCHES = """
from kit.experiments.locks import LargeTable
table = LargeTable(world, 0.0, frozenset())
"""
WATCH = "table.watch('touch ../begun; sleep 999', idle=True)"
LEFT = """
with world.engine.server.connect("cloud") as connection:
    left = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        " OR query LIKE 'SELECT title FROM documents%' OR query LIKE 'UPDATE documents SET title%'"
    ).fetchone()
left[0]
"""


def test_a_kernel_killed_while_it_watches_a_table_leaves_nothing(place: Place, kernel: Start) -> None:
    one = kernel()
    one.run(OPENS)
    one.run(WATCHES)
    one.client.execute(WATCH, stop_on_error=False)
    assert wait_until(lambda: any(place.folder.glob("kit-*/repos/begun")), seconds=60)

    one.manager.signal_kernel(9)

    assert wait_until(lambda: no_world(place), seconds=PATIENCE_S, every=0.05), worlds_processes(place)


def test_a_table_is_nobodys_after_the_cell_that_watched_it_was_interrupted(
    place: Place, kernel: Start
) -> None:
    one = kernel()
    one.run(OPENS)
    one.run(WATCHES)
    one.client.execute(WATCH, stop_on_error=False)
    assert wait_until(lambda: any(place.folder.glob("kit-*/repos/begun")), seconds=60)

    one.manager.interrupt_kernel()

    while (reply := one.client.get_shell_msg(timeout=60))["msg_type"] != "execute_reply":
        pass
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert wait_until(lambda: one.run(LEFT) == "0", seconds=60)
    assert not [process for process in place.processes() if process.name() == "sleep"]
