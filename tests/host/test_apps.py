from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from kit.errors import BuildFailed
from kit.host import Apps, apps
from kit.process import Supervisor

ANSWERS = """
import os, socket, sys
listener = socket.socket(fileno=int(sys.argv[2]))
while True:
    connection, _ = listener.accept()
    with connection:
        connection.recv(9999)
        body = os.environ.get("WORD", "").encode()
        connection.sendall(b"HTTP/1.1 %d x\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (STATUS, len(body), body))
"""
HEALTHY = ANSWERS.replace("STATUS", "200")
SICK = ANSWERS.replace("STATUS", "500")
SILENT = "import socket, sys, time\nlistener = socket.socket(fileno=int(sys.argv[2]))\ntime.sleep(60)\n"
CRASHES = "import sys\nprint('to be seen')\nsys.exit('there is no configuration')\n"


@pytest.fixture
def runner(supervised: Callable[[], Supervisor]) -> Apps:
    supervisor = supervised()
    return Apps(supervisor.folder / "logs", supervisor=supervisor, environment={"WORD": "hello"})


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[str], Path]:
    def tree(entry: str) -> Path:
        (tmp_path / "src").mkdir(exist_ok=True)
        (tmp_path / "src" / "main.py").write_text(entry)
        return tmp_path

    return tree


def get(port: int) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}", trust_env=False, timeout=60)


def test_a_request_may_come_before_the_process_is_up(runner: Apps, tree: Callable[[str], Path]) -> None:
    port = runner.start("app", tree(HEALTHY))

    assert get(port).text == "hello"


def test_more_environment_is_for_one_process(runner: Apps, tree: Callable[[str], Path]) -> None:
    assert get(runner.start("one", tree(HEALTHY), WORD="other")).text == "other"
    assert get(runner.start("two", tree(HEALTHY))).text == "hello"


def test_what_runs_is_not_started_again(runner: Apps, tree: Callable[[str], Path]) -> None:
    port = runner.start("app", tree(HEALTHY))
    runner.require_healthy("app")

    assert runner.start("app", tree(CRASHES)) == port
    assert runner.require_healthy("app") == port


def test_what_has_ended_is_started_again(runner: Apps, tree: Callable[[str], Path]) -> None:
    runner.start("app", tree(CRASHES))
    runner._supervisor.wait("app")

    assert get(runner.start("app", tree(HEALTHY))).text == "hello"


def test_stopping_what_does_not_run_is_fine(runner: Apps) -> None:
    runner.stop("nobody")


def free_port(family: socket.AddressFamily = socket.AF_INET) -> int:
    with socket.socket(family) as probe:
        probe.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_wanted_port_that_is_free_is_taken(runner: Apps, tree: Callable[[str], Path]) -> None:
    port = free_port()

    assert runner.start("dev", tree(HEALTHY), port=port) == port


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1"])
def test_a_wanted_port_of_somebody_else_is_left_alone(
    runner: Apps, tree: Callable[[str], Path], address: str
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    if family == socket.AF_INET6 and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with socket.create_server((address, 0), family=family) as theirs:
        taken = theirs.getsockname()[1]

        port = runner.start("dev", tree(HEALTHY), port=taken)

        assert port != taken
        assert get(port).text == "hello"


def test_code_that_ends_at_once_is_told_by_its_last_words_and_is_gone(
    runner: Apps, tree: Callable[[str], Path]
) -> None:
    runner.start("app", tree(CRASHES))

    with pytest.raises(BuildFailed, match="does not start") as failure:
        runner.require_healthy("app")

    assert failure.value.why == "there is no configuration"
    assert "app" not in runner._supervisor.processes()


def test_an_unhealthy_answer_is_a_failure(runner: Apps, tree: Callable[[str], Path]) -> None:
    runner.start("app", tree(SICK))

    with pytest.raises(BuildFailed) as failure:
        runner.require_healthy("app")

    assert failure.value.why == "/api/health answered 500"
    assert "app" not in runner._supervisor.processes()


def test_no_answer_in_time_is_a_failure(
    runner: Apps, tree: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apps, "HEALTH_S", 0.2)
    runner.start("app", tree(SILENT))

    with pytest.raises(BuildFailed) as failure:
        runner.require_healthy("app")

    assert failure.value.why == "/api/health did not answer within 0.2 seconds"


def test_checking_what_was_never_started_is_a_failure(runner: Apps) -> None:
    with pytest.raises(BuildFailed, match="it does not answer"):
        runner.require_healthy("nobody")


def test_its_repr_says_the_class(runner: Apps) -> None:
    assert repr(runner) == "Apps()"
