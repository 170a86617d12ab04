"""One run of a command: what was typed, the project it is for, its databases, its terminal, its clock."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

from kit.errors import BadInput, KitError, ServerFailed
from kit.names import DatabaseName
from kit.supabase import history
from kit.supabase.arguments import CLI_VERSION, RETRY, CommandLine, Release, parse, wants_json
from kit.supabase.files import MigrationFile, find_configured, list_migrations, new_path
from kit.supabase.history import Connection
from kit.timeline import MigrationApplied
from kit.timeline.clock import Clock

UrlName = Literal["local", "cloud", "shadow"]
"""shadow: an empty database for `db diff` and `db pull` to replay the migration files in."""
SPOKEN: Mapping[DatabaseName, str] = {"local": "local", "cloud": "remote"}
"""What the Supabase CLI calls the databases."""
PROJECT_REF = "rhizomegardenofnotes"
"""The reference of the linked project, which is not on the web: twenty letters, as they have."""
TARGETS: Mapping[DatabaseName, str] = {
    "local": "local stack",
    "cloud": f"project rhizome ({PROJECT_REF}) · production",
}
"""What version 3 calls them; the local one without its port, which is another in each world."""
_STRUCTURED: Mapping[DatabaseName, Mapping[str, str]] = {
    "local": {"kind": "local"},
    "cloud": {
        "kind": "linked",
        "project_ref": PROJECT_REF,
        "project_name": "rhizome",
        "environment": "production",
    },
}
"""The same as JSON."""
_KINDS = {("db", "push"), ("db", "reset")}
_GIVEN = ("remote", "linked", "local")
_WARNINGS = {
    "linked": "Warning: --linked is deprecated and will be removed in v4. Use --remote instead",
    "local": "Warning: --local isn't needed (local is the default) and will be removed in v4",
}


def name_kind(line: CommandLine) -> str:
    """Return how the CLI's names for a command's errors begin."""
    return "".join(map(str.title, line.command)) if line.command in _KINDS else "Migration"


@dataclass(frozen=True, kw_only=True, repr=False)
class Invocation:
    """One command line of `npx supabase`, and all that it may use.

    Attributes:
        argv: the arguments, without the word `supabase`.
        folder: the current folder of the shell; `supabase/` is looked for here and above.
        urls: libpq URLs, with passwords, which are never printed. "shadow", if there, is
            an empty database that `db diff` and `db pull` may fill and empty.
        open_url: connects to one of them, in autocommit mode, with nothing prepared;
            raises ServerFailed, without the URL.
        clock: gives new files their stamps; on the virtual clock `db push` takes `PUSH_SECONDS`.
        write: gets the text to print, with its newlines; stdout and stderr are one stream.
        ask: shows a question and returns the answer; None if nobody can be asked: then,
            as for the CLI without a terminal, a line of what is piped in answers, or else
            the default does.
        applied: called with a record right after each migration file is committed.
        read_line: returns the line that is piped in by now, "" if there is none.
        read_all: returns all that is piped in, bytes that are no UTF-8 as lone surrogates.
        release: which CLI to be.
        shown: whether what is printed goes to a terminal; version 3 asks nothing elsewhere.
        targets: the databases that `target` has named so far.
        empty: makes the local database anew, with nothing in it, for `db reset`.
    """

    argv: Sequence[str]
    folder: Path
    urls: Mapping[UrlName, str]
    open_url: Callable[[str], Connection]
    clock: Clock
    write: Callable[[str], None]
    ask: Callable[[str], str] | None
    applied: Callable[[MigrationApplied], None]
    read_line: Callable[[], str] = str
    read_all: Callable[[], str] = str
    release: Release = CLI_VERSION
    shown: bool = True
    empty: Callable[[], None] | None = None
    targets: list[DatabaseName] = field(default_factory=list, init=False)

    def __repr__(self) -> str:
        """Say the class; the URLs have passwords."""
        return "Invocation()"

    @cached_property
    def line(self) -> CommandLine:
        """What was typed, understood; BadInput if it is not."""
        return parse(self.argv, self.release)

    @cached_property
    def project(self) -> Path:
        """The folder that holds `supabase/`."""
        return find_configured(self.folder)

    def say(self, text: str) -> None:
        """Print a line."""
        self.write(f"{text}\n")

    def finish(self, text: str, **facts: object) -> None:
        """Print what a command comes to.

        Args:
            text: in words, with its newlines.
            facts: what --output-format json prints instead.
        """
        if self.line.structured:
            self.write_json({**facts, **self._name_targets()})
        else:
            self.write(text)

    def write_json(self, value: object) -> None:
        """Print a value as one line of JSON."""
        self.say(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def fail(self, error: KitError, *, code: str, hint: str) -> None:
        """Print an error: in words, or as JSON if that is what was asked for.

        Args:
            error: what went wrong.
            code: the CLI's name for it.
            hint: what it advises, "" for nothing.
        """
        if wants_json(self.argv):
            advice = {"suggestion": hint} if hint and hint != RETRY else {}
            described = {"code": code, "message": error.message, **advice}
            self.write_json({**self._name_targets(), "_tag": "Error", "error": described})
            return
        self.write(f"{error.details.get('usage', '')}{error.message}\n")
        self.write(f"{hint}\n" if hint else "")

    def _name_targets(self) -> dict[str, object]:
        if self.release is Release.V2 or not self.targets:
            return {}
        return {"target": _STRUCTURED[self.targets[-1]]}

    def target(self, default: DatabaseName) -> DatabaseName:
        """Return the database that --local or --linked names, or else `default`.

        In version 3 the default always is the local one; the target is printed, with
        a warning for flags of version 2.

        Raises:
            BadInput: if both are given.
        """
        if self.release is Release.V3:
            return self._name_target()
        local, linked = self.line.has("local"), self.line.has("linked")
        if local and linked:
            raise BadInput(
                "if any flags in the group [db-url linked local] are set none of the others can be; "
                "[linked local] were all set",
                remedy="Give one of --local and --linked.",
                code=f"{name_kind(self.line)}TargetFlagsError",
            )
        self.targets.append("local" if local else "cloud" if linked else default)
        return self.targets[-1]

    def _name_target(self) -> DatabaseName:
        given = [flag for flag in _GIVEN if flag in self.line.flags]
        if len(given) > 1:
            raise BadInput(
                "Only one of --remote, --linked, --db-url and --local can be set; got "
                f"{' and '.join(f'--{flag}' for flag in given)}.",
                remedy="Use --remote, or nothing for the local database.",
                hint="Use --remote or --remote=<ref|branch|url> on its own.",
                code="TargetSelectorConflictError",
            )
        named = self.line.flags.get("remote", "true")
        if named not in ("true", PROJECT_REF):
            raise BadInput(
                "--remote=…: the kit's runner knows the linked project alone; the real CLI takes any.",
                remedy="Use --remote on its own.",
                hint="Use --remote on its own.",
            )
        for flag in given:
            if flag in _WARNINGS:
                self.say(_WARNINGS[flag])
        database: DatabaseName = "cloud" if {"remote", "linked"} & set(given) else "local"
        self.say(f"Target: {TARGETS[database]}")
        self.targets.append(database)
        return database

    def require_consent(
        self, database: DatabaseName, action: str, *, details: str = "", hint: str = ""
    ) -> None:
        """Ask before a database is changed, as version 3 does: on a terminal alone, the cloud's alone.

        Args:
            database: which.
            action: what will be done, as an imperative.
            details: lines to print before the question.
            hint: what else one could do where nobody can be asked.

        Raises:
            BadInput: after a no, or if nobody can be asked and --yes is not given.
        """
        if database == "local":
            return
        target = TARGETS[database]
        if self.line.has("yes"):
            self.say(f"Confirmed by --yes: {action} on {target}")
            return
        if self.ask is None or not self.shown or self.line.structured:
            stream = "stdout" if not self.shown else "stdin"
            reason = "its output format is json" if self.line.structured else f"{stream} is not a terminal"
            raise BadInput(
                f"Confirmation required: {action} (target: {target}). This run can't ask because {reason}. "
                "Nothing was changed.",
                remedy="Add --yes.",
                code="HostedMutationConsentRequiredError",
                hint=f"Re-run with --yes to confirm.{hint}",
            )
        self.write(details)
        answer = self.ask(f"{action} on {target}? [y/N] ").strip().lower()
        if answer not in ("y", "yes"):
            raise BadInput(
                "context canceled", remedy="Answer y to go on.", hint="", code="HostedMutationDeclinedError"
            )

    @contextlib.contextmanager
    def connect(self, database: UrlName) -> Iterator[Connection]:
        """Open a connection for the length of a `with`.

        Raises:
            ServerFailed: if there is none.
            BadInput: if the project has no such database.
        """
        if database not in self.urls:
            raise BadInput(
                "Cannot find project ref. Have you run supabase link?",
                remedy="Run the command in a clone of the world.",
            )
        try:
            connection = self.open_url(self.urls[database])
        except ServerFailed as error:
            raise history.unreachable(database, error.why) from None
        with contextlib.closing(connection):
            yield connection

    @contextlib.contextmanager
    def connect_aloud(self, database: DatabaseName) -> Iterator[Connection]:
        """Do the same, and say so; version 3 has named its target."""
        if self.release is Release.V2:
            self.say(f"Connecting to {SPOKEN[database]} database...")
        with self.connect(database) as connection:
            yield connection

    def confirm(self, question: str, *, default: bool) -> bool:
        """Ask; without a terminal the answer is `default`, with --yes it is yes."""
        prompt = f"{question} [{'Y/n' if default else 'y/N'}] "
        if self.line.has("yes"):
            self.say(f"{prompt}y")
            return True
        if self.ask is None:
            answer = self.read_line().rstrip("\r\n")
            self.say(f"{prompt}{answer}")
        else:
            answer = self.ask(prompt)
        answer = answer.strip().lower()
        return answer in ("y", "yes") if answer else default

    def require(self, question: str, *, default: bool) -> None:
        """Ask, and go on only after a yes.

        Raises:
            BadInput: after a no.
        """
        if not self.confirm(question, default=default):
            raise BadInput(
                "context canceled", remedy="Answer y to go on.", hint="", code="OperationCanceledError"
            )

    def list_files(self) -> tuple[MigrationFile, ...]:
        """List the migration files; say which are skipped, and why."""
        listing = list_migrations(self.project)
        for sentence in listing.skipped:
            self.say(sentence)
        return listing.files

    def write_file(self, name: str, text: str) -> Path:
        """Make a new migration file; return its path."""
        path = new_path(self.project, name, self.clock.date())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return path

    def record(self, connection: Connection, database: DatabaseName, version: str, name: str) -> None:
        """Tell that a migration is committed."""
        committed = None
        # On the virtual clock the server's calendar, which is the machine's, means nothing.
        if self.clock.name == "wall" and (date := history.read_commit_date(connection, version)):
            committed = (date - self.clock.date(0)) / timedelta(seconds=1)
        self.applied(
            MigrationApplied(
                at=self.clock.now(),
                database=database,
                version=version,
                name=name,
                committed=committed,
            )
        )
