from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from kit.names import ROOT
from kit.postgres.programs import everybody_may_read
from kit.world.checkpoints import prepare
from tests.hub.classroom import CLASS, LATE, Account, Hub

PROXY = ROOT / "node_modules" / ".bin" / "configurable-http-proxy"


@pytest.fixture(scope="module")
def public() -> Iterator[Path]:
    """Give a folder that every user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="kit-class-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def accounts(public: Path, need: Callable[[object, str], None]) -> Iterator[list[Account]]:
    """Make users of this machine: a class, and some who come late."""
    if os.geteuid() != 0:  # on CI, too, which may run as anybody
        pytest.skip("only root can make users, and start servers for them")
    need(shutil.which("useradd"), "useradd")
    (public / "home").mkdir()
    with ExitStack() as undo:
        made = []
        for number in range(1, CLASS + LATE + 1):
            account = Account.make(f"kit{os.getpid()}-{number:02}", public / "home")
            undo.callback(account.remove)
            made.append(account)
        yield made


@pytest.fixture(scope="module")
def hub(
    public: Path, accounts: list[Account], kit_home: Path, need: Callable[[object, str], None]
) -> Iterator[Hub]:
    """Start a hub for the class, as docs/hub.md says."""
    assert kit_home
    need(PROXY.exists(), "configurable-http-proxy: npm install --no-save")
    need(find_spec("jupyterhub"), f"jupyterhub for {sys.executable}")
    prepare(public / "cache", progress=print)
    hidden = [folder for folder in (ROOT, Path(sys.base_prefix)) if not everybody_may_read(folder)]
    may_mount = not hidden or subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0
    need(may_mount, f"{hidden} where every user may read it, or the right to mount it so")
    hub = Hub(public, accounts, cache=public / "cache", proxy=PROXY, hidden=hidden)
    try:
        asyncio.run(hub.wait())
        yield hub
    finally:
        hub.close()
