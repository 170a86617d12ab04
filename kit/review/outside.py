"""Find what in a statement would reach outside of the one database that a migration changes.

This is advice, given before anything runs. What holds is PostgreSQL's: migrations run as a role that
is no superuser, on a server that is thrown away.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from google.protobuf.message import DecodeError
from postgast import PgQueryError, walk
from postgast.pg_query_pb2 import DefElem, FuncCall
from postgast.pg_query_pb2 import ObjectType as Obj

from kit.review.classify import SUBJECTS, statement_of
from kit.review.grammar import Message, parse

TAKE_IT_OUT = (
    "Take it out: a migration changes one database. "
    "What a whole server needs is done by hand, once, by whoever runs the server."
)
_ACCOUNTS = {"role", "session_authorization"}
_EXTENSIONS = re.compile(r"dblink|.*_fdw|pl(python|perl|tcl).*u|pg_cron|pg_net|http|adminpack|pageinspect")
_FUNCTIONS = (
    r"dblink\w*|lo_import|lo_export|pg_read_(?:binary_)?file|pg_ls_\w*dir|pg_stat_file|pg_file_\w+"
    r"|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_promote|pg_switch_wal"
    r"|pg_(?:create|drop)_\w*replication_slot|pg_export_snapshot|http_(?:get|post)"
)
_FUNCTION = re.compile(_FUNCTIONS)
_IN_A_BODY = re.compile(
    rf"\b(?:(?P<function>{_FUNCTIONS})\s*\(|(?P<words>COPY\b[^;]*\b(?:TO|FROM)\s+(?:PROGRAM\b|')"
    r"|(?:CREATE|DROP|ALTER)\s+(?:DATABASE|ROLE|USER|TABLESPACE|SERVER|SUBSCRIPTION)\b|ALTER\s+SYSTEM\b))",
    re.IGNORECASE,
)
"""In the body of a function or DO block, which is text until it runs."""
_UNTRUSTED = re.compile(r"c|internal|.*u")


def find_outside(sql: str) -> str:
    """Say how a statement would reach outside of its database.

    Args:
        sql: one statement.

    Returns:
        What reaches out, a clause; "" where nothing does, or the statement cannot be read.
    """
    try:
        tree = parse(sql)
    except (PgQueryError, DecodeError):
        return ""
    return find_outside_of([statement_of(raw.stmt) for raw in tree.stmts])


def find_outside_of(statements: Sequence[tuple[str, Message]]) -> str:
    """Say how statements that are parsed already would reach outside of their database.

    Args:
        statements: what the parser calls each, and its content.
    """
    found = (_find_in_statement(kind, content) for kind, content in statements)
    calls = (reason for _, content in statements if content is not None for reason in _find_calls(content))
    return next(filter(None, found), "") or next(calls, "")


@cache
def read_outside() -> Mapping[str, Mapping[str, str]]:
    """Read outside.toml."""
    return tomllib.loads(Path(__file__).with_name("outside.toml").read_text(encoding="utf-8"))


def _find_in_statement(kind: str, content: Message) -> str:
    match kind:
        case "copy_stmt" if content.filename and content.is_program:
            return "COPY … PROGRAM runs a program on the server"
        case "copy_stmt" if content.filename:
            return "COPY with a file reads or writes the server's disk"
        case "variable_set_stmt" if content.name in _ACCOUNTS:
            return "SET ROLE becomes another account"
        case "create_extension_stmt" if _EXTENSIONS.fullmatch(content.extname):
            return f"the extension {content.extname} reaches outside of the database"
        case "create_function_stmt" if _UNTRUSTED.fullmatch(language := _language(content)):
            return f"a function in {language} runs outside of PostgreSQL's limits"
    facts = read_outside()
    objects = (Obj.Name(getattr(content, field)) for field in SUBJECTS if hasattr(content, field))
    reasons = (facts["objects"].get(name, "") for name in objects)
    return facts["statements"].get(kind, "") or next(filter(None, reasons), "")


def _language(function: Message) -> str:
    for option in function.options:
        if option.def_elem.defname == "language":
            return str(option.def_elem.arg.string.sval).lower()
    return ""


def _find_calls(tree: Message) -> Iterator[str]:
    """Go through everything below a node: calls, and the bodies of functions, which are text."""
    for _, node in walk(tree):
        if isinstance(node, FuncCall) and _FUNCTION.fullmatch(name := node.funcname[-1].string.sval):
            yield f"the function {name} reaches outside of the database"
        if isinstance(node, DefElem) and node.defname == "as":
            for text in (node.arg.string.sval, *(item.string.sval for item in node.arg.list.items)):
                if found := _IN_A_BODY.search(text):
                    what = found["function"] or " ".join(found["words"].upper().split())
                    yield f"{what}, in the body of a function, reaches outside of the database"
