"""What is known of a database's objects from the SQL that made them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kit.review.expressions import NOTHING, Shape

_FILLS = re.compile(
    r"(?:^|;|\b(?:begin|then|else|loop))\s*new\.\w+\s*:?=|\binto\s+new\.|\bnew\s*:=", re.IGNORECASE
)
"""Where PL/pgSQL sets a column of the row that a trigger is about."""
RAISES = re.compile(r"\braise\b(?! (?:debug|log|info|notice|warning)\b)")
"""Where PL/pgSQL ends with an error: without a level, RAISE is an exception."""
Key = tuple[str, ...]
"""What an object is called: its kind and its names, the table before what belongs to it."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and whether its rows are bound by policies.

    Attributes:
        temporary: it ends with its session.
        row_security: it was switched on.
        parent: the partitioned table that it is a part of.
        replica: by what replication knows a row: "d" by the primary key, "i" by an index, "f" by all of it,
            "n" by nothing.
    """

    temporary: bool = False
    row_security: bool = False
    parent: str = ""
    replica: str = "d"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        type: as the parser writes it: "int4", "varchar(20)", "text[]".
        not_null: NULL is refused.
        default: its expression; nothing where there is none.
        fills: the database gives a value by itself (identity, serial, generated).
        always: it is an identity, GENERATED ALWAYS, so a value of somebody else's is refused.
    """

    type: str
    not_null: bool = False
    default: Shape = NOTHING
    fills: bool = False
    always: bool = False

    @property
    def demands(self) -> bool:
        """Whether who leaves it out is refused."""
        return self.not_null and not self.fills and self.default == NOTHING


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule that rows keep to.

    Attributes:
        kind: "check", "foreign", "unique", "primary" or "exclusion".
        columns: that it is about, as far as they are named.
        expression: of a check.
        target: table and columns that a foreign key points to.
        actions: what a foreign key does ON DELETE and ON UPDATE, one letter each.
        nulls_alike: NULLS NOT DISTINCT.
    """

    kind: str
    columns: tuple[str, ...] = ()
    expression: Shape = NOTHING
    target: tuple[str, ...] = ()
    actions: str = ""
    nulls_alike: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may see or write which rows.

    Attributes:
        commands: "select", "insert", "update", "delete"; all four for ALL.
        roles: to whom; "public" for everybody.
        using: which rows are seen.
        check: which rows may be written.
        permissive: it allows more; a restrictive one allows less.
    """

    commands: frozenset[str]
    roles: frozenset[str]
    using: Shape
    check: Shape
    permissive: bool = True


@dataclass(frozen=True, slots=True)
class Routine:
    """A function or procedure.

    Attributes:
        names: of its inputs.
        inputs: their types.
        required: how many have no default.
        returns: the type, or the columns of a table.
        outputs: the columns of a returned table, where they are named.
        body: its text.
        definer: it runs with its owner's rights.
        language: that its body is written in.
        volatile: it may give another value at each call.
        path: the schemas in which it looks for names; None for those of who calls it.
    """

    names: tuple[str, ...]
    inputs: tuple[str, ...]
    required: int
    returns: str
    outputs: tuple[str, ...]
    body: str
    definer: bool = False
    language: str = "sql"
    volatile: bool = True
    path: tuple[str, ...] | None = None

    def rejects(self, *, before: bool) -> bool:
        """Say whether its text raises an exception, or lets the row of a BEFORE trigger fall."""
        words = " ".join(self.body.lower().split())
        raises = RAISES.search(words) is not None or "assert " in words
        return raises or (before and "return null" in words)

    @property
    def fills(self) -> bool:
        """Whether its text sets a column of the new row."""
        return _FILLS.search(self.body) is not None


@dataclass(frozen=True, slots=True)
class View:
    """A view or materialized view.

    Attributes:
        columns: their names; None where a star stands for what is not known.
        source: what it reads.
        where: which rows it lets through.
        whole: all of it.
        invoker: it reads with the rights of who asks, not with its owner's.
    """

    columns: tuple[str, ...] | None
    source: Shape
    where: Shape
    whole: Shape
    invoker: bool = False


@dataclass(frozen=True, slots=True)
class Enum:
    """A type with a list of values."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """A type with rules of its own.

    Attributes:
        base: the type under it.
        not_null: NULL is refused.
        checks: what values must keep to, by the constraint's name.
        default: its expression.
    """

    base: str
    not_null: bool = False
    checks: tuple[tuple[str, Shape], ...] = ()
    default: Shape = NOTHING


@dataclass(frozen=True, slots=True)
class Index:
    """An index.

    Attributes:
        table: that it is on.
        unique: it refuses doubles.
        columns: that it is over, as far as they are named.
        where: which rows it holds.
        whole: all of it, without its name.
        nulls_alike: NULLS NOT DISTINCT.
    """

    table: str
    unique: bool
    columns: tuple[str, ...]
    where: Shape
    whole: Shape
    nulls_alike: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """What runs when rows are written.

    Attributes:
        function: that it calls.
        before: it runs before the row is written.
        whole: all of it, without its name.
        enabled: it was not switched off.
    """

    function: str
    before: bool
    whole: Shape
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Named:
    """An object of which only its name, and perhaps its text, is known: a sequence, a schema, a rule."""

    whole: Shape = NOTHING


Fact = Table | Column | Constraint | Policy | Routine | View | Enum | Domain | Index | Trigger | Named
