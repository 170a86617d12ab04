"""Look at this machine: what the kit needs, what it could use, what was left behind."""

from __future__ import annotations

import contextlib
import importlib.metadata
import locale
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import click

from kit.cli.app import FAILED, KitCommand
from kit.cli.clean import find_kept, find_leftovers, measure
from kit.cli.screen import BAD, DIM, GOOD, Screen, Tell
from kit.errors import BadInput, KitError, UnusableFolder
from kit.host import BUILD_S
from kit.names import KIT_SUPABASE as SUPABASE_VARIABLE
from kit.postgres import client, find_engine, provider_named, start_server
from kit.process import Supervisor, temporary_folder
from kit.repos import require_git
from kit.supabase.arguments import Release
from kit.supabase.real import find_cli, find_cli_release
from kit.timeline import Deployed
from kit.world.checkpoints import find_refusal
from kit.world.home import kit_home, shared_cache
from kit.world.open import open_at
from kit.world.save import TEST_DOCUMENT
from kit.world.workflow import FIRST

OLDEST_PYTHON = (3, 11)
OLDEST_JUPYTERLAB = 4
_FOREIGN = "kit"
"""What somebody gets who types `pip install kit`: this project is broken-window-kit there."""
_NODE_S = 10
_DEPLOY = "git commit --quiet --allow-empty --message 'Try this machine' && git push --quiet origin main"
_REPORT = "Report it with these lines: everything that the kit needs was found, and yet it fails."
_MEANING = {
    Release.V2: f"It is a {Release.V2.partition('.')[0]}: `db push` means production.",
    Release.V3: f"It is a {Release.V3.partition('.')[0]}: `db push` means the local database; "
    "production needs --linked or --remote, and a yes.",
}
_MEGABYTE = 2**20

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: what.
        level: "ok"; "note" for what the kit can do without; "problem" for what it cannot.
        result: what was found.
        remedy: what to do about it, "" if there is nothing to do.
    """

    check: str
    level: Level
    result: str
    remedy: str = ""


class _Lack(NamedTuple):
    """What is not as it should be, and what to do about it, "" for nothing."""

    result: str
    remedy: str


def examine(*, progress: Tell | None = None) -> tuple[Finding, ...]:
    """Look at everything; a check that fails is a finding, never an error.

    Args:
        progress: told what is being looked at.
    """
    # What is looked at, how bad it is if it is not as it should be, and how one looks.
    checks: tuple[tuple[str, Level, Callable[[], str | _Lack]], ...] = (
        ("Python", "problem", _python),
        ("git", "problem", require_git),
        ("temporary folder", "problem", _temporary_folder),
        ("KIT_HOME", "problem", _home),
        *([("shared cache", "note", _shared_cache)] if shared_cache() else ()),
        ("PostgreSQL", "problem", _postgres),
        ("psql, pg_dump", "problem", _clients),
        ("JupyterLab", "problem", _jupyterlab),
        ("locale", "note", _locale),
        ("curl", "note", _curl),
        ("Docker", "note", _docker),
        ("Node", "note", _node),
        ("Supabase CLI", _supabase_level(), _supabase_cli),
        ("a world", "problem", _world),
        ("left behind", "note", _left_behind),
    )
    findings: list[Finding] = []
    for check, level, look in checks:
        if look is _world and any(finding.level == "problem" for finding in findings):
            continue  # it could only fail, and what with is said already
        if progress:
            progress(f"Looking at: {check}")
        try:
            found = look()
        except KitError as error:
            found = _failed(error)
        if isinstance(found, str):
            findings.append(Finding(check=check, level="ok", result=found))
        else:
            findings.append(Finding(check=check, level=level, **found._asdict()))
    return tuple(findings)


def _failed(error: KitError) -> _Lack:
    parts = [error.message, error.why and f"Why: {error.why}"]
    if error.looked:
        parts.append(f"Looked at: {'; '.join(error.looked)}")
    # The remedy of many errors is to run what runs now.
    remedy = "" if "kit doctor" in error.remedy else error.remedy
    return _Lack("\n".join(filter(None, parts)), remedy)


def _python() -> str | _Lack:
    words = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return _Lack(words, "Install Python 3.11 or later; make PYTHON=/path/to/python3 lab chooses one.")
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        other = importlib.metadata.version(_FOREIGN)
        return _Lack(
            f"{words}\nAnother project's package {_FOREIGN} {other} is installed here, too.",
            f"{sys.executable} -m pip uninstall {_FOREIGN}; then install this one again (make install).",
        )
    return words


def _temporary_folder() -> str:
    Supervisor.start().close()  # as a world does: nothing else tells as surely
    return f"{temporary_folder()}: {shutil.disk_usage(temporary_folder()).free // _MEGABYTE} MB free"


def _shared_cache() -> str | _Lack:
    refused = find_refusal()
    if not refused:
        return f"{shared_cache()}: checkpoints of this kit"
    return _Lack(refused, f"Who looks after this machine prepares it: python -m kit prepare {shared_cache()}")


def _home() -> str:
    return f"{kit_home()}: {measure(find_kept()) // _MEGABYTE} MB kept"


def _postgres() -> str:
    """Start the chosen provider's server for a moment: nothing else tells as surely that it runs."""
    try:
        provider = provider_named(cache=kit_home() / "cache")
        supervisor = Supervisor.start()
    except UnusableFolder as error:  # said already
        raise UnusableFolder("Not tried: there is no folder for it.", remedy="") from error
    try:
        server = start_server(provider, supervisor.folder, supervisor)
        with server.connect() as connection:
            version = connection.info.parameter_status("server_version")
    finally:
        supervisor.close()
    return f"{provider.name}: a server of version {version} starts and answers"


def _clients() -> str:
    places = [client(name) for name in ("psql", "pg_dump")]
    # One line, where both come from one folder.
    return "\n".join(dict.fromkeys(str(place.parent) for place in places))


def _jupyterlab() -> str | _Lack:
    try:
        version = importlib.metadata.version("jupyterlab")
    except importlib.metadata.PackageNotFoundError:
        version = "not installed"
    if version.partition(".")[0].isdigit() and int(version.partition(".")[0]) >= OLDEST_JUPYTERLAB:
        return version
    return _Lack(version, f"{sys.executable} -m pip install 'jupyterlab>=4.4,<5' (or: make install)")


def _locale() -> str | _Lack:
    before = locale.setlocale(locale.LC_ALL)
    try:
        name = locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        asked = next(
            (os.environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if os.environ.get(name)), "none"
        )
        return _Lack(
            f"{asked} is not installed; the kit's own programs run under C.UTF-8",
            "Set LC_ALL to one that `locale -a` lists, such as C.UTF-8.",
        )
    finally:
        locale.setlocale(locale.LC_ALL, before)
    return f"{name.partition(';')[0]}, {sys.getfilesystemencoding()}"


def _curl() -> str | _Lack:
    found = shutil.which("curl")
    return found or _Lack("not on PATH. The job of notebook 12 asks the site with it.", "Install curl.")


def _docker() -> str | _Lack:
    try:
        return f"an engine answers at {find_engine()}"
    except KitError as error:
        return _Lack(
            f"{error.message} Only KIT_POSTGRES=docker needs one.",
            error.remedy.partition(", or unset")[0].rstrip(".") + ".",
        )


def _node() -> str | _Lack:
    if found := shutil.which("npx"):
        node = shutil.which("node")
        return f"{_version(node)}, {found}" if node else found
    return _Lack(
        "npx is not on PATH. The kit brings its own; only the real Supabase CLI comes with npm.",
        "Install Node 20 or later, if you want the real CLI.",
    )


def _version(program: str) -> str:
    try:
        return subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True, timeout=_NODE_S
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        return f"{program} does not run ({error})"


def _supabase_level() -> Level:
    return "problem" if os.environ.get(SUPABASE_VARIABLE) == "cli" else "note"


def _supabase_cli() -> str | _Lack:
    try:
        cli = find_cli()
        return f"{cli}; KIT_SUPABASE=cli uses it. {_MEANING[find_cli_release(cli)]}"
    except BadInput as error:
        return _Lack(error.message, error.remedy)
    except KitError as error:
        if _supabase_level() == "problem":
            raise
        return _Lack(
            "The real one is not here. Only KIT_SUPABASE=cli needs it.", error.remedy.partition(";")[0] + "."
        )


def _world() -> str | _Lack:
    """Do in a world what the lesson does, once: commit, push, export, build, start, switch, answer."""
    try:
        engine = open_at(FIRST, scratch=True).engine
        try:
            before = engine.timeline.records
            ran = engine.run("production", _DEPLOY)
            engine.advance(2 * BUILD_S)
            answer = engine.open_page("production", TEST_DOCUMENT)
            deployed = [
                f"{record.stage}: {record.detail}" if record.detail else record.stage
                for record in engine.timeline.records[len(before) :]
                if isinstance(record, Deployed)
            ]
        finally:
            engine.close()
    except KitError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it would meet the learner in every notebook
        return _Lack(f"{type(error).__name__}: {error}", _REPORT)
    if ran.exit or deployed[-1:] != ["live"] or not answer.is_success:
        seen = f"git ended with {ran.exit}; {', '.join(deployed)}; the page's status is {answer.status_code}"
        return _Lack("\n".join(filter(None, [seen, ran.output.strip()])), _REPORT)
    return "opens, deploys a commit, and its page answers"


def _left_behind() -> str | _Lack:
    try:
        found = find_leftovers()
    except UnusableFolder as error:  # as above
        raise UnusableFolder("Not looked for: the kit has no folder.", remedy="") from error
    held = f"{found.held} world{'s' if found.held != 1 else ''} in use"
    if not found:
        return f"nothing; {held}"
    counts = (
        (len(found.folders), "world without an owner"),
        (len(found.processes), "process without an owner"),
        (len(found.caches), "cache of another version of the kit"),
    )
    words = [f"{count} x {what}" for count, what in counts if count]
    return _Lack(f"{', '.join(words)}; {held}", "python -m kit clean")


_STYLES: Mapping[Level, str] = {"ok": "", "note": DIM, "problem": BAD}


@click.command(cls=KitCommand)
def doctor() -> int:
    """Look at this machine. Exit code 1: the kit cannot run here."""
    screen = Screen()
    with screen.progress() as tell:
        findings = examine(progress=tell if screen.animated else None)
    screen.table(
        ("", "check", "result"),
        [(finding.level, finding.check, _with_remedy(finding)) for finding in findings],
        styles=[_STYLES[finding.level] for finding in findings],
    )
    problems = [finding.check for finding in findings if finding.level == "problem"]
    if problems:
        screen.line(f"The kit cannot run here yet: {', '.join(problems)}.", style=BAD)
        return FAILED
    screen.line("The kit can run here.", style=GOOD)
    return 0


def _with_remedy(finding: Finding) -> str:
    return f"{finding.result}\nWhat to do: {finding.remedy}" if finding.remedy else finding.result
