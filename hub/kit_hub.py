"""The kit on a JupyterHub: what its learners' servers are, what they share, when they end.

The Littlest JupyterHub reads it from /opt/tljh/config/jupyterhub_config.d/; any other hub by
`load_subconfig("/path/to/kit_hub.py")` in its jupyterhub_config.py. docs/hub.md says the rest.

What differs from hub to hub is in the hub's environment:

    KIT_HUB_PYTHON   the Python of the learners that has `broken-window-kit[lesson,hub]`;
                     by default The Littlest JupyterHub's, else the hub's own
    KIT_CACHE        what `python -m kit prepare` has built; by default /srv/kit-cache
"""

import os
import sys

_TLJH = "/opt/tljh/user/bin/python"
_PYTHON = os.environ.get("KIT_HUB_PYTHON") or (_TLJH if os.path.exists(_TLJH) else sys.executable)  # noqa: PTH110 - no reason to load more into a hub

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - what traitlets' loader gives to a configuration file

# `lab --hub` brings the learner's copies up to date, then becomes their server; what follows -- is for that.
c.Spawner.cmd = [
    _PYTHON,
    "-m",
    "kit",
    "lab",
    "--hub",
    "--",
    # A world is on disk all the time: an idle kernel's end takes nothing from anybody but memory.
    "--MappingKernelManager.cull_idle_timeout=1800",
    "--MappingKernelManager.cull_interval=120",
]
c.Spawner.environment = {"KIT_CACHE": os.environ.get("KIT_CACHE", "/srv/kit-cache")}
# A class comes at once: on two cores the sixteenth server waits for fifteen others.
c.Spawner.start_timeout = c.Spawner.http_timeout = 180
# Per learner; docs/hub.md measures what one needs. Spawners that cannot limit ignore it.
c.Spawner.mem_limit = "1G"
c.Spawner.cpu_limit = 2
