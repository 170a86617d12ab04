from __future__ import annotations

import pytest

from kit.errors import BadInput
from kit.supabase.arguments import CLI_VERSION, COMMANDS, CommandLine, parse


def test_flags_may_stand_anywhere() -> None:
    expected = CommandLine(("db", "diff"), {"file": "x", "local": "true", "yes": "true"})
    assert parse(["db", "diff", "-f", "x", "--local", "--yes"]) == expected
    assert parse(["db", "diff", "--local", "--yes", "--file=x"]) == expected
    assert parse(["--yes", "db", "diff", "--local", "-f", "x"]) == expected


def test_two_dashes_end_the_flags() -> None:
    assert parse(["db", "query", "--", "--linked"]).values == ("--linked",)


def test_a_flag_can_be_switched_off() -> None:
    assert not parse(["db", "push", "--dry-run=false"]).has("dry-run")


def test_migrations_is_migration() -> None:
    assert parse(["migrations", "list"]).command == ("migration", "list")


@pytest.mark.parametrize("words", [["--version"], ["-v"]])
def test_tells_the_version_that_it_is_like(words: list[str]) -> None:
    assert parse(words).answer == f"{CLI_VERSION}\n"


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_names_every_command(words: list[str]) -> None:
    answer = parse(words).answer
    assert all(f"supabase {group} {name}" in answer for group, name in COMMANDS)


@pytest.mark.parametrize(("group", "name"), COMMANDS)
def test_every_command_has_help(group: str, name: str) -> None:
    for words in ([group, name, "--help"], [group, name, "-h"], ["--help", group, name]):
        line = parse(words)
        assert line.command is None
        assert f"supabase {group} {name}" in line.answer
        assert all(f"--{flag}" in line.answer for flag in COMMANDS[group, name].flags)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["foo"], 'Unknown subcommand "foo" for "supabase"'),
        (["help"], 'Unknown subcommand "help" for "supabase"'),
        (["db", "remote", "--linked", "sql", "x"], 'Unknown subcommand "remote" for "supabase db"'),
        (["db", "--linked"], "Unrecognized flag: --linked in command supabase db"),
        (["--foo", "db", "push"], "Unrecognized flag: --foo in command supabase"),
        (["db", "push", "--forec"], "Unrecognized flag: --forec in command supabase db push"),
        (["db", "push", "-y"], "Unrecognized flag: -y in command supabase db push"),
        (["db", "push", "x"], 'Unexpected positional argument: "x"'),
        (["migration", "new"], "Missing required argument: migration name"),
        (["migration", "new", "a", "b"], 'Unexpected positional argument: "b"'),
        (["db", "diff", "-f"], "Missing value for flag --file. Expected: string"),
        (["db", "diff", "-f", "--local"], "Missing value for flag --file. Expected: string"),
        (
            ["migration", "repair", "--status", "maybe"],
            'Invalid value for flag --status: "maybe". Expected: "applied" | "reverted"',
        ),
    ],
)
def test_says_what_is_wrong_and_what_there_is(words: list[str], message: str) -> None:
    with pytest.raises(BadInput) as failure:
        parse(words)
    assert failure.value.message == message
    assert "USAGE" in str(failure.value.details["usage"])
