"""Find what PostgreSQL refuses for certain: a new value of an enum, used in the transaction that adds it.

Source: PostgreSQL 18, ALTER TYPE: "the new value cannot be used until after the transaction has been
committed", unless the type itself was made in that transaction. A migration is one transaction; the next
file of the same push may use the value.
"""

from __future__ import annotations

from collections.abc import Iterable

from postgast import walk
from postgast.pg_query_pb2 import A_Expr, ColumnDef, RangeVar, ResTarget, TypeCast
from postgast.pg_query_pb2 import AlterTableType as At
from postgast.pg_query_pb2 import ConstrType as Con

from kit.review.bodies import statements_of_sql
from kit.review.catalog import KnownObjects, qualified, type_text
from kit.review.grammar import Message
from kit.review.objects import Column, Enum


class NewValues:
    """The values that the transaction so far has added to enums of before."""

    def __init__(self) -> None:
        """Begin a transaction."""
        self._added: set[tuple[str, str]] = set()
        self._own_types: set[str] = set()

    def __repr__(self) -> str:
        """Say how many there are."""
        return f"NewValues({len(self._added)})"

    def take(self, kind: str, content: Message, catalog: KnownObjects) -> str:
        """Take a statement, before it is done.

        Args:
            kind: what the parser calls it.
            content: the statement.
            catalog: what is there when it runs.

        Returns:
            Why PostgreSQL refuses it, a clause; "" where it does not.
        """
        for name, value in sorted(self._added):
            if _uses(kind, content, catalog, name.removeprefix("public."), value):
                return f"the new value '{value}' of {name} is not to be used before its transaction is over"
        if kind == "create_enum_stmt":
            self._own_types.add(qualified(content.type_name))
        elif kind == "alter_enum_stmt" and not content.old_val:
            name = qualified(content.type_name)
            enum = catalog.facts.get(("type", name))
            if name not in self._own_types and not (
                isinstance(enum, Enum) and content.new_val in enum.values
            ):
                self._added.add((name, content.new_val))
        return ""


def _uses(kind: str, content: Message, catalog: KnownObjects, name: str, value: str) -> bool:
    """Say whether a statement makes a text constant a value of a type: where the grammar shows it."""
    columns = _columns_of_type(content, catalog, name)
    if any(_is_use(node, columns, name, value) for _, node in walk(content)):
        return True
    match kind:
        case "insert_stmt":
            return _inserts(content, catalog, columns, value)
        case "alter_table_stmt":
            commands = (item.alter_table_cmd for item in content.cmds)
            return any(
                command.subtype == At.AT_ColumnDefault
                and command.name in columns
                and _is(getattr(command, "def"), value)
                for command in commands
            )
        case "create_function_stmt":
            return any(_uses(of, inner, catalog, name, value) for of, inner in statements_of_sql(content))
    return False


def _is_use(node: Message, columns: frozenset[str], name: str, value: str) -> bool:
    match node:
        case TypeCast():
            return type_text(node.type_name).removesuffix("[]") == name and _says(node, value)
        case A_Expr():
            return _compares(node, columns, value)
        case ResTarget():
            return node.name in columns and _is(node.val, value)
        case ColumnDef():
            constraints = (item.constraint for item in node.constraints)
            return type_text(node.type_name) == name and any(
                constraint.contype == Con.CONSTR_DEFAULT and _is(constraint.raw_expr, value)
                for constraint in constraints
            )
    return False


def _columns_of_type(content: Message, catalog: KnownObjects, name: str) -> frozenset[str]:
    """Return the columns of a type in the tables that a statement names."""
    tables = {catalog.name(node) for _, node in walk(content) if isinstance(node, RangeVar)}
    return frozenset(key[2] for key, _ in catalog.facts.related("of type", name) if key[1] in tables)


def _says(cast: TypeCast, value: str) -> bool:
    """Say whether a cast is about a constant, or an array with it: `'{a,b}'` and `ARRAY['a']` are, too."""
    if cast.arg.WhichOneof("node") == "a_array_expr":
        return any(_is(item, value) for item in cast.arg.a_array_expr.elements)
    if cast.type_name.array_bounds:
        return value in cast.arg.a_const.sval.sval.strip("{}").split(",")
    return _is(cast.arg, value)


def _is(node: Message, value: str) -> bool:
    return bool(
        node.WhichOneof("node") == "a_const"
        and node.a_const.HasField("sval")
        and node.a_const.sval.sval == value
    )


def _compares(expression: A_Expr, columns: Iterable[str], value: str) -> bool:
    sides = (expression.lexpr, expression.rexpr)
    named = {
        side.column_ref.fields[-1].string.sval for side in sides if side.WhichOneof("node") == "column_ref"
    }
    if not named & set(columns):
        return False
    given = [*sides, *expression.rexpr.list.items, *expression.rexpr.a_array_expr.elements]
    return any(_is(node, value) for node in given)


def _inserts(content: Message, catalog: KnownObjects, columns: Iterable[str], value: str) -> bool:
    table = catalog.name(content.relation)
    named = [item.res_target.name for item in content.cols]
    names = named or [key[2] for key, _ in catalog.of_table("column", table)]
    of_type = [
        isinstance(catalog.facts.get(("column", table, name)), Column) and name in columns for name in names
    ]
    select = content.select_stmt.select_stmt
    rows = [row.list.items for row in select.values_lists] or [
        [item.res_target.val for item in select.target_list]
    ]
    return any(fits and _is(node, value) for row in rows for fits, node in zip(of_type, row, strict=False))
