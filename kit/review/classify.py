"""Judge one SQL statement by the rules: what it does, what it locks, which order is safe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from postgast import PgQueryError, parse
from postgast.pg_query_pb2 import AlterTableType as At
from postgast.pg_query_pb2 import ConstrType as Con
from postgast.pg_query_pb2 import Node
from postgast.pg_query_pb2 import ObjectType as Obj

from kit.review.rules import INDEX_RULES, OTHER_RULES, TABLE_RULES, Lock, Order, Rule, combine, strongest

# PostgreSQL's names of statements and subcommands, and the kind of change each is


_TRIGGER, _RULE = "ENABLE or DISABLE TRIGGER", "ENABLE or DISABLE RULE"

ALTER_TABLE: dict[int, str] = {
    At.AT_DropColumn: "DROP COLUMN",
    At.AT_AlterColumnType: "ALTER COLUMN TYPE",
    At.AT_SetNotNull: "SET NOT NULL",
    At.AT_DropNotNull: "DROP NOT NULL",
    At.AT_SetExpression: "SET EXPRESSION",
    At.AT_DropExpression: "DROP EXPRESSION",
    At.AT_AddIdentity: "ADD IDENTITY",
    At.AT_SetIdentity: "SET IDENTITY",
    At.AT_DropIdentity: "DROP IDENTITY",
    At.AT_SetStatistics: "SET STATISTICS",
    At.AT_SetOptions: "SET column options",
    At.AT_ResetOptions: "SET column options",
    At.AT_SetStorage: "SET STORAGE",
    At.AT_SetCompression: "SET COMPRESSION",
    At.AT_AlterConstraint: "ALTER CONSTRAINT",
    At.AT_ValidateConstraint: "VALIDATE CONSTRAINT",
    At.AT_DropConstraint: "DROP CONSTRAINT",
    At.AT_EnableTrig: _TRIGGER,
    At.AT_EnableAlwaysTrig: _TRIGGER,
    At.AT_EnableReplicaTrig: _TRIGGER,
    At.AT_EnableTrigAll: _TRIGGER,
    At.AT_EnableTrigUser: _TRIGGER,
    At.AT_DisableTrig: _TRIGGER,
    At.AT_DisableTrigAll: _TRIGGER,
    At.AT_DisableTrigUser: _TRIGGER,
    At.AT_EnableRule: _RULE,
    At.AT_EnableAlwaysRule: _RULE,
    At.AT_EnableReplicaRule: _RULE,
    At.AT_DisableRule: _RULE,
    At.AT_EnableRowSecurity: "ENABLE ROW LEVEL SECURITY",
    At.AT_DisableRowSecurity: "DISABLE ROW LEVEL SECURITY",
    At.AT_ForceRowSecurity: "FORCE ROW LEVEL SECURITY",
    At.AT_NoForceRowSecurity: "NO FORCE ROW LEVEL SECURITY",
    At.AT_ClusterOn: "CLUSTER ON",
    At.AT_DropCluster: "SET WITHOUT CLUSTER",
    At.AT_SetLogged: "SET LOGGED or UNLOGGED",
    At.AT_SetUnLogged: "SET LOGGED or UNLOGGED",
    At.AT_SetTableSpace: "SET TABLESPACE",
    At.AT_SetAccessMethod: "SET ACCESS METHOD",
    At.AT_SetRelOptions: "SET storage parameters",
    At.AT_ResetRelOptions: "SET storage parameters",
    At.AT_AddInherit: "INHERIT",
    At.AT_DropInherit: "NO INHERIT",
    At.AT_AddOf: "OF or NOT OF",
    At.AT_DropOf: "OF or NOT OF",
    At.AT_ChangeOwner: "OWNER TO",
    At.AT_ReplicaIdentity: "REPLICA IDENTITY",
    At.AT_AttachPartition: "ATTACH PARTITION",
}
"""Of a subcommand; those that need a second look (ADD COLUMN) are in kit.review.verdict."""

DROPS: dict[int, str] = {
    Obj.OBJECT_TABLE: "DROP TABLE",
    Obj.OBJECT_FOREIGN_TABLE: "DROP TABLE",
    Obj.OBJECT_VIEW: "DROP VIEW",
    Obj.OBJECT_MATVIEW: "DROP VIEW",
    Obj.OBJECT_FUNCTION: "DROP FUNCTION",
    Obj.OBJECT_PROCEDURE: "DROP FUNCTION",
    Obj.OBJECT_ROUTINE: "DROP FUNCTION",
    Obj.OBJECT_AGGREGATE: "DROP FUNCTION",
    Obj.OBJECT_TRIGGER: "DROP TRIGGER",
    Obj.OBJECT_RULE: "DROP RULE",
    Obj.OBJECT_POLICY: "DROP POLICY",
    Obj.OBJECT_TYPE: "DROP TYPE",
    Obj.OBJECT_DOMAIN: "DROP TYPE",
    Obj.OBJECT_EXTENSION: "DROP EXTENSION",
    Obj.OBJECT_SCHEMA: "DROP SCHEMA",
    Obj.OBJECT_SEQUENCE: "DROP SEQUENCE",
}

RENAMES: dict[int, str] = {
    Obj.OBJECT_TABLE: "RENAME TABLE",
    Obj.OBJECT_TABCONSTRAINT: "RENAME CONSTRAINT",
    Obj.OBJECT_INDEX: "ALTER INDEX RENAME",
    Obj.OBJECT_VIEW: "ALTER VIEW",
    Obj.OBJECT_TYPE: "ALTER TYPE",
    Obj.OBJECT_ATTRIBUTE: "ALTER TYPE",
}

COMMANDS: dict[str, str] = {
    "truncate_stmt": "TRUNCATE",
    "create_function_stmt": "CREATE FUNCTION",
    "create_trig_stmt": "CREATE TRIGGER",
    "rule_stmt": "CREATE RULE",
    "alter_policy_stmt": "ALTER POLICY",
    "create_enum_stmt": "CREATE TYPE",
    "composite_type_stmt": "CREATE TYPE",
    "create_domain_stmt": "CREATE TYPE",
    "create_range_stmt": "CREATE TYPE",
    "alter_domain_stmt": "ALTER TYPE",
    "create_extension_stmt": "CREATE EXTENSION",
    "create_schema_stmt": "CREATE SCHEMA",
    "create_seq_stmt": "CREATE SEQUENCE",
    "alter_seq_stmt": "ALTER SEQUENCE",
    "comment_stmt": "COMMENT",
    "alter_default_privileges_stmt": "ALTER DEFAULT PRIVILEGES",
    "create_stats_stmt": "CREATE STATISTICS",
    "alter_publication_stmt": "ALTER PUBLICATION",
    "insert_stmt": "INSERT, UPDATE or DELETE",
    "update_stmt": "INSERT, UPDATE or DELETE",
    "delete_stmt": "INSERT, UPDATE or DELETE",
    "merge_stmt": "INSERT, UPDATE or DELETE",
    "copy_stmt": "INSERT, UPDATE or DELETE",
    "select_stmt": "SELECT",
    "lock_stmt": "LOCK TABLE",
    "cluster_stmt": "CLUSTER",
    "variable_set_stmt": "SET or transaction",
    "variable_show_stmt": "SET or transaction",
    "transaction_stmt": "SET or transaction",
    "notify_stmt": "SET or transaction",
    "do_stmt": "DO",
}


# Name the kinds of change in one statement, from PostgreSQL's own parse tree


RULES = {rule.operation: rule for rule in (*TABLE_RULES, *INDEX_RULES, *OTHER_RULES)}
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
    """

    operation: str
    lock: Lock
    order: Order
    why: str
    makes: str = ""


def judge(sql: str, *, new_tables: frozenset[str] = frozenset()) -> Verdict | Unparsable:
    """Judge one statement.

    Args:
        sql: without its `;`.
        new_tables: tables that pending migrations make before it.
    """
    try:
        tree = parse(sql)
    except PgQueryError as error:
        return Unparsable(str(error.message), max(0, (error.cursorpos or 1) - 1))
    nodes = [raw.stmt for raw in tree.stmts]
    rules = list(dict.fromkeys(RULES[name] for node in nodes for name in _kinds(node)))
    tables = {_table(node) for node in nodes}
    made = "".join(_made(node) for node in nodes)
    operation = ", ".join(rule.operation for rule in rules) or "nothing"
    if not made and tables and tables <= new_tables:
        # Its own lock keeps nobody waiting; a foreign key also locks the table that it points to.
        locks = [rule.lock for rule in rules if "FOREIGN KEY" in rule.operation]
        return Verdict(operation, strongest(locks), "any", _NEW)
    return Verdict(
        operation=operation,
        lock=strongest(rule.lock for rule in rules),
        order=combine(rule.order for rule in rules),
        why=" ".join(_reason(rule, alone=len(rules) == 1) for rule in rules),
        makes=made,
    )


def _reason(rule: Rule, *, alone: bool) -> str:
    return rule.why if alone else f"{rule.operation} ({rule.order}): {rule.why}"


def _content(node: Node) -> tuple[str, Any]:
    kind = node.WhichOneof("node") or ""
    return kind, getattr(node, kind) if kind else None


def _table(node: Node) -> str:
    kind, content = _content(node)
    if kind in {"alter_table_stmt", "index_stmt", "insert_stmt", "update_stmt", "delete_stmt", "rename_stmt"}:
        return _name(content.relation)
    if kind in {"create_policy_stmt", "alter_policy_stmt"}:
        return _name(content.table)
    return _name(content.relation) if kind == "create_trig_stmt" else ""


def _made(node: Node) -> str:
    kind, content = _content(node)
    if kind not in {"create_stmt", "create_table_as_stmt"} or content.if_not_exists:
        return ""  # with IF NOT EXISTS it may have rows and users
    return _name(content.relation if kind == "create_stmt" else content.into.rel)


def _name(relation: Any) -> str:  # noqa: ANN401 - a protobuf message
    return f"{relation.schemaname or 'public'}.{relation.relname}"


def _kinds(node: Node) -> Iterator[str]:  # noqa: C901, PLR0912 - one case for each kind of statement
    kind, content = _content(node)
    match kind:
        case "alter_table_stmt":
            for command in content.cmds:
                yield _alter(command.alter_table_cmd, content)
        case "index_stmt":
            yield f"CREATE {'UNIQUE ' * content.unique}INDEX{' CONCURRENTLY' * content.concurrent}"
        case "reindex_stmt":
            concurrent = any(one.def_elem.defname == "concurrently" for one in content.params)
            yield f"REINDEX{' CONCURRENTLY' * concurrent}"
        case "drop_stmt" if content.remove_type == Obj.OBJECT_INDEX:
            yield f"DROP INDEX{' CONCURRENTLY' * content.concurrent}"
        case "drop_stmt":
            yield DROPS.get(content.remove_type, "other")
        case "rename_stmt" if content.rename_type == Obj.OBJECT_COLUMN:
            yield "ALTER VIEW" if content.relation_type == Obj.OBJECT_VIEW else "RENAME COLUMN"
        case "rename_stmt":
            yield RENAMES.get(content.rename_type, "other")
        case "create_stmt" if content.HasField("partbound"):
            yield "CREATE PARTITION"
        case "create_stmt":
            foreign = any(_is_foreign(element) for element in content.table_elts)
            yield f"CREATE TABLE{' with FOREIGN KEY' * foreign}"
        case "create_table_as_stmt":
            yield "CREATE MATERIALIZED VIEW" if content.objtype == Obj.OBJECT_MATVIEW else "CREATE TABLE AS"
        case "view_stmt":
            yield "CREATE OR REPLACE VIEW" if content.replace else "CREATE VIEW"
        case "refresh_mat_view_stmt":
            yield f"REFRESH MATERIALIZED VIEW{' CONCURRENTLY' * content.concurrent}"
        case "create_policy_stmt":
            yield f"CREATE POLICY{' AS RESTRICTIVE' * (not content.permissive)}"
        case "alter_enum_stmt":
            yield "ALTER TYPE RENAME VALUE" if content.old_val else "ALTER TYPE ADD VALUE"
        case "grant_stmt" | "grant_role_stmt":
            yield "GRANT" if content.is_grant else "REVOKE"
        case "vacuum_stmt":
            yield "VACUUM" if content.is_vacuumcmd else "ANALYZE"
        case "alter_object_schema_stmt":
            yield "SET SCHEMA" if content.object_type == Obj.OBJECT_TABLE else "other"
        case _:
            yield COMMANDS.get(kind, "other")


def _is_foreign(element: Node) -> bool:
    kind, content = _content(element)
    if kind == "column_def":
        return any(one.constraint.contype == Con.CONSTR_FOREIGN for one in content.constraints)
    return kind == "constraint" and content.contype == Con.CONSTR_FOREIGN


def _alter(command: Any, statement: Any) -> str:  # noqa: ANN401, PLR0911 - protobuf messages; a case each
    if statement.objtype == Obj.OBJECT_INDEX:
        return {
            At.AT_SetTableSpace: "ALTER INDEX SET TABLESPACE",
            At.AT_AttachPartition: "ALTER INDEX ATTACH PARTITION",
        }.get(command.subtype, "ALTER INDEX")
    if statement.objtype == Obj.OBJECT_SEQUENCE:
        return "ALTER SEQUENCE"
    if statement.objtype == Obj.OBJECT_VIEW:
        return "ALTER VIEW"
    if command.subtype == At.AT_AddColumn:
        return _add_column(getattr(command, "def").column_def)
    if command.subtype == At.AT_AddConstraint:
        return _add_constraint(getattr(command, "def").constraint)
    if command.subtype == At.AT_ColumnDefault:
        return "SET DEFAULT" if command.HasField("def") else "DROP DEFAULT"
    if command.subtype == At.AT_DetachPartition:
        return f"DETACH PARTITION{' CONCURRENTLY' * getattr(command, 'def').partition_cmd.concurrent}"
    return ALTER_TABLE.get(command.subtype, "ALTER TABLE")


def _add_column(column: Any) -> str:  # noqa: ANN401 - a protobuf message
    constraints = [one.constraint for one in column.constraints]
    kinds = {one.contype for one in constraints}
    type_name = column.type_name.names[-1].string.sval if column.type_name.names else ""
    serial = type_name in {"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"}
    fills = serial or bool(kinds & {Con.CONSTR_DEFAULT, Con.CONSTR_IDENTITY, Con.CONSTR_GENERATED})
    if kinds & {Con.CONSTR_NOTNULL, Con.CONSTR_PRIMARY} and not fills:
        return "ADD COLUMN NOT NULL without default"
    stored = any(one.contype == Con.CONSTR_GENERATED and one.generated_kind != "v" for one in constraints)
    differs = any(one.contype == Con.CONSTR_DEFAULT and _may_differ(one.raw_expr) for one in constraints)
    if serial or stored or differs or Con.CONSTR_IDENTITY in kinds:
        return "ADD COLUMN, rewriting the table"
    checked = {
        Con.CONSTR_CHECK,
        Con.CONSTR_PRIMARY,
        Con.CONSTR_UNIQUE,
        Con.CONSTR_FOREIGN,
        Con.CONSTR_EXCLUSION,
    }
    return "ADD COLUMN with a key or check" if kinds & checked else "ADD COLUMN"


def _may_differ(expression: Any) -> bool:  # noqa: ANN401 - a protobuf message
    """Say whether an expression calls a function that may give each row another value."""
    for field, value in expression.ListFields():
        if field.name == "func_call" and value.funcname[-1].string.sval not in _SAME_IN_A_STATEMENT:
            return True
        if field.type == field.TYPE_MESSAGE:
            parts = value if field.is_repeated else [value]
            if any(_may_differ(part) for part in parts):
                return True
    return False


def _add_constraint(constraint: Any) -> str:  # noqa: ANN401, PLR0911 - a protobuf message; a case each
    late = " NOT VALID" * constraint.skip_validation
    by_index = " USING INDEX" * bool(constraint.indexname)
    match constraint.contype:
        case Con.CONSTR_CHECK:
            return f"ADD CHECK{late}"
        case Con.CONSTR_FOREIGN:
            return f"ADD FOREIGN KEY{late}"
        case Con.CONSTR_UNIQUE:
            return f"ADD UNIQUE{by_index}"
        case Con.CONSTR_PRIMARY:
            return f"ADD PRIMARY KEY{by_index}"
        case Con.CONSTR_EXCLUSION:
            return "ADD EXCLUDE"
        case Con.CONSTR_NOTNULL:
            return "ADD NOT NULL"
        case _:
            return "ALTER TABLE"
