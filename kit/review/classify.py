"""Judge one SQL statement by the rules: what it does, what it locks, which order is safe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.message import DecodeError
from postgast import PgQueryError, find_nodes
from postgast.pg_query_pb2 import AlterTableType as At
from postgast.pg_query_pb2 import ConstrType as Con
from postgast.pg_query_pb2 import FuncCall, Node
from postgast.pg_query_pb2 import ObjectType as Obj

from kit.review.grammar import parse
from kit.review.rules import Lock, Order, Rule, combine, read_rules, strongest
from kit.supabase import skip_blanks

Message = Any
"""A protobuf message of the parse tree: its fields are called `def` and `import`, which mypy cannot read."""

SUBJECTS = ("objtype", "object_type", "remove_type", "rename_type", "relation_type")
"""Fields that say what kind of object a statement is about."""
_SAME_IN_A_STATEMENT = frozenset(
    {
        "now",
        "transaction_timestamp",
        "statement_timestamp",
        "current_setting",
        "lower",
        "upper",
        "to_timestamp",
    }
)
"""Functions with one value for all rows; for any other PostgreSQL may rewrite the table."""
_SERIALS = frozenset({"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"})
_UNKNOWN = "other"
_NEW = "Nobody uses the table yet: a pending migration makes it."


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
class Verdict:
    """What a statement does to a running system.

    Attributes:
        operation: the kinds of change in it, joined with commas.
        lock: the strongest that it takes.
        order: that is safe for all of it.
        why: one reason for each kind.
        makes: the table that it makes, if it does.
        start: the character at which it starts, after blanks and comments; the length of the text if there
            is nothing else.
    """

    operation: str
    lock: Lock
    order: Order
    why: str
    makes: str = ""
    start: int = 0


def judge(sql: str, *, new_tables: frozenset[str] = frozenset()) -> Verdict | Unparsable:
    """Judge one statement.

    Args:
        sql: without its `;`; comments may stand before it.
        new_tables: tables that pending migrations make before it.
    """
    try:
        tree = parse(sql)
    except PgQueryError as error:
        return Unparsable(str(error.message), max(0, (error.cursorpos or 1) - 1))
    except DecodeError:  # protobuf reads no tree deeper than a hundred messages
        rule = read_rules()[_UNKNOWN]
        return Verdict(rule.operation, rule.lock, rule.order, rule.why, start=skip_blanks(sql))
    statements = [statement_of(raw.stmt) for raw in tree.stmts]
    rules = list(
        dict.fromkeys(
            _find_rule(part, names)
            for kind, content in statements
            for part, names in _name_parts(kind, content)
        )
    )
    tables = {_table(kind, content) for kind, content in statements}
    made = "".join(_made(kind, content) for kind, content in statements)
    operation = ", ".join(rule.operation for rule in rules) or "nothing"
    start = _place_of(tree.stmts[0].stmt_location, sql) if statements else len(sql)
    if not made and tables and tables <= new_tables:
        # Its own lock keeps nobody waiting; a foreign key also locks the table that it points to.
        locks = [rule.lock for rule in rules if "FOREIGN KEY" in rule.operation]
        return Verdict(operation, strongest(locks), "any", _NEW, start=start)
    return Verdict(
        operation=operation,
        lock=strongest(rule.lock for rule in rules),
        order=combine(rule.order for rule in rules),
        why=rules[0].why
        if len(rules) == 1
        else " ".join(f"{rule.operation} ({rule.order}): {rule.why}" for rule in rules),
        makes=made,
        start=start,
    )


def _place_of(location: int, sql: str) -> int:
    """Return the character that stands at a byte, as which the parser counts."""
    return location if sql.isascii() else len(sql.encode()[:location].decode())


def statement_of(node: Node) -> tuple[str, Message]:
    """Return what the parser calls a node, and its content."""
    kind = node.WhichOneof("node") or ""
    return kind, getattr(node, kind) if kind else None


def _table(kind: str, content: Message) -> str:
    match kind:
        case "create_policy_stmt" | "alter_policy_stmt":
            return _name(content.table)
        case "alter_table_stmt" | "rename_stmt" | "index_stmt" | "create_trig_stmt":
            return _name(content.relation)
        case "insert_stmt" | "update_stmt" | "delete_stmt":
            return _name(content.relation)
    return ""


def _made(kind: str, content: Message) -> str:
    if kind not in {"create_stmt", "create_table_as_stmt"} or content.if_not_exists:
        return ""  # with IF NOT EXISTS it may have rows and users
    return _name(content.relation if kind == "create_stmt" else content.into.rel)


def _name(relation: Message) -> str:
    return f"{relation.schemaname or 'public'}.{relation.relname}"


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
    return read_rules()[_UNKNOWN]


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
    return bool(names) and names[-1].string.sval in _SERIALS


def _may_differ(expression: Message) -> bool:
    """Say whether an expression calls a function that may give each row another value."""
    calls = find_nodes(expression, FuncCall)
    return any(call.funcname[-1].string.sval not in _SAME_IN_A_STATEMENT for call in calls)


def _is_constrained(command: Message) -> bool:
    checked = {
        Con.CONSTR_CHECK,
        Con.CONSTR_PRIMARY,
        Con.CONSTR_UNIQUE,
        Con.CONSTR_FOREIGN,
        Con.CONSTR_EXCLUSION,
    }
    return any(item.constraint.contype in checked for item in _definition(command).column_def.constraints)


def _points_to_a_table(table: Message) -> bool:
    return any(
        element.constraint.contype == Con.CONSTR_FOREIGN
        or any(item.constraint.contype == Con.CONSTR_FOREIGN for item in element.column_def.constraints)
        for element in table.table_elts
    )


CONDITIONS: Mapping[str, Callable[[Message], bool]] = {
    "concurrent": lambda statement: statement.concurrent,
    "concurrent detach": lambda command: _definition(command).partition_cmd.concurrent,
    "concurrent option": lambda statement: any(
        option.def_elem.defname == "concurrently" for option in statement.params
    ),
    "demands a value": _demands_a_value,
    "has a definition": lambda command: command.HasField("def"),
    "is a grant": lambda statement: statement.is_grant,
    "is a vacuum": lambda statement: statement.is_vacuumcmd,
    "is constrained": _is_constrained,
    "not valid": lambda command: _definition(command).constraint.skip_validation,
    "of a partitioned table": lambda table: table.HasField("partbound"),
    "of an old value": lambda statement: bool(statement.old_val),
    "or replace": lambda view: view.replace,
    "points to a table": _points_to_a_table,
    "restrictive": lambda policy: not policy.permissive,
    "unique": lambda index: index.unique,
    "using an index": lambda command: bool(_definition(command).constraint.indexname),
    "writes every row": _writes_every_row,
}
"""What `when` of a rule may ask, by name, of the part of the parse tree that its node stands for."""
