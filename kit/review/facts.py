"""What is known of a database, kept so that a question takes no longer where more is known.

A folder of ten thousand migrations makes ten thousand times as many objects as one of one. Whoever asks
which foreign keys point to a table must not look at all of them for each statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, Self, TypeVar, overload

from kit.review.expressions import calls_in
from kit.review.objects import Column, Constraint, Fact, Index, Key, Policy, Table

_Default = TypeVar("_Default")
_Name = TypeVar("_Name")
Relation = Literal["points to", "part of", "on", "of type", "calls", "in schema"]
"""What an object may be to another one: a foreign key points to a table, a table is part of a partitioned
one, an index is on a table, a column is of a type, a policy calls a function, a table is in a schema."""

_ANY = ""
"""No schema is called so."""


class Facts:
    """Each object that is there, by its key, in the order in which they were made."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._facts: dict[Key, Fact] = {}
        self._named: dict[Key, dict[Key, None]] = {}
        self._related: dict[tuple[Relation, str], dict[Key, None]] = {}

    def __repr__(self) -> str:
        """Say how many there are."""
        return f"Facts({len(self)} objects)"

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._facts)

    def __contains__(self, key: Key) -> bool:
        """Say whether an object is there."""
        return key in self._facts

    def __getitem__(self, key: Key) -> Fact:
        """Return what is known of an object."""
        return self._facts[key]

    def __setitem__(self, key: Key, fact: Fact) -> None:
        """Make or change an object."""
        was = self._facts.get(key)
        before, after = (set() if was is None else set(_relations(key, was))), set(_relations(key, fact))
        for relation in before - after:
            _take_out(self._related, relation, key)
        for relation in after - before:
            self._related.setdefault(relation, {})[key] = None
        if was is None:
            self._named.setdefault(key[:2], {})[key] = None
        self._facts[key] = fact

    def __delitem__(self, key: Key) -> None:
        """Drop an object."""
        for relation in set(_relations(key, self._facts.pop(key))):
            _take_out(self._related, relation, key)
        _take_out(self._named, key[:2], key)

    @overload
    def get(self, key: Key) -> Fact | None: ...
    @overload
    def get(self, key: Key, default: _Default) -> Fact | _Default: ...
    def get(self, key: Key, default: object = None) -> object:
        """Return what is known of an object, or a default."""
        return self._facts.get(key, default)

    def pop(self, key: Key) -> Fact | None:
        """Drop an object, and return what was known of it; None if it is not there."""
        fact = self._facts.get(key)
        if fact is not None:
            del self[key]
        return fact

    def setdefault(self, key: Key, fact: Fact) -> None:
        """Make an object if it is not there."""
        if key not in self:
            self[key] = fact

    def named(self, kind: str, name: str) -> list[tuple[Key, Fact]]:
        """Return the objects of a kind and a first name: a table's columns, a function's overloads."""
        return [(key, self._facts[key]) for key in self._named.get((kind, name), ())]

    def related(self, relation: Relation, name: str) -> list[tuple[Key, Fact]]:
        """Return the objects that are something to one of this name."""
        return [(key, self._facts[key]) for key in self._related.get((relation, name), ())]

    def tables(self, schema: str = _ANY) -> list[str]:
        """Return the names of all tables, or of those in a schema."""
        return [key[1] for key in self._related.get(("in schema", schema), ())]

    def has_tables(self) -> bool:
        """Say whether any table is there."""
        return ("in schema", _ANY) in self._related

    def copy(self) -> Self:
        """Return a second one that goes on by itself; what is known of an object never changes."""
        other = type(self)()
        other._facts = dict(self._facts)  # noqa: SLF001 - of this class
        other._named = {name: dict(keys) for name, keys in self._named.items()}  # noqa: SLF001 - of this class
        other._related = {name: dict(keys) for name, keys in self._related.items()}  # noqa: SLF001 - of this class
        return other

    def frozen(self) -> FrozenFacts:
        """Return these as they are to who may try what a statement would do: nothing is changed by it."""
        return FrozenFacts(self)


class FrozenFacts(Facts):
    """Facts that stay as they are, whatever is done to them.

    Args:
        facts: that are read.
    """

    def __init__(self, facts: Facts) -> None:
        """Read another one's."""
        self._facts = facts._facts  # noqa: SLF001 - of its own base class
        self._named = facts._named  # noqa: SLF001 - of its own base class
        self._related = facts._related  # noqa: SLF001 - of its own base class

    def __setitem__(self, key: Key, fact: Fact) -> None:
        """Leave the object as it is."""

    def __delitem__(self, key: Key) -> None:
        """Leave the object where it is."""


class Keys:
    """A set of keys, which knows those of a kind and a first name.

    Args:
        keys: that are in it.
    """

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        """Take the keys."""
        self._named: dict[Key, set[Key]] = {}
        for key in keys:
            self.add(key)

    def __repr__(self) -> str:
        """Say how many there are."""
        return f"Keys({sum(map(len, self._named.values()))})"

    def __iter__(self) -> Iterator[Key]:
        """Yield them all."""
        for keys in self._named.values():
            yield from keys

    def __contains__(self, key: Key) -> bool:
        """Say whether a key is in it."""
        return key in self._named.get(key[:2], ())

    def add(self, key: Key) -> None:
        """Take a key."""
        self._named.setdefault(key[:2], set()).add(key)

    def discard(self, key: Key) -> None:
        """Take a key out, if it is in."""
        self._named.get(key[:2], set()).discard(key)

    def named(self, kind: str, name: str) -> frozenset[Key]:
        """Return the keys of a kind and a first name."""
        return frozenset(self._named.get((kind, name), ()))


def _relations(key: Key, fact: Fact) -> Iterator[tuple[Relation, str]]:
    """Yield what an object is to others."""
    match fact:
        case Constraint(kind="foreign"):
            yield "points to", fact.target[0]
        case Column():
            yield "of type", fact.type.removesuffix("[]")
        case Index():
            yield "on", fact.table
        case Policy():
            for name in calls_in(fact.using) | calls_in(fact.check):
                yield "calls", name
        case Table():
            yield "in schema", _ANY
            yield "in schema", key[1].split(".", 1)[0]
            if fact.parent:
                yield "part of", fact.parent


def _take_out(index: dict[_Name, dict[Key, None]], name: _Name, key: Key) -> None:
    keys = index[name]
    del keys[key]
    if not keys:
        del index[name]
