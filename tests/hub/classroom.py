"""A JupyterHub for a class, and learners who do in it what a browser would."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pwd
import random
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from kit.names import KIT_CACHE, ROOT

CLASS, LATE = 16, 5
"""How many learners come at once, and how many later."""
PATIENCE_S = 300.0
"""Seconds after which something is taken to hang."""
CONFIGURATION = Path(__file__).with_name("jupyterhub_config.py")
READABLE = Path(__file__).with_name("readable.sh")


def free_urls(number: int) -> Iterator[str]:
    """Yield addresses that are free, below the ports that the system gives to whoever asks for any."""
    for port in random.sample(range(20000, 32000), 12000):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            yield f"http://127.0.0.1:{port}"
            number -= 1
        if not number:
            return


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    name: str

    @classmethod
    def make(cls, name: str, homes: Path) -> Self:
        subprocess.run(
            ["useradd", "--create-home", "--base-dir", homes, "--key", "HOME_MODE=0700", name], check=True
        )
        return cls(name)

    def remove(self) -> None:
        self.end()
        subprocess.run(["userdel", "--remove", self.name], check=False, capture_output=True)

    def end(self) -> None:
        """End whatever runs as this user."""
        for process in self.processes():
            process.kill()
        psutil.wait_procs(self.processes(), timeout=PATIENCE_S)

    @property
    def uid(self) -> int:
        return pwd.getpwnam(self.name).pw_uid

    @property
    def home(self) -> Path:
        return Path(pwd.getpwnam(self.name).pw_dir)

    def processes(self) -> list[psutil.Process]:
        uid, alive = self.uid, []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess):
                # What has ended, and whom nobody has asked for its exit code, runs no more.
                if process.uids().real == uid and process.status() != psutil.STATUS_ZOMBIE:
                    alive.append(process)
        return alive

    def memory(self) -> dict[str, float]:
        """Return the megabytes of each of this user's programs; what is shared is divided."""
        sizes: dict[str, float] = {}
        for process in self.processes():
            words = process.cmdline()
            known = (
                "jupyterhub.singleuser",
                "ipykernel_launcher",
                "_reaper.py",
                "_router.py",
                "_seed.py",
                "postgres",
            )
            name = next((name for name in known if any(name in word for word in words)), "others")
            sizes[name] = sizes.get(name, 0.0) + process.memory_full_info().pss / 2**20
        return sizes


class Hub:
    """A JupyterHub that runs until it is closed.

    Args:
        folder: for its files.
        accounts: who may come.
        cache: what `python -m kit prepare` has built.
        proxy: the program configurable-http-proxy.
        hidden: folders with programs that only root may read.
    """

    def __init__(
        self, folder: Path, accounts: Sequence[Account], *, cache: Path, proxy: Path, hidden: Sequence[Path]
    ) -> None:
        self.url, hub_url, proxy_url, *servers = free_urls(3 + len(accounts))
        self.token = secrets.token_hex(16)
        self.log = folder / "hub.log"
        self._hidden = hidden
        readable: list[str | Path] = []
        if hidden:
            staging = folder / "staging"
            staging.mkdir()
            readable = ["unshare", "--mount", READABLE, staging, *hidden, "--"]
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16),
            "KIT_HUB_PYTHON": sys.executable,
            KIT_CACHE: str(cache),
            "TEST_SNIPPET": str(ROOT / "hub" / "kit_hub.py"),
            "TEST_URL": self.url,
            "TEST_HUB_URL": hub_url,
            "TEST_USERS": " ".join(account.name for account in accounts),
            "TEST_PORTS": " ".join(url.rpartition(":")[2] for url in servers),
            "TEST_PROXY": str(proxy),
            "TEST_PROXY_API": proxy_url,
            "TEST_TOKEN": self.token,
        }
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [*readable, sys.executable, "-m", "jupyterhub", f"--config={CONFIGURATION}"],
                env=environment,
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    async def wait(self) -> None:
        """Return when it answers."""
        async with asyncio.timeout(PATIENCE_S), self.client() as client:
            while True:
                try:
                    if (await client.get("/hub/api/")).is_success:
                        return
                except httpx.TransportError:
                    pass
                if self._process.poll() is not None:
                    raise RuntimeError(self.log.read_text()[-3000:])
                await asyncio.sleep(0.1)

    def run_as(
        self, account: Account, *command: str | Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as a user, who sees the files that learners' servers see."""
        there = ["nsenter", f"--target={self._process.pid}", "--mount", "--"] if self._hidden else []
        rights = [f"--reuid={account.uid}", f"--regid={account.uid}", "--clear-groups"]
        return subprocess.run(
            [*there, "setpriv", *rights, "--", *command],
            cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": str(account.home), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def run_as_root(self, *command: str | Path) -> None:
        """Run a command where learners' servers run."""
        there = ["nsenter", f"--target={self._process.pid}", "--mount", "--"]
        subprocess.run([*there, *command], cwd="/", check=True)

    def find_owned_by(self, account: Account) -> list[Path]:
        """Return what a user has in the folder for temporary files, which is no other one on a hub."""
        folder = Path("/tmp")  # noqa: S108 - only looked at
        return [path for path in folder.iterdir() if path.lstat().st_uid == account.uid]

    def client(self, token: str = "") -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"token {token or self.token}"},
            timeout=PATIENCE_S,
            trust_env=False,
        )

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)


@dataclass
class Learner:
    """Somebody with a browser."""

    hub: Hub
    account: Account
    times: dict[str, float] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    _socket: WebSocketClientConnection | None = None

    @property
    def name(self) -> str:
        return self.account.name

    async def come(self) -> None:
        """Log in, and start one's server."""
        self._client = self.hub.client()
        await self._client.post(f"/hub/api/users/{self.name}")  # it may be known already
        self._began = time.monotonic()
        reply = await self._client.post(f"/hub/api/users/{self.name}/server")
        assert reply.status_code in (201, 202), reply.text
        async with self._client.stream("GET", f"/hub/api/users/{self.name}/server/progress") as progress:
            last: dict[str, Any] = {}
            async for line in progress.aiter_lines():
                if line.startswith("data:"):
                    last = json.loads(line.removeprefix("data:"))
        assert last.get("ready"), f"{last}\n{self.hub.log.read_text()[-3000:]}"
        self.note("server")

    def note(self, what: str) -> None:
        """Write down how many seconds after one has come something was done."""
        self.times[what] = time.monotonic() - self._began

    async def token(self) -> str:
        """Return what lets one into one's own server."""
        reply = await self._client.post(f"/hub/api/users/{self.name}/tokens")
        token: str = reply.json()["token"]
        return token

    async def open(self, notebook: str) -> list[dict[str, Any]]:
        """Open a notebook with a kernel of its own; return its code cells."""
        contents = (await self._client.get(f"/user/{self.name}/api/contents/{notebook}.ipynb")).json()
        session = await self._client.post(
            f"/user/{self.name}/api/sessions",
            json={"path": f"{notebook}.ipynb", "name": "", "type": "notebook", "kernel": {"name": "python3"}},
        )
        assert session.status_code == 201, session.text
        kernel = session.json()["kernel"]["id"]
        address = f"{self.hub.url.replace('http', 'ws')}/user/{self.name}/api/kernels/{kernel}"
        # Tornado gives up after 20 s, unless told otherwise; a server answers when the kernel is there.
        request = HTTPRequest(
            f"{address}/channels",
            headers={"Authorization": f"token {self.hub.token}"},
            connect_timeout=PATIENCE_S,
            request_timeout=PATIENCE_S,
        )
        self._socket = await websocket_connect(request, max_message_size=2**28)
        return [cell for cell in contents["content"]["cells"] if cell["cell_type"] == "code"]

    async def run(self, code: str) -> list[dict[str, Any]]:
        """Run a cell; return its outputs."""
        ident = secrets.token_hex(8)
        request = {
            "header": {
                "msg_id": ident,
                "msg_type": "execute_request",
                "version": "5.3",
                "username": "",
                "session": ident,
            },
            "parent_header": {},
            "metadata": {},
            "channel": "shell",
            "content": {"code": code, "silent": False, "store_history": True, "allow_stdin": False},
        }
        assert self._socket is not None
        await self._socket.write_message(json.dumps(request))
        outputs: list[dict[str, Any]] = []
        waiting = {"execute_reply", "idle"}
        async with asyncio.timeout(PATIENCE_S):
            while waiting:
                text = await self._socket.read_message()
                if text is None:
                    raise RuntimeError("the kernel's socket was closed")
                message = json.loads(text) if isinstance(text, str) else {}
                if message.get("parent_header", {}).get("msg_id") != ident:
                    continue
                kind, content = message["msg_type"], message["content"]
                if kind in ("execute_result", "display_data", "stream", "error"):
                    outputs.append({"output_type": kind, **content})
                waiting.discard(content.get("execution_state") if kind == "status" else kind)
        return outputs

    async def ask(self, code: str) -> str:
        """Run a cell; return what it shows as text."""
        outputs = await self.run(code)
        return "".join(text(output) for output in outputs)

    async def leave(self) -> None:
        """Stop one's server, and with it one's kernels."""
        if self._socket is not None:
            self._socket.close()
        reply = await self._client.delete(f"/hub/api/users/{self.name}/server")
        assert reply.status_code in (202, 204), reply.text
        async with asyncio.timeout(PATIENCE_S):
            while (await self._client.get(f"/hub/api/users/{self.name}")).json().get("servers"):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.2)
        await self._client.aclose()


def text(output: dict[str, Any]) -> str:
    """Return an output as it is without a picture."""
    if output["output_type"] == "error":
        return "\n".join((output["ename"], output["evalue"]))
    if output["output_type"] == "stream":
        return "".join(output["text"])
    return "".join(output["data"].get("text/plain", ""))
