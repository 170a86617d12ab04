"""A JupyterLab, or a Notebook 7, with folders of its own, and Chromium on a notebook in it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
import nbformat
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, WebSocket

from kit.cli.lab import JUPYTER_SETTINGS
from kit.names import ROOT
from kit.process import wait_until

Program = Literal["jupyterlab", "notebook"]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
START_S, END_S, PAGE_MS = 60.0, 20.0, 60_000
_TOKEN = "kit"  # noqa: S105 - of a server on the loopback that lives for a minute
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_READY = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
_QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")


@dataclass(frozen=True, kw_only=True)
class Jupyter:
    """A running JupyterLab, or Notebook 7.

    Attributes:
        address: of its server.
        notebooks: the folder that it shows.
        worlds: the folder in which the kernels make their worlds.
        path: that leads from the server's root to the notebooks.
        program: which of the two.
    """

    address: str
    notebooks: Path
    worlds: Path
    path: str = ""
    program: Program = "jupyterlab"

    def write(self, name: str, sources: Sequence[str]) -> None:
        """Write a notebook.

        Args:
            name: of the file, without `.ipynb`.
            sources: its code cells.
        """
        made = nbformat.v4.new_notebook(metadata={"kernelspec": _KERNEL})
        made.cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
        (self.notebooks / f"{name}.ipynb").write_text(nbformat.writes(made), encoding="utf-8")

    def url(self, name: str) -> str:
        """Return the address of a notebook."""
        page = "notebooks" if self.program == "notebook" else "lab/tree"
        return f"{self.address}/{page}/{self.path}{name}.ipynb?token={_TOKEN}&reset"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A page with what it did besides.

    Attributes:
        page: the page.
        hosts: whom it asked for something.
        errors: what it wrote to its console as an error, and what it did not catch.
        received: the size of each message that came over a websocket, in bytes or characters.
    """

    page: Page
    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    received: list[int] = field(default_factory=list)


def find_browser() -> str | None:
    """Return the path of Chromium: `$CHROMIUM`, else the one on the PATH; None if there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def jupyter(checkout: Path | None = None, *, program: Program = "jupyterlab") -> Iterator[Jupyter]:
    """Run JupyterLab in folders that go away with it.

    Args:
        checkout: of the kit; have its `kit lab` start JupyterLab, on its own copies of the notebooks.
        program: "notebook" for Notebook 7 instead.

    Yields:
        The server, once it answers.

    Raises:
        RuntimeError: if it does not answer in time; with its log.
    """
    # Not pytest's folder: a world's path must be short enough for a socket.
    with tempfile.TemporaryDirectory(prefix="kb-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        folder.chmod(0o711)
        for part in ("notebooks", "worlds", "settings"):
            (folder / part).mkdir(mode=0o711)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        log = folder / "log"
        with log.open("wb") as output:
            begin = ("kit", "lab", "--no-browser", "--") if checkout else _bare(folder, program)
            server = subprocess.Popen(
                [sys.executable, "-m", *begin, *_options(port)],
                env=_environment(folder, checkout or ROOT),
                stdout=output,
                stderr=output,
                cwd=checkout or folder,
            )
        address = f"http://127.0.0.1:{port}"
        try:
            if not wait_until(lambda: _answers(address), seconds=START_S, every=0.1):
                raise RuntimeError(f"JupyterLab does not answer:\n{log.read_text(errors='replace')}")
            yield Jupyter(
                address=address,
                notebooks=checkout / "my-notebooks" if checkout else folder / "notebooks",
                worlds=folder / "worlds",
                path="my-notebooks/" if checkout else "",
                program=program,
            )
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(END_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/status", headers={"Authorization": f"token {_TOKEN}"}).is_success
    except httpx.TransportError:
        return False


def _bare(folder: Path, program: Program) -> tuple[str, ...]:
    """Return what starts JupyterLab itself; `kit lab` says these of its own accord."""
    root = ("--allow-root",) if os.geteuid() == 0 else ()
    own = (f"--ServerApp.root_dir={folder / 'notebooks'}", "--ServerApp.answer_yes=True")
    return (program, "--no-browser", *root, *own)


def _options(port: int) -> tuple[str, ...]:
    return (
        *("--expose-app-in-browser", f"--IdentityProvider.token={_TOKEN}"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1"),
    )


def _environment(folder: Path, checkout: Path) -> dict[str, str]:
    own = {kind: str(folder / "settings" / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    return {
        **os.environ,
        **{f"JUPYTER_{kind}_DIR": path for kind, path in own.items()},
        "JUPYTER_CONFIG_PATH": str(JUPYTER_SETTINGS),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings" / "lab"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "settings" / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(folder / "settings" / "ipython"),
        "PYTHONPATH": str(checkout),
        "TMPDIR": str(folder / "worlds"),
    }


@contextmanager
def chromium(playwright: Playwright, path: str) -> Iterator[Browser]:
    """Run a browser without a window.

    Args:
        playwright: what drives it.
        path: of Chromium.
    """
    # Without its sandbox, which does not work for root in a container; it meets our own pages only.
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *_QUIET])
    try:
        yield browser
    finally:
        browser.close()


def open_notebook(
    browser: Browser,
    server: Jupyter,
    name: str,
    *,
    width: int,
    height: int,
    scale: float = 1,
    kernel: bool = True,
) -> Watched:
    """Open a notebook in a page of its own, and wait until the program and its kernel are there.

    Args:
        browser: the browser.
        server: the server.
        name: of the notebook, without `.ipynb`.
        width: of the page, in CSS pixels.
        height: of the page, in CSS pixels.
        scale: device pixels for each CSS pixel.
        kernel: wait for it; else go without one where JupyterLab asks.
    """
    page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
    page.set_default_timeout(PAGE_MS)
    watched = Watched(page=page)
    page.on("request", lambda request: watched.hosts.add(_host(request.url)))
    page.on("websocket", lambda socket: _watch(watched, socket))
    page.on("console", lambda said: watched.errors.append(_say(said)) if said.type == "error" else None)
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.goto(server.url(name))
    if server.program == "notebook":
        wait_for_kernel(page)
        return watched
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    # Cells that are run before the kernel is there make JupyterLab ask which kernel.
    if kernel:
        wait_for_kernel(page)
    else:
        page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()
    for side in ("left", "right"):
        execute(page, "application:toggle-side-tabbar", side=side)
    if page.locator("#jp-left-stack").is_visible():
        execute(page, "application:toggle-left-area")
    return watched


def wait_for_kernel(page: Page) -> None:
    """Wait until the notebook's kernel has nothing to do."""
    page.wait_for_function(_READY)


def execute(page: Page, command: str, **arguments: object) -> None:
    """Execute one of JupyterLab's commands, and wait until it is done."""
    page.evaluate(
        "([command, given]) => window.jupyterapp.commands.execute(command, given).then(() => null)",
        [command, arguments],
    )


def show_theme(page: Page, name: str) -> None:
    """Switch to JupyterLab's own theme, "light" or "dark", and wait until all of it is there."""
    execute(page, "apputils:change-theme", theme=THEMES[name])
    page.locator(f"body[data-jp-theme-light={str(name == 'light').lower()}]").wait_for(state="attached")
    # Its cover goes a moment later; were the theme switched again before, JupyterLab would remove it twice.
    page.locator("#jupyterlab-splash").wait_for(state="detached")


def _say(message: ConsoleMessage) -> str:
    return f"{message.text} ({message.location.get('url', '')})"


def _watch(watched: Watched, socket: WebSocket) -> None:
    watched.hosts.add(_host(socket.url))
    socket.on("framereceived", lambda payload: watched.received.append(len(payload)))


def _host(url: str) -> str:
    """Return the host that an address leads to; none for what the page holds itself."""
    return urlsplit(url).hostname or ""


def run_notebook(page: Page) -> None:
    """Run all cells, and wait until the last has ended."""
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
