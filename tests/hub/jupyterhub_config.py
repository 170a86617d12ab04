"""A hub as a teacher has it, hub/kit_hub.py included; only its users and its proxy are this test's."""

from __future__ import annotations

import os
from typing import Any

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - what traitlets' loader gives to a configuration file

load_subconfig(os.environ["TEST_SNIPPET"])  # type: ignore[name-defined]  # noqa: F821 - as above

c.JupyterHub.bind_url = os.environ["TEST_URL"]
c.JupyterHub.hub_bind_url = os.environ["TEST_HUB_URL"]
c.JupyterHub.db_url = "sqlite:///:memory:"
c.JupyterHub.cleanup_servers = True
c.JupyterHub.last_activity_interval = 3600
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allowed_users = set(os.environ["TEST_USERS"].split())
c.ConfigurableHTTPProxy.command = [os.environ["TEST_PROXY"]]
c.ConfigurableHTTPProxy.api_url = os.environ["TEST_PROXY_API"]
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.ip = "127.0.0.1"
c.Spawner.env_keep = ["PATH", "LANG", "PYTHONPATH"]
PORTS = dict(zip(os.environ["TEST_USERS"].split(), os.environ["TEST_PORTS"].split(), strict=True))


def choose_port(spawner: Any) -> None:  # noqa: ANN401 - JupyterHub's, which this Python may not have
    """Give each server a port that the system gives to nobody, instead of one that is free just now.

    Until the server listens on that one, seconds pass in which others, the first learners' kernels and
    worlds, ask for any port by the hundred.
    """
    spawner.port = int(PORTS[spawner.user.name])


c.Spawner.pre_spawn_hook = choose_port
# Whoever may do all that learners, their browsers and an idle culler may.
c.JupyterHub.services = [{"name": "class", "api_token": os.environ["TEST_TOKEN"]}]
c.JupyterHub.load_roles = [
    {
        "name": "class",
        "services": ["class"],
        "scopes": ["admin:users", "admin:servers", "access:servers", "tokens"],
    }
]
