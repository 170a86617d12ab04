from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.supabase import split, without_comments
from kit.supabase.arguments import Release

SEPARATORS = set(" \t\n\r\f\v;\u00a0\u2028\u2029\ufeff")

TRICKY = {
    "nothing": ("", []),
    "blanks and semicolons": (" ;\n;; ", []),
    "no semicolon at the end": ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
    "a comment stays with what follows": ("SELECT 1; -- a;\nSELECT 2;", ["SELECT 1", "-- a;\nSELECT 2"]),
    "a comment at the end is a statement": ("SELECT 1;\n-- end", ["SELECT 1", "-- end"]),
    "the semicolons of a last comment go": ("-- end;;", ["-- end"]),
    "a line comment ends at a carriage return": ("-- a;\rSELECT 1;x", ["-- a;\rSELECT 1", "x"]),
    "nested comments": ("/* a /* ; */ ; */ SELECT 1; x", ["/* a /* ; */ ; */ SELECT 1", "x"]),
    "a comment closed by its own star": ("/*/ SELECT 1; x */", ["/*/ SELECT 1", "x */"]),
    "doubled quotes": ("SELECT 'a'';'; x", ["SELECT 'a'';'", "x"]),
    "quoted names": ('SELECT "a"";"; x', ['SELECT "a"";"', "x"]),
    "a backslash is a letter": ("SELECT 'a\\'; x'", ["SELECT 'a\\'", "x'"]),
    "a backslash escapes in E''": ("SELECT E'a\\'; x'; y", ["SELECT E'a\\'; x'", "y"]),
    "a name that ends with e is no E": ("SELECT te'\\'; x", ["SELECT te'\\'", "x"]),
    "E'' goes on in the next line": ("SELECT E'a'\n'\\';'; x", ["SELECT E'a'\n'\\';'", "x"]),
    "E'' does not go on in its own line": ("SELECT E'a' '\\'; x", ["SELECT E'a' '\\'", "x"]),
    "dollar quotes": ("SELECT $$;$$; x", ["SELECT $$;$$", "x"]),
    "tagged dollar quotes": ("SELECT $a$;$b$;$a$; x", ["SELECT $a$;$b$;$a$", "x"]),
    "a parameter is no quote": ("SELECT $1; SELECT $2", ["SELECT $1", "SELECT $2"]),
    "a dollar inside a name": ("SELECT a$b$; x$b$", ["SELECT a$b$", "x$b$"]),
    "three dollars are closed": ("SELECT $$$; x", ["SELECT $$$", "x"]),
    "quotes that never end": ("SELECT 'a; b", ["SELECT 'a; b"]),
    "brackets": (
        "CREATE RULE r AS ON DELETE TO t DO (a; b); x",
        ["CREATE RULE r AS ON DELETE TO t DO (a; b)", "x"],
    ),
    "one bracket closes all": ("DO (f(1); 2); x", ["DO (f(1)", "2)", "x"]),
    "begin atomic": ("BEGIN ATOMIC SELECT 1; END; x", ["BEGIN ATOMIC SELECT 1; END", "x"]),
    "end of a case": (
        "begin\natomic\nSELECT CASE WHEN a THEN b END; END; x",
        ["begin\natomic\nSELECT CASE WHEN a THEN b END; END", "x"],
    ),
    "ending is not end": ("BEGIN ATOMIC a; ending; END; x", ["BEGIN ATOMIC a; ending; END", "x"]),
    "a column called atomic": ("SELECT atomic; x", ["SELECT atomic", "x"]),
    "begin alone": ("BEGIN; x; END; y", ["BEGIN", "x", "END", "y"]),
    "a byte order mark is a blank": ("\ufeffSELECT 1;\u00a0", ["SELECT 1"]),
    "a unit separator is none": ("\x1fSELECT 1", ["\x1fSELECT 1"]),
}


@pytest.mark.parametrize(("text", "statements"), TRICKY.values(), ids=TRICKY.keys())
def test_splits_as_the_cli_does(text: str, statements: list[str]) -> None:
    assert [statement.text for statement in split(text)] == statements


@pytest.mark.parametrize(
    ("text", "second", "third"),
    [
        ("/*/ SELECT 1; x */", ["/*/ SELECT 1", "x */"], ["/*/ SELECT 1; x */"]),
        ("/* a */*; b */ c", ["/* a */*", "b */ c"], ["/* a */*", "b */ c"]),
        ("/* /*/ ; */ */ ; a", ["/* /*/ ; */ */", "a"], ["/* /*/ ; */ */", "a"]),
        (
            "BEGIN ATOMIC /*/ a;*/ END; x",
            ["BEGIN ATOMIC /*/ a;*/ END; x"],
            ["BEGIN ATOMIC /*/ a;*/ END", "x"],
        ),
    ],
)
def test_a_comment_ends_where_each_release_lets_it(text: str, second: list[str], third: list[str]) -> None:
    assert [statement.text for statement in split(text, Release.V2)] == second
    assert [statement.text for statement in split(text, Release.V3)] == third


def test_tells_the_line_at_which_a_statement_starts() -> None:
    text = "SELECT 1;\n\n-- about\nSELECT\n 2;\r\nSELECT 3; SELECT 4"
    assert [statement.line for statement in split(text)] == [1, 3, 6, 6]


def test_tells_lines_of_equal_statements_apart() -> None:
    assert [statement.line for statement in split("x;\nx;\nx")] == [1, 2, 3]


@given(st.text(alphabet=st.sampled_from("';\"$-/*\\()\n\r aAeEbB\u00e9\ufeff"), max_size=60))
def test_leaves_out_nothing_but_separators(text: str) -> None:
    place = 0
    for statement in split(text):
        found = text.index(statement.text, place)
        assert set(text[place:found]) <= SEPARATORS
        assert statement.line == text.count("\n", 0, found) + 1
        place = found + len(statement.text)
    assert set(text[place:]) <= SEPARATORS


WHOLE = st.sampled_from(
    [
        "SELECT 1",
        "SELECT 'a;''b'",
        "-- c;\nSELECT 2",
        "/* ; /* ; */ */ SELECT 3",
        'SELECT ";"',
        "DO $$ BEGIN; END $$",
        "SELECT E'\\';'",
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END",
        "DO ALSO (a; b)",
    ]
)


@given(st.lists(WHOLE, max_size=6), st.sampled_from([";", ";\n", " ;; ", ";\r\n\r\n"]))
def test_finds_the_statements_that_were_joined(statements: list[str], separator: str) -> None:
    assert [statement.text for statement in split(separator.join(statements))] == statements


@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("SELECT 1 -- a\n+ 2", ["SELECT", "1", "+", "2"]),
        ("/* a /* b */ c */SELECT/**/1", ["SELECT", "1"]),
        ("SELECT '--', \"/*\", $$ -- $$", ["SELECT", "'--',", '"/*",', "$$", "--", "$$"]),
        ("SELECT 1 /* cut o", ["SELECT", "1"]),
        ("SELECT 'cut --", ["SELECT", "'cut", "--"]),
        ("SELECT 4-/2", ["SELECT", "4-/2"]),
    ],
)
def test_leaves_comments_out_and_nothing_else(sql: str, left: list[str]) -> None:
    assert without_comments(sql).split() == left
