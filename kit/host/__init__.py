"""The model of the host: deployments, the router in front of them, the app's processes."""

from __future__ import annotations

from kit.host.apps import LIBRARIES, Apps
from kit.host.build import ENTRY, compile_source
from kit.host.host import BUILD_S, Deployment, Host
from kit.host.settings import HostSettings

__all__ = [
    "BUILD_S",
    "ENTRY",
    "LIBRARIES",
    "Apps",
    "Deployment",
    "Host",
    "HostSettings",
    "compile_source",
]
