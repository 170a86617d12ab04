"""Two projects, each with a database: one for the real Supabase CLI, one for the kit's own runner."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from kit.postgres import Server, connect_url, create, dump
from kit.supabase.cli import main
from kit.supabase.invocation import Invocation
from kit.timeline.clock import VirtualClock

ROOT = Path(__file__).resolve().parents[2]
LOCAL_BY_DEFAULT = (["migration", "up"], ["db", "diff"], ["db", "query"])
NO_DATABASE = (["migration", "new"],)
MISUSED = re.compile(
    r"^(Unrecognized flag|Unexpected positional|Missing (required|value)|Invalid value|Unknown subcommand)"
)


@pytest.fixture(scope="session")
def cli(need: Callable[[object, str], None]) -> Path:
    """Find the real CLI."""
    named = os.environ.get("KIT_SUPABASE_CLI")
    path = Path(named) if named else ROOT / "node_modules" / ".bin" / "supabase"
    need(os.access(path, os.X_OK), "the Supabase CLI: npm install --no-save puts it into node_modules")
    return path


class Twins:
    """The same project twice."""

    def __init__(self, cli: Path, server: Server, folder: Path) -> None:
        self.cli = cli
        self.server = server
        self.folders = {"real": folder / "real", "ours": folder / "ours"}
        self.clock = VirtualClock()
        for name, place in self.folders.items():
            (place / "supabase" / "migrations").mkdir(parents=True)
            create(server, name)

    def write(self, files: dict[str, str | bytes | None]) -> None:
        for name, content in files.items():
            for folder in self.folders.values():
                path = folder / "supabase" / "migrations" / name
                if content is None:
                    path.unlink()
                else:
                    path.write_bytes(content.encode() if isinstance(content, str) else content)

    def sql(self, text: str) -> None:
        for name in self.folders:
            with self.server.connect(name, role="migrator") as connection:
                connection.execute(text.encode())

    def run(self, words: Sequence[str], typed: str | None) -> dict[str, tuple[int, str]]:
        """Run a command on both; return each one's exit code and what it printed, made comparable."""
        return {"real": self._run_real(list(words), typed), "ours": self._run_ours(list(words), typed)}

    def state(self, folder: Path) -> dict[str, tuple[str, dict[str, bytes]]]:
        """Return for both all that is in the database, the history with it, and the migration files."""
        state = {}
        for name, place in self.folders.items():
            path = folder / f"{name}.sql"
            dump(self.server, name, path)
            text = re.sub(r"^\\(un)?restrict .*$", "", path.read_text(), flags=re.MULTILINE)
            files = {
                re.sub(r"^20\d{12}_", "STAMP_", file.name): file.read_bytes()
                for file in (place / "supabase" / "migrations").rglob("*")
                if file.is_file()
            }
            state[name] = (text, files)
        return state

    def _run_real(self, words: list[str], typed: str | None) -> tuple[int, str]:
        local = "--local" in words or (words[:2] in LOCAL_BY_DEFAULT and "--linked" not in words)
        url = f"postgresql://migrator@{self.server.host}:{self.server.port}/real?sslmode=disable"
        both = {"--local", "--linked"} <= set(words)
        if not both and words[:2] not in NO_DATABASE and words[:2] != ["db", "remote"] and len(words) > 1:
            words = [word for word in words if word not in ("--local", "--linked")] + ["--db-url", url]
        process = subprocess.run(
            [self.cli, *words],
            cwd=self.folders["real"],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folders["real"].parent),
                "SUPABASE_TELEMETRY_DISABLED": "1",
                "DO_NOT_TRACK": "1",
                "PGPASSWORD": self.server.passwords["migrator"],
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

        def ask(question: str) -> str:
            assert typed is not None
            printed.append(question + typed)
            return typed.rstrip("\n")

        code = main(
            Invocation(
                argv=words,
                folder=self.folders["ours"],
                urls={"local": url, "cloud": url},
                open_url=partial(connect_url, application="supabase"),
                clock=self.clock,
                write=printed.append,
                ask=None if typed is None else ask,
                applied=lambda _: None,
            )
        )
        return code, _comparable("".join(printed), self.folders["ours"])


def _comparable(text: str, folder: Path) -> str:
    """Take out what must differ.

    - The CLI prints the whole path of a file that is out of order; the kit never prints where a world is.
    - With --db-url, unlike with --local, the CLI's advice does not repeat --local.
    - Help: the CLI has more commands and flags than the kit, and guesses which one was meant.
    - Stamps: one has the machine's date, the other the virtual clock's.
    """
    text = text.replace(f"{folder}/", "").replace("repair --local", "repair").replace("pull --local", "pull")
    lines = text.splitlines(keepends=True)
    starts = [place for place, line in enumerate(lines) if MISUSED.match(line)]
    text = "".join(lines[starts[0] :]) if starts else text
    text = re.sub(r"\n  Did you mean this\?\n(    .*\n)+", "", text)
    return re.sub(r"\b20\d{12}_", "STAMP_", text)


@pytest.fixture
def twins(cli: Path, server: Server, tmp_path: Path) -> Twins:
    return Twins(cli, server, tmp_path)
