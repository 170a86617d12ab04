from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from kit.errors import ProcessFailed
from kit.host.router import Front
from kit.process import Supervisor, wait_until

Start = Callable[[str], int]


@pytest.fixture
def front(supervised: Callable[[], Supervisor]) -> Front:
    supervisor = supervised()
    front = Front(supervisor.folder, supervisor=supervisor, log=supervisor.folder / "router.log")
    front.open()
    return front


@pytest.fixture
def serving() -> Iterator[Start]:
    """Serve a word on a port; return the port."""
    servers: list[ThreadingHTTPServer] = []

    def start(word: str) -> int:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(word.encode())

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        return server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def get(front: Front) -> httpx.Response:
    return httpx.get(front.address, trust_env=False, timeout=60)


def test_before_the_first_deployment_it_says_so(front: Front) -> None:
    answer = get(front)

    assert answer.status_code == 404
    assert "Nothing is deployed here yet." in answer.text


def test_a_switch_is_one_for_the_next_request_and_the_address_stays(front: Front, serving: Start) -> None:
    address = front.address

    front.switch(serving("old"))
    assert get(front).text == "old"
    front.switch(serving("new"))

    assert get(front).text == "new"
    assert front.address == address


def test_a_deployment_that_is_gone_is_a_bad_gateway(front: Front) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        front.switch(nobody.getsockname()[1])
        answer = get(front)

    assert answer.status_code == 502
    assert "does not answer" in answer.text


@pytest.mark.parametrize("alias", ["", "not a port", "99999"])
def test_an_alias_that_names_no_port_is_answered_all_the_same(front: Front, alias: str) -> None:
    front._alias.write_text(alias)

    assert get(front).status_code in (404, 502)


def test_nothing_is_there_after_clear(front: Front, serving: Start) -> None:
    front.switch(serving("old"))
    front.clear()
    front.clear()

    assert get(front).status_code == 404


def test_large_bodies_pass_both_ways(front: Front, serving: Start) -> None:
    front.switch(serving(""))
    sent = os.urandom(3_000_000)

    answer = httpx.post(front.address, content=sent, trust_env=False, timeout=60)

    assert answer.content == sent


def test_a_visitor_who_leaves_does_not_disturb_the_next(front: Front, serving: Start) -> None:
    front.switch(serving("here"))
    port = int(front.address.rpartition(":")[2])
    for words in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port)) as visitor:
            visitor.sendall(words)

    assert get(front).text == "here"


def test_opening_twice_starts_one_router(front: Front) -> None:
    first = front._supervisor.processes()["router"].pid

    front.open()

    assert front._supervisor.processes()["router"].pid == first


def kill(front: Front) -> None:
    os.kill(front._supervisor.processes()["router"].pid, signal.SIGKILL)
    assert wait_until(lambda: front._supervisor.processes()["router"].exit is not None, seconds=60)


def test_a_killed_router_comes_back_at_the_same_address(front: Front, serving: Start) -> None:
    address = front.address
    front.switch(serving("here"))
    kill(front)

    front.open()

    assert front.address == address
    assert get(front).text == "here"


def test_if_its_port_was_taken_meanwhile_it_has_another(front: Front, serving: Start) -> None:
    port = int(front.address.rpartition(":")[2])
    front.switch(serving("here"))
    kill(front)

    with socket.create_server(("127.0.0.1", port)):
        front.open()
        assert get(front).text == "here"

    assert not front.address.endswith(f":{port}")


def test_without_a_reaper_it_says_so(supervised: Callable[[], Supervisor]) -> None:
    supervisor = supervised()
    front = Front(supervisor.folder, supervisor=supervisor, log=supervisor.folder / "router.log")
    supervisor.close()

    with pytest.raises(ProcessFailed, match="is gone"):
        front.open()


def test_its_repr_has_no_port(front: Front) -> None:
    assert repr(front) == "Front()"
