"""A disposable PostgreSQL server and its databases, from one of three providers."""

from __future__ import annotations

from kit.postgres.databases import create, dump, restore
from kit.postgres.docker import Docker, find_engine, remove_container
from kit.postgres.embedded import Embedded
from kit.postgres.providers import provider_named
from kit.postgres.server import (
    Endpoint,
    Provider,
    ProviderName,
    Role,
    Server,
    explain,
    start_server,
    without_users_settings,
)
from kit.postgres.system import System
from kit.postgres.tools import client

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
    "create",
    "dump",
    "explain",
    "find_engine",
    "provider_named",
    "remove_container",
    "restore",
    "start_server",
    "without_users_settings",
]
