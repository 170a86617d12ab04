"""What many tests need: a home for the kit, a reaper, a server; and no tool skipped in silence."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from kit.experiments.rehearsal import Plan, Rehearsal, rehearse
from kit.postgres import Embedded, Server, create, start_server
from kit.process import Supervisor
from kit.world.checkpoints import find_checkpoint, go_to
from kit.world.engine import Engine
from kit.world.open import open_at

# How fast a machine is, no test asks: not how long an example takes, nor how long making one up does.
settings.register_profile("kit", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kit")


@pytest.fixture(scope="session")
def need() -> Callable[[object, str], None]:
    """Skip, and say so, where something is missing; on CI, where everything must be there, fail."""

    def need(condition: object, what: str) -> None:
        if condition:
            return
        if os.environ.get("CI"):
            pytest.fail(f"missing on CI: {what}")
        pytest.skip(f"missing: {what}")

    return need


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c() -> None:
    """Let Ctrl-C interrupt: where a script runs the tests in its background, it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def make_home() -> Callable[[], Path]:
    """Make folders for KIT_HOME: nothing is kept in them, and the run's checkpoints are at hand."""
    run = Path(os.environ["KIT_TEST_RUN"])

    def make_home() -> Path:
        home = Path(tempfile.mkdtemp(prefix="home-", dir=run))
        home.chmod(0o711)
        (home / "cache").symlink_to(run / "cache")
        return home

    return make_home


@pytest.fixture(scope="session", autouse=True)
def kit_home(make_home: Callable[[], Path]) -> Iterator[Path]:
    """Keep what the kit keeps away from the developer's own."""
    with pytest.MonkeyPatch.context() as patch:
        home = make_home()
        patch.setenv("KIT_HOME", str(home))
        patch.delenv("KIT_POSTGRES", raising=False)
        patch.delenv("KIT_CACHE", raising=False)
        yield home


@pytest.fixture(scope="session")
def rehearsed(kit_home: Path) -> Callable[[Plan], Rehearsal]:
    """Rehearse a plan, or return what another test's rehearsal of it measured, in whichever process."""
    assert kit_home

    def rehearsed(plan: Plan) -> Rehearsal:
        path = Path(os.environ["KIT_TEST_RUN"], hashlib.sha256(repr(plan).encode()).hexdigest()[:16])
        with FileLock(f"{path}.lock"):
            if not path.exists():
                path.write_bytes(pickle.dumps(rehearse(plan)))
        measured: Rehearsal = pickle.loads(path.read_bytes())  # noqa: S301 - written two lines above
        return measured

    return rehearsed


@pytest.fixture
def new_home(make_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a KIT_HOME of its own."""
    home = make_home()
    monkeypatch.setenv("KIT_HOME", str(home))
    return home


@pytest.fixture
def own_cache(new_home: Path) -> Path:
    """Give the test a KIT_HOME whose checkpoints it may damage: of phases 1, 2, 3 and 5."""
    cache = new_home / "cache"
    made = [find_checkpoint(phase, print).relative_to(cache) for phase in (1, 2, 3, 5)]
    shared = cache.resolve()
    cache.unlink()
    for checkpoint in made:
        shutil.copytree(shared / checkpoint, cache / checkpoint)
    for prepared in shared.glob("cluster-*"):
        (cache / prepared.name).symlink_to(prepared)
    return cache


@pytest.fixture
def supervised() -> Iterator[Callable[[], Supervisor]]:
    """Make folders with a reaper; all are gone after the test."""
    made: list[Supervisor] = []

    def make() -> Supervisor:
        made.append(Supervisor.start())
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.close()


@pytest.fixture(scope="session")
def server(kit_home: Path) -> Iterator[Server]:
    """Start one embedded server for all tests that need no other."""
    supervisor = Supervisor.start()
    try:
        yield start_server(Embedded(kit_home / "cache"), supervisor.folder, supervisor)
    finally:
        supervisor.close()


@pytest.fixture
def databases(server: Server) -> tuple[str, str]:
    """Make `local` and `cloud` anew; return their URLs for the role `migrator`."""
    for name in ("local", "cloud"):
        create(server, name)
    return server.url("local", "migrator"), server.url("cloud", "migrator")


@pytest.fixture(scope="session")
def running(kit_home: Path) -> Iterator[Engine]:
    """Start one world for all tests that need one; see `at`."""
    assert kit_home
    engine = open_at(1, scratch=True).engine
    yield engine
    engine.close()


class Phases:
    """The one world, brought to the beginning of a phase."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._untouched_at: int | None = None

    def begin(self, phase: int) -> Engine:
        go_to(self._engine, phase)
        self._untouched_at = None
        return self._engine

    def stand(self, phase: int) -> Engine:
        if self._untouched_at != phase:
            self.begin(phase)
            self._untouched_at = phase
        return self._engine


@pytest.fixture(scope="session")
def phases(running: Engine) -> Phases:
    return Phases(running)


@pytest.fixture(scope="session")
def at(phases: Phases) -> Callable[[int], Engine]:
    """Bring the world to the beginning of a phase, whatever the test before did to it."""
    return phases.begin


@pytest.fixture(scope="session")
def still_at(phases: Phases) -> Callable[[int], Engine]:
    """Do the same for a test that changes nothing: the next such test finds the world where it stands."""
    return phases.stand
