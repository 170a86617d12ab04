from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit.experiments.changes import recipe
from kit.names import EPOCH, MIGRATION
from kit.postgres import Embedded, Server, create, start_server
from kit.process import Supervisor, wait_until
from kit.repos import STARTER, Handling, Repositories, feature
from kit.world.page import Page

FIRST = "00000000-0000-4000-8000-000000000001"
VISIT = datetime(2025, 1, 26, 15, 35, 42, 123456, tzinfo=UTC)
NO_COLUMN = 'column "last_viewed" of relation "documents" does not exist'
NOTHING_OPENED = ["Recently opened", "Nothing here yet. Pick something to read."]
_numbers = itertools.count()


@dataclass(frozen=True)
class World:
    """A server with a migrated and seeded database to copy, and the repositories."""

    supervisor: Supervisor
    server: Server
    repositories: Repositories


@dataclass(frozen=True)
class Process:
    """The app or the worker, with its address and its log."""

    name: str
    pid: int
    address: str
    output: Path

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", headers=headers, trust_env=False, timeout=60)

    def log(self) -> list[dict[str, Any]]:
        """Return the program's lines; one of them that is not JSON fails the test.

        psycopg says on its own account that a query was interrupted, where a signal comes in its midst.
        """
        lines = self.output.read_text().splitlines()
        return [json.loads(line) for line in lines if not line.startswith("error ignored in rollback")]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    supervisor = Supervisor.start()
    folder = supervisor.folder
    server = start_server(Embedded(), folder, supervisor)
    create(server, "original")
    with server.connect("original", role="migrator") as connection:
        for file in sorted((STARTER / "main/supabase/migrations").iterdir()):
            connection.execute(file.read_bytes())
        connection.execute((STARTER / "main/supabase/seed.sql").read_bytes())
    yield World(supervisor, server, Repositories.create(folder / "repos", when=EPOCH))
    supervisor.close()


@pytest.fixture
def database(world: World) -> Iterator[str]:
    """Copy the database; return the copy's name."""
    name = f"copy_{next(_numbers)}"
    with world.server.connect() as connection:
        connection.execute(
            f"CREATE DATABASE {name} OWNER migrator TEMPLATE original STRATEGY file_copy".encode()
        )
    yield name
    with world.server.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def sql(world: World, database: str) -> Iterator[Callable[..., list[Any]]]:
    """Run SQL as the owner of the schema."""
    with world.server.connect(database, role="migrator") as connection:

        def run(statement: str, *values: object) -> list[Any]:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

        yield run


@pytest.fixture
def start(world: World, database: str, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start the app, or the worker, from a commit, with the feature's files or others if asked."""
    started = []

    def run(
        what: str = "src",
        *,
        commit: str = "main",
        handling: Handling | None = None,
        files: Mapping[str, str] | None = None,
        archive: bool = True,
    ) -> Process:
        name, tree = f"{what}-{next(_numbers)}", tmp_path / "tree"
        if archive:
            world.repositories.archive(commit, tree)
        for path, text in (feature(handling).files if handling else files or {}).items():
            (tree / path).write_text(text)
        argv = ["src/main.py", "--fd", "{fd}"] if what == "src" else ["main.py"]
        running = world.supervisor.spawn(
            name,
            [sys.executable, *argv],
            env={"DATABASE_URL": world.server.url(database, "app")},
            cwd=tree if what == "src" else tree / what,
            log=tmp_path / name,
            listen=0 if what == "src" else None,
        )
        started.append(name)
        process = Process(name, running.pid, f"http://127.0.0.1:{running.port}", tmp_path / name)
        if what == "src":
            assert process.get("/api/health").json() == {"ok": True}
        return process

    yield run
    for name in started:
        world.supervisor.stop(name)


Start = Callable[..., Process]
Sql = Callable[..., list[Any]]


def read(
    app: Process, *, document: str = FIRST, request: str = "view-1", at: datetime = VISIT
) -> httpx.Response:
    return app.get(f"/read/{document}", **{"X-Request-Id": request, "X-Request-Start": start_header(at)})


def start_header(at: datetime) -> str:
    return f"t={int(at.timestamp())}.{at.microsecond:06}"


def shelves(app: Process, *, at: datetime = VISIT) -> list[str]:
    """Return what stands on the home page above the newest documents, without the search."""
    response = app.get("/", **{"X-Request-Id": "home-1", "X-Request-Start": start_header(at)})
    assert response.status_code == 200
    lines = Page.read("app", response).text.splitlines()
    return lines[lines.index("Search") + 1 : lines.index("Recently added")]


def events(worker: Process) -> list[str]:
    return [line["event"] for line in worker.log()]


def cut_off(world: World, database: str) -> None:
    """End the connections of the app and the worker once there are any."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = 'app'"
    with world.server.connect() as connection:
        assert wait_until(lambda: bool(connection.execute(end, [database]).fetchall()), seconds=60)


# The data


def test_documents_has_the_workflows_columns(sql: Sql) -> None:
    assert sql(
        "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns"
        " WHERE table_name = 'documents' ORDER BY ordinal_position"
    ) == [
        ("id", "uuid", "NO", "gen_random_uuid()"),
        ("user_id", "uuid", "NO", None),
        ("title", "text", "YES", None),
        ("file_name", "text", "YES", None),
        ("file_type", "text", "NO", None),
        ("uploaded_at", "timestamp with time zone", "YES", "now()"),
        ("processing_status", "text", "YES", "'pending'::text"),
        ("processing_completed_at", "timestamp with time zone", "YES", None),
    ]


def test_the_seed_is_200_documents_of_one_user_the_same_every_time(sql: Sql) -> None:
    assert sql("SELECT count(*), count(DISTINCT title), count(DISTINCT user_id) FROM documents") == [
        (200, 200, 1)
    ]
    for order in ("id", "uploaded_at", "ctid"):
        assert sql(f"SELECT id::text, title FROM documents ORDER BY {order} LIMIT 1") == [
            (FIRST, "My Test Document")
        ]
    assert sql("SELECT max(uploaded_at) < '2025-01-26' FROM documents") == [(True,)]
    everything = "SELECT md5(string_agg(t::text, '' ORDER BY t.id)) FROM {} AS t"
    before = [sql(everything.format(table)) for table in ("documents", "chunks", "connections")]
    sql("TRUNCATE documents CASCADE")
    sql((STARTER / "main/supabase/seed.sql").read_text())
    assert [sql(everything.format(table)) for table in ("documents", "chunks", "connections")] == before


def test_the_migration_is_the_workflows_and_applies(sql: Sql) -> None:
    sql(feature().migration)
    ((definition,),) = sql("SELECT indexdef FROM pg_indexes WHERE indexname = 'idx_documents_last_viewed'")
    assert definition.endswith("(user_id, last_viewed DESC NULLS LAST)")
    assert feature().migration.startswith(f"-- {MIGRATION}\n")


# The app


def test_the_page_before_the_feature(start: Start) -> None:
    app = start()
    response = read(app)
    assert response.status_code == 200
    assert "<h1>My Test Document</h1>" in response.text
    assert 'uploaded <time datetime="2024-11-20T08:00:00+00:00">20 November 2024</time>' in response.text
    assert response.headers["Connection"] == "close"
    assert "server" not in response.headers
    assert app.log() == []


def test_what_does_not_exist_is_not_found(start: Start) -> None:
    app = start()
    for path in ("/read/nothing", "/read/00000000-0000-4000-8000-000000000999", "/nowhere"):
        response = app.get(path)
        assert response.status_code == 404, path
        assert Page.read("app", response).text == "Not found\nThere is no such page."
    assert app.log() == []


def test_silent_without_the_column_shows_the_page_and_loses_the_view(start: Start) -> None:
    app = start(handling="silent")
    response = read(app, request="view-7")
    assert response.status_code == 200
    assert "<h1>My Test Document</h1>" in response.text
    assert "X-Revalidate-Paths" not in response.headers
    assert app.log() == [
        {
            "level": "error",
            "message": "Failed to update last_viewed:",
            "sqlstate": "42703",
            "error": NO_COLUMN,
            "statement": "UPDATE documents SET last_viewed = %s WHERE id = %s",
            "request_id": "view-7",
        }
    ]


def test_silent_with_the_column_keeps_the_moment_of_the_visit(start: Start, sql: Sql) -> None:
    sql(feature().migration)
    app = start(handling="silent")
    response = read(app)
    assert response.headers["X-Revalidate-Paths"] == f"/read/{FIRST}"
    assert sql(
        "SELECT title, last_viewed, last_viewed::text FROM documents WHERE last_viewed IS NOT NULL"
    ) == [("My Test Document", VISIT, "2025-01-26 15:35:42.123456+00")]
    assert app.log() == []


def test_the_running_app_is_mended_by_the_migration_alone(start: Start, sql: Sql) -> None:
    app = start(handling="silent")
    for _ in range(8):
        read(app)
    sql(feature().migration)
    read(app, at=VISIT + timedelta(seconds=1))
    assert sql("SELECT last_viewed FROM documents WHERE id = %s", FIRST) == [(VISIT + timedelta(seconds=1),)]
    assert len(app.log()) == 8


def test_without_a_usable_header_the_moment_is_now(start: Start, sql: Sql) -> None:
    sql(feature().migration)
    app = start(handling="silent")
    for header in ("", "t=", "t=soon", "t=-5", "t=1e9", "1737905742", "t=999999999999"):
        before = datetime.now(UTC)
        app.get(f"/read/{FIRST}", **({"X-Request-Start": header} if header else {}))
        ((seen,),) = sql("SELECT last_viewed FROM documents WHERE id = %s", FIRST)
        assert before <= seen <= datetime.now(UTC), header


def test_loud_without_the_column_fails_and_tells_the_visitor_nothing(start: Start) -> None:
    app = start(handling="loud")
    response = read(app, request="view-9")
    assert response.status_code == 500
    assert response.headers["Connection"] == "close"
    assert "Something went wrong" in response.text
    assert "last_viewed" not in response.text
    assert len(Page.read("app", response).text) < 100
    refused, raised = app.log()
    assert (refused["sqlstate"], refused["error"], refused["request_id"]) == ("42703", NO_COLUMN, "view-9")
    assert (raised["error"], raised["request_id"]) == ("RuntimeError: last_viewed was not saved", "view-9")


def test_loud_with_the_column(start: Start, sql: Sql) -> None:
    sql(feature().migration)
    app = start(handling="loud")
    assert read(app).status_code == 200
    assert sql("SELECT last_viewed FROM documents WHERE id = %s", FIRST) == [(VISIT,)]


def test_in_the_window_the_list_is_empty_and_what_was_opened_then_never_comes_into_it(
    start: Start, sql: Sql
) -> None:
    before = start(commit="homepage-and-search")
    assert shelves(before) == []

    app = start(commit="homepage-and-search", handling="silent")
    assert read(app).status_code == 200
    assert shelves(app) == NOTHING_OPENED
    line = app.log()[-1]
    assert (line["message"], line["request_id"]) == ("Failed to read last_viewed:", "home-1")
    assert (line["sqlstate"], line["error"]) == ("42703", 'column "last_viewed" does not exist')

    sql(feature().migration)
    assert shelves(app) == NOTHING_OPENED
    read(app)
    read(app, document=FIRST.replace("1", "2"), at=VISIT + timedelta(minutes=2))
    seen = {
        seconds: shelves(app, at=VISIT + timedelta(seconds=seconds)) for seconds in (121, 4000, 7300, 90_000)
    }
    assert seen == {
        121: ["Recently opened", "Against Rivers just now", "My Test Document 2 minutes ago"],
        4000: ["Recently opened", "Against Rivers 1 hour ago", "My Test Document 1 hour ago"],
        7300: ["Recently opened", "Against Rivers 1 hour ago", "My Test Document 2 hours ago"],
        90_000: ["Recently opened", "Against Rivers 26 January 2025", "My Test Document 26 January 2025"],
    }
    assert len(app.log()) == 2


def test_the_list_survives_a_rename_of_its_column(start: Start, sql: Sql) -> None:
    made = recipe("rename", "silent").whole.files
    sql(feature().migration)
    read(start(commit="homepage-and-search", handling="silent"))
    app = start(
        commit="homepage-and-search",
        files={path: text for path, text in made.items() if path.startswith("src/")},
    )
    assert shelves(app) == NOTHING_OPENED
    (rename,) = (text for path, text in made.items() if path.endswith(".sql"))
    sql(rename)
    assert shelves(app) == ["Recently opened", "My Test Document just now"]


def test_a_read_that_fails_is_a_500_and_logged(start: Start, sql: Sql) -> None:
    app = start()
    sql("ALTER TABLE documents RENAME COLUMN title TO name")
    response = read(app, request="view-3")
    assert response.status_code == 500
    assert "title" not in response.text.replace("<title>", "").replace("</title>", "")
    (line,) = app.log()
    assert (line["sqlstate"], line["request_id"]) == ("42703", "view-3")
    assert line["error"] == 'column "title" does not exist'


def test_what_people_write_is_escaped(start: Start, sql: Sql) -> None:
    sql(
        "UPDATE documents SET title = '<script>', file_name = '<i>', uploaded_at = '2025-01-25'"
        " WHERE id = %s",
        FIRST,
    )
    sql("UPDATE chunks SET content = '<b>' WHERE document_id = %s", FIRST)
    app = start(commit="homepage-and-search")
    for page in (read(app).text, app.get("/").text, app.get('/search?q="<script>').text):
        assert "&lt;script&gt;" in page
        assert not any(tag in page for tag in ("<script>", "<i>", "<b>"))


def test_lost_connections_are_replaced(start: Start, world: World, database: str) -> None:
    app = start()
    cut_off(world, database)
    assert read(app).status_code == 200


def test_home_page_and_search(start: Start) -> None:
    before = start()
    assert before.get("/search?q=moss").status_code == 404
    app = start(commit="homepage-and-search")
    home = app.get("/").text
    assert home.count("<li>") == 10
    assert '<form action="/search">' in home
    found = app.get("/search?q=MOSS").text
    assert found.count("<li>") == 10
    assert "Moss</a>" in found
    assert "No documents." in app.get("/search?q=%25").text
    assert read(app).status_code == 200


def test_a_port_of_its_own(world: World, database: str, tmp_path: Path) -> None:
    world.repositories.archive("main", tmp_path / "tree")
    world.supervisor.spawn(
        "dev",
        [sys.executable, "src/main.py", "--port", "0"],
        env={"DATABASE_URL": world.server.url(database, "app")},
        cwd=tmp_path / "tree",
        log=tmp_path / "log",
    )
    assert wait_until(lambda: "\n" in (tmp_path / "log").read_text(), seconds=60)
    ready = json.loads((tmp_path / "log").read_text())
    assert ready["message"].startswith("Ready on http://localhost:")
    address = ready["message"].split()[-1].replace("localhost", "127.0.0.1")
    assert httpx.get(f"{address}/api/health", trust_env=False, timeout=60).status_code == 200
    world.supervisor.stop("dev")


def test_no_database_is_said_in_the_log_as_json(world: World, tmp_path: Path) -> None:
    world.repositories.archive("main", tmp_path / "tree")
    running = world.supervisor.spawn(
        "nobody",
        [sys.executable, "src/main.py", "--fd", "{fd}"],
        env={"DATABASE_URL": "postgresql://app:sesame@127.0.0.1:1/none"},
        cwd=tmp_path / "tree",
        log=tmp_path / "log",
        listen=0,
    )
    assert httpx.get(f"http://127.0.0.1:{running.port}/", trust_env=False, timeout=60).status_code == 200
    assert wait_until(lambda: "\n" in (tmp_path / "log").read_text(), seconds=60)
    world.supervisor.stop("nobody")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert "connection" in lines[0]["message"]
    assert "sesame" not in (tmp_path / "log").read_text()


# The worker


def test_an_upload_is_processed_by_the_worker(start: Start, sql: Sql) -> None:
    app, worker = start(), start("worker")
    assert wait_until(lambda: worker.output.exists() and events(worker) == ["started"], seconds=60)
    upload = {"title": "New & improved", "file_name": "new.md", "file_type": "md"}
    answer = httpx.post(f"{app.address}/api/documents", json=upload, trust_env=False, timeout=60)
    assert answer.status_code == 201
    document = answer.json()["id"]
    assert wait_until(lambda: "completed" in events(worker), seconds=60)
    assert worker.log()[-1] == {"event": "completed", "version": "1", "document": document}
    assert sql(
        "SELECT processing_status, processing_completed_at > uploaded_at FROM documents WHERE id = %s",
        document,
    )[0] == ("completed", True)
    assert (
        "New &amp; improved, made readable by version 1 of the worker." in read(app, document=document).text
    )


def test_an_upload_that_makes_no_sense(start: Start) -> None:
    app = start()
    for body in (b"", b"{", b"[]", b'{"title": "x"}', b"\xff"):
        answer = httpx.post(f"{app.address}/api/documents", content=body, trust_env=False, timeout=60)
        assert answer.status_code == 400, body
    assert app.log() == []


def test_the_worker_keeps_its_code_until_it_is_restarted(
    world: World, start: Start, sql: Sql, tmp_path: Path
) -> None:
    pending = "UPDATE documents SET processing_status = 'pending' WHERE id = %s"
    worker = start("worker")
    assert wait_until(lambda: events(worker) == ["started"], seconds=60)
    sql(pending, FIRST)
    code = tmp_path / "tree/worker/main.py"
    code.write_text(code.read_text().replace('VERSION = "1"', 'VERSION = "2"'))
    assert wait_until(lambda: "completed" in events(worker), seconds=60)
    assert world.supervisor.stop(worker.name) == 0
    assert [(line["event"], line["version"]) for line in worker.log()] == [
        ("started", "1"),
        ("completed", "1"),
        ("stopped", "1"),
    ]
    again = start("worker", archive=False)
    assert wait_until(lambda: events(again) == ["started"], seconds=60)
    assert again.log()[0]["version"] == "2"


def test_two_workers_share_what_waits(start: Start, sql: Sql) -> None:
    sql("UPDATE documents SET processing_status = 'pending', processing_completed_at = NULL")
    workers = start("worker"), start("worker")
    done = "SELECT count(*) FROM documents WHERE processing_status = 'completed'"
    assert wait_until(lambda: sql(done) == [(200,)], seconds=60)
    assert wait_until(lambda: sum(events(worker).count("completed") for worker in workers) == 200, seconds=60)


def test_a_dropped_column_breaks_the_worker_which_says_so_once(start: Start, sql: Sql) -> None:
    worker = start("worker")
    sql("ALTER TABLE documents RENAME COLUMN file_name TO path")
    sql("UPDATE documents SET processing_status = 'pending' WHERE id = %s", FIRST)
    assert wait_until(lambda: "failed" in events(worker), seconds=60)
    line = worker.log()[-1]
    assert (line["sqlstate"], line["error"]) == ("42703", 'column "file_name" does not exist')
    sql("ALTER TABLE documents RENAME COLUMN path TO file_name")
    assert wait_until(lambda: "completed" in events(worker), seconds=60)
    assert events(worker) == ["started", "failed", "completed"]


def test_the_worker_connects_again(world: World, database: str, start: Start, sql: Sql) -> None:
    worker = start("worker")
    cut_off(world, database)
    sql("UPDATE documents SET processing_status = 'pending' WHERE id = %s", FIRST)
    assert wait_until(lambda: "completed" in events(worker), seconds=60)
