"""What may be typed after `supabase`: commands, their flags, and what is wrong with a line."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kit.errors import BadInput
from kit.supabase import elsewhere


class Release(StrEnum):
    """A release of the Supabase CLI that the kit's runner is modelled on and compared with."""

    V2 = "2.122.1"
    V3 = "3.1.0"


CLI_VERSION = Release.V2
"""The release that the starter pins, and so the one of the lessons."""
RETRY = "Try rerunning the command with --debug to troubleshoot the error."
"""What the CLI adds to an error for which it has no better advice."""
_FLAG_WIDTH = 28
_OPTION, _VALUE = "UnrecognizedOption", "InvalidValue"
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,2})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of a command.

    Attributes:
        says: one line for the help.
        takes: what it takes as its value, "" for none.
        choices: the values that it takes, if not any.
        short: its one-letter name.
        optional: whether its value may be left out.
    """

    says: str
    takes: str = ""
    choices: tuple[str, ...] = ()
    short: str = ""
    optional: bool = False


_FORMAT = "--output-format"
_OUTPUTS = ("env", "pretty", "json", "toml", "yaml", "table", "csv")
FLAGS = {
    "help": Flag("Show help information.", short="h"),
    "yes": Flag("Answer yes to all prompts."),
    "debug": Flag("Accepted and ignored: errors are always shown in full."),
    "linked": Flag("Use the cloud database of the linked project."),
    "local": Flag("Use the local database."),
    "remote": Flag("Use the cloud database of the linked project.", takes="ref", optional=True),
    "read-only": Flag("Run nothing that writes, and ask nothing."),
    "output-format": Flag(
        "Whether to answer in words or as one line of JSON.",
        takes="choice",
        choices=("text", "json", "stream-json"),
    ),
    "output": Flag("How to write the rows.", takes="choice", choices=_OUTPUTS, short="o"),
    "include-all": Flag("Include all migrations not found on remote history table."),
    "dry-run": Flag("Print the migrations that would be applied, but don't actually apply them."),
    "file": Flag("Save the diff as a new migration of this name.", takes="string", short="f"),
    "no-seed": Flag("Skip running the seed script after reset."),
    "version": Flag("Reset up to the specified version.", takes="string"),
    "last": Flag("Reset up to the last n migration versions.", takes="integer"),
    "status": Flag("Version status to update.", takes="choice", choices=("applied", "reverted")),
}
_OWN = {("db", "query", "file"): Flag("Path to a SQL file to execute.", takes="string", short="f")}
"""Flags that are another command's, too, and mean something else there."""
_EVERYWHERE = ("help", "yes", "debug", "output-format")
_EITHER = ("linked", "local")


@dataclass(frozen=True, slots=True)
class Spec:
    """One command: what it does, which of `FLAGS` and what else it takes."""

    says: str
    flags: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    needed: int = 0
    many: bool = False


COMMANDS: dict[tuple[str, str], Spec] = {
    ("migration", "new"): Spec("Create an empty migration script.", takes=("migration name",), needed=1),
    ("migration", "up"): Spec("Apply pending migrations to local database.", ("include-all", *_EITHER)),
    ("migration", "list"): Spec("List local and remote migrations.", _EITHER),
    ("migration", "repair"): Spec(
        "Repair the migration history table.", ("status", *_EITHER), takes=("version",), many=True
    ),
    ("migration", "fetch"): Spec("Fetch migration files from history table.", _EITHER),
    ("db", "push"): Spec("Push new migrations to the remote database.", ("include-all", "dry-run", *_EITHER)),
    ("db", "diff"): Spec("Diff the local database for schema changes.", ("file", *_EITHER)),
    ("db", "pull"): Spec("Pull schema from the remote database.", _EITHER, takes=("migration name",)),
    ("db", "query"): Spec(
        "Execute a SQL query against the database.", ("output", "file", *_EITHER), takes=("sql",)
    ),
    ("db", "reset"): Spec(
        "Empty a database and apply all migrations: with --linked, production, with all that users wrote.",
        ("no-seed", "version", "last", *_EITHER),
    ),
}
_WITHOUT_JSON = {("db", "diff"), ("db", "pull")}
_GROUPS = {
    "migration": "Manage database migration scripts.",
    "db": "Manage Postgres databases.",
}
_INSTEAD = {
    ("db", "remote"): 'To run SQL against the cloud database: supabase db query --linked "SELECT …"',
}
_REMOVED = {
    "changes": "supabase db remote changes was removed.\nUse `supabase db diff --remote` instead.",
    "commit": "supabase db remote commit was removed.\nUse `supabase db pull --remote` instead.",
}
"""Of version 2, and gone in 3."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command line that was understood.

    Attributes:
        command: two words, such as ("db", "push"); empty for help or the version.
        flags: those that were given; a flag without a value has "true".
        values: the other arguments.
        answer: text to print instead of doing anything.
    """

    command: tuple[str, str] | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    answer: str = ""

    @property
    def structured(self) -> bool:
        """Whether the answer is JSON."""
        return self.flags.get("output-format") == "json"

    def has(self, flag: str) -> bool:
        """Say whether a flag without a value was given."""
        return self.flags.get(flag) == "true"


def wants_json(argv: Sequence[str]) -> bool:
    """Say whether a command line asks for JSON, even if it is not understood."""
    return f"{_FORMAT}=json" in argv or (_FORMAT, "json") in itertools.pairwise(argv)


def parse(argv: Sequence[str], release: Release = CLI_VERSION) -> CommandLine:
    """Understand a command line, without the word `supabase`.

    Args:
        argv: its words.
        release: whose flags it may have.

    Raises:
        BadInput: if it is not understood; the message ends with what there is.
    """
    words = list(argv)
    leading = []
    while words and words[0].startswith("-"):
        leading.append(words.pop(0))
        if leading[-1] == _FORMAT and words:
            leading[-1] = f"{_FORMAT}={words.pop(0)}"
    if {"--version", "-v"} & set(leading):
        return CommandLine(answer=f"{release}\n")
    for word in leading:
        if word.partition("=")[0].lstrip("-") not in (*_EVERYWHERE, "h"):
            _require_here(
                word.removeprefix("--").partition("=")[0] in elsewhere.OTHER_FLAGS, "supabase", word
            )
            raise _misused(f"Unrecognized flag: {word} in command supabase", format_help(), _OPTION)
    group = words.pop(0) if words else ""
    group = "migration" if group == "migrations" else group
    if not group:
        return CommandLine(answer=format_help())
    _require_here(group in elsewhere.OTHER_GROUPS, "supabase", group, *words)
    if group not in _GROUPS:
        message = f'Unknown subcommand "{group}" for "supabase"'
        raise _misused(message, format_help(), _name_unknown(release))
    return _parse_group(group, leading, words, release)


def _parse_group(group: str, leading: list[str], words: list[str], release: Release) -> CommandLine:
    if not words or words[0] in ("--help", "-h"):
        return CommandLine(answer=format_help(group))
    name = words.pop(0)
    if name.startswith("-"):
        message = f"Unrecognized flag: {name} in command supabase {group}"
        raise _misused(message, format_help(group), _OPTION)
    _require_here((group, name) in elsewhere.OTHER_COMMANDS, "supabase", group, name)
    if (group, name) == ("db", "remote") and release is Release.V3 and words and words[0] in _REMOVED:
        message, _, instead = _REMOVED[words[0]].partition("\n")
        raise BadInput(message, remedy="It was removed.", hint=instead, code="RemovedSurfaceError")
    if (group, name) not in COMMANDS:
        instead = _INSTEAD.get((group, name), "")
        message = f'Unknown subcommand "{name}" for "supabase {group}"'
        raise _misused(message, format_help(group), _name_unknown(release), instead)
    return _parse_rest((group, name), [*leading, *words], release)


def list_flags(command: tuple[str, str], release: Release = CLI_VERSION) -> Mapping[str, Flag]:
    """Return the flags of a command as a release has them."""
    flags = COMMANDS[command].flags
    if release is Release.V3:
        flags = (*flags, *(["remote"] if "local" in flags else []))
        flags = (*flags, *(["read-only"] if command == ("db", "query") else []))
    return {flag: _OWN.get((*command, flag), FLAGS[flag]) for flag in (*flags, *_EVERYWHERE)}


def _parse_rest(command: tuple[str, str], words: list[str], release: Release) -> CommandLine:
    spec, usage = COMMANDS[command], format_help(*command, release=release)
    known = list_flags(command, release)
    short = {flag.short: name for name, flag in known.items() if flag.short}
    flags: dict[str, str] = {}
    values: list[str] = []
    while words:
        word = words.pop(0)
        if word == "--":
            values += words
            break
        if not word.startswith("-") or word == "-":
            values.append(word)
            continue
        typed, equals, rest = word.partition("=")
        value = rest if equals else None
        name = typed[2:] if typed.startswith("--") else short.get(typed[1:], "")
        if name not in known:
            _require_here(name in elsewhere.OTHER_FLAGS, "supabase", *command, typed)
            message = f"Unrecognized flag: {typed} in command supabase {' '.join(command)}"
            raise _misused(message, usage, _OPTION)
        flag = known[name]
        if flag.takes and not flag.optional and value is None and words and _is_value(words[0], flag):
            value = words.pop(0)
        flags.setdefault(name, _require_value(name, flag, value, usage))  # the first counts
    if flags.get("help") == "true":
        return CommandLine(answer=usage)
    if flags.get("output-format", "text") != "text":
        missing = flags["output-format"] != "json" or command in _WITHOUT_JSON
        _require_here(missing, "supabase", *command, f"{_FORMAT} {flags['output-format']}")
    if len(values) > len(spec.takes) and not spec.many:
        message = f'Unexpected positional argument: "{values[len(spec.takes)]}"'
        raise _misused(message, usage, "UnexpectedArgument")
    if len(values) < spec.needed:
        message = f"Missing required argument: {spec.takes[len(values)]}"
        raise _misused(message, usage, "MissingArgument")
    return CommandLine(command, flags, tuple(values))


def _is_value(word: str, flag: Flag) -> bool:
    return not word.startswith("-") or (flag.takes == "integer" and _NUMBER.fullmatch(word) is not None)


def _require_value(name: str, flag: Flag, value: str | None, usage: str) -> str:
    if not flag.takes or (flag.optional and not value):
        return value or "true"
    if value is None:
        expected = " | ".join(flag.choices) or flag.takes
        raise _misused(f"Missing value for flag --{name}. Expected: {expected}", usage, _VALUE)
    expected = ""
    if flag.takes == "integer":
        if not _NUMBER.fullmatch(value):
            expected = " a string representing a finite number"
        elif not float(value).is_integer():
            expected = " an integer"
        else:
            value = str(int(float(value)))
    elif flag.choices and value not in flag.choices:
        expected = ": " + " | ".join(f'"{choice}"' for choice in flag.choices)
        if not value:
            raise _misused(f"Missing value for flag --{name}. Expected{expected}", usage, _VALUE)
    if expected:
        raise _misused(f'Invalid value for flag --{name}: "{value}". Expected{expected}', usage, _VALUE)
    return value


def format_help(group: str = "", name: str = "", *, release: Release = CLI_VERSION) -> str:
    """Return the help of everything, of a group of commands, or of one command."""
    if (group, name) not in COMMANDS:
        rows = {
            " ".join(("supabase", *command)): spec.says
            for command, spec in COMMANDS.items()
            if group in ("", command[0])
        }
        says = _GROUPS.get(group, f"The kit's own runner, modelled on the Supabase CLI {CLI_VERSION}.")
        usage = f"supabase {group or '<group>'} <subcommand> [flags]"
        return _format_page(says, usage, "SUBCOMMANDS", rows)
    spec = COMMANDS[group, name]
    takes = "".join(
        f" <{word}>" if place < spec.needed else f" [<{word}{'...' if spec.many else ''}>]"
        for place, word in enumerate(spec.takes)
    )
    known = list_flags((group, name), release)
    rows = {
        f"--{flag}{', -' + facts.short if facts.short else ''} {facts.takes}".rstrip(): facts.says
        for flag, facts in known.items()
    }
    return _format_page(spec.says, f"supabase {group} {name} [flags]{takes}", "FLAGS", rows)


def _format_page(says: str, usage: str, heading: str, rows: Mapping[str, str]) -> str:
    lines = ["DESCRIPTION", f"  {says}", "", "USAGE", f"  {usage}", "", heading]
    return "\n".join([*lines, *(f"  {left:<{_FLAG_WIDTH}}{right}" for left, right in rows.items()), ""])


def _require_here(is_elsewhere: bool, *words: str) -> None:  # noqa: FBT001 - a condition
    """Refuse what the real CLI has and the runner lacks, without calling it unknown."""
    if is_elsewhere:
        raise BadInput(
            f"{' '.join(words)}: the kit's runner does not have this; the real CLI does.",
            remedy="npx supabase --help lists what the runner has.",
            hint="npx supabase --help lists what the runner has; KIT_SUPABASE=cli runs the real one.",
            code="NotInTheKitError",
        )


def _name_unknown(release: Release) -> str:
    return "UnknownSubcommand" if release is Release.V3 else "ShowHelp"


def _misused(message: str, usage: str, code: str, instead: str = "") -> BadInput:
    """Make the error for a line that is not understood; it is told after the help, as the CLI does."""
    return BadInput(
        message,
        remedy=instead or "Use one of the commands and flags that the help lists.",
        usage=usage,
        code=code,
        hint=instead or RETRY,
    )
