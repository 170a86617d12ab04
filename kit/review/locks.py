"""Which relations a statement locks, by what it names and by what earlier migrations have tied to that.

A relation that the pending migrations make is left out: nobody else can wait for it.
Sources: PostgreSQL 18, 13.3.1 "Table-Level Locks", and the page of each command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from postgast import walk
from postgast.pg_query_pb2 import AlterTableType as At
from postgast.pg_query_pb2 import CommonTableExpr, DropBehavior, RangeVar
from postgast.pg_query_pb2 import ConstrType as Con
from postgast.pg_query_pb2 import ObjectType as Obj

from kit.review.bodies import statements_of_sql
from kit.review.catalog import DROPPED, TEMPORARY, KnownObjects, qualified
from kit.review.facts import Keys
from kit.review.grammar import Message
from kit.review.objects import Column, Constraint, Index, Table
from kit.review.rules import LOCKS, Lock, strongest

Locked = dict[str, Lock]
"""The strongest lock on each relation, by its name with the schema."""


@dataclass(frozen=True, slots=True)
class _About:
    """What a statement is, its rule's lock, and what is there when it runs; the subcommand of ALTER TABLE."""

    content: Message
    lock: Lock
    catalog: KnownObjects
    part: Message = None


Pairs = Iterator[tuple[str, Lock]]
_UNNAMED = "?"
"""A relation that is locked and that nothing names: an index's table that no migration has made."""


def find_locks(
    kind: str,
    content: Message,
    lock: Lock,
    catalog: KnownObjects,
    made: Keys,
    *,
    part: Message = None,
) -> Locked:
    """Return what a statement, or a subcommand of ALTER TABLE, locks of what was there before.

    Args:
        kind: what the parser calls the statement.
        content: the statement.
        lock: that its rule gives the relation that it is about.
        catalog: what is there when it runs.
        made: what the pending migrations have made so far.
        part: the subcommand of ALTER TABLE.
    """
    handler = _BY_KIND.get(kind)
    about = _About(content, lock, catalog, part)
    found = handler(about) if handler else iter([(_UNNAMED, lock)])
    locked: Locked = {}
    for name, taken in _with_parts(kind, list(found), catalog):
        is_made = ("table", name) in made or ("view", name) in made or ("sequence", name) in made
        if taken != "none" and not is_made and not name.startswith(f"{TEMPORARY}."):
            locked[name] = strongest([locked.get(name, "none"), taken])
    return locked


def _with_parts(kind: str, found: list[tuple[str, Lock]], catalog: KnownObjects) -> Pairs:
    """Add the partitions of a table that is changed: each is locked as the whole is."""
    yield from found
    if kind in {"alter_table_stmt", "index_stmt", "rename_stmt", "truncate_stmt", "lock_stmt"}:
        for name, lock in found:
            for key, _ in catalog.facts.related("part of", name) if lock in _OF_ALL_PARTS else ():
                yield key[1], lock


_OF_ALL_PARTS: set[Lock] = {"SHARE", "ACCESS EXCLUSIVE"}


def _altered(about: _About) -> Pairs:
    content, catalog = about.content, about.catalog
    table = catalog.name(content.relation)
    if content.objtype == Obj.OBJECT_INDEX:
        yield _UNNAMED, about.lock
        return
    yield table, about.lock
    definition = getattr(about.part, "def")
    match about.part.subtype:
        case At.AT_AddConstraint:
            yield from _pointed_at([definition.constraint], catalog)
        case At.AT_AddColumn:
            column = definition.column_def
            if not about.part.missing_ok or ("column", table, column.colname) not in catalog.facts:
                yield from _pointed_at([item.constraint for item in column.constraints], catalog)
        case At.AT_DropConstraint | At.AT_DropColumn | At.AT_ValidateConstraint:
            yield from _pointed_at_until_now(about, table)
        case At.AT_AlterColumnType:
            yield from _tied_by_keys(table, about.part.name, catalog)
        case At.AT_AttachPartition:
            yield catalog.name(definition.partition_cmd.name), "ACCESS EXCLUSIVE"
        case At.AT_DetachPartition:
            yield catalog.name(definition.partition_cmd.name), about.lock
        case At.AT_AddInherit:
            yield catalog.name(definition.range_var), "SHARE UPDATE EXCLUSIVE"


def _pointed_at(constraints: Iterable[Message], catalog: KnownObjects) -> Pairs:
    """Return the tables to which new foreign keys point: each gets triggers."""
    for constraint in constraints:
        if constraint.contype == Con.CONSTR_FOREIGN:
            yield catalog.name(constraint.pktable), "SHARE ROW EXCLUSIVE"


def _pointed_at_until_now(about: _About, table: str) -> Pairs:
    """Return the tables whose foreign keys go with a constraint or column, or are looked up."""
    name, is_check = about.part.name, about.part.subtype == At.AT_ValidateConstraint
    for key, fact in about.catalog.of_table("constraint", table):
        if isinstance(fact, Constraint) and fact.kind == "foreign":
            of_column = about.part.subtype == At.AT_DropColumn and name in fact.columns
            if of_column or (about.part.subtype != At.AT_DropColumn and key[2] == name):
                yield fact.target[0], "ROW SHARE" if is_check else "ACCESS EXCLUSIVE"


def _tied_by_keys(table: str, column: str, catalog: KnownObjects) -> Pairs:
    """Return the other tables of a column's foreign keys, which are made anew with another type."""
    for _, fact in catalog.of_table("constraint", table):
        if isinstance(fact, Constraint) and fact.kind == "foreign" and column in fact.columns:
            yield fact.target[0], "ACCESS EXCLUSIVE"
    for key, fact in catalog.facts.related("points to", table):
        # Without columns it is the primary key that is pointed to.
        if isinstance(fact, Constraint) and column in (fact.target[1:] or catalog.primary_key(table)):
            yield key[1], "ACCESS EXCLUSIVE"


def _created(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    if ("table", catalog.name(content.relation)) in catalog.facts and content.if_not_exists:
        return
    for parent in content.inh_relations:
        yield (
            catalog.name(parent.range_var),
            lock if content.HasField("partbound") else "SHARE UPDATE EXCLUSIVE",
        )
    for element in content.table_elts:
        constraints = [element.constraint, *(item.constraint for item in element.column_def.constraints)]
        for constraint in constraints:
            if constraint.contype == Con.CONSTR_FOREIGN:
                yield catalog.name(constraint.pktable), "SHARE ROW EXCLUSIVE"
        if element.WhichOneof("node") == "table_like_clause":
            yield catalog.name(element.table_like_clause.relation), "ACCESS SHARE"


def _dropped(about: _About) -> Pairs:
    kind = DROPPED.get(about.content.remove_type, "")
    drop = _DROPPED.get(kind)
    for item in about.content.objects:
        if kind == "schema":
            yield from _dropped_schema(about, item.string.sval)
        elif kind == "type":
            yield from _dropped_type(about, kind, [part.string.sval for part in item.type_name.names])
        elif drop is None:
            yield _UNNAMED, about.lock
        else:
            yield from drop(about, kind, [part.string.sval for part in item.list.items])


def _dropped_tables(about: _About, _: str, names: list[str]) -> Pairs:
    return _dropped_table(_dotted(names, about.catalog), about.content, about.catalog)


def _dropped_view(about: _About, kind: str, names: list[str]) -> Pairs:
    name = _dotted(names, about.catalog)
    if (kind, name) in about.catalog.facts or not about.content.missing_ok:
        yield name, about.lock


def _dropped_of_table(about: _About, kind: str, names: list[str]) -> Pairs:
    table = _dotted(names[:-1], about.catalog)
    # Without such an object the table is only looked at.
    is_there = (kind, table, names[-1]) in about.catalog.facts or not about.content.missing_ok
    yield table, about.lock if is_there else "ACCESS SHARE"


def _dropped_index(about: _About, _: str, names: list[str]) -> Pairs:
    index = about.catalog.facts.get(("index", _dotted(names, about.catalog)))
    if isinstance(index, Index):
        yield index.table, about.lock
    elif not about.content.missing_ok:
        yield _UNNAMED, about.lock


def _dropped_type(about: _About, _kind: str, names: list[str]) -> Pairs:
    """With CASCADE the columns of the type go, too."""
    name = names[-1]
    yield _UNNAMED, about.lock
    if about.content.behavior == DropBehavior.DROP_CASCADE:
        for key, _ in about.catalog.facts.related("of type", name):
            yield key[1], "ACCESS EXCLUSIVE"


def _dropped_schema(about: _About, schema: str) -> Pairs:
    inside = [key[1] for key, _ in about.catalog.facts.related("in schema", schema)]
    for table in inside:
        yield from _dropped_table(table, about.content, about.catalog)
    if not inside and ("schema", schema) not in about.catalog.facts:
        yield _UNNAMED, about.lock


_DROPPED: dict[str, Callable[[_About, str, list[str]], Pairs]] = {
    "table": _dropped_tables,
    "view": _dropped_view,
    "sequence": _dropped_view,
    "policy": _dropped_of_table,
    "trigger": _dropped_of_table,
    "rule": _dropped_of_table,
    "index": _dropped_index,
}


def _dropped_table(table: str, content: Message, catalog: KnownObjects) -> Pairs:
    if ("table", table) not in catalog.facts and content.missing_ok:
        return
    yield table, "ACCESS EXCLUSIVE"
    fact = catalog.facts.get(("table", table))
    if isinstance(fact, Table) and fact.parent:
        yield fact.parent, "ACCESS EXCLUSIVE"
    for _, constraint in catalog.of_table("constraint", table):
        if isinstance(constraint, Constraint) and constraint.kind == "foreign":
            yield constraint.target[0], "ACCESS EXCLUSIVE"
    for key, _ in catalog.facts.related("points to", table):
        yield key[1], "ACCESS EXCLUSIVE"


def _dotted(names: list[str], catalog: KnownObjects) -> str:
    if len(names) > 1:
        return ".".join(names[-2:])
    temporary = f"{TEMPORARY}.{''.join(names)}"
    return temporary if ("table", temporary) in catalog.facts else f"public.{''.join(names)}"


def relations_in(content: Message, catalog: KnownObjects) -> set[str]:
    """Return the relations that a query reads, without the names that it gives itself in WITH."""
    nodes = [node for _, node in walk(content)]
    own = {node.ctename for node in nodes if isinstance(node, CommonTableExpr)}
    return {
        catalog.name(node)
        for node in nodes
        if isinstance(node, RangeVar)
        if node.schemaname or node.relname not in own
        if node.schemaname not in {"pg_catalog", "information_schema"}
    }


def _read(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    if not hasattr(content, "locking_clause"):
        lock = "ACCESS SHARE"
    elif content.locking_clause:
        lock = "ROW SHARE"
    return ((name, lock) for name in relations_in(content, catalog))


def _written(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    table = catalog.name(content.relation)
    for name in relations_in(content, catalog) - {table}:
        yield name, "ACCESS SHARE"
    yield table, lock
    changed = {item.res_target.name for item in getattr(content, "target_list", ())}
    if _is_deletion(content):
        for key, fact in catalog.facts.related("points to", table):
            if isinstance(fact, Constraint):
                yield key[1], "ROW SHARE" if fact.actions[:1] in {"a", "r"} else "ROW EXCLUSIVE"
        return
    for _, fact in catalog.of_table("constraint", table):
        match fact:
            case Constraint(kind="foreign", columns=columns, target=(pointed_at, *_)) if not hasattr(
                content, "target_list"
            ) or changed & set(columns):
                yield pointed_at, "ROW SHARE"


def _is_deletion(content: Message) -> bool:
    return bool(content.DESCRIPTOR.name == "DeleteStmt")


def _copied(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    yield catalog.name(content.relation), lock if content.is_from else "ACCESS SHARE"


def _made_of(about: _About) -> Pairs:
    content, catalog = about.content, about.catalog
    return ((name, "ACCESS SHARE") for name in relations_in(content.query, catalog))


def _viewed(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    name = catalog.name(content.view)
    yield from _made_of(about)
    if content.replace and (("view", name) in catalog.facts or not catalog.knows_tables()):
        yield name, lock


def _policed(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    table = catalog.name(content.table)
    for name in relations_in(content, catalog) - {table}:
        yield name, "ACCESS SHARE"
    yield table, lock


def _triggered(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    yield catalog.name(content.relation), lock


def _indexed(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    table = catalog.name(content.relation)
    name = f"{table.split('.', 1)[0]}.{content.idxname}"
    if not (content.if_not_exists and ("index", name) in catalog.facts):
        yield table, lock
    else:
        yield table, lock  # PostgreSQL looks for the name under the lock


def _renamed(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    if content.HasField("relation"):
        name = catalog.name(content.relation)
        index = catalog.facts.get(("index", name))
        yield (_UNNAMED if isinstance(index, Index) else name), lock
    elif content.rename_type not in {
        Obj.OBJECT_FUNCTION,
        Obj.OBJECT_TYPE,
        Obj.OBJECT_SCHEMA,
        Obj.OBJECT_DOMAIN,
    }:
        yield _UNNAMED, lock


def _moved(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    yield (catalog.name(content.relation) if content.HasField("relation") else _UNNAMED), lock


def _locked(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    mode: Lock = LOCKS[content.mode] if 0 < content.mode < len(LOCKS) else lock
    return ((catalog.name(item.range_var), mode) for item in content.relations)


def _truncated(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    return ((catalog.name(item.range_var), lock) for item in content.relations)


def _reindexed(about: _About) -> Pairs:
    index = about.catalog.facts.get(("index", about.catalog.name(about.content.relation)))
    yield (
        (index.table if isinstance(index, Index) else about.catalog.name(about.content.relation)),
        about.lock,
    )


def _vacuumed(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    return ((catalog.name(item.vacuum_relation.relation), lock) for item in content.rels)


def _granted(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    for item in content.objects:
        if item.WhichOneof("node") == "range_var":
            yield catalog.name(item.range_var), lock
        elif content.objtype == Obj.OBJECT_TABLE:  # ALL TABLES IN SCHEMA
            for key, _ in catalog.facts.related("in schema", item.string.sval):
                yield key[1], lock


def _commented(about: _About) -> Pairs:
    content, lock, catalog = about.content, about.lock, about.catalog
    names = [part.string.sval for part in content.object.list.items]
    match content.objtype:
        case Obj.OBJECT_TABLE | Obj.OBJECT_VIEW | Obj.OBJECT_MATVIEW | Obj.OBJECT_SEQUENCE:
            yield _dotted(names, catalog), lock
        case Obj.OBJECT_COLUMN:
            yield _dotted(names[:-1], catalog), lock
        case Obj.OBJECT_TABCONSTRAINT | Obj.OBJECT_POLICY | Obj.OBJECT_TRIGGER | Obj.OBJECT_RULE:
            yield _dotted(names[:-1], catalog), "ACCESS SHARE"
        case Obj.OBJECT_INDEX:
            yield _UNNAMED, lock


def _function_made(about: _About) -> Pairs:
    """A body in SQL is parsed when the function is made: what it names is locked as if it ran."""
    content, catalog = about.content, about.catalog
    for kind, inner in statements_of_sql(content):
        if kind in {"insert_stmt", "update_stmt", "delete_stmt"}:
            for name in relations_in(inner, catalog):
                yield name, "ROW EXCLUSIVE" if name == catalog.name(inner.relation) else "ACCESS SHARE"
        elif kind == "select_stmt":
            yield from _read(_About(inner, "ACCESS SHARE", catalog))


def _domain_altered(about: _About) -> Pairs:
    content, catalog = about.content, about.catalog
    if content.subtype not in {"C", "O"} or getattr(content, "def").constraint.skip_validation:
        return
    name = content.type_name[-1].string.sval
    if ("type", qualified(content.type_name)) not in catalog.facts:
        yield _UNNAMED, "SHARE"
    for key, fact in catalog.facts.related("of type", name):
        if isinstance(fact, Column) and fact.type == name:
            yield key[1], "SHARE"


_BY_KIND: dict[str, Callable[[_About], Pairs]] = {
    "alter_table_stmt": _altered,
    "alter_domain_stmt": _domain_altered,
    "alter_object_schema_stmt": _moved,
    "alter_policy_stmt": _policed,
    "comment_stmt": _commented,
    "copy_stmt": _copied,
    "create_function_stmt": _function_made,
    "create_policy_stmt": _policed,
    "create_stmt": _created,
    "create_table_as_stmt": _made_of,
    "create_trig_stmt": _triggered,
    "delete_stmt": _written,
    "drop_stmt": _dropped,
    "grant_stmt": _granted,
    "index_stmt": _indexed,
    "insert_stmt": _written,
    "lock_stmt": _locked,
    "merge_stmt": _written,
    "refresh_mat_view_stmt": _triggered,
    "reindex_stmt": _reindexed,
    "rename_stmt": _renamed,
    "rule_stmt": _triggered,
    "select_stmt": _read,
    "truncate_stmt": _truncated,
    "update_stmt": _written,
    "vacuum_stmt": _vacuumed,
    "view_stmt": _viewed,
}
