"""What the real Supabase CLI has and the kit's runner lacks.

Source: the --help of its releases 2.122.1 and 3.1.0.
"""

from __future__ import annotations

OTHER_GROUPS = frozenset(
    (
        "backups",
        "bootstrap",
        "branches",
        "completion",
        "config",
        "domains",
        "encryption",
        "feedback",
        "functions",
        "gen",
        "init",
        "inspect",
        "issue",
        "link",
        "login",
        "logout",
        "logs",
        "network-bans",
        "network-restrictions",
        "notebooks",
        "orgs",
        "postgres-config",
        "projects",
        "pull",
        "secrets",
        "seed",
        "services",
        "snippets",
        "ssl-enforcement",
        "sso",
        "start",
        "status",
        "stop",
        "storage",
        "telemetry",
        "test",
        "unlink",
        "vanity-subdomains",
        "whoami",
    )
)
"""Commands of one word, and groups of commands."""
OTHER_COMMANDS = frozenset(
    {
        ("db", "advisors"),
        ("db", "dump"),
        ("db", "lint"),
        ("db", "schema"),
        ("db", "start"),
        ("migration", "down"),
        ("migration", "squash"),
    }
)
"""Commands of the groups that the runner has."""
OTHER_FLAGS = frozenset(
    (
        "agent",
        "completions",
        "create-ticket",
        "db-url",
        "dns-resolver",
        "experimental",
        "file",
        "from",
        "include-roles",
        "include-seed",
        "last",
        "log-level",
        "network-id",
        "no-seed",
        "output",
        "password",
        "profile",
        "project-ref",
        "schema",
        "skip-vault",
        "sql-paths",
        "strict-coverage",
        "to",
        "use-migra",
        "use-pg-delta",
        "use-pgadmin",
        "version",
        "wizard",
        "workdir",
    )
)
"""Flags, of whichever command."""
