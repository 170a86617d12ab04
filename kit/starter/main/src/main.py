"""Start the app: `--port 3000` to listen there, `--fd N` to take over a listening socket."""

import argparse
import logging
import os
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from lib import database, log
from lib.routing import find_routes, not_found


def create_app() -> Starlette:
    """Serve the pages and API routes under src/app."""
    return Starlette(
        routes=find_routes(Path(__file__).parent / "app"),
        exception_handlers={404: not_found},
        lifespan=database.lifespan,
    )


def listening_socket() -> socket.socket:
    """Return the socket that the command line asks for."""
    parser = argparse.ArgumentParser(description="Rhizome, a reader for your documents.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int, help="listen on this port of 127.0.0.1")
    where.add_argument("--fd", type=int, help="a listening socket, inherited from the host")
    options = parser.parse_args()
    if options.fd is not None:
        return socket.socket(fileno=options.fd)
    listener = socket.create_server(("127.0.0.1", options.port))
    log.info(f"Ready on http://localhost:{listener.getsockname()[1]}")
    return listener


def main() -> None:
    """Serve until the process is told to stop."""
    if "DATABASE_URL" not in os.environ:
        sys.exit("Set DATABASE_URL to the database that this app should use.")
    logging.basicConfig(handlers=[log.Lines()], level=logging.WARNING)
    listener = listening_socket()
    config = uvicorn.Config(
        create_app(),
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,  # the log is ours: one JSON object a line
        log_level="warning",
        access_log=False,
        # The router in front opens a connection for each request. Closing it lets
        # a replaced deployment stop at once.
        headers=[("Connection", "close"), ("X-Deployment", os.environ.get("GIT_COMMIT_SHA", ""))],
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
