"""The plain difference between two catalogs, as the statements that turn one into the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from kit.supabase.catalog import Catalog

_Key = TypeVar("_Key")


def write_diff(before: Catalog, after: Catalog) -> list[str]:
    """Return the statements that add to `before` what it lacks and drop from it what it has too much.

    Tables, columns, constraints, indexes and comments are added and dropped; nothing is
    renamed and no column is changed. Compare again afterwards: `name_differences`.
    """
    return [*_drops(before, after), *_additions(before, after), *_comments(before, after)]


def name_differences(before: Catalog, after: Catalog) -> list[str]:
    """Name every object that is not the same in both, in words."""
    names = []
    for table in sorted({*before.tables, *after.tables}):
        left, right = before.tables.get(table), after.tables.get(table)
        if left is None or right is None:
            names.append(f"table {table}")
        else:
            names += [f"column {table}.{column}" for column in _unequal(left, right)]
    names += [
        f"constraint {name} of {table}" for table, name in _unequal(before.constraints, after.constraints)
    ]
    names += [f"index {name}" for name in _unequal(before.indexes, after.indexes)]
    names += [
        f"comment on {name}"
        for name in _unequal(before.comments, after.comments)
        if before.comments.get(name, "") != after.comments.get(name, "")
    ]
    return names + _unequal(before.others, after.others)


def _unequal(before: Mapping[_Key, object], after: Mapping[_Key, object]) -> list[_Key]:
    """Return the keys whose values differ, those of `after` in its order first."""
    keys = [*after, *(key for key in before if key not in after)]
    return [key for key in keys if before.get(key) != after.get(key)]


def _drops(before: Catalog, after: Catalog) -> Iterator[str]:
    for table, name in reversed(_unequal(before.constraints, after.constraints)):
        if table in after.tables and (table, name) in before.constraints:
            yield f"ALTER TABLE {_table(table)} DROP CONSTRAINT {quote(name)};"
    for name in _unequal(before.indexes, after.indexes):
        if name in before.indexes and before.indexes[name][0] in after.tables:
            yield f"DROP INDEX {name};"
    for table, columns in before.tables.items():
        if table not in after.tables:
            yield f"DROP TABLE {_table(table)};"
            continue
        for column in columns:
            if column not in after.tables[table]:
                yield f"ALTER TABLE {_table(table)} DROP COLUMN {quote(column)};"


def _additions(before: Catalog, after: Catalog) -> Iterator[str]:
    for table, columns in after.tables.items():
        if table not in before.tables:
            lines = [f"  {quote(column)} {definition}" for column, definition in columns.items()]
            yield f"CREATE TABLE {_table(table)} (\n" + ",\n".join(lines) + "\n);"
            continue
        for column, definition in columns.items():
            if column not in before.tables[table]:
                yield f"ALTER TABLE {_table(table)} ADD COLUMN {quote(column)} {definition};"
    for table, name in _unequal(before.constraints, after.constraints):
        if (table, name) in after.constraints:
            definition = after.constraints[table, name]
            yield f"ALTER TABLE {_table(table)} ADD CONSTRAINT {quote(name)} {definition};"
    for name in _unequal(before.indexes, after.indexes):
        if name in after.indexes:
            yield f"{after.indexes[name][1]};"


def _comments(before: Catalog, after: Catalog) -> Iterator[str]:
    for name, text in after.comments.items():
        if before.comments.get(name, "") != text:
            yield f"COMMENT ON {name} IS {_literal(text) if text else 'NULL'};"


def quote(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _table(name: str) -> str:
    return f'"public".{quote(name)}'


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"E'{doubled.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{doubled}'"
