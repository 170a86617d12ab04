from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.errors import BadInput, MissingTool, ServerFailed
from kit.postgres import Docker, _docker_remove, create, start_server
from kit.postgres.docker import FILE, connect, find_engine
from kit.process import Supervisor, wait_until
from kit.process.supervisor import choose_folder

ROOT = Path(__file__).parents[2]
LABEL = "broken-window-kit.instance"
PATIENCE_S = 60.0


@pytest.fixture
def described(tmp_path: Path) -> Callable[..., Path]:
    """Return a changed copy of the project's description."""

    def change(*changes: tuple[str, str]) -> Path:
        text = FILE.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "docker-compose.yml").write_text(text)
        return tmp_path / "docker-compose.yml"

    return change


# --- no engine --------------------------------------------------------------------------------------


def refused(monkeypatch: pytest.MonkeyPatch, address: str) -> MissingTool:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(MissingTool, match="No Docker engine") as caught:
        find_engine()
    return caught.value


def test_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(monkeypatch, "unix:///nowhere/docker.sock")

    assert error.looked == ("unix:///nowhere/docker.sock: No such file or directory",)
    assert "Start Docker" in error.remedy
    assert "unset KIT_POSTGRES" in error.remedy


@pytest.fixture
def mute_socket() -> Iterator[Path]:
    folder = choose_folder()
    folder.mkdir(mode=0o711)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(folder / "docker.sock"))
        yield folder / "docker.sock"
    (folder / "docker.sock").unlink()
    folder.rmdir()


def test_a_socket_behind_which_nobody_is(mute_socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(monkeypatch, f"unix://{mute_socket}")

    assert "Connection refused" in error.looked[0]


def test_a_socket_that_is_not_ours_to_use(mute_socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mute_socket.chmod(0o000)
    nobody = pwd.getpwnam("nobody").pw_uid
    if os.geteuid() == 0:
        # Root may use every socket: be somebody else while looking.
        os.seteuid(nobody)
    try:
        error = refused(monkeypatch, f"unix://{mute_socket}")
    finally:
        if os.getuid() == 0:
            os.seteuid(0)

    assert "permission denied" in error.looked[0]
    assert "group docker" in error.remedy


@pytest.mark.parametrize("address", ["ssh://me@far.invalid", "tcp://192.0.2.1:2375", "npipe:////./pipe/x"])
def test_an_engine_on_another_machine(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert "another machine" in refused(monkeypatch, address).looked[0]


def test_a_port_on_which_no_engine_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Connection refused" in refused(monkeypatch, "tcp://127.0.0.1:1").looked[0]


def test_a_port_on_which_something_else_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        answering = threading.Thread(target=answer_rudely, args=(other,))
        answering.start()
        error = refused(monkeypatch, f"tcp://127.0.0.1:{other.getsockname()[1]}")
        answering.join()

    assert "no Docker engine" in error.looked[0]


def answer_rudely(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"SSH-2.0\r\n")


def test_without_docker_host_the_usual_places_are_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from kit.postgres import docker  # noqa: PLC0415 - beside the SDK of the same name, only here

    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))

    assert docker._addresses() == [
        "unix:///var/run/docker.sock",
        f"unix://{tmp_path}/run/docker.sock",
        f"unix://{tmp_path}/.docker/run/docker.sock",
    ]


def test_a_description_that_could_not_be_cleaned_up_is_refused(
    described: Callable[..., Path], supervised: Callable[[], Supervisor]
) -> None:
    file = described(("${KIT_INSTANCE:?names the world that owns this server}", "always the same"))
    supervisor = supervised()

    with pytest.raises(BadInput, match="KIT_INSTANCE"):
        start_server(Docker(file), supervisor.folder, supervisor)


# --- with an engine ---------------------------------------------------------------------------------


def containers(engine: str, instance: str) -> list[str]:
    return _docker_remove.find(engine, f"{LABEL}={instance}")


@pytest.mark.docker
def test_a_container_is_described_by_the_file_and_gone_in_the_end(
    docker_engine: str, supervised: Callable[[], Supervisor]
) -> None:
    supervisor = supervised()
    server = start_server(Docker(), supervisor.folder, supervisor)
    with connect(docker_engine) as client:
        (container,) = client.containers.list(filters={"label": f"{LABEL}={server.instance}"})
        published = container.ports["5432/tcp"]
        assert published == [{"HostIp": "127.0.0.1", "HostPort": str(server.port)}]
        assert container.labels["broken-window-kit"] == "postgres"
        assert container.attrs["HostConfig"]["Binds"] == [
            f"kit-postgres-{server.instance}:/var/lib/postgresql:rw"
        ]
        volumes = [mount["Name"] for mount in container.attrs["Mounts"] if mount["Type"] == "volume"]
    started = time.monotonic()

    supervisor.close()

    assert time.monotonic() - started < PATIENCE_S
    assert containers(docker_engine, server.instance) == []
    with connect(docker_engine) as client:
        assert not {volume.name for volume in client.volumes.list()} & set(volumes)


OWNS = """
    import json, sys
    from kit.postgres import Docker, start_server
    from kit.process import Supervisor
    supervisor = Supervisor.start()
    server = start_server(Docker(), supervisor.folder, supervisor)
    print(json.dumps({"folder": str(supervisor.folder), "instance": server.instance}), flush=True)
    sys.stdin.read()
"""


@pytest.mark.docker
def test_a_killed_owner_leaves_no_container(docker_engine: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OWNS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
            "DOCKER_HOST": docker_engine,
        },
    )
    assert process.stdout
    facts = json.loads(process.stdout.readline())
    assert len(containers(docker_engine, facts["instance"])) == 1

    process.kill()
    process.communicate()

    assert wait_until(
        lambda: not Path(facts["folder"]).exists() and not containers(docker_engine, facts["instance"]),
        seconds=PATIENCE_S,
        every=0.1,
    )


@pytest.mark.docker
def test_a_container_that_appears_after_its_owner_died_is_removed_too(docker_engine: str) -> None:
    label = f"{LABEL}=late-{os.getpid()}"
    with connect(docker_engine) as client:
        removal = threading.Thread(target=_docker_remove.remove, args=(docker_engine, label))
        removal.start()
        client.containers.create("postgres:18", labels=dict([label.split("=")]))
        removal.join()

    assert _docker_remove.find(docker_engine, label) == []


@pytest.mark.docker
def test_a_container_that_is_gone_is_replaced_on_its_data(
    docker_engine: str, supervised: Callable[[], Supervisor]
) -> None:
    supervisor, provider = supervised(), Docker()
    server = start_server(provider, supervisor.folder, supervisor)
    create(server, "local")
    assert provider.is_running(supervisor, instance=server.instance)
    _docker_remove.remove(docker_engine, f"{LABEL}={server.instance}")
    assert not provider.is_running(supervisor, instance=server.instance)

    provider.restart(supervisor.folder, supervisor, instance=server.instance, port=server.port)

    server.require_instance()
    server.connect("local", role="app").close()


def volumes(engine: str, instance: str) -> list[str]:
    with connect(engine) as client:
        return [volume.name for volume in client.volumes.list() if instance in volume.name]


@pytest.mark.docker
@pytest.mark.parametrize("keep", [False, True])
def test_a_volume_outlives_its_world_only_where_it_is_kept(docker_engine: str, *, keep: bool) -> None:
    supervisor = Supervisor.start()
    server = start_server(Docker(), supervisor.folder, supervisor, keep=keep)
    assert len(volumes(docker_engine, server.instance)) == 1

    supervisor.close()

    assert len(volumes(docker_engine, server.instance)) == keep
    _docker_remove.remove(docker_engine, f"{LABEL}={server.instance}", f"kit-postgres-{server.instance}")
    assert volumes(docker_engine, server.instance) == []


@pytest.mark.docker
def test_a_server_that_does_not_start_tells_its_last_words(
    docker_engine: str, described: Callable[..., Path], supervised: Callable[[], Supervisor]
) -> None:
    file = described(("max_connections=60", "no_such_setting=60"))
    supervisor = supervised()

    with pytest.raises(ServerFailed, match="did not start in its container: exited") as caught:
        Docker(file).start(supervisor.folder, supervisor, instance=f"broken-{os.getpid()}")

    assert "no_such_setting" in caught.value.why
    assert containers(docker_engine, f"broken-{os.getpid()}") == [], "left until the end"


@pytest.mark.docker
def test_a_server_that_never_gets_ready_is_given_up(
    docker_engine: str,
    described: Callable[..., Path],
    supervised: Callable[[], Supervisor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert docker_engine
    monkeypatch.setattr("kit.postgres.docker._START_S", 2.0)
    supervisor = supervised()
    file = described(("--host=127.0.0.1", "--host=nowhere.invalid"))

    with pytest.raises(ServerFailed, match="not ready after 2 seconds") as caught:
        start_server(Docker(file), supervisor.folder, supervisor)

    assert caught.value.why != "it wrote nothing"


@pytest.mark.docker
def test_an_image_that_cannot_be_had(
    docker_engine: str, described: Callable[..., Path], supervised: Callable[[], Supervisor]
) -> None:
    assert docker_engine
    supervisor = supervised()
    file = described(("image: postgres:18", "image: 127.0.0.1:1/no/such:image"))

    with pytest.raises(MissingTool, match="cannot be fetched") as caught:
        start_server(Docker(file), supervisor.folder, supervisor)

    assert "docker pull 127.0.0.1:1/no/such:image" in caught.value.remedy
    assert "refused" in caught.value.why


@pytest.mark.docker
def test_the_engines_own_refusal_is_passed_on(
    docker_engine: str, described: Callable[..., Path], supervised: Callable[[], Supervisor]
) -> None:
    assert docker_engine
    supervisor = supervised()
    file = described((":/var/lib/postgresql", ":not/absolute"))

    with pytest.raises(ServerFailed, match="could not start a container") as caught:
        start_server(Docker(file), supervisor.folder, supervisor)

    assert "not/absolute" in caught.value.why
