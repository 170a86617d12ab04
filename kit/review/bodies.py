"""Find the statements in the body of a DO block or a function, and say what cannot be known of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from postgast import PgQueryError, parse_plpgsql
from postgast.pg_query_pb2 import A_Expr_Kind as Kind

from kit.review.grammar import Message, parse
from kit.review.objects import Routine

_MOST = 200_000
"""Characters of a body that is looked into."""


@dataclass(frozen=True, slots=True)
class Inner:
    """A statement in a body.

    Attributes:
        sql: its text; "" where it is put together as it runs.
        guarded: a condition or an EXCEPTION stands around it: it may do nothing.
        reason: why it cannot be known, a clause.
    """

    sql: str
    guarded: bool = False
    reason: str = ""


def statements_of_sql(function: Message) -> Iterator[tuple[str, Message]]:
    """Yield the statements of a function whose body is a text in SQL, with their kinds.

    PostgreSQL reads them when the function is made.
    """
    options = {option.def_elem.defname: option.def_elem.arg for option in function.options}
    if "as" not in options or "language" not in options or options["language"].string.sval.lower() != "sql":
        return
    try:
        tree = parse(options["as"].list.items[0].string.sval)
    except (PgQueryError, DecodeError):
        return
    for raw in tree.stmts:
        kind = raw.stmt.WhichOneof("node") or ""
        if kind:
            yield kind, getattr(raw.stmt, kind)


def statements_of_do(content: Message, sql: str) -> list[Inner]:
    """Return what a DO block runs."""
    options = {option.def_elem.defname: option.def_elem.arg for option in content.args}
    language = options["language"].string.sval.lower() if "language" in options else "plpgsql"
    if language != "plpgsql":
        return [Inner("", reason=f"it is written in {language}")]
    return _statements(sql)


def statements_of_function(routine: Routine) -> list[Inner]:
    """Return what a function runs when it is called."""
    if routine.language == "sql":
        return [Inner(routine.body)]
    if routine.language != "plpgsql":
        return [Inner("", reason=f"it is written in {routine.language}")]
    named = (f'"{name}" ' if name else "" for name in routine.names)
    given = ", ".join(name + kind for name, kind in zip(named, routine.inputs, strict=True))
    returned = "trigger" if routine.returns == "trigger" else "text"
    header = f"CREATE FUNCTION f({given}) RETURNS {returned} LANGUAGE plpgsql"
    return _statements(f"{header} AS $kit_body${routine.body}$kit_body$")


def _statements(sql: str) -> list[Inner]:
    if len(sql) > _MOST:
        return [Inner("", reason="it is too long to be looked into")]
    try:
        tree = parse_plpgsql(sql)
    except (PgQueryError, DecodeError, json.JSONDecodeError, RecursionError) as error:
        return [Inner("", reason=f"its body cannot be read ({str(error).splitlines()[0][:80]})")]
    return list(_walk(tree, guarded=False))


_GUARDS = {f"PLpgSQL_stmt_{name}" for name in ("if", "case", "fors", "dynfors", "while", "loop")}
"""Statements of PL/pgSQL whose inner ones may not run."""


def _walk(node: Any, *, guarded: bool) -> Iterator[Inner]:  # noqa: ANN401 - JSON
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, guarded=guarded)
        return
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        match name:
            case "PLpgSQL_stmt_execsql":
                yield Inner(_query(value["sqlstmt"]), guarded)
            case "PLpgSQL_stmt_perform":
                yield Inner(_query(value["expr"]), guarded)
            case "PLpgSQL_stmt_dynexecute":
                text = _constant_text(_query(value["query"]))
                yield Inner(text, guarded, "" if text else "EXECUTE runs a text that is put together there")
            case _:
                is_guard = name in _GUARDS or (name == "PLpgSQL_stmt_block" and "exceptions" in value)
                yield from _walk(value, guarded=guarded or is_guard)


def _query(expression: Any) -> str:  # noqa: ANN401 - JSON
    return str(expression["PLpgSQL_expr"]["query"])


def _constant_text(expression: str) -> str:
    """Return the text that an expression stands for, if it is put together of constants alone."""
    try:
        tree = parse(f"SELECT {expression}")
    except (PgQueryError, DecodeError):
        return ""
    targets = tree.stmts[0].stmt.select_stmt.target_list
    return (_text(targets[0].res_target.val) or "") if len(targets) == 1 else ""


def _text(node: Message) -> str | None:
    match node.WhichOneof("node"):
        case "a_const" if node.a_const.HasField("sval"):
            return str(node.a_const.sval.sval)
        case "a_const" if node.a_const.HasField("ival"):
            return str(node.a_const.ival.ival)
        case "type_cast":
            return _text(node.type_cast.arg)
        case "a_expr" if node.a_expr.kind == Kind.AEXPR_OP and node.a_expr.name[-1].string.sval == "||":
            left, right = _text(node.a_expr.lexpr), _text(node.a_expr.rexpr)
            return None if left is None or right is None else left + right
        case "func_call" if node.func_call.funcname[-1].string.sval == "format":
            return _formatted([_text(arg) for arg in node.func_call.args])
    return None


def _formatted(texts: list[str | None]) -> str | None:
    if not texts or any(text is None for text in texts):
        return None
    pattern, *values = [text or "" for text in texts]
    pieces = pattern.replace("%%", "\0").split("%")
    if len(pieces) - 1 != len(values) or any(piece[:1] not in {"I", "s", "L"} for piece in pieces[1:]):
        return None
    made = pieces[0]
    for piece, value in zip(pieces[1:], values, strict=True):
        quote = {"I": '"', "L": "'", "s": ""}[piece[0]]
        made += quote + value.replace(quote, quote * 2) + quote + piece[1:] if quote else value + piece[1:]
    return made.replace("\0", "%")
