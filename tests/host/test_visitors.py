from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from kit.errors import BadInput
from kit.host import visitors as traffic
from kit.names import EPOCH, FEATURE
from kit.timeline import PageView, Record
from kit.world.engine import Engine
from kit.world.open import open_at

At = Callable[[int], Engine]
DOCUMENTS = 200


def views(world: Engine) -> tuple[PageView, ...]:
    return world.timeline.only(PageView)


def outcomes(world: Engine) -> list[str]:
    return [view.outcome for view in views(world)]


def deploy_code_only(world: Engine) -> None:
    """Bring the feature's code live, without its migration."""
    ran = world.run("dev", f"git checkout -q main && git merge -q {FEATURE} && git push -q origin main")
    assert ran.exit == 0, ran
    world.advance(35)


def test_visitors_arrive_at_their_rate_the_first_after_half_a_gap(at: At) -> None:
    world = at(1)

    world.visit(20)
    world.advance(1)

    assert [view.at for view in views(world)] == pytest.approx([0.025 + 0.05 * n for n in range(20)])
    assert set(outcomes(world)) == {"ok"}
    assert {view.status for view in views(world)} == {200}
    assert {view.commit for view in views(world)} == {world.host.live}


def test_they_open_one_document_after_the_other_and_begin_again(at: At) -> None:
    world = at(1)

    world.visit(100)
    world.advance(2.5)

    seen = [view.document for view in views(world)]
    assert len(set(seen[:DOCUMENTS])) == DOCUMENTS
    assert seen[:DOCUMENTS] == sorted(seen[:DOCUMENTS])
    assert seen[DOCUMENTS:] == seen[:50]


def test_another_rate_takes_the_place_of_the_first(at: At) -> None:
    world = at(1)
    world.visit(10)
    world.advance(1)
    world.visit(2)
    world.advance(1)
    world.visit(0)
    world.advance(10)

    assert len(views(world)) == 12
    assert world.visitors.rate == 0


def test_a_rate_that_cannot_be_is_refused_and_changes_nothing(at: At) -> None:
    world = at(1)
    world.visit(10)

    wrong: tuple[Any, ...] = (-1, -0.001, float("nan"), float("inf"), 513, "20", None)
    for rate in wrong:
        with pytest.raises(BadInput, match="Visitors cannot come"):
            world.visit(rate)

    world.advance(1)
    assert len(views(world)) == 10


def test_without_documents_nobody_comes(at: At) -> None:
    world = at(1)
    world.run("dev", 'psql "$CLOUD_DB_URL" -qc "DELETE FROM chunks; DELETE FROM documents"')
    with pytest.raises(BadInput, match="no document to visit"):
        world.visit(10)

    world.run("dev", 'psql "$CLOUD_DB_URL" -qc "ALTER TABLE documents RENAME TO papers"')
    with pytest.raises(BadInput, match="no documents to visit") as refused:
        world.visit(10)

    assert refused.value.why == 'relation "documents" does not exist'
    world.advance(5)
    assert not views(world)


def test_a_view_that_answers_200_and_is_not_in_the_database_is_lost(at: At) -> None:
    world = at(5)
    deploy_code_only(world)

    world.visit(10)
    world.advance(1)

    assert outcomes(world) == ["lost"] * 10
    assert {view.status for view in views(world)} == {200}
    assert {view.sqlstate for view in views(world)} == {"42703"}
    assert {view.message for view in views(world)} == {
        'column "last_viewed" of relation "documents" does not exist'
    }


def test_whether_it_is_lost_says_the_database_and_not_the_app(at: At) -> None:
    world = at(6)
    # To the app the UPDATE succeeds; in the row nothing changes.
    swallow = """
        CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER swallow BEFORE UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION swallow();
    """
    with world.server.connect("cloud") as connection:
        connection.execute(swallow.encode())

    opened = world.visitors.visit("00000000-0000-4000-8000-000000000009")

    assert opened.response is not None
    assert opened.response.status_code == 200
    assert opened.view.outcome == "lost"
    assert opened.view.sqlstate == ""


def test_the_row_holds_the_instant_at_which_the_visitor_asked(at: At) -> None:
    world = at(6)
    began = world.clock.now()
    world.visit(8)
    world.advance(1)

    with world.server.connect("cloud") as connection:
        rows = connection.execute(
            "SELECT id::text, last_viewed FROM documents WHERE last_viewed >= %s",
            [EPOCH + timedelta(seconds=began)],
        ).fetchall()

    asked = {view.document: EPOCH + timedelta(seconds=view.at) for view in views(world) if view.at >= began}
    assert len(asked) == 8
    assert dict(rows) == asked


def test_a_new_name_of_the_column_does_not_make_views_lost(at: At) -> None:
    world = at(6)
    world.run("dev", 'psql "$CLOUD_DB_URL" -qc "ALTER TABLE documents ADD COLUMN seen_at timestamptz"')
    world.run("dev", "git checkout -q main && sed -i s/last_viewed/seen_at/g src/app/actions/documents.py")
    world.run("dev", "sed -i s/update_seen_at/update_last_viewed/ src/app/actions/documents.py")
    assert world.run("dev", "git commit -qam rename && git push -q origin main").exit == 0
    world.advance(35)

    opened = world.visitors.visit("00000000-0000-4000-8000-000000000009")

    assert opened.view.outcome == "ok"
    with world.server.connect("cloud") as connection:
        row = connection.execute("SELECT count(seen_at) FROM documents").fetchone()
    assert row == (1,)


def test_code_that_writes_nothing_loses_nothing(at: At) -> None:
    world = at(1)

    assert world.visitors.visit("00000000-0000-4000-8000-000000000009").view.outcome == "ok"


def test_what_is_expected_is_what_the_code_that_answered_should_do(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = at(6)
    old, new = (one.commit for one in world.host.deployments if one.target == "production")
    asked = world.visitors._ask

    def switch_first(url: str, *, at: float, name: str) -> object:
        world.host.rollback(next(target))
        return asked(url, at=at, name=name)

    monkeypatch.setattr(world.visitors, "_ask", switch_first)
    with world.server.connect("cloud", role="migrator") as connection:
        connection.execute("ALTER TABLE documents DROP COLUMN last_viewed")
    target = iter((old, new))

    by_old, by_new = (world.visitors.visit("00000000-0000-4000-8000-000000000009").view for _ in range(2))

    assert (by_old.commit, by_old.outcome) == (old, "ok")
    assert (by_new.commit, by_new.outcome) == (new, "lost")


def test_an_error_page_is_failed(at: At) -> None:
    world = at(1)

    view = world.visitors.visit("00000000-0000-4000-8000-00000000ffff").view

    assert (view.outcome, view.status) == ("failed", 404)


def pid_of_app(world: Engine) -> int:
    return world.supervisor.processes()[world.host.live].pid


def test_a_killed_app_fails_its_visitors(at: At) -> None:
    world = at(1)
    os.kill(pid_of_app(world), signal.SIGKILL)
    world.supervisor.wait(world.host.live)

    view = world.visitors.visit("00000000-0000-4000-8000-000000000001").view

    assert (view.outcome, view.status, view.commit) == ("failed", 502, "")


def test_no_answer_is_failed_too(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    world = at(1)
    world.visitors.visit("00000000-0000-4000-8000-000000000001")  # it is up
    monkeypatch.setattr(traffic, "PATIENCE_S", 0.2)
    world.visitors.stop()
    os.kill(pid_of_app(world), signal.SIGSTOP)
    try:
        visit = world.visitors.visit("00000000-0000-4000-8000-000000000001")
    finally:
        os.kill(pid_of_app(world), signal.SIGCONT)

    assert visit.response is None
    assert (visit.view.outcome, visit.view.status, visit.view.commit) == ("failed", 0, "")
    assert visit.view.took >= 0.2


def test_visitors_go_on_after_one_was_interrupted(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    world = at(1)
    world.visit(10)
    real = world.visitors._record

    def interrupt(_: Record) -> None:
        monkeypatch.setattr(world.visitors, "_record", real)
        raise KeyboardInterrupt

    monkeypatch.setattr(world.visitors, "_record", interrupt)
    with pytest.raises(KeyboardInterrupt):
        world.advance(1)

    world.advance(1)

    assert len(views(world)) >= 9


def test_a_connection_that_was_cut_is_made_again(at: At) -> None:
    world = at(6)
    began = len(views(world))
    world.visit(10)
    world.advance(1)
    with world.server.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'kit' AND datname = 'cloud'"
        )

    world.advance(1)

    assert outcomes(world)[began:] == ["ok"] * 20


def test_visitors_are_there_again_after_a_look_at_one_page(at: At) -> None:
    world = at(1)
    world.visit(4)
    world.open_page("production", "My Test Document")
    world.advance(1)

    assert len(views(world)) == 5


def test_the_repr_says_the_rate(at: At) -> None:
    world = at(1)
    world.visit(20)

    assert repr(world.visitors) == "Visitors(20 a second)"


# On the wall clock


@pytest.fixture(scope="module")
def started() -> Iterator[Engine]:
    engine = open_at(6, scratch=True, clock="wall").engine
    yield engine
    engine.close()


@pytest.fixture
def wall(started: Engine) -> Iterator[Engine]:
    yield started
    started.visit(0)


@contextlib.contextmanager
def locked(world: Engine) -> Iterator[None]:
    """Keep `documents` locked, as a migration does."""
    with world.server.connect("cloud", role="migrator") as connection, connection.transaction():
        connection.execute("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_slow_answer_never_delays_the_next_visitor(wall: Engine) -> None:
    began = len(views(wall))
    wall.visit(20)
    with locked(wall):
        wall.advance(2)
        answered = len(views(wall)) - began
    wall.visit(0)

    met = views(wall)[began:]
    late = [view.late for view in met if view.late is not None]
    # A closed loop would have kept all but the first waiting, for as long as the lock was held.
    assert answered < len(late) / 2
    assert max(late) < 1
    assert len(met) == len(late) >= 39
    planned = sorted(view.at - late for view, late in zip(met, late, strict=True))
    gaps = [after - before for before, after in itertools.pairwise(planned)]
    assert gaps == pytest.approx([0.05] * len(gaps))


def test_visitors_come_in_time_while_the_host_is_busy(wall: Engine) -> None:
    began = len(views(wall))

    def build() -> None:
        threading.Event().wait(1.5)

    wall.visit(20)
    wall.clock.at(wall.clock.now(), build)
    wall.advance(2)
    wall.visit(0)

    late = [view.late for view in views(wall)[began:] if view.late is not None]
    assert len(late) >= 30
    assert max(late) < 1


def test_whoever_waits_for_a_lock_too_long_is_blocked(wall: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "BLOCKED_S", 0.4)
    began = len(views(wall))
    wall.visit(20)
    with locked(wall):
        wall.advance(1)
    wall.visit(0)

    met = views(wall)[began:]
    blocked = [view for view in met if view.outcome == "blocked"]
    assert blocked
    assert all(view.took > 0.4 for view in blocked)
    # Whoever waited for a shorter time saw a page; the view is in the row, or a later one is.
    assert {view.outcome for view in met} <= {"ok", "blocked"}
    assert [view.outcome for view in met if view.took <= 0.4] == ["ok"] * (len(met) - len(blocked))


def test_slow_without_a_lock_is_not_blocked(wall: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "BLOCKED_S", 0.0)
    began = len(views(wall))
    wall.visit(20)
    wall.advance(0.5)
    wall.visit(0)

    assert {view.outcome for view in views(wall)[began:]} == {"ok"}


def test_stopping_waits_for_the_visits_under_way(wall: Engine) -> None:
    began = len(views(wall))
    wall.visit(20)
    with locked(wall):
        wall.advance(0.5)
        assert len(views(wall)) - began < 9
    wall.visitors.stop()

    met = len(views(wall)) - began
    assert met >= 9
    wall.advance(0.3)
    assert len(views(wall)) - began == met


def test_starting_and_stopping_again_and_again_leaves_no_failure_behind(wall: Engine) -> None:
    for rate in (200, 100, 0, 200, 0, 50, 0) * 3:
        wall.visit(rate)
        wall.advance(0.02)

    wall.advance(0.1)  # would raise what went wrong on the clock's thread
