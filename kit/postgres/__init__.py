"""A disposable PostgreSQL server and its databases, from one of three providers."""

from __future__ import annotations

from kit.postgres.docker import Docker, find_engine, remove_container
from kit.postgres.programs import client
from kit.postgres.providers import Embedded, System, provider_named, take_over
from kit.postgres.server import (
    Endpoint,
    Provider,
    ProviderName,
    Role,
    Server,
    connect_url,
    create,
    dump,
    explain,
    restart_server,
    restore,
    start_server,
)

__all__ = [
    "Docker",
    "Embedded",
    "Endpoint",
    "Provider",
    "ProviderName",
    "Role",
    "Server",
    "System",
    "client",
    "connect_url",
    "create",
    "dump",
    "explain",
    "find_engine",
    "provider_named",
    "remove_container",
    "restart_server",
    "restore",
    "start_server",
    "take_over",
]
