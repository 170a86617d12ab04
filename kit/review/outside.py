"""Find what in a statement would reach outside of the one database that a migration changes.

This is advice, given before anything runs. What holds is PostgreSQL's: migrations run as a role that
is no superuser, on a server that is thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from postgast import PgQueryError, parse
from postgast.pg_query_pb2 import ObjectType as Obj

_STATEMENTS = {
    "createdb_stmt": "CREATE DATABASE makes another database",
    "dropdb_stmt": "DROP DATABASE deletes a whole database",
    "alter_database_stmt": "ALTER DATABASE changes how everybody finds the database",
    "alter_database_set_stmt": "ALTER DATABASE changes settings for everybody who connects",
    "alter_system_stmt": "ALTER SYSTEM changes the settings of the whole server",
    "create_role_stmt": "CREATE ROLE makes an account for the whole server",
    "alter_role_stmt": "ALTER ROLE changes an account of the whole server",
    "alter_role_set_stmt": "ALTER ROLE changes an account of the whole server",
    "drop_role_stmt": "DROP ROLE deletes an account of the whole server",
    "grant_role_stmt": "GRANT of a role changes accounts of the whole server",
    "reassign_owned_stmt": "REASSIGN OWNED changes all that an account owns",
    "drop_owned_stmt": "DROP OWNED deletes all that an account owns",
    "create_table_space_stmt": "CREATE TABLESPACE writes to a folder of the server",
    "drop_table_space_stmt": "DROP TABLESPACE changes the whole server",
    "load_stmt": "LOAD runs a library from the server's disk",
    "create_subscription_stmt": "CREATE SUBSCRIPTION connects to another server",
    "alter_subscription_stmt": "ALTER SUBSCRIPTION connects to another server",
    "drop_subscription_stmt": "DROP SUBSCRIPTION connects to another server",
    "create_fdw_stmt": "CREATE FOREIGN DATA WRAPPER opens a way to other servers",
    "create_foreign_server_stmt": "CREATE SERVER opens a way to another server",
    "create_user_mapping_stmt": "CREATE USER MAPPING keeps a password for another server",
    "import_foreign_schema_stmt": "IMPORT FOREIGN SCHEMA connects to another server",
}
_EVERYBODYS = {
    Obj.OBJECT_DATABASE: "it changes the database as a whole, for everybody",
    Obj.OBJECT_ROLE: "it changes an account of the whole server",
    Obj.OBJECT_TABLESPACE: "it changes the whole server",
    Obj.OBJECT_PARAMETER_ACL: "it changes the settings of the whole server",
    Obj.OBJECT_FOREIGN_SERVER: "it changes a way to another server",
    Obj.OBJECT_FDW: "it changes a way to other servers",
}
_ACCOUNTS = {"role", "session_authorization"}
_EXTENSIONS = re.compile(r"dblink|.*_fdw|pl(python|perl|tcl).*u|pg_cron|pg_net|http|adminpack|pageinspect")
_FUNCTIONS = (
    r"dblink\w*|lo_import|lo_export|pg_read_(?:binary_)?file|pg_ls_\w*dir|pg_stat_file|pg_file_\w+"
    r"|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_promote|pg_switch_wal"
    r"|pg_(?:create|drop)_\w*replication_slot|pg_export_snapshot|http_(?:get|post)"
)
_FUNCTION = re.compile(_FUNCTIONS)
_IN_A_BODY = re.compile(
    rf"\b(?:(?P<function>{_FUNCTIONS})\s*\(|(?P<words>COPY\b[^;]*\b(?:TO|FROM)\s+(?:PROGRAM\b|')"
    r"|(?:CREATE|DROP|ALTER)\s+(?:DATABASE|ROLE|USER|TABLESPACE|SERVER|SUBSCRIPTION)\b|ALTER\s+SYSTEM\b))",
    re.IGNORECASE,
)
"""In the body of a function or DO block, which is text until it runs."""
_UNTRUSTED = re.compile(r"c|internal|.*u")


def find_outside(sql: str) -> str:
    """Say how a statement would reach outside of its database.

    Args:
        sql: one statement.

    Returns:
        What reaches out, a clause; "" where nothing does, or PostgreSQL cannot read the statement.
    """
    try:
        tree = parse(sql)
    except PgQueryError:
        return ""
    for raw in tree.stmts:
        kind = raw.stmt.WhichOneof("node") or ""
        if found := _look_at_statement(kind, getattr(raw.stmt, kind)):
            return found
    return next(_find_calls(tree), "")


def _look_at_statement(kind: str, content: Any) -> str:  # noqa: ANN401 - a protobuf message
    if kind in _STATEMENTS:
        return _STATEMENTS[kind]
    if kind == "copy_stmt" and content.filename:
        return (
            "COPY … PROGRAM runs a program on the server"
            if content.is_program
            else "COPY with a file reads or writes the server's disk"
        )
    if kind == "variable_set_stmt" and content.name in _ACCOUNTS:
        return "SET ROLE becomes another account"
    if kind == "create_extension_stmt" and _EXTENSIONS.fullmatch(content.extname):
        return f"the extension {content.extname} reaches outside of the database"
    if kind == "create_function_stmt" and _UNTRUSTED.fullmatch(_language(content)):
        return f"a function in {_language(content)} runs outside of PostgreSQL's limits"
    about = [
        getattr(content, name)
        for name in ("objtype", "object_type", "rename_type", "remove_type")
        if hasattr(content, name)
    ]
    return next((_EVERYBODYS[kind] for kind in about if kind in _EVERYBODYS), "")


def _language(content: Any) -> str:  # noqa: ANN401 - a protobuf message
    for option in content.options:
        if option.def_elem.defname == "language":
            return str(option.def_elem.arg.string.sval).lower()
    return ""


def _find_calls(message: Any) -> Iterator[str]:  # noqa: ANN401 - a protobuf message
    """Go through everything below a node: calls, and the bodies of functions, which are text."""
    for field, value in message.ListFields():
        if field.name == "func_call" and _FUNCTION.fullmatch(name := value.funcname[-1].string.sval):
            yield f"the function {name} reaches outside of the database"
        if field.name == "def_elem" and value.defname == "as":
            yield from _find_in_body(value)
        if field.type == field.TYPE_MESSAGE:
            for part in value if field.is_repeated else [value]:
                yield from _find_calls(part)


def _find_in_body(option: Any) -> Iterator[str]:  # noqa: ANN401 - a protobuf message
    texts = [option.arg.string.sval, *(item.string.sval for item in option.arg.list.items)]
    for text in texts:
        if found := _IN_A_BODY.search(text):
            what = found["function"] or " ".join(found["words"].upper().split())
            yield f"{what}, in the body of a function, reaches outside of the database"
