"""What may be typed after `supabase`: commands, their flags, and what is wrong with a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kit.errors import BadInput

CLI_VERSION = "2.122.1"
"""The release of the Supabase CLI that the kit's runner is modelled on and compared with."""
RETRY = "Try rerunning the command with --debug to troubleshoot the error."
"""What the CLI adds to an error for which it has no better advice."""
_FLAG_WIDTH = 28


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of a command.

    Attributes:
        says: one line for the help.
        takes: what it takes as its value, "" for none.
        choices: the values that it takes, if not any.
        short: its one-letter name.
    """

    says: str
    takes: str = ""
    choices: tuple[str, ...] = ()
    short: str = ""


FLAGS = {
    "help": Flag("Show help information.", short="h"),
    "yes": Flag("Answer yes to all prompts."),
    "debug": Flag("Accepted and ignored: errors are always shown in full."),
    "linked": Flag("Use the cloud database of the linked project."),
    "local": Flag("Use the local database."),
    "include-all": Flag("Include all migrations not found on remote history table."),
    "dry-run": Flag("Print the migrations that would be applied, but don't actually apply them."),
    "file": Flag("Save the diff as a new migration of this name.", takes="string", short="f"),
    "status": Flag("Version status to update.", takes="choice", choices=("applied", "reverted")),
}
_EVERYWHERE = ("help", "yes", "debug")
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
    ("db", "query"): Spec("Execute a SQL query against the database.", _EITHER, takes=("sql",)),
}
_GROUPS = {
    "migration": "Manage database migration scripts.",
    "db": "Manage Postgres databases.",
}
_INSTEAD = {
    ("db", "remote"): 'To run SQL against the cloud database: supabase db query --linked "SELECT …"',
    ("db", "reset"): "To start again from nothing: python -m kit reset",
}


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

    def has(self, flag: str) -> bool:
        """Say whether a flag without a value was given."""
        return self.flags.get(flag) == "true"


def parse(argv: Sequence[str]) -> CommandLine:
    """Understand a command line, without the word `supabase`.

    Raises:
        BadInput: if it is not understood; the message ends with what there is.
    """
    words = list(argv)
    leading = []
    while words and words[0].startswith("-"):
        leading.append(words.pop(0))
    if {"--version", "-v"} & set(leading):
        return CommandLine(answer=f"{CLI_VERSION}\n")
    for word in leading:
        if word.lstrip("-") not in (*_EVERYWHERE, "h"):
            raise _misused(f"Unrecognized flag: {word} in command supabase", format_help())
    group = words.pop(0) if words else ""
    group = "migration" if group == "migrations" else group
    if not group:
        return CommandLine(answer=format_help())
    if group not in _GROUPS:
        raise _misused(f'Unknown subcommand "{group}" for "supabase"', format_help())
    if not words or words[0] in ("--help", "-h"):
        return CommandLine(answer=format_help(group))
    name = words.pop(0)
    if name.startswith("-"):
        raise _misused(f"Unrecognized flag: {name} in command supabase {group}", format_help(group))
    if (group, name) not in COMMANDS:
        instead = _INSTEAD.get((group, name), "")
        raise _misused(f'Unknown subcommand "{name}" for "supabase {group}"', format_help(group), instead)
    return _parse_rest((group, name), [*leading, *words])


def _parse_rest(command: tuple[str, str], words: list[str]) -> CommandLine:
    spec, usage = COMMANDS[command], format_help(*command)
    known = {flag: FLAGS[flag] for flag in (*spec.flags, *_EVERYWHERE)}
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
        typed, equals, value = word.partition("=")
        name = typed[2:] if typed.startswith("--") else short.get(typed[1:], "")
        if name not in known:
            raise _misused(f"Unrecognized flag: {typed} in command supabase {' '.join(command)}", usage)
        if known[name].takes and not equals and words and not words[0].startswith("-"):
            value = words.pop(0)
        flags[name] = _require_value(name, known[name], value, usage)
    if flags.get("help") == "true":
        return CommandLine(answer=usage)
    if len(values) > len(spec.takes) and not spec.many:
        raise _misused(f'Unexpected positional argument: "{values[len(spec.takes)]}"', usage)
    if len(values) < spec.needed:
        raise _misused(f"Missing required argument: {spec.takes[len(values)]}", usage)
    return CommandLine(command, flags, tuple(values))


def _require_value(name: str, flag: Flag, value: str, usage: str) -> str:
    if not flag.takes:
        return value or "true"
    if not value:
        raise _misused(f"Missing value for flag --{name}. Expected: {flag.takes}", usage)
    if flag.choices and value not in flag.choices:
        expected = " | ".join(f'"{choice}"' for choice in flag.choices)
        raise _misused(f'Invalid value for flag --{name}: "{value}". Expected: {expected}', usage)
    return value


def format_help(group: str = "", name: str = "") -> str:
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
    known = {flag: FLAGS[flag] for flag in (*spec.flags, *_EVERYWHERE)}
    rows = {
        f"--{flag}{', -' + facts.short if facts.short else ''} {facts.takes}".rstrip(): facts.says
        for flag, facts in known.items()
    }
    return _format_page(spec.says, f"supabase {group} {name} [flags]{takes}", "FLAGS", rows)


def _format_page(says: str, usage: str, heading: str, rows: Mapping[str, str]) -> str:
    lines = ["DESCRIPTION", f"  {says}", "", "USAGE", f"  {usage}", "", heading]
    return "\n".join([*lines, *(f"  {left:<{_FLAG_WIDTH}}{right}" for left, right in rows.items()), ""])


def _misused(message: str, usage: str, instead: str = "") -> BadInput:
    """Make the error for a line that is not understood; it is told after the help, as the CLI does."""
    return BadInput(
        message,
        remedy=instead or "Use one of the commands and flags that the help lists.",
        usage=usage,
        hint=instead or RETRY,
    )
