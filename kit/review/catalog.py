"""Follow what migrations make, change and drop, so that later ones can be judged by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Self

from postgast.pg_query_pb2 import AlterPublicationAction as Publish
from postgast.pg_query_pb2 import AlterTableType as At
from postgast.pg_query_pb2 import ConstrType as Con
from postgast.pg_query_pb2 import FunctionParameterMode as Mode
from postgast.pg_query_pb2 import ObjectType as Obj

from kit.review.expressions import NOTHING, TRUE, Shape, columns_in, shape
from kit.review.facts import Facts, Keys
from kit.review.grammar import Message
from kit.review.objects import (
    Column,
    Constraint,
    Domain,
    Enum,
    Fact,
    Index,
    Key,
    Named,
    Policy,
    Routine,
    Table,
    Trigger,
    View,
)

SERIALS = frozenset({"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"})
_COUNTED = {
    "serial": "int4",
    "serial4": "int4",
    "bigserial": "int8",
    "serial8": "int8",
    "smallserial": "int2",
    "serial2": "int2",
}
"""What a serial column is without its default."""
ROW_COMMANDS = frozenset({"select", "insert", "update", "delete"})
TEMPORARY = "pg_temp"
_INPUTS = {Mode.FUNC_PARAM_DEFAULT, Mode.FUNC_PARAM_IN, Mode.FUNC_PARAM_INOUT, Mode.FUNC_PARAM_VARIADIC}
_ENDINGS = {
    "check": "check",
    "foreign": "fkey",
    "unique": "key",
    "primary": "pkey",
    "exclusion": "excl",
}
_KINDS = {
    Con.CONSTR_CHECK: "check",
    Con.CONSTR_FOREIGN: "foreign",
    Con.CONSTR_UNIQUE: "unique",
    Con.CONSTR_PRIMARY: "primary",
    Con.CONSTR_EXCLUSION: "exclusion",
}
DROPPED = {
    Obj.OBJECT_TABLE: "table",
    Obj.OBJECT_FOREIGN_TABLE: "table",
    Obj.OBJECT_VIEW: "view",
    Obj.OBJECT_MATVIEW: "view",
    Obj.OBJECT_INDEX: "index",
    Obj.OBJECT_SEQUENCE: "sequence",
    Obj.OBJECT_TYPE: "type",
    Obj.OBJECT_DOMAIN: "type",
    Obj.OBJECT_SCHEMA: "schema",
    Obj.OBJECT_EXTENSION: "extension",
    Obj.OBJECT_POLICY: "policy",
    Obj.OBJECT_TRIGGER: "trigger",
    Obj.OBJECT_RULE: "rule",
    Obj.OBJECT_FUNCTION: "function",
    Obj.OBJECT_PROCEDURE: "function",
    Obj.OBJECT_ROUTINE: "function",
    Obj.OBJECT_AGGREGATE: "function",
    Obj.OBJECT_PUBLICATION: "publication",
}
"""What each kind of object is called in a key."""
_OF_A_TABLE = {"policy", "trigger", "rule"}
_UNQUALIFIED = {"schema", "extension", "publication"}
_BELONGS = ("column", "constraint", "policy", "trigger", "rule")


class KnownObjects:
    """The objects that the statements so far have left.

    Attributes:
        facts: each object that is there, by its key.
        gone: keys that were dropped without having been made before: something else had made them.
        optional: columns that something else had made, and that rows may leave out since a migration said so.
    """

    def __init__(self) -> None:
        """Start with nothing known."""
        self.facts = Facts()
        self.facts["schema", "public"] = self.facts["extension", "plpgsql"] = Named()
        self.gone = Keys()
        self.optional = Keys()

    def __repr__(self) -> str:
        """Say how much is known."""
        return f"KnownObjects({len(self.facts)} objects)"

    def copy(self) -> Self:
        """Return a second one that goes on by itself; facts never change."""
        other = type(self)()
        other.facts, other.gone, other.optional = self.facts.copy(), Keys(self.gone), Keys(self.optional)
        return other

    def touched_by(self, kind: str, content: Message) -> list[Key]:
        """Return the keys of what a statement would touch, without taking it as done."""
        other = type(self)()
        other.facts = self.facts.frozen()
        return [key for keys in other.apply(kind, content) for key in keys]

    def name(self, relation: Message) -> str:
        """Return a relation's name with its schema: that of a temporary one where there is one."""
        if relation.schemaname:
            return f"{relation.schemaname}.{relation.relname}"
        temporary = f"{TEMPORARY}.{relation.relname}"
        if relation.relpersistence == "t" or ("table", temporary) in self.facts:
            return temporary
        return f"public.{relation.relname}"

    def of_table(self, kind: str, table: str) -> list[tuple[Key, Fact]]:
        """Return what belongs to a table, of one kind."""
        return self.facts.named(kind, table)

    def column(self, table: str, name: str) -> Column | None:
        """Return what holds for a column: what is said of it, and what its domain says."""
        fact = self.facts.get(("column", table, name))
        if not isinstance(fact, Column):
            return None
        for domain in self._domains(fact.type):
            fact = replace(
                fact,
                not_null=fact.not_null or domain.not_null,
                default=domain.default if fact.default == NOTHING else fact.default,
            )
        return fact

    def domain_checks(self, name: str) -> Iterator[tuple[str, Shape]]:
        """Yield the checks of a type that is a domain, and those of the domains under it."""
        for domain in self._domains(name):
            yield from domain.checks

    def _domains(self, name: str) -> Iterator[Domain]:
        """Yield a domain and those under it; PostgreSQL lets none be made of itself."""
        fact = self.facts.get(("type", name if "." in name else f"public.{name}"))
        while isinstance(fact, Domain):
            yield fact
            base = fact.base if "." in fact.base else f"public.{fact.base}"
            fact = self.facts.get(("type", base))

    def parts(self, table: str) -> Iterator[str]:
        """Yield the partitions of a table, and theirs."""
        for key, _ in self.facts.related("part of", table):
            yield key[1]
            yield from self.parts(key[1])

    def knows_tables(self) -> bool:
        """Say whether any migration has made a table: without one, nothing can be said of what is there."""
        return self.facts.has_tables()

    def primary_key(self, table: str) -> tuple[str, ...]:
        """Return the columns of a table's primary key; none where no migration makes one."""
        keys = (fact for _, fact in self.of_table("constraint", table) if isinstance(fact, Constraint))
        return next((fact.columns for fact in keys if fact.kind == "primary"), ())

    def tells_rows_apart(self, table: str) -> bool:
        """Say whether replication can name a row of a table, without which none may be changed."""
        fact = self.facts.get(("table", table))
        replica = fact.replica if isinstance(fact, Table) else "f"
        return replica in {"f", "i"} or (replica == "d" and bool(self.primary_key(table)))

    def overloads(self, name: str) -> dict[Key, Routine]:
        """Return the functions of a name."""
        return {key: fact for key, fact in self.facts.named("function", name) if isinstance(fact, Routine)}

    def apply(self, kind: str, content: Message) -> list[tuple[Key, ...]]:
        """Take a statement as done.

        Args:
            kind: what the parser calls it.
            content: the statement.

        Returns:
            The keys of what it touches: for each subcommand of ALTER TABLE, else for the whole.
        """
        if kind == "alter_table_stmt":
            table = self.name(content.relation)
            if content.objtype == Obj.OBJECT_TYPE:
                return [(("type", table),) for _ in content.cmds]
            return [tuple(self._alter(table, item.alter_table_cmd, content)) for item in content.cmds]
        handler = getattr(self, f"_{kind}", None)
        return [tuple(handler(content)) if handler else ()]

    # Tables

    def _create_stmt(self, content: Message) -> Iterator[Key]:
        table = self.name(content.relation)
        key = ("table", table)
        yield key
        if key in self.facts and content.if_not_exists:
            return
        parent = self.name(content.inh_relations[0].range_var) if content.HasField("partbound") else ""
        self.facts[key] = Table(temporary=content.relation.relpersistence == "t", parent=parent)
        for parent in content.inh_relations:
            for inherited, fact in self.of_table("column", self.name(parent.range_var)):
                self.facts["column", table, inherited[2]] = fact
        for element in content.table_elts:
            match element.WhichOneof("node"):
                case "column_def":
                    self._add_column(table, element.column_def)
                case "constraint":
                    self._add_constraint(table, element.constraint)
                case "table_like_clause":
                    like = self.name(element.table_like_clause.relation)
                    options = element.table_like_clause.options
                    for copied, fact in self.of_table("column", like):
                        self.facts["column", table, copied[2]] = _copied(fact, options)

    def _create_table_as_stmt(self, content: Message) -> Iterator[Key]:
        name = self.name(content.into.rel)
        if content.objtype == Obj.OBJECT_MATVIEW:
            yield from self._make_view(name, content.query.select_stmt, ())
            return
        yield ("table", name)
        self.facts.setdefault(("table", name), Table(temporary=content.into.rel.relpersistence == "t"))
        for column in _columns_of(content.query.select_stmt, self) or ():
            self.facts["column", name, column] = Column("")

    def _add_column(self, table: str, column: Message) -> Iterator[Key] | tuple[Key, ...]:
        key = ("column", table, column.colname)
        touched: list[Key] = [key]
        written = column.type_name.names[-1].string.sval if column.type_name.names else ""
        fact = Column(_COUNTED.get(written, type_text(column.type_name)), fills=written in SERIALS)
        if fact.fills:
            fact = replace(fact, not_null=True)
        for item in column.constraints:
            constraint = item.constraint
            match constraint.contype:
                case Con.CONSTR_NOTNULL:
                    fact = replace(fact, not_null=True)
                case Con.CONSTR_PRIMARY:
                    fact = replace(fact, not_null=True)
                case Con.CONSTR_DEFAULT:
                    fact = replace(fact, default=_default(constraint.raw_expr))
                case Con.CONSTR_IDENTITY:
                    always = constraint.generated_when == _ALWAYS
                    fact = replace(fact, fills=True, not_null=True, always=always)
                case Con.CONSTR_GENERATED:
                    fact = replace(fact, fills=True)
        self.facts[key] = fact
        for item in column.constraints:
            touched += self._add_constraint(table, item.constraint, column=column.colname)
        return tuple(touched)

    def _add_constraint(self, table: str, constraint: Message, column: str = "") -> tuple[Key, ...]:
        if constraint.contype == Con.CONSTR_NOTNULL and constraint.keys:
            name = constraint.keys[0].string.sval
            self._change_column(table, name, not_null=True)
            return (("column", table, name),)
        kind = _KINDS.get(constraint.contype)
        if kind is None:
            return ()
        fact = self._constraint(kind, constraint, column)
        written = "_".join(fact.columns) if kind in {"foreign", "unique", "exclusion"} else column
        middle = "" if kind == "primary" or not written else f"_{written}"
        name = constraint.conname or f"{table.split('.', 1)[1]}{middle}_{_ENDINGS[kind]}"
        if constraint.indexname and (index := self.facts.get(("index", f"public.{constraint.indexname}"))):
            fact = replace(fact, columns=index.columns if isinstance(index, Index) else ())
        self.facts["constraint", table, name] = fact
        if kind == "primary":
            for each in fact.columns:
                self._change_column(table, each, not_null=True)
        return (("constraint", table, name),)

    def _constraint(self, kind: str, constraint: Message, column: str) -> Constraint:
        columns = tuple(item.string.sval for item in (constraint.fk_attrs or constraint.keys))
        expression = shape(constraint.raw_expr) if kind == "check" else NOTHING
        target: tuple[str, ...] = ()
        if kind == "foreign":
            target = (self.name(constraint.pktable), *(item.string.sval for item in constraint.pk_attrs))
        if not columns and column:
            columns = (column,)
        if kind == "check":
            columns = tuple(sorted(columns_in(expression)))
        actions = (constraint.fk_del_action or "a") + (constraint.fk_upd_action or "a")
        return Constraint(
            kind,
            columns,
            expression,
            target,
            actions if kind == "foreign" else "",
            constraint.nulls_not_distinct,
        )

    def _change_column(self, table: str, column: str, **changes: Any) -> None:  # noqa: ANN401 - of Column
        fact = self.facts.get(("column", table, column))
        if isinstance(fact, Column):
            self.facts["column", table, column] = replace(fact, **changes)

    def _alter(self, table: str, command: Message, statement: Message) -> Iterator[Key]:
        definition = getattr(command, "def")
        key = ("column", table, command.name)
        match command.subtype:
            case At.AT_AddColumn:
                column = definition.column_def
                if command.missing_ok and ("column", table, column.colname) in self.facts:
                    yield ("column", table, column.colname)
                else:
                    yield from self._add_column(table, column)
            case At.AT_DropColumn:
                yield key
                yield from self._drop_column(table, command)
            case At.AT_AddConstraint:
                yield from self._add_constraint(table, definition.constraint)
            case At.AT_DropConstraint:
                yield ("constraint", table, command.name)
                self._drop(("constraint", table, command.name), missing_ok=command.missing_ok)
            case At.AT_AttachPartition | At.AT_DetachPartition | At.AT_EnableTrig | At.AT_DisableTrig:
                yield self._switch(table, command)
            case At.AT_SetRelOptions | At.AT_ResetRelOptions if statement.objtype == Obj.OBJECT_VIEW:
                yield ("view", table)
                reset = command.subtype == At.AT_ResetRelOptions
                self._change_view(table, definition.list.items, reset=reset)
            case At.AT_ReplicaIdentity:
                yield ("table", table)
                self._change_table(table, replica=definition.replica_identity_stmt.identity_type)
            case At.AT_EnableRowSecurity | At.AT_DisableRowSecurity:
                yield ("security", table)
                on = command.subtype == At.AT_EnableRowSecurity
                self._change_table(table, row_security=on)
            case _:
                yield key if command.name and statement.objtype == Obj.OBJECT_TABLE else ("table", table)
                self._alter_column(table, command, definition)

    def _change_table(self, table: str, **changes: Any) -> None:  # noqa: ANN401 - of Table
        fact = self.facts.get(("table", table))
        if isinstance(fact, Table):
            self.facts["table", table] = replace(fact, **changes)

    def _switch(self, table: str, command: Message) -> Key:
        """Attach or detach a partition, switch a trigger on or off."""
        if command.subtype in {At.AT_AttachPartition, At.AT_DetachPartition}:
            part = self.name(getattr(command, "def").partition_cmd.name)
            self._change_table(part, parent=table if command.subtype == At.AT_AttachPartition else "")
            return ("table", table)
        key = ("trigger", table, command.name)
        fact = self.facts.get(key)
        if isinstance(fact, Trigger):
            self.facts[key] = replace(fact, enabled=command.subtype == At.AT_EnableTrig)
        return key

    def _drop_column(self, table: str, command: Message) -> Iterator[Key]:
        self._drop(("column", table, command.name), missing_ok=command.missing_ok)
        for key, fact in self.of_table("constraint", table):
            if isinstance(fact, Constraint) and command.name in fact.columns:
                del self.facts[key]
        for key, index in self.facts.related("on", table):
            if isinstance(index, Index) and command.name in index.columns:
                del self.facts[key]
        yield from ()

    def _alter_column(self, table: str, command: Message, definition: Message) -> None:
        column = command.name
        if ("column", table, column) not in self.facts:
            self._remember(("column", table, column), command)
            return
        match command.subtype:
            case At.AT_AlterColumnType:
                self._change_column(table, column, type=type_text(definition.column_def.type_name))
            case At.AT_ColumnDefault:
                given = command.HasField("def")
                self._change_column(table, column, default=_default(definition) if given else NOTHING)
                if not given:
                    self._change_column(table, column, fills=False)  # what a serial has is a default
            case At.AT_SetNotNull:
                self._change_column(table, column, not_null=True)
            case At.AT_DropNotNull:
                self._change_column(table, column, not_null=False)
            case At.AT_AddIdentity:
                always = definition.constraint.generated_when == _ALWAYS
                self._change_column(table, column, fills=True, always=always)
            case At.AT_SetIdentity:
                self._set_identity(table, column, definition)
            case At.AT_DropIdentity | At.AT_DropExpression:
                self._change_column(table, column, fills=False, always=False)

    def _set_identity(self, table: str, column: str, definition: Message) -> None:
        for item in definition.list.items:
            if item.def_elem.defname == "generated":
                always = chr(item.def_elem.arg.integer.ival) == _ALWAYS
                self._change_column(table, column, always=always)

    def _remember(self, key: Key, command: Message) -> None:
        """Keep of a column that something else has made whether rows may leave it out."""
        match command.subtype:
            case At.AT_DropNotNull | At.AT_AddIdentity:
                self.optional.add(key)
            case At.AT_ColumnDefault if command.HasField("def"):
                self.optional.add(key)
            case At.AT_SetNotNull | At.AT_ColumnDefault | At.AT_DropIdentity:
                self.optional.discard(key)

    # What has a name of its own

    def _index_stmt(self, content: Message) -> Iterator[Key]:
        table = self.name(content.relation)
        columns = tuple(item.index_elem.name for item in content.index_params if item.index_elem.name)
        bare = table.split(".", 1)[1]
        name = content.idxname or f"{bare}_{'_'.join(columns) or 'expr'}_idx"
        key = ("index", f"{table.split('.', 1)[0]}.{name}")
        yield key
        if not (content.if_not_exists and key in self.facts):
            whole = (tuple(map(shape, content.index_params)), content.access_method)
            where = shape(content.where_clause)
            alike = content.nulls_not_distinct
            self.facts[key] = Index(table, bool(content.unique), columns, where, whole, alike)

    def _view_stmt(self, content: Message) -> Iterator[Key]:
        aliases = tuple(item.string.sval for item in content.aliases)
        name = self.name(content.view)
        yield from self._make_view(name, content.query.select_stmt, aliases)
        self._change_view(name, content.options)

    def _change_view(self, name: str, options: Iterable[Message], *, reset: bool = False) -> None:
        fact = self.facts.get(("view", name))
        for option in options:
            if option.def_elem.defname == "security_invoker" and isinstance(fact, View):
                self.facts["view", name] = replace(fact, invoker=not reset and _is_on(option.def_elem))

    def _make_view(self, name: str, select: Message, aliases: tuple[str, ...]) -> Iterator[Key]:
        key = ("view", name)
        yield key
        whole, columns = shape(select), aliases or _columns_of(select, self)
        source = tuple(shape(item) for item in select.from_clause)
        self.facts[key] = View(columns, source, shape(select.where_clause), whole)

    def _create_function_stmt(self, content: Message) -> Iterator[Key]:
        name = qualified(content.funcname)
        given = [item.function_parameter for item in content.parameters]
        inputs = [parameter for parameter in given if parameter.mode in _INPUTS]
        outputs = tuple(
            parameter.name
            for parameter in given
            if parameter.mode not in _INPUTS or parameter.mode == Mode.FUNC_PARAM_INOUT
        )
        key = ("function", name, *(type_text(parameter.arg_type) for parameter in inputs))
        options = {option.def_elem.defname: option.def_elem.arg for option in content.options}
        body = options["as"].list.items[0].string.sval if "as" in options else repr(shape(content.sql_body))
        returned = type_text(content.return_type) + ("[set]" if content.return_type.setof else "")
        types = [type_text(parameter.arg_type) for parameter in given if parameter.mode not in _INPUTS]
        self.facts[key] = Routine(
            names=tuple(parameter.name for parameter in inputs),
            inputs=key[2:],
            required=sum(not parameter.HasField("defexpr") for parameter in inputs),
            returns=", ".join([returned, *types]),
            outputs=outputs,
            body=body,
            definer="security" in options and options["security"].boolean.boolval,
            language=options["language"].string.sval.lower() if "language" in options else "sql",
            volatile="volatility" not in options or options["volatility"].string.sval == "volatile",
            path=_search_path(content.options),
        )
        yield key

    def _alter_function_stmt(self, content: Message) -> Iterator[Key]:
        path = _search_path(content.actions)
        if path is None or any(item.def_elem.defname == "security" for item in content.actions):
            return
        name = qualified(content.func.objname)
        types = tuple(type_text(arg.type_name) for arg in content.func.objargs)
        for key, fact in self.overloads(name).items():
            if content.func.args_unspecified or key[2:] == types:
                self.facts[key] = replace(fact, path=path)
                yield key

    def _create_publication_stmt(self, content: Message) -> Iterator[Key]:
        key = ("publication", content.pubname)
        yield key
        options = {item.def_elem.defname: item.def_elem.arg.string.sval for item in content.options}
        self.facts[key] = Named((options.get("publish", _PUBLISHED),))
        if content.for_all_tables:
            yield from self._published(content.pubname, self.facts.tables())
        yield from self._published(content.pubname, self._tables_of(content.pubobjects))

    def _alter_publication_stmt(self, content: Message) -> Iterator[Key]:
        if content.action != Publish.AP_DropObjects:
            yield from self._published(content.pubname, self._tables_of(content.pubobjects))

    def _published(self, name: str, tables: Iterable[str]) -> Iterator[Key]:
        """Yield a key for each table whose changed and deleted rows are published."""
        fact = self.facts.get(("publication", name))
        published = fact.whole[0] if isinstance(fact, Named) and fact.whole else _PUBLISHED
        if "update" in published or "delete" in published:
            yield from (("published", table) for table in tables)

    def _tables_of(self, objects: Iterable[Message]) -> Iterator[str]:
        for item in objects:
            spec = item.publication_obj_spec
            if spec.HasField("pubtable"):
                yield self.name(spec.pubtable.relation)
            elif spec.name:
                yield from self.facts.tables(spec.name)

    def _create_enum_stmt(self, content: Message) -> Iterator[Key]:
        key = ("type", qualified(content.type_name))
        self.facts[key] = Enum(tuple(item.string.sval for item in content.vals))
        yield key

    def _alter_enum_stmt(self, content: Message) -> Iterator[Key]:
        key = ("type", qualified(content.type_name))
        fact = self.facts.get(key)
        if isinstance(fact, Enum):
            values = tuple(value for value in fact.values if value != content.old_val)
            if content.new_val not in values:
                values = (*values, content.new_val)
            self.facts[key] = Enum(values)
        yield key

    def _create_domain_stmt(self, content: Message) -> Iterator[Key]:
        key = ("type", qualified(content.domainname))
        fact = Domain(type_text(content.type_name))
        for item in content.constraints:
            fact = self._constrained(fact, item.constraint)
        self.facts[key] = fact
        yield key

    @staticmethod
    def _constrained(domain: Domain, constraint: Message) -> Domain:
        match constraint.contype:
            case Con.CONSTR_NOTNULL:
                return replace(domain, not_null=True)
            case Con.CONSTR_DEFAULT:
                return replace(domain, default=_default(constraint.raw_expr))
            case Con.CONSTR_CHECK:
                check = (constraint.conname or f"check{len(domain.checks)}", shape(constraint.raw_expr))
                return replace(domain, checks=(*domain.checks, check))
        return domain

    def _alter_domain_stmt(self, content: Message) -> Iterator[Key]:
        key = ("type", qualified(content.type_name))
        yield key
        fact = self.facts.get(key)
        if not isinstance(fact, Domain):
            return
        match content.subtype:
            case "O":
                fact = replace(fact, not_null=True)
            case "N":
                fact = replace(fact, not_null=False)
            case "C":
                fact = self._constrained(fact, getattr(content, "def").constraint)
            case "X":
                kept = tuple(check for check in fact.checks if check[0] != content.name)
                fact = replace(fact, checks=kept)
            case "T":
                given = content.HasField("def")
                fact = replace(fact, default=_default(getattr(content, "def")) if given else NOTHING)
        self.facts[key] = fact

    def _composite_type_stmt(self, content: Message) -> Iterator[Key]:
        name = content.typevar
        key = ("type", f"{name.schemaname or 'public'}.{name.relname}")
        self.facts[key] = Named(tuple(shape(item) for item in content.coldeflist))
        yield key

    def _create_range_stmt(self, content: Message) -> Iterator[Key]:
        key = ("type", qualified(content.type_name))
        self.facts[key] = Named(shape(content))
        yield key

    def _create_seq_stmt(self, content: Message) -> Iterator[Key]:
        key = ("sequence", self.name(content.sequence))
        self.facts.setdefault(key, Named())
        yield key

    def _create_schema_stmt(self, content: Message) -> Iterator[Key]:
        key = ("schema", content.schemaname)
        self.facts.setdefault(key, Named())
        yield key

    def _create_extension_stmt(self, content: Message) -> Iterator[Key]:
        key = ("extension", content.extname)
        self.facts.setdefault(key, Named())
        yield key

    def _create_trig_stmt(self, content: Message) -> Iterator[Key]:
        key = ("trigger", self.name(content.relation), content.trigname)
        whole = shape(content)
        function = qualified(content.funcname)
        self.facts[key] = Trigger(function, content.timing == _BEFORE, tuple(whole))
        yield key

    def _rule_stmt(self, content: Message) -> Iterator[Key]:
        key = ("rule", self.name(content.relation), content.rulename)
        self.facts[key] = Named(shape(content))
        yield key

    def _create_policy_stmt(self, content: Message) -> Iterator[Key]:
        key = ("policy", self.name(content.table), content.policy_name)
        self.facts[key] = Policy(
            commands=ROW_COMMANDS if content.cmd_name in {"", "all"} else frozenset({content.cmd_name}),
            roles=_roles(content.roles) or frozenset({"public"}),
            using=shape(content.qual) or TRUE,
            check=shape(content.with_check) or shape(content.qual) or TRUE,
            permissive=content.permissive,
        )
        yield key

    def _alter_policy_stmt(self, content: Message) -> Iterator[Key]:
        key = ("policy", self.name(content.table), content.policy_name)
        fact = self.facts.get(key)
        yield key
        if not isinstance(fact, Policy):
            return
        if content.HasField("qual"):
            same = fact.check == fact.using
            fact = replace(fact, using=shape(content.qual))
            if same and not content.HasField("with_check"):
                fact = replace(fact, check=fact.using)
        if content.HasField("with_check"):
            fact = replace(fact, check=shape(content.with_check))
        if content.roles:
            fact = replace(fact, roles=_roles(content.roles))
        self.facts[key] = fact

    # What goes, and what is called another name

    def _drop(self, key: Key, *, missing_ok: bool) -> None:
        if self.facts.pop(key) is None and not missing_ok:
            self.gone.add(key)

    def _drop_stmt(self, content: Message) -> Iterator[Key]:
        kind = DROPPED.get(content.remove_type, "")
        for item in content.objects if kind else ():
            for key in self._dropped_keys(kind, item):
                yield key
                self._drop(key, missing_ok=content.missing_ok)
                if kind in {"table", "view"}:
                    for belonging in _BELONGS:
                        for other, _ in self.facts.named(belonging, key[1]):
                            del self.facts[other]

    def _dropped_keys(self, kind: str, item: Message) -> list[Key]:
        if kind == "function":
            name = qualified(item.object_with_args.objname)
            known = self.overloads(name)
            if item.object_with_args.args_unspecified:
                return list(known) or [("function", name)]
            return [
                ("function", name, *map(type_text, (arg.type_name for arg in item.object_with_args.objargs)))
            ]
        if kind == "type":
            return [(kind, qualified(item.type_name.names))]
        if kind in _UNQUALIFIED:
            return [(kind, item.string.sval)]
        names = [part.string.sval for part in item.list.items]
        if kind in _OF_A_TABLE:
            return [(kind, self._dotted(names[:-1]), names[-1])]
        return [(kind, self._dotted(names))]

    def _dotted(self, names: list[str]) -> str:
        if len(names) > 1:
            return ".".join(names[-2:])
        temporary = f"{TEMPORARY}.{names[0]}"
        return temporary if ("table", temporary) in self.facts else f"public.{names[0]}"

    def _rename_stmt(self, content: Message) -> Iterator[Key]:
        match content.rename_type:
            case Obj.OBJECT_COLUMN | Obj.OBJECT_TABCONSTRAINT | Obj.OBJECT_POLICY | Obj.OBJECT_TRIGGER:
                kind = {
                    Obj.OBJECT_COLUMN: "column",
                    Obj.OBJECT_TABCONSTRAINT: "constraint",
                    Obj.OBJECT_POLICY: "policy",
                    Obj.OBJECT_TRIGGER: "trigger",
                }[content.rename_type]
                table = self.name(content.relation)
                yield from self._move((kind, table, content.subname), (kind, table, content.newname))
            case (
                Obj.OBJECT_TABLE
                | Obj.OBJECT_VIEW
                | Obj.OBJECT_MATVIEW
                | Obj.OBJECT_INDEX
                | Obj.OBJECT_SEQUENCE
            ):
                kind = DROPPED[content.rename_type]
                old = self.name(content.relation)
                new = f"{old.split('.', 1)[0]}.{content.newname}"
                if kind == "table" and ("view", old) in self.facts:
                    kind = "view"
                yield from self._move((kind, old), (kind, new))
                if kind in {"table", "view"}:
                    for belonging in _BELONGS:
                        for key, fact in self.facts.named(belonging, old):
                            del self.facts[key]
                            self.facts[(belonging, new, *key[2:])] = fact
            case Obj.OBJECT_TYPE | Obj.OBJECT_DOMAIN:
                old = qualified(content.object.list.items)
                yield from self._move_type(old, f"{old.split('.', 1)[0]}.{content.newname}")
            case Obj.OBJECT_FUNCTION | Obj.OBJECT_PROCEDURE | Obj.OBJECT_ROUTINE:
                yield from self._rename_function(content)

    def _move(self, old: Key, new: Key) -> Iterator[Key]:
        yield old
        yield new
        if (fact := self.facts.pop(old)) is not None:
            self.facts[new] = fact
        else:
            self.gone.add(old)

    def _move_type(self, old: str, new: str) -> Iterator[Key]:
        yield from self._move(("type", old), ("type", new))
        was, now = old.removeprefix("public."), new.removeprefix("public.")
        for name in {was, old}:
            for key, fact in self.facts.related("of type", name):
                if isinstance(fact, Column):
                    self.facts[key] = replace(fact, type=now + "[]" * fact.type.endswith("[]"))

    def _rename_function(self, content: Message) -> Iterator[Key]:
        item = content.object.object_with_args
        name = qualified(item.objname)
        renamed = f"{name.split('.', 1)[0]}.{content.newname}"
        for key in self.overloads(name):
            if item.args_unspecified or key[2:] == tuple(type_text(arg.type_name) for arg in item.objargs):
                yield from self._move(key, ("function", renamed, *key[2:]))

    # Rows and rights

    def _insert_stmt(self, content: Message) -> Iterator[Key]:
        yield ("rows", self.name(content.relation), "insert")
        if content.on_conflict_clause.target_list:
            changed = [item.res_target.name for item in content.on_conflict_clause.target_list]
            yield ("rows", self.name(content.relation), "update", *changed)

    def _merge_stmt(self, content: Message) -> Iterator[Key]:
        changed = [
            item.res_target.name
            for clause in content.merge_when_clauses
            for item in clause.merge_when_clause.target_list
        ]
        yield ("rows", self.name(content.relation), "update", *changed)

    def _update_stmt(self, content: Message) -> Iterator[Key]:
        changed = [item.res_target.name for item in content.target_list]
        where = shape(content.where_clause)
        empty = (
            columns_in(where) if "'IS_NULL'" in repr(where) or "('nulltesttype', 1)" in repr(where) else ()
        )
        names = (f"{name}?" if name in empty else name for name in changed)
        yield ("rows", self.name(content.relation), "update", *names)

    def _delete_stmt(self, content: Message) -> Iterator[Key]:
        yield ("rows", self.name(content.relation), "delete")

    def _copy_stmt(self, content: Message) -> Iterator[Key]:
        yield ("rows", self.name(content.relation), "insert" if content.is_from else "read")

    def _truncate_stmt(self, content: Message) -> Iterator[Key]:
        for item in content.relations:
            yield ("rows", self.name(item.range_var), "truncate")

    def _grant_stmt(self, content: Message) -> Iterator[Key]:
        for item in content.objects:
            if item.WhichOneof("node") == "range_var":
                yield ("rights", "table", self.name(item.range_var))
            elif item.WhichOneof("node") == "object_with_args":
                yield ("rights", "function", qualified(item.object_with_args.objname))
            else:
                yield ("rights", Obj.Name(content.objtype), item.string.sval)


_PUBLISHED = "insert, update, delete, truncate"
"""What a publication publishes that says nothing of it."""
_ALWAYS = "a"
"""ATTRIBUTE_IDENTITY_ALWAYS of PostgreSQL's pg_attribute.h."""
_LIKE_DEFAULTS = 1 << 3
_LIKE_FILLED = 1 << 3 | 1 << 4 | 1 << 5
"""INCLUDING DEFAULTS, and with it GENERATED and IDENTITY: TableLikeOption of PostgreSQL's parsenodes.h."""
_BEFORE = 2
"""TRIGGER_TYPE_BEFORE of PostgreSQL's pg_trigger.h."""


def type_text(name: Message) -> str:
    """Return a type as the parser writes it, with its length: "varchar(20)", "int4[]"."""
    names = [part.string.sval for part in name.names if part.string.sval not in {"pg_catalog", "public"}]
    lengths = ",".join(str(item.a_const.ival.ival) for item in name.typmods)
    return ".".join(names) + (f"({lengths})" if lengths else "") + "[]" * len(name.array_bounds)


def qualified(names: Any) -> str:  # noqa: ANN401 - a repeated field
    """Return a name with its schema; "public" where none is written."""
    parts = [part.string.sval for part in names]
    return ".".join(parts[-2:]) if len(parts) > 1 else f"public.{''.join(parts)}"


def _is_on(option: Message) -> bool:
    """Say whether an option is switched on, which it is without a value, too."""
    if not option.HasField("arg"):
        return True
    return option.arg.integer.ival == 1 or option.arg.string.sval.lower() in {"true", "on", "yes", "1"}


def _search_path(options: Iterable[Message]) -> tuple[str, ...] | None:
    """Return the search path that a function is given; None where it is given none."""
    for option in options:
        setting = option.def_elem.arg.variable_set_stmt
        if option.def_elem.defname == "set" and setting.name == "search_path" and setting.args:
            return tuple(arg.a_const.sval.sval for arg in setting.args)  # 'a, b' is one name
    return None


def _copied(fact: Fact, options: int) -> Fact:
    """Return what a column is that LIKE copies: its default, identity or formula only where asked."""
    if not isinstance(fact, Column):
        return fact
    default = fact.default if options & _LIKE_DEFAULTS else NOTHING
    fills = fact.fills and options & _LIKE_FILLED == _LIKE_FILLED
    return replace(fact, default=default, fills=fills, always=fact.always and fills)


def _default(expression: Message) -> Shape:
    found = shape(expression)
    return NOTHING if "'isnull', True" in repr(found) and "FuncCall" not in repr(found) else found


def _roles(roles: Any) -> frozenset[str]:  # noqa: ANN401 - a repeated field
    return frozenset(role.role_spec.rolename or "public" for role in roles)


def _columns_of(select: Message, catalog: KnownObjects) -> tuple[str, ...] | None:
    """Return the names that a SELECT gives its columns; None where a star stands for an unknown table's."""
    if select.HasField("larg"):
        return _columns_of(select.larg, catalog)
    found: list[str] = []
    for item in select.target_list:
        target = item.res_target
        names = [target.name] if target.name else _names_of(target.val, select, catalog)
        if names is None:
            return None
        found += names
    return tuple(found)


def _names_of(value: Message, select: Message, catalog: KnownObjects) -> list[str] | None:
    while value.WhichOneof("node") == "type_cast":
        value = value.type_cast.arg
    match value.WhichOneof("node"):
        case "column_ref" if value.column_ref.fields[-1].WhichOneof("node") == "a_star":
            sources = [source.range_var for source in select.from_clause]
            if len(sources) != 1 or not sources[0].relname:
                return None
            columns = catalog.of_table("column", catalog.name(sources[0]))
            return [key[2] for key, _ in columns] or None
        case "column_ref":
            return [value.column_ref.fields[-1].string.sval]
        case "func_call":
            return [value.func_call.funcname[-1].string.sval]
        case "coalesce_expr":
            return ["coalesce"]
    return ["?column?"]
