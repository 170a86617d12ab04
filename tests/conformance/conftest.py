"""Two projects, each with a database: one for the real Supabase CLI, one for the kit's own runner."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from kit.postgres import Server, client, connect_url, create
from kit.supabase.arguments import Release
from kit.supabase.cli import main
from kit.supabase.invocation import TARGETS, Invocation
from kit.timeline.clock import VirtualClock

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {Release.V2: "supabase", Release.V3: "supabase-3"}
"""What package.json calls the two releases."""
LOCAL_BY_DEFAULT = (["migration", "up"], ["db", "diff"], ["db", "query"], ["db", "reset"])
NO_DATABASE = (["migration", "new"],)
MISUSED = re.compile(
    r"^(Unrecognized flag|Unexpected positional|Missing (required|value)|Invalid value|Unknown subcommand)"
)


Find = Callable[[Release], Path]


@pytest.fixture(scope="session")
def find_real(need: Callable[[object, str], None]) -> Find:
    """Find the real CLI of a release."""

    def find_real(release: Release) -> Path:
        path = ROOT / "node_modules" / PACKAGES[release] / "dist" / "supabase.js"
        need(os.access(path, os.X_OK), "the Supabase CLI: npm install --no-save puts it into node_modules")
        return path

    return find_real


@pytest.fixture(scope="session")
def cli(find_real: Find) -> Path:
    """Find the real CLI of the lessons' release."""
    return find_real(Release.V2)


@pytest.fixture(scope="session")
def local_stack(server: Server) -> Server:
    """Let version 3 find its local database, which always is `postgres`, of a role of that name."""
    with server.connect() as connection:
        for statement in (
            "CREATE ROLE postgres LOGIN PASSWORD 'postgres'",
            "GRANT migrator TO postgres",
            "ALTER ROLE postgres SET role = 'migrator'",  # so that what it makes has the same owner
            "ALTER DATABASE postgres OWNER TO migrator",
            "GRANT pg_signal_backend TO migrator",  # the session is another role's
        ):
            connection.execute(statement.encode())
    return server


def empty(server: Server, name: str) -> None:
    """Make a database as `create` does; `postgres`, which the server itself needs, is emptied."""
    if name != "postgres":
        create(server, name)
        return
    rights = "ALTER DEFAULT PRIVILEGES FOR ROLE migrator IN SCHEMA public GRANT"
    with server.connect() as connection:
        for statement in (
            "ALTER SCHEMA public OWNER TO kit",
            "DROP OWNED BY migrator CASCADE",
            "DROP OWNED BY app CASCADE",
            "ALTER SCHEMA public OWNER TO migrator",
            "GRANT USAGE ON SCHEMA public TO app",
            f"{rights} SELECT, INSERT, UPDATE, DELETE ON TABLES TO app",
            f"{rights} USAGE, SELECT ON SEQUENCES TO app",
        ):
            connection.execute(statement.encode())


class Twins:
    """The same project twice."""

    def __init__(
        self, cli: Path, server: Server, folder: Path, release: Release, *, remote: bool = False
    ) -> None:
        self.cli = cli
        self.release = release
        local = release is Release.V3 and not remote
        self.databases = {"real": "postgres" if local else "real", "ours": "ours"}
        self.server = server
        self.folders = {"real": folder / "real", "ours": folder / "ours"}
        self.clock = VirtualClock()
        for name, place in self.folders.items():
            (place / "supabase" / "migrations").mkdir(parents=True)
            empty(server, self.databases[name])

    def write(self, files: dict[str, str | bytes | None]) -> None:
        for name, content in files.items():
            for folder in self.folders.values():
                path = folder / "supabase" / "migrations" / name
                if content is None:
                    path.unlink()
                else:
                    path.parent.mkdir(exist_ok=True)
                    path.write_bytes(content.encode() if isinstance(content, str) else content)

    def enter(self, folder: str) -> None:
        """Run what follows below each project's folder."""
        self.folders = {name: place / folder for name, place in self.folders.items()}

    def sql(self, text: str) -> None:
        for name in self.databases.values():
            with self.server.connect(name, role="migrator") as connection:
                connection.execute(text.encode())

    def rows(self, query: str) -> dict[str, list[tuple[object, ...]]]:
        """Return what each database answers."""
        answers = {}
        for name, database in self.databases.items():
            with self.server.connect(database, role="migrator") as connection:
                answers[name] = connection.execute(query.encode()).fetchall()
        return answers

    def run(self, words: Sequence[str], typed: str | None) -> dict[str, tuple[int, str]]:
        """Run a command on both; return each one's exit code and what it printed, made comparable."""
        return {"real": self._run_real(list(words), typed), "ours": self._run_ours(list(words), typed)}

    def state(self) -> dict[str, tuple[str, dict[str, bytes]]]:
        """Return for both all that is in the database, the history with it, and the migration files."""
        state = {}
        for name, place in self.folders.items():
            text = self._dump(self.databases[name])
            files = {
                re.sub(r"^20\d{12}_", "STAMP_", file.name): file.read_bytes()
                for file in (place / "supabase" / "migrations").rglob("*")
                if file.is_file()
            }
            state[name] = (text, files)
        return state

    def _dump(self, database: str) -> str:
        # `kit` is the server's own mark, in `postgres` alone.
        options = ["--no-sync", "--restrict-key=kit", "--exclude-schema=kit"]
        environment = self.server.environment(database, "kit")
        dumped = subprocess.run(
            [client("pg_dump"), *options], env=environment, capture_output=True, encoding="utf-8", check=True
        )
        return dumped.stdout

    def _address(self, words: list[str]) -> tuple[list[str], bool]:
        """Return a command with the address that it means, and whether that is the local database."""
        local = "--local" in words or (words[:2] in LOCAL_BY_DEFAULT and "--linked" not in words)
        place = f"{self.server.host}:{self.server.port}/{self.databases['real']}"
        url = f"postgresql://migrator@{place}?sslmode=disable"
        if self.release is Release.V3:
            named = {"--linked": ["--db-url", url], "--remote": [f"--remote={url}"]}
            return [part for word in words for part in named.get(word, [word])], not set(named) & set(words)
        both = {"--local", "--linked"} <= set(words)
        if not both and words[:2] not in NO_DATABASE and words[:2] != ["db", "remote"] and len(words) > 1:
            words = [word for word in words if word not in ("--local", "--linked")] + ["--db-url", url]
        return words, local

    def _run_real(self, words: list[str], typed: str | None) -> tuple[int, str]:
        words, local = self._address(words)
        password = self.server.passwords["migrator"]
        process = subprocess.run(
            [self.cli, *words],
            cwd=self.folders["real"],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folders["real"].parent),
                "SUPABASE_TELEMETRY_DISABLED": "1",
                "DO_NOT_TRACK": "1",
                **({} if local and self.release is Release.V3 else {"PGPASSWORD": password}),
                **({"SUPABASE_DB_PORT": str(self.server.port)} if local else {}),
            },
            input=typed or "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        return process.returncode, _comparable(process.stdout, self.folders["real"])

    def _run_ours(self, words: list[str], typed: str | None) -> tuple[int, str]:
        url = self.server.url("ours", "migrator")
        printed: list[str] = []

        code = main(
            Invocation(
                argv=words,
                folder=self.folders["ours"],
                urls={"local": url, "cloud": url},
                open_url=partial(connect_url, application="supabase"),
                clock=self.clock,
                write=printed.append,
                ask=None,
                applied=lambda _: None,
                read_line=lambda: typed or "",
                read_all=lambda: typed or "",
                release=self.release,
                shown=False,
                empty=lambda: create(self.server, "ours"),
            )
        )
        return code, _comparable("".join(printed), self.folders["ours"])


def _comparable(text: str, folder: Path) -> str:
    r"""Take out what must differ.

    - The CLI prints the whole path of a file that is out of order; the kit never prints where a world is.
    - With --db-url, unlike with --local, the CLI's advice does not repeat --local.
    - Help: the CLI has more commands and flags than the kit, and guesses which one was meant.
    - Targets: the CLI is given an address, the kit's project is linked.
    - JSON: the CLI names an address, with its port; before an error of typing stands all of the help.
    - Line ends: Python reads a program's as \n.
    - Stamps: one has the machine's date, the other the virtual clock's.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace(f"{folder}/", "").replace("repair --local", "repair").replace("pull --local", "pull")
    text = re.sub(r"(custom Postgres|local stack) \([0-9.]+:[0-9]+\)", r"\1", text)
    text = text.replace(TARGETS["cloud"], "custom Postgres").replace("--remote=<db-url>", "--remote")
    text = text.replace("Warning: --db-url", "Warning: --linked").replace("got --db-url", "got --linked")
    linked = re.search(r'{"kind":"linked"[^}]*}', text)
    text = text.replace(linked[0], '{"kind":"db-url"}') if linked else text
    text = re.sub(r'({"kind":"[a-z-]+")[^}]*}', r"\1}", text)
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith('{"_tag":"Help"')]
    starts = [place for place, line in enumerate(lines) if MISUSED.match(line)]
    text = "".join(lines[starts[0] :] if starts else lines)
    text = re.sub(r"\n  Did you mean this\?\n(    .*\n)+", "", text)
    return re.sub(r"\b20\d{12}_", "STAMP_", text)


@pytest.fixture(params=list(Release), ids=lambda release: f"v{release[0]}")
def twins(request: pytest.FixtureRequest, find_real: Find, local_stack: Server, tmp_path: Path) -> Twins:
    return Twins(find_real(request.param), local_stack, tmp_path, request.param)


@pytest.fixture(params=list(Release), ids=lambda release: f"v{release[0]}")
def remote_twins(
    request: pytest.FixtureRequest, find_real: Find, local_stack: Server, tmp_path: Path
) -> Twins:
    """Make twins for commands that mean the remote database alone, and may drop all that it holds."""
    return Twins(find_real(request.param), local_stack, tmp_path, request.param, remote=True)


@pytest.fixture(scope="session")
def make_twins(
    find_real: Find, local_stack: Server, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Release], Twins]:
    """Make twins for what many tests look at; the next ones take their databases."""

    def make_twins(release: Release) -> Twins:
        return Twins(find_real(release), local_stack, tmp_path_factory.mktemp("twins"), release)

    return make_twins
