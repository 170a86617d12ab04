"""A disposable PostgreSQL server and its databases, from one of three providers."""

from __future__ import annotations

from kit.postgres.databases import create, dump, restore
from kit.postgres.embedded import Embedded
from kit.postgres.server import Endpoint, Provider, ProviderName, Role, Server, start_server
from kit.postgres.tools import client

__all__ = [
    "Embedded",
    "Endpoint",
    "Provider",
    "ProviderName",
    "Role",
    "Server",
    "client",
    "create",
    "dump",
    "restore",
    "start_server",
]
