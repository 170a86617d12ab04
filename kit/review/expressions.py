"""Compare expressions by what they let through: is one stricter than another?

The answer is yes where a few rules of logic show it, and otherwise no: `implies` never guesses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from postgast.pg_query_pb2 import A_Expr_Kind as Kind
from postgast.pg_query_pb2 import BoolExprType as Bool

from kit.review.grammar import PLACES, Message

Shape = Any
"""A node without its places in the text: nested tuples, equal where the SQL means the same."""

NOTHING: Final = ()
"""The shape of an expression that is not there."""
TRUE: Final = ("true",)
FALSE: Final = ("false",)
_OPPOSITE = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


def shape(message: Message) -> Shape:
    """Return what a node says, without where it stands and without what changes nothing.

    `(SELECT auth.uid())` is `auth.uid()` evaluated once, so both have one shape.
    """
    kind = message.DESCRIPTOR.name
    if kind == "Node":
        which = message.WhichOneof("node")
        return shape(getattr(message, which)) if which else NOTHING
    special = _SPECIAL.get(kind)
    if special is not None and (found := special(message)) is not None:
        return found
    return (kind, *_fields(message))


def _fields(message: Message) -> Iterator[tuple[str, Shape]]:
    for field, value in message.ListFields():
        if field.name in PLACES:
            continue
        if field.type != field.TYPE_MESSAGE:
            yield field.name, tuple(value) if field.is_repeated else value
        elif field.is_repeated:
            yield field.name, tuple(map(shape, value))
        else:
            yield field.name, shape(value)


def _bool_expr(message: Message) -> Shape:
    parts = tuple(shape(part) for part in message.args)
    if message.boolop == Bool.NOT_EXPR:
        return ("not", parts[0])
    word = "and" if message.boolop == Bool.AND_EXPR else "or"
    flat = [inner for part in parts for inner in (part[1:] if part[:1] == (word,) else (part,))]
    return (word, *sorted(flat, key=repr))


def _constant(message: Message) -> Shape | None:
    if message.HasField("boolval"):
        return TRUE if message.boolval.boolval else FALSE
    return None


def _sub_link(message: Message) -> Shape | None:
    """See a call inside of `(SELECT call())`."""
    select = message.subselect.select_stmt
    fields = {field.name for field, _ in select.ListFields()} - {"limit_option", "op"}
    if message.HasField("testexpr") or fields != {"target_list"} or len(select.target_list) != 1:
        return None
    value = select.target_list[0].res_target.val
    return shape(value) if value.WhichOneof("node") in {"func_call", "type_cast"} else None


def _comparison(message: Message) -> Shape | None:
    operator = message.name[-1].string.sval if message.name else ""
    if message.kind == Kind.AEXPR_IN and operator == "=":
        items = message.rexpr.list.items
        return ("in", shape(message.lexpr), frozenset(map(shape, items)))
    if message.kind == Kind.AEXPR_OP_ANY and operator == "=":
        array = message.rexpr
        while array.WhichOneof("node") == "type_cast":
            array = array.type_cast.arg
        if array.WhichOneof("node") == "a_array_expr":
            return ("in", shape(message.lexpr), frozenset(map(shape, array.a_array_expr.elements)))
        return None
    if message.kind == Kind.AEXPR_BETWEEN and len(message.rexpr.list.items) == 2:  # noqa: PLR2004 - from, to
        low, high = (shape(item) for item in message.rexpr.list.items)
        left = shape(message.lexpr)
        return ("and", *sorted([("op", ">=", left, low), ("op", "<=", left, high)], key=repr))
    if message.kind != Kind.AEXPR_OP or not message.HasField("lexpr"):
        return None
    left, right = shape(message.lexpr), shape(message.rexpr)
    if operator in _OPPOSITE and repr(left) > repr(right):
        operator, left, right = _OPPOSITE[operator], right, left
    if operator in _OPPOSITE and _number(left) is not None:
        operator, left, right = _OPPOSITE[operator], right, left
    return ("op", operator, left, right)


def _cast(message: Message) -> Shape | None:
    """See a text constant in `'open'::text`: pg_dump writes so what people write without."""
    names = [name.string.sval for name in message.type_name.names]
    if message.arg.WhichOneof("node") == "a_const" and names[-1] in {"text", "varchar"}:
        return shape(message.arg)
    if names[-1] == "text" and message.arg.WhichOneof("node") == "column_ref":
        return shape(message.arg)
    return None


def _relation(message: Message) -> Shape | None:
    """Leave out the schema that is looked in anyway."""
    fields = [field for field in _fields(message) if field != ("schemaname", "public")]
    return ("RangeVar", *fields)


def _named(message: Message) -> Shape | None:
    """Leave the schemas out that are looked in anyway: `pg_catalog.now()` is `now()`."""
    which = "funcname" if message.DESCRIPTOR.name == "FuncCall" else "names"
    names = getattr(message, which)
    if len(names) > 1 and names[0].string.sval in {"public", "pg_catalog"}:
        bare = tuple(shape(name) for name in names[1:])
        rest = ((name, value) for name, value in _fields(message) if name != which)
        return (message.DESCRIPTOR.name, (which, bare), *rest)
    return None


_SPECIAL = {
    "A_Const": _constant,
    "A_Expr": _comparison,
    "BoolExpr": _bool_expr,
    "FuncCall": _named,
    "RangeVar": _relation,
    "SubLink": _sub_link,
    "TypeCast": _cast,
    "TypeName": _named,
}


def without_casts(expression: Shape) -> Shape:
    """Leave the cast out of a value: a type that is made anew has the same ones."""
    while expression[:1] == ("TypeCast",):
        expression = dict(expression[1:]).get("arg", NOTHING)
    return expression


_ANY_OUTCOME: Final = frozenset({True, False, None})
_IS_NULL = 1
"""IS_NULL of the parser's NullTestType."""


def find_outcomes(expression: Shape, column: str, value: Shape) -> frozenset[bool | None]:
    """Return what a condition may be where one of its columns has a value, as far as logic shows it.

    Args:
        expression: the condition.
        column: whose value is known.
        value: of it; nothing for NULL.

    Returns:
        Some of true, false and None, which stands for NULL: a check lets all but false through, a policy
        only what is true.
    """
    match expression[:1]:
        case ("true",) | ("false",):
            found = frozenset({expression == TRUE})
        case ("not",):
            inner = find_outcomes(expression[1], column, value)
            found = frozenset(None if outcome is None else not outcome for outcome in inner)
        case ("and",) | ("or",):
            parts = [find_outcomes(part, column, value) for part in expression[1:]]
            found = _joined(parts, decides=expression[0] == "or")
        case ("NullTest",) if _is_column(dict(expression[1:])["arg"], column):
            asks_for = dict(expression[1:])["nulltesttype"] == _IS_NULL
            found = frozenset({(value == NOTHING) == asks_for})
        case _ if column in columns_in(expression) and value != NOTHING:
            found = _compared(expression, column, value)
        case _ if column in columns_in(expression) and not asks_for_null(expression):
            found = frozenset({None})
        case _:
            found = _ANY_OUTCOME
    return found


def _joined(parts: list[frozenset[bool | None]], *, decides: bool) -> frozenset[bool | None]:
    """Join outcomes by AND, which one false decides, or by OR, which one true does."""
    joined: frozenset[bool | None] = frozenset({not decides})
    for part in parts:
        joined = frozenset(
            decides if decides in {first, second} else None if None in {first, second} else not decides
            for first in joined
            for second in part
        )
    return joined


def _compared(expression: Shape, column: str, value: Shape) -> frozenset[bool | None]:
    if expression[:2] == ("op", "=") and _is_constant(value):
        sides = [without_casts(side) for side in expression[2:]]
        others = [side for side in sides if not _is_column(side, column)]
        if len(others) == 1 and _is_constant(others[0]):
            return frozenset({others[0] == value})
    is_in = expression[:1] == ("in",) and _is_column(without_casts(expression[1]), column)
    if is_in and value in set(map(without_casts, expression[2])):
        return frozenset({True})
    return _ANY_OUTCOME


def _is_constant(value: Shape) -> bool:
    return bool(value[:1] in {("A_Const",), TRUE, FALSE})


def _is_column(expression: Shape, column: str) -> bool:
    return bool(expression[:1] == ("ColumnRef",)) and columns_in(expression) == {column}


def implies(first: Shape, second: Shape) -> bool:
    """Say whether all that the first lets through is let through by the second, as far as logic shows it."""
    if second in {first, TRUE} or first == FALSE:
        return True
    if first[:1] == ("or",):
        return all(implies(part, second) for part in first[1:])
    if second[:1] == ("and",):
        return all(implies(first, part) for part in second[1:])
    if second[:1] == ("or",) and any(implies(first, part) for part in second[1:]):
        return True
    if first[:1] == ("and",) and any(implies(part, second) for part in first[1:]):
        return True
    return _one_in_list(first, second) or _one_in_range(first, second)


def _one_in_list(first: Shape, second: Shape) -> bool:
    if second[:1] != ("in",):
        return False
    if first[:1] == ("in",):
        return bool(first[1] == second[1] and first[2] <= second[2])
    if first[:2] == ("op", "="):
        sides = {first[2], first[3]}
        return second[1] in sides and bool((sides - {second[1]}) & second[2])
    return False


def _one_in_range(first: Shape, second: Shape) -> bool:
    if first[:1] != ("op",) or second[:1] != ("op",) or first[2] != second[2]:
        return False
    low, high = _number(first[3]), _number(second[3])
    if low is None or high is None:
        return False
    strict = first[1] == second[1][:1] + "=" and second[1] in {">", "<"}
    if first[1][0] != second[1][0] or first[1][0] not in "<>":
        return False
    further = low > high if first[1][0] == ">" else low < high
    return further or (low == high and not strict)


def _number(constant: Shape) -> float | None:
    if constant[:1] != ("A_Const",) or len(constant) < 2:  # noqa: PLR2004 - the name, and a value
        return None
    which, value = constant[1]
    facts = dict(value[1:])
    if which == "ival":
        return float(facts.get("ival", 0))
    return float(facts["fval"]) if which == "fval" else None


def columns_in(expression: Shape) -> frozenset[str]:
    """Return the names of the columns that an expression reads."""
    return frozenset(_columns(expression))


def _columns(expression: Shape) -> Iterator[str]:
    if isinstance(expression, frozenset):
        for part in expression:
            yield from _columns(part)
    if not isinstance(expression, tuple):
        return
    if expression[:1] == ("ColumnRef",):
        names = dict(expression[1:]).get("fields", ())
        if names and names[-1][:1] == ("String",):
            yield dict(names[-1][1:]).get("sval", "")
        return
    for part in expression:
        yield from _columns(part)


_STRICT = frozenset(
    {
        "abs",
        "array_length",
        "btrim",
        "cardinality",
        "char_length",
        "character_length",
        "date_part",
        "date_trunc",
        "extract",
        "jsonb_array_length",
        "jsonb_typeof",
        "json_typeof",
        "left",
        "length",
        "lower",
        "ltrim",
        "octet_length",
        "regexp_like",
        "right",
        "round",
        "rtrim",
        "starts_with",
        "substr",
        "substring",
        "upper",
    }
)
"""Functions that give NULL for NULL; source: pg_proc, proisstrict."""


_CARRIERS = frozenset(
    {
        "A_Const",
        "A_Indices",
        "A_Indirection",
        "CollateClause",
        "ColumnRef",
        "List",
        "TypeCast",
        "TypeName",
    }
)
"""Nodes that are NULL where what they are about is."""
_STRICT_KINDS = frozenset(
    {
        Kind.AEXPR_OP,
        Kind.AEXPR_OP_ANY,
        Kind.AEXPR_OP_ALL,
        Kind.AEXPR_IN,
        Kind.AEXPR_LIKE,
        Kind.AEXPR_ILIKE,
        Kind.AEXPR_SIMILAR,
        Kind.AEXPR_BETWEEN,
        Kind.AEXPR_NOT_BETWEEN,
        Kind.AEXPR_BETWEEN_SYM,
        Kind.AEXPR_NOT_BETWEEN_SYM,
    }
)
"""Operators that give NULL for NULL; IS DISTINCT FROM and NULLIF do not."""


def asks_for_null(expression: Shape) -> bool:
    """Say whether an expression may treat a column's NULL as a value: whatever is not known to give NULL."""
    if isinstance(expression, frozenset):
        return any(map(asks_for_null, expression))
    if not isinstance(expression, tuple) or not columns_in(expression):
        return False
    head = expression[0]
    if isinstance(head, str) and head[:1].isupper():  # a node; its fields and our own words are lower case
        facts = dict(expression[1:])
        match head:
            case "FuncCall":
                strict = dict(facts["funcname"][-1][1:]).get("sval") in _STRICT
            case "A_Expr":
                strict = facts["kind"] in _STRICT_KINDS
            case _:
                strict = head in _CARRIERS
        if not strict:
            return True
    return any(map(asks_for_null, expression[1:] if isinstance(head, str) else expression))


def calls_in(expression: Shape) -> frozenset[str]:
    """Return the names of the functions that an expression calls, without their schemas."""
    return frozenset(_calls(expression))


def _calls(expression: Shape) -> Iterator[str]:
    if isinstance(expression, frozenset):
        for part in expression:
            yield from _calls(part)
    if not isinstance(expression, tuple):
        return
    if expression[:1] == ("FuncCall",):
        names = dict(expression[1:]).get("funcname", ())
        if names:
            yield dict(names[-1][1:]).get("sval", "")
    for part in expression:
        yield from _calls(part)
