"""The real Supabase CLI behind the kit's face: KIT_SUPABASE=cli."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from kit.errors import BadInput, MigrationError, MissingTool, ServerFailed
from kit.names import KIT_SUPABASE_CLI, ROOT, DatabaseName
from kit.process.messenger import MESSENGER
from kit.supabase import history
from kit.supabase.apply import PUSH_SECONDS, format_push_question
from kit.supabase.arguments import CLI_VERSION, Release
from kit.supabase.files import MigrationFile, choose_pending, list_migrations, new_path
from kit.supabase.history import Connection
from kit.supabase.invocation import TARGETS, Invocation

# Not what is in .bin: the tests have another release there, too, and npm links one of them.
_MODULES = ROOT / "node_modules" / "supabase" / "dist" / "supabase.js"
_LOCAL_BY_DEFAULT = {("migration", "up"), ("db", "diff"), ("db", "query"), ("db", "reset")}
_APPLIES = {("migration", "up"), ("db", "push")}
_ASKS = {*_APPLIES, ("migration", "repair"), ("db", "query"), ("db", "reset")}
_TARGET_FLAGS = ("--local", "--linked", "--remote")
_LOCATED = re.compile(r"(custom Postgres|local stack) \([^()]*:[0-9]+\)")
"""How version 3 names a target; the port is another in each world."""
_UNREACHABLE = re.compile(r"failed to connect to postgres: .*?`: (.*)")
_NOTICE = re.compile(r"A new version of Supabase CLI is available|We recommend updating regularly")
_ASKED = re.compile(r"^Do you want to push .*?\[Y/n\] y\n", re.DOTALL | re.MULTILINE)


def find_cli() -> Path:
    """Return the program: the one that KIT_SUPABASE_CLI names, else node_modules, else PATH.

    Raises:
        MissingTool: if it is nowhere.
    """
    found = shutil.which("supabase")
    # The kit's own `supabase` comes first on the PATH of a learner's shell.
    places = {
        f"the environment variable {KIT_SUPABASE_CLI}": os.environ.get(KIT_SUPABASE_CLI, ""),
        "node_modules/supabase in the kit's folder": str(_MODULES),
        "supabase on PATH": found if found and MESSENGER.name not in _first_bytes(Path(found)) else "",
    }
    for place in places.values():
        if place and os.access(place, os.X_OK):
            return Path(place)
    raise MissingTool(
        "The Supabase CLI is not on this machine.",
        looked=list(places),
        remedy=f"npm install supabase@{CLI_VERSION} in the kit's folder; or unset KIT_SUPABASE.",
    )


def find_cli_release(cli: Path) -> Release:
    """Return which release a program is.

    Raises:
        BadInput: if it is none that the kit can stand behind.
    """
    package = cli.resolve().parent.parent / "package.json"
    try:
        version = str(json.loads(package.read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        asked = subprocess.run([cli, "--version"], capture_output=True, text=True, check=False)
        version = asked.stdout.strip()
    for release in Release:
        if version.partition(".")[0] == release.partition(".")[0]:
            return release
    raise BadInput(
        f"KIT_SUPABASE=cli works with the Supabase CLI {' and '.join(Release)}; {cli.name} says {version!r}.",
        remedy=f"npm install supabase@{CLI_VERSION} in the kit's folder; or unset KIT_SUPABASE.",
    )


def main_real(run: Invocation) -> int:
    """Run one command line with the real CLI, whichever of the two releases it is.

    --local and --linked become --db-url, or --remote=; the local database of version 3 is
    reached that way, too, where it needs a --yes. `db diff` and `db pull` need Docker, as they
    do at work. On the virtual clock `db push` takes `PUSH_SECONDS` if it will apply
    anything. `applied` is called, when the command has ended, for each new row of the
    history.

    Returns:
        The CLI's own exit code.

    Raises:
        MissingTool: if the CLI is not on this machine.
        BadInput: if it is of neither release.
        ServerFailed: if a database does not answer.
    """
    cli = find_cli()
    run = replace(run, release=find_cli_release(cli))
    try:
        typed = run.line.command
        # What the target is called, and the warnings, the real one says.
        database = replace(run, write=lambda _: None).target(
            "local" if typed in _LOCAL_BY_DEFAULT else "cloud"
        )
    except BadInput:  # the real one may know it, or else says so itself
        return _run(run, [cli, *run.argv])
    if typed is None or typed == ("migration", "new"):
        piped = run.read_all() if typed and run.ask is None else ""
        return _run(run, [cli, *run.argv], answer=piped, stamps=True)
    url, password = _split_password(run.urls[database])
    words = [word for word in run.argv if word.partition("=")[0] not in _TARGET_FLAGS]
    environment = {"PGPASSWORD": password}
    if database == "local":
        # The CLI calls a database local when its port is that of the project's configuration.
        environment["SUPABASE_DB_PORT"] = str(urlsplit(url).port or "")
    command: list[str | Path] = [cli, *words, "--db-url", url]
    consent: list[str] = []
    if run.release is Release.V3:
        consent = _consent(run, database)
        command = [cli, *words, f"--remote={url}", *consent]
    if typed not in _APPLIES:
        piped = ""
        if run.ask is None:
            piped = run.read_all() if typed == ("db", "query") and not run.line.values else run.read_line()
        return _run(run, command, environment, piped, database=database, stamps=typed == ("db", "diff"))
    with run.connect(database) as connection:
        before = _read_history(connection)
    applied = [version for version, _ in before]
    answer = _let_time_pass(run, database, applied, consented=bool(consent))
    code = _run(run, command, environment, answer, database=database)
    with run.connect(database) as connection:
        for version, name in _read_history(connection):
            if (version, name) not in before:
                run.record(connection, database, version, name)
    return code


def _consent(run: Invocation, database: DatabaseName) -> list[str]:
    """Return the --yes that version 3 wants; where somebody can be asked, they are, for the cloud alone."""
    if run.line.has("yes") or run.line.has("dry-run") or run.line.command not in _ASKS:
        return []
    if database == "local":
        return ["--yes"]
    if run.ask is None or not run.shown:
        return []  # it refuses, in its own words
    question = f"{' '.join(('supabase', *run.argv))} on {TARGETS[database]}?"
    return ["--yes"] if run.confirm(question, default=False) else []


def _first_bytes(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(4096).decode(errors="replace")
    except OSError:
        return ""


def _split_password(url: str) -> tuple[str, str]:
    """Return the URL without its password, which would be seen in the list of processes, and the password."""
    parts = urlsplit(url)
    account, _, place = parts.netloc.rpartition("@")
    user, _, password = account.partition(":")
    query = f"{parts.query}&sslmode=disable" if parts.query else "sslmode=disable"
    return urlunsplit(parts._replace(netloc=f"{user}@{place}", query=query)), unquote(password)


def _read_history(connection: Connection) -> list[tuple[str, str]]:
    if not history.list_versions(connection):
        return []
    return [(row.version, row.name) for row in history.read_rows(connection)]


def _let_time_pass(
    run: Invocation, database: DatabaseName, applied: Sequence[str], *, consented: bool
) -> str:
    """Do before the CLI runs what cannot be done while it runs: ask, let `db push` take its time.

    Returns:
        What to type into the CLI.
    """
    if run.line.command != ("db", "push") or run.line.has("dry-run"):
        return ""
    try:
        files = list_migrations(run.project).files
        pending = choose_pending(files, applied, include_all=run.line.has("include-all"))
    except (BadInput, MigrationError):  # the CLI will say so
        return ""
    if not pending:
        return ""
    answer = ""
    if run.release is Release.V3:
        answer = "" if consented or run.line.has("yes") else "n\n"
    elif run.ask is None and not run.line.has("yes"):
        answer = run.read_line()
    # Without a terminal the CLI waits a tenth of a second for an answer: nobody types that fast.
    elif not run.line.has("yes"):
        answer = "y\n" if run.confirm(format_push_question(database, pending), default=True) else "n\n"
    if answer != "n\n" and run.clock.name == "virtual":
        run.clock.advance(PUSH_SECONDS)
    return answer


def _run(
    run: Invocation,
    command: Sequence[str | Path],
    secrets: Mapping[str, str] | None = None,
    answer: str = "",
    *,
    database: DatabaseName = "cloud",
    stamps: bool = False,
) -> int:
    secrets = secrets or {}
    leftovers = run.project / "supabase" / ".temp"
    leave_nothing = not leftovers.exists()
    before = list_migrations(run.project).files
    with tempfile.TemporaryDirectory(prefix="kit-cli-", ignore_cleanup_errors=True) as home:
        process = subprocess.run(
            command,
            cwd=run.project,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": home,  # where the CLI keeps what it knows of its user
                "SUPABASE_TELEMETRY_DISABLED": "1",
                "DO_NOT_TRACK": "1",
                "NO_COLOR": "1",
                **secrets,
            },
            input=answer,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    if leave_nothing and leftovers.exists():
        shutil.rmtree(leftovers)
    if found := _UNREACHABLE.search(process.stdout):
        raise ServerFailed(
            "The database does not answer the Supabase CLI.",
            why=re.sub(r" [\d.]+:\d+", "", found[1]),
            remedy="Run the notebook's setup cell again: open_world() starts the server on its own data.",
        )
    text = process.stdout
    text = _LOCATED.sub(TARGETS[database], text)
    if answer == "y\n" and run.ask is not None:
        text = _ASKED.sub("", text, count=1)  # it was asked before
    password = secrets.get("PGPASSWORD", "")
    for word in {password, quote(password, safe="")} - {""}:
        text = text.replace(word, "****")
    if stamps and run.clock.name == "virtual":
        text = _restamp(run, before, text)
    run.write("".join(line for line in text.splitlines(keepends=True) if not _NOTICE.search(line)))
    return process.returncode


def _restamp(run: Invocation, before: Sequence[MigrationFile], text: str) -> str:
    """Give new files the virtual clock's stamp instead of the machine's; return the text with it."""
    for file in list_migrations(run.project).files:
        if file not in before:
            path = new_path(run.project, file.name, run.clock.date())
            file.path.rename(path)
            text = text.replace(file.path.name, path.name)
    return text
