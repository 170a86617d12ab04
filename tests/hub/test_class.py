"""A class on one hub: real servers of real users, each with a world of their own."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.names import ROOT
from kit.process import wait_until
from tests.hub.classroom import CLASS, PATIENCE_S, Account, Hub, Learner, text

pytestmark = pytest.mark.hub

NOTEBOOK = "05_merge_and_deploy"
BEYOND_ITS_SERVER_MB = 250.0
SERVER = "jupyterhub.singleuser"
STRANGER = Path(__file__).with_name("stranger.py")
WHERE = """
import json
from kit import open_world
world = open_world(phase=6)
engine = world.engine
folder = engine.supervisor.folder
ports = {name: running.port for name, running in engine.supervisor.processes().items() if running.port}
facts = {"address": engine.host.address, "shown": world.address.text, "folder": str(folder), "ports": ports}
print(json.dumps(facts))
"""


def stored_outputs() -> list[str]:
    """Return what 05's code cells show as text, all but the last's."""
    notebook = json.loads((ROOT / "notebooks" / f"{NOTEBOOK}.ipynb").read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return ["".join(text(output) for output in cell["outputs"]) for cell in cells[:-1]]


async def open_first(learner: Learner) -> list[str]:
    """Come, open 05, run its first cell; return the others."""
    await learner.come()
    first, *rest = await learner.open(NOTEBOOK)
    learner.shown = [await learner.ask(source(first))]
    learner.note("first cell")
    return [source(cell) for cell in rest[:-1]]  # the last one closes the world


async def work_through(learner: Learner, cells: list[str]) -> None:
    for cell in cells:
        learner.shown.append(await learner.ask(cell))
    learner.note("done")
    await learner.ask(f'dev.run("echo {learner.name} > whose")')


async def come_back(learner: Learner) -> tuple[str, str]:
    await learner.come()
    await learner.open(NOTEBOOK)
    world = await learner.ask("from kit import open_world\nworld = open_world(phase=6)\nworld")
    learner.note("back")
    return world, await learner.ask('world.dev.run("cat whose")')


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_sixteen_come_work_leave_at_once_and_come_back(hub: Hub, accounts: list[Account]) -> None:
    learners = [Learner(hub, account) for account in accounts[:CLASS]]

    async def lesson() -> list[dict[str, float]]:
        cells = await asyncio.gather(*map(open_first, learners))
        await asyncio.gather(*map(work_through, learners, cells))
        sizes = [learner.account.memory() for learner in learners]
        await asyncio.gather(*(learner.leave() for learner in learners))
        return sizes

    async def next_day() -> list[tuple[str, str]]:
        seen = await asyncio.gather(*map(come_back, learners))
        await asyncio.gather(*(learner.leave() for learner in learners))
        return list(seen)

    sizes = asyncio.run(lesson())
    beyond = [sum(size for name, size in each.items() if name != SERVER) for each in sizes]
    # With `-s`, for docs/hub.md: what took longest, or most.
    tell({f"{name}, s": max(each.times[name] for each in learners) for name in learners[0].times})
    tell({"first cell after one's server, s": max(map(opening, learners))})
    tell({"server, MB": max(each[SERVER] for each in sizes), "beyond it, MB": max(beyond)})
    for learner in learners:
        assert learner.shown == stored_outputs(), learner.name
        assert wait_until(lambda who=learner.account: not who.processes(), seconds=PATIENCE_S)  # type: ignore[misc]  # bound on purpose
        assert hub.find_owned_by(learner.account) == []
    assert max(beyond) < BEYOND_ITS_SERVER_MB
    # How fast a machine is, its own servers tell: sixteen worlds keep a class waiting for less than they do.
    assert max(map(opening, learners)) < max(each.times["server"] for each in learners)

    seen = asyncio.run(next_day())
    tell({"back, s": max(each.times["back"] for each in learners)})
    for learner, (world, whose) in zip(learners, seen, strict=True):
        assert world == "Phase 6: your own world, as you left it."
        assert whose.strip().endswith(learner.name)
        assert wait_until(lambda who=learner.account: not who.processes(), seconds=PATIENCE_S)  # type: ignore[misc]  # as above


def opening(learner: Learner) -> float:
    return learner.times["first cell"] - learner.times["server"]


def tell(figures: dict[str, float]) -> None:
    sys.stdout.writelines(f"{name}: {figure:.1f}\n" for name, figure in figures.items())


def test_nobody_gets_at_anothers_world(hub: Hub, accounts: list[Account]) -> None:
    owner, stranger = Learner(hub, accounts[CLASS]), Learner(hub, accounts[CLASS + 1])

    async def go() -> None:
        await asyncio.gather(owner.come(), stranger.come())
        await owner.open(NOTEBOOK)
        facts = json.loads(await owner.ask(WHERE))
        home = owner.account.home
        pages = [facts["address"], *(f"http://127.0.0.1:{port}/" for port in facts["ports"].values())]
        folder, kept = facts["folder"], home / ".local" / "state" / "broken-window-kit"
        private = [f"{home}/", f"{kept}/", f"{kept}/world/server.json", f"{home}/my-notebooks/", f"{folder}/"]
        sockets = [f"{folder}/reaper.sock", f"{folder}/control"]
        tried = [*pages, *private, *sockets]

        def attempt(account: Account) -> dict[str, str]:
            ran = hub.run_as(account, sys.executable, STRANGER, *tried)
            assert not ran.returncode, ran.stderr
            return dict(line.split("\t", 1) for line in ran.stdout.splitlines())

        own = attempt(owner.account)
        assert [own[page] for page in pages] == ["200"] * len(pages)
        assert own[f"{folder}/reaper.sock"] == "connected"
        foreign = attempt(stranger.account)
        assert foreign[facts["address"]].startswith("403 ")
        assert "world.address" in foreign[facts["address"]]
        for target in tried:
            assert not foreign[target].startswith(("200", "connected")), target
            assert not foreign[target].endswith(("entries", "bytes")), target
        assert {foreign[target] for target in (*private, *sockets)} == {"PermissionError"}

        for visitor, status in ((owner, 200), (stranger, 403)):
            async with hub.client(await visitor.token()) as client:
                for path in (f"/user/{owner.name}/api/contents/", facts["shown"]):
                    assert (await client.get(path)).status_code == status
        async with hub.client(await owner.token()) as client:
            page = await client.get(facts["shown"])
            assert f'<a class="brand" href="{facts["shown"]}">' in page.text
            assert (await client.get(find_first_book(page.text))).status_code == 200
        await asyncio.gather(owner.leave(), stranger.leave())

    asyncio.run(go())


def find_first_book(page: str) -> str:
    found = re.search(r'href="(/[^"]*/read/[^"]*)"', page)
    assert found
    return found[1]


@pytest.fixture
def full(hub: Hub, accounts: list[Account]) -> Iterator[Account]:
    """Give somebody whose disk is nearly full."""
    account = accounts[CLASS + 2]
    options = f"size=70m,uid={account.uid},gid={account.uid},mode=700"
    hub.run_as_root("mount", "-t", "tmpfs", "-o", options, "tmpfs", account.home)
    yield account
    account.end()
    hub.run_as_root("umount", "--lazy", account.home)


def test_a_full_disk_is_its_owners_alone(hub: Hub, accounts: list[Account], full: Account) -> None:
    unlucky, other = Learner(hub, full), Learner(hub, accounts[CLASS + 3])

    async def go() -> tuple[str, str]:
        await asyncio.gather(unlucky.come(), other.come())
        await asyncio.gather(unlucky.open(NOTEBOOK), other.open(NOTEBOOK))
        code = "from kit import open_world\nopen_world(phase=5)"
        answers = await asyncio.gather(unlucky.ask(code), other.ask(code))
        await asyncio.gather(unlucky.leave(), other.leave())
        return answers

    said, opened = asyncio.run(go())
    assert "The disk is nearly full; nothing was done, and nothing is lost." in said
    assert "python -m kit clean" in said
    assert opened == "Phase 5: built from its checkpoint."


def test_a_home_that_one_may_not_write_says_what_to_do(hub: Hub, accounts: list[Account]) -> None:
    account = accounts[CLASS + 4]
    account.home.chmod(0o555)
    hub.run_as_root("chown", "root", account.home)
    ran = hub.run_as(account, sys.executable, "-m", "kit", "lab", "--hub", PYTHONPATH=str(ROOT))
    assert ran.returncode == 1
    assert "Your copies of the notebooks cannot be kept there." in ran.stderr
    assert "Make that a folder that you may write" in ran.stderr
