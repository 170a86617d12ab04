"""`db reset`: empty a database, apply the files again, and run the seeds."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

from kit.errors import BadInput, MigrationFailed
from kit.names import DatabaseName
from kit.supabase import history
from kit.supabase.apply import apply_and_record
from kit.supabase.arguments import Release
from kit.supabase.diff import find_branch
from kit.supabase.files import FOLDER
from kit.supabase.history import Connection
from kit.supabase.invocation import SPOKEN, Invocation
from kit.supabase.query import parse_version
from kit.supabase.splitter import split

CONFIG = Path("supabase", "config.toml")
_SEEDS = ("./seed.sql",)
"""What the CLI runs where config.toml names nothing else."""
_BEFORE_ALL = "-"
"""As --version: older than any file. The CLI says it for a --last that leaves none."""
_DROPS: tuple[LiteralString, ...] = (
    """
    SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) FROM pg_catalog.pg_namespace AS found
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend
                      WHERE objid = found.oid AND classid = 'pg_catalog.pg_namespace'::regclass)
      AND NOT nspname LIKE ANY (ARRAY['information\\_schema', 'pg\\_%', '\\_analytics', '\\_realtime',
            '\\_supavisor', 'pgbouncer', 'pgmq', 'pgsodium', 'pgtle', 'supabase\\_migrations', 'vault',
            'extensions', 'public'])
      AND nspowner::regrole::text <> 'supabase_admin'
    """,
    """
    SELECT format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_catalog.pg_extension
    WHERE extname NOT IN ('pg_graphql', 'pg_net', 'pg_stat_statements', 'pgcrypto', 'pgjwt', 'pgsodium',
                          'plpgsql', 'supabase_vault', 'uuid-ossp')
    """,
    """
    SELECT format('DROP ROUTINE IF EXISTS public.%I(%s) CASCADE',
                  proname, pg_catalog.pg_get_function_identity_arguments(oid))
    FROM pg_catalog.pg_proc WHERE pronamespace::regnamespace::text = 'public'
    """,
    """
    SELECT format('DROP VIEW IF EXISTS public.%I CASCADE', relname) FROM pg_catalog.pg_class
    WHERE relnamespace::regnamespace::text = 'public' AND relkind = 'v'
    """,
    """
    SELECT format('DROP MATERIALIZED VIEW IF EXISTS public.%I CASCADE', relname) FROM pg_catalog.pg_class
    WHERE relnamespace::regnamespace::text = 'public' AND relkind = 'm'
    """,
    """
    SELECT format('DROP TABLE IF EXISTS public.%I CASCADE', relname) FROM pg_catalog.pg_class
    WHERE relnamespace::regnamespace::text = 'public' AND relkind NOT IN ('c', 'S', 'v', 'm')
    ORDER BY relkind DESC
    """,
    """
    SELECT format('TRUNCATE %s CASCADE', oid::regclass) FROM pg_catalog.pg_class
    WHERE relkind = 'r' AND (relnamespace::regnamespace::text = 'supabase_migrations'
       OR relnamespace::regnamespace::text = 'auth' AND relname <> 'schema_migrations'
       OR relnamespace::regnamespace::text = 'supabase_functions' AND relname <> 'migrations')
    """,
    """
    SELECT format('DROP TYPE IF EXISTS public.%I CASCADE', typname) FROM pg_catalog.pg_type
    WHERE typnamespace::regnamespace::text = 'public' AND typtype <> 'b'
    """,
    """
    SELECT format('DROP POLICY IF EXISTS %I ON %I.%I CASCADE', policyname, schemaname, tablename)
    FROM pg_catalog.pg_policies
    """,
    """
    SELECT format('DROP PUBLICATION IF EXISTS %I', pubname) FROM pg_catalog.pg_publication
    WHERE NOT pubname LIKE ANY (ARRAY['supabase\\_realtime%', 'realtime\\_messages%'])
    """,
)
"""What finds the statements that empty a database, one kind of object after the other.

As in the Supabase CLI 2.122.1 and 3.1.0, with what it leaves: a sequence that no column owns, since
it looks for a kind that there is none of.
"""
_SEED_TABLE: tuple[LiteralString, ...] = (
    "SET LOCAL lock_timeout = '4s'",
    "CREATE SCHEMA IF NOT EXISTS supabase_migrations",
    """
    CREATE TABLE IF NOT EXISTS supabase_migrations.seed_files
        (path text NOT NULL PRIMARY KEY, hash text NOT NULL)
    """,
)
_SEEDED: LiteralString = "INSERT INTO supabase_migrations.seed_files(path, hash) VALUES (%s, %s)"


@dataclass(frozen=True, slots=True)
class Seeds:
    """The files that fill a database after its migrations.

    Attributes:
        paths: where they are in the project, in the order in which they run.
        unmatched: the patterns of config.toml that no file matches.
    """

    paths: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()


def reset(run: Invocation) -> None:
    """`db reset`: empty a database, apply the files, run the seeds; the local one, if nothing else is said.

    With --linked it is production that is emptied, of what its users wrote, too. The real
    CLI makes the local database anew in its container, and so needs Docker; what stands in
    its stead here is `Invocation.empty`.
    """
    until = _find_last_version(run)
    database = run.target("local")
    seeds = Seeds() if run.line.has("no-seed") else find_seeds(run.project)
    _require_yes(run, database, until, len(seeds.paths))
    run.say(f"Resetting {SPOKEN[database]} database{f' to version: {until}' if until else '...'}")
    if database == "local":
        if run.empty is None:
            raise BadInput(
                "db reset: there is no such database here.", remedy="Type it in a clone of the world."
            )
        run.say("Recreating database... (On the kit's server: for this the real CLI needs Docker.)")
        run.empty()
    with run.connect(database) as connection:
        if database == "cloud":
            empty(connection)
        try:
            _apply(run, connection, database, until)
        except MigrationFailed as error:
            if database == "cloud":
                error.details["hint"] = "exec"  # as both releases end: with a name of their own for the step
            raise
        _seed(run, connection, seeds, failed="failed to send batch: " if database == "local" else "")
    if database == "local":
        branch = find_branch(run.project)
        run.say(f"Finished supabase db reset{branch and f' on branch {branch}'}.")
    version2 = {"target": SPOKEN[database]} if run.release is Release.V2 else {}
    run.finish("", **version2, version=until, message=f"Reset {SPOKEN[database]} database.")


def _require_yes(run: Invocation, database: DatabaseName, until: str, seeds: int) -> None:
    if run.release is Release.V3:
        details = ["drop every user schema", f"apply local migrations{until and f' up to version {until}'}"]
        if seeds:
            details.append(f"seed {seeds} file{'' if seeds == 1 else 's'}")
        action = f"Reset the remote database{until and f' to version {until}'}"
        run.require_consent(database, action, details="".join(f"{line}\n" for line in details))
    elif database == "cloud":
        if run.line.structured and not run.line.has("yes"):
            raise BadInput("context canceled", remedy="Add --yes.", hint="", code="DbResetCancelledError")
        run.require("Do you want to reset the remote database?", default=False)


def _apply(run: Invocation, connection: Connection, database: DatabaseName, until: str) -> None:
    files = [file for file in run.list_files() if not until or file.version <= until]
    if files:
        history.prepare(connection)
    for file in files:
        run.say(f"Applying migration {file.path.name}...")
        apply_and_record(run, connection, database, file)


def _find_last_version(run: Invocation) -> str:
    """Return the version that --version or --last means; "" for all."""
    flags = run.line.flags
    last = int(flags.get("last", "0"))
    if last < 0:
        expected = f'strconv.ParseUint: parsing "{last}": invalid syntax'
        expected = "expected an unsigned integer" if run.release is Release.V3 else expected
        raise BadInput(
            f'invalid argument "{last}" for "--last" flag: {expected}',
            remedy="Give a number from 1 on.",
            code="DbResetLastFlagError",
        )
    if {"last", "version"} <= flags.keys():
        raise BadInput(
            "if any flags in the group [last version] are set none of the others can be; "
            "[last version] were all set",
            remedy="Give one of --last and --version.",
            code="DbResetVersionFlagsError",
        )
    if version := flags.get("version"):
        if parse_version(version) is None:
            raise BadInput(
                "invalid version number",
                remedy="A version has digits only.",
                code="DbResetInvalidVersionError",
            )
        if not any((run.project / FOLDER).glob(f"{version}_*.sql")):
            raise BadInput(
                f"glob {FOLDER}/{version}_*.sql: file does not exist",
                remedy="npx supabase migration list shows which there are.",
                code="DbResetMigrationFileError",
            )
        return version
    if last:
        versions = [file.version for file in run.list_files()]
        return versions[-last - 1] if last < len(versions) else _BEFORE_ALL
    return ""


def empty(connection: Connection) -> None:
    """Drop what a project's migrations make, and forget its history, in one transaction.

    Raises:
        psycopg.Error: if PostgreSQL refuses a part of it; then all is as it was.
    """
    with connection.transaction():
        for finds in _DROPS:
            for (statement,) in connection.execute(finds).fetchall():
                connection.execute(statement.encode())


def find_seeds(project: Path) -> Seeds:
    """Return the seeds that a project's config.toml names, supabase/seed.sql if it names none.

    Raises:
        BadInput: if config.toml cannot be read.
    """
    settings = _read_seed_settings(project / CONFIG)
    if settings.get("enabled", True) is not True:
        return Seeds()
    patterns = settings.get("sql_paths", _SEEDS)
    paths: dict[str, None] = {}
    unmatched = []
    for pattern in patterns if isinstance(patterns, Sequence) else _SEEDS:
        written = os.path.normpath(Path("supabase", str(pattern)))
        root = Path(Path(written).anchor or project)
        found = sorted(map(str, root.glob(written.lstrip("/"))), key=os.fsencode)
        if not found:
            unmatched.append(written)
        for place in map(Path, found):
            inside = sorted(map(str, place.rglob("*.sql")), key=os.fsencode) if place.is_dir() else [place]
            paths |= dict.fromkeys(str(file).removeprefix(f"{project}{os.sep}") for file in inside)
    return Seeds(tuple(paths), tuple(unmatched))


def _read_seed_settings(path: Path) -> dict[str, object]:
    try:
        settings = tomllib.loads(path.read_text("utf-8-sig"))
        found = settings.get("db", {}).get("seed", {})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise BadInput(
            f"failed to load config: Invalid TOML document: {error}", remedy=f"Mend {CONFIG}."
        ) from error
    return found if isinstance(found, dict) else {}


def _seed(run: Invocation, connection: Connection, seeds: Seeds, *, failed: str) -> None:
    """Run the seeds, each in a transaction with its row in the table of seeds."""
    if seeds.unmatched:
        patterns = "\n".join(f"no files matched pattern: {pattern}" for pattern in seeds.unmatched)
        run.say(f"WARN: {patterns}")
    if seeds.paths:
        with connection.transaction():
            for statement in _SEED_TABLE:
                connection.execute(statement)
    for path in seeds.paths:
        run.say(f"Seeding data from {path}...")
        content = (run.project / path).read_bytes()
        text = content.decode("utf-8-sig", errors="replace")
        # Not psycopg's transaction(): a seed may end the transaction itself.
        connection.execute("BEGIN")
        try:
            for part in split(text, run.release):
                connection.execute(part.text.encode())
            connection.execute(_SEEDED, [path, hashlib.sha256(content).hexdigest()])
            connection.execute("COMMIT")
        except psycopg.Error as error:
            if history.is_lost(error):
                raise
            with contextlib.suppress(psycopg.Error):  # the failure before is the one to tell
                connection.execute("ROLLBACK")
            raise BadInput(
                f"{failed}{history.in_words(error)}", remedy=f"Mend {path} and run the command again."
            ) from error
