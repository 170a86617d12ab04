"""Read one SQL statement by PostgreSQL's own grammar, and find the rule of each of its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from google.protobuf.message import DecodeError
from postgast import PgQueryError, walk
from postgast.pg_query_pb2 import AlterTableType as At
from postgast.pg_query_pb2 import ConstrType as Con
from postgast.pg_query_pb2 import FuncCall, Node
from postgast.pg_query_pb2 import ObjectType as Obj

from kit.review.catalog import SERIALS
from kit.review.grammar import Message, parse
from kit.review.rules import Rule, read_rules
from kit.supabase import skip_blanks

SUBJECTS = ("objtype", "object_type", "remove_type", "rename_type", "relation_type")
"""Fields that say what kind of object a statement is about."""
_SAME_IN_A_STATEMENT = frozenset(
    {
        "abs",
        "age",
        "array_fill",
        "btrim",
        "ceil",
        "coalesce",
        "concat",
        "concat_ws",
        "current_setting",
        "date",
        "date_part",
        "date_trunc",
        "daterange",
        "decode",
        "encode",
        "extract",
        "floor",
        "format",
        "greatest",
        "int4range",
        "int8range",
        "json_build_array",
        "json_build_object",
        "jsonb_build_array",
        "jsonb_build_object",
        "jwt",
        "least",
        "left",
        "length",
        "lower",
        "lpad",
        "ltrim",
        "make_date",
        "make_interval",
        "make_timestamptz",
        "md5",
        "now",
        "nullif",
        "numrange",
        "power",
        "repeat",
        "replace",
        "right",
        "role",
        "round",
        "rpad",
        "rtrim",
        "sha256",
        "sqrt",
        "statement_timestamp",
        "substring",
        "timezone",
        "to_char",
        "to_date",
        "to_json",
        "to_jsonb",
        "to_timestamp",
        "to_tsvector",
        "transaction_timestamp",
        "tsrange",
        "tstzrange",
        "uid",
        "upper",
    }
)
"""Functions with one value for all rows; for any other PostgreSQL may rewrite the table."""
UNKNOWN = "other"
"""The rule for what no other one knows."""


@dataclass(frozen=True, slots=True)
class Unparsable:
    """Where PostgreSQL's grammar refuses a statement.

    Attributes:
        message: PostgreSQL's.
        place: the character at which it stopped, from 0.
    """

    message: str
    place: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text as PostgreSQL's grammar reads it.

    Attributes:
        statements: what the parser calls each, and its content; None for a tree that is too deep to be read.
        start: the character at which the first starts, after blanks and comments; the length of the text if
            there is none.
    """

    statements: tuple[tuple[str, Message], ...] | None
    start: int


def read(sql: str) -> Parsed | Unparsable:
    """Parse a text.

    Args:
        sql: one statement without its `;`; comments may stand before it.
    """
    try:
        tree = parse(sql)
    except PgQueryError as error:
        return Unparsable(str(error.message), max(0, (error.cursorpos or 1) - 1))
    except DecodeError:  # protobuf reads no tree deeper than a hundred messages
        return Parsed(None, skip_blanks(sql))
    statements = tuple(statement_of(raw.stmt) for raw in tree.stmts)
    return Parsed(statements, _place_of(tree.stmts[0].stmt_location, sql) if statements else len(sql))


def _place_of(location: int, sql: str) -> int:
    """Return the character that stands at a byte, as which the parser counts."""
    return location if sql.isascii() else len(sql.encode()[:location].decode())


def statement_of(node: Node) -> tuple[str, Message]:
    """Return what the parser calls a node, and its content."""
    kind = node.WhichOneof("node") or ""
    return kind, getattr(node, kind) if kind else None


def find_rules(kind: str, content: Message) -> list[tuple[Rule, Message]]:
    """Return the rule of each part of a statement, with the part: the subcommands of ALTER TABLE, or all."""
    return [(_find_rule(part, names), part) for part, names in _name_parts(kind, content)]


def _name_parts(kind: str, content: Message) -> Iterator[tuple[Message, tuple[str, ...]]]:
    """Yield each part of a statement with the nodes that may stand for it, the most exact first."""
    if kind != "alter_table_stmt":
        about = [Obj.Name(getattr(content, field)) for field in SUBJECTS if hasattr(content, field)]
        yield content, tuple(" ".join([kind, *about[:size]]) for size in range(len(about), -1, -1))
        return
    subject = Obj.Name(content.objtype)
    for item in content.cmds:
        command = item.alter_table_cmd
        name, constraint = At.Name(command.subtype), Con.Name(_definition(command).constraint.contype)
        yield command, (f"{subject} {name}", subject, f"{name} {constraint}", name, kind)


def _find_rule(part: Message, nodes: tuple[str, ...]) -> Rule:
    for node in nodes:
        for rule in _rules_by_node().get(node, ()):
            if all(CONDITIONS[condition](part) for condition in rule.when):
                return rule
    return read_rules()[UNKNOWN]


@cache
def _rules_by_node() -> Mapping[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in read_rules().values():
        for node in rule.nodes:
            found.setdefault(node, []).append(rule)
    return found


def _definition(command: Message) -> Message:
    return getattr(command, "def")


def _demands_a_value(command: Message) -> bool:
    column = _definition(command).column_def
    kinds = {item.constraint.contype for item in column.constraints}
    fills = kinds & {Con.CONSTR_DEFAULT, Con.CONSTR_IDENTITY, Con.CONSTR_GENERATED} or _is_serial(column)
    return bool(kinds & {Con.CONSTR_NOTNULL, Con.CONSTR_PRIMARY}) and not fills


def _writes_every_row(command: Message) -> bool:
    column = _definition(command).column_def
    return _is_serial(column) or any(
        constraint.contype == Con.CONSTR_IDENTITY
        or (constraint.contype == Con.CONSTR_GENERATED and constraint.generated_kind != "v")
        or (constraint.contype == Con.CONSTR_DEFAULT and _may_differ(constraint.raw_expr))
        for constraint in (item.constraint for item in column.constraints)
    )


def _is_serial(column: Message) -> bool:
    names = column.type_name.names
    return bool(names) and names[-1].string.sval in SERIALS


def _may_differ(expression: Message) -> bool:
    """Say whether an expression calls a function that may give each row another value."""
    return any(
        node.funcname[-1].string.sval not in _SAME_IN_A_STATEMENT
        for _, node in walk(expression)
        if isinstance(node, FuncCall)
    )


def _is_constrained(command: Message) -> bool:
    checked = {
        Con.CONSTR_CHECK,
        Con.CONSTR_PRIMARY,
        Con.CONSTR_UNIQUE,
        Con.CONSTR_FOREIGN,
        Con.CONSTR_EXCLUSION,
    }
    return any(item.constraint.contype in checked for item in _definition(command).column_def.constraints)


def _only_points_to_a_table(command: Message) -> bool:
    """Say whether a new column refers to another table, and no row has a value that must be looked up."""
    kinds = {item.constraint.contype for item in _definition(command).column_def.constraints}
    return Con.CONSTR_FOREIGN in kinds and kinds <= {Con.CONSTR_FOREIGN, Con.CONSTR_NULL, *_DEFERRABLE}


_DEFERRABLE = {
    Con.CONSTR_ATTR_DEFERRABLE,
    Con.CONSTR_ATTR_NOT_DEFERRABLE,
    Con.CONSTR_ATTR_DEFERRED,
    Con.CONSTR_ATTR_IMMEDIATE,
}


def _points_to_a_table(table: Message) -> bool:
    return any(
        element.constraint.contype == Con.CONSTR_FOREIGN
        or any(item.constraint.contype == Con.CONSTR_FOREIGN for item in element.column_def.constraints)
        for element in table.table_elts
    )


def _generated(command: Message) -> str:
    """Return how an identity is generated: "a" for ALWAYS, "d" for BY DEFAULT, "" where it is not said."""
    for item in _definition(command).list.items:
        if item.def_elem.defname == "generated":
            return chr(item.def_elem.arg.integer.ival)
    return ""


CONDITIONS: Mapping[str, Callable[[Message], bool]] = {
    "changes no rights": lambda function: all(
        option.def_elem.defname != "security" for option in function.actions
    ),
    "concurrent": lambda statement: statement.concurrent,
    "concurrent detach": lambda command: _definition(command).partition_cmd.concurrent,
    "concurrent option": lambda statement: any(
        option.def_elem.defname == "concurrently" for option in statement.params
    ),
    "demands a value": _demands_a_value,
    "generated always": lambda command: _generated(command) == "a",
    "generated by default": lambda command: _generated(command) == "d",
    "has a definition": lambda command: command.HasField("def"),
    "instead": lambda rule: rule.instead,
    "is a grant": lambda statement: statement.is_grant,
    "is a vacuum": lambda statement: statement.is_vacuumcmd,
    "is constrained": _is_constrained,
    "looser": lambda domain: domain.subtype in {"N", "X"},
    "not valid": lambda command: _definition(command).constraint.skip_validation,
    "full": lambda statement: any(option.def_elem.defname == "full" for option in statement.options),
    "of a partitioned table": lambda table: table.HasField("partbound"),
    "of an old value": lambda statement: bool(statement.old_val),
    "or replace": lambda view: view.replace,
    "only points to a table": _only_points_to_a_table,
    "points to a table": _points_to_a_table,
    "restrictive": lambda policy: not policy.permissive,
    "stricter": lambda domain: domain.subtype in {"C", "O"},
    "unique": lambda index: index.unique,
    "using an index": lambda command: bool(_definition(command).constraint.indexname),
    "without actions": lambda rule: not rule.actions,
    "writes every row": _writes_every_row,
}
"""What `when` of a rule may ask, by name, of the part of the parse tree that its node stands for."""
