"""The way that production went since an exercise was set up: which code on which schema, and who came."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kit.lesson.checks.replica import (
    Migrations,
    Replica,
    compare,
    list_in_history,
    list_on,
    open_replica,
)
from kit.lesson.checks.story import tell_build
from kit.lesson.exercise import Attempt, Condition
from kit.names import DatabaseName
from kit.supabase import MigrationFile, list_migrations
from kit.supabase.history import read_rows
from kit.timeline import (
    Deployed,
    MigrationApplied,
    Record,
    Timeline,
    WorkerChanged,
    code_switches,
)
from kit.world.engine import Engine


@dataclass(frozen=True, kw_only=True)
class LivePair:
    """What production was for a while.

    Attributes:
        since: when that began, in seconds of the clock.
        until: when it ended; None for what is now.
        commit: of the site.
        worker: of the worker, "" for none.
        applied: versions that the cloud got since the exercise was set up, in that order.
    """

    since: float
    until: float | None
    commit: str
    worker: str
    applied: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in a few words."""
        code = f"{self.commit[:7]} live" + (
            f" and the worker of {self.worker[:7]}" if self.worker not in ("", self.commit) else ""
        )
        schema = f"{self.applied[-1]} applied" if self.applied else "the schema as it was"
        return f"{code}, {schema}"


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What happened since a world was at the end of the workflow; `read_journey` makes one.

    Attributes:
        engine: of the world.
        now: seconds of the clock.
        story: the records.
        commit: of the site at the beginning.
        worker: of the worker at the beginning.
    """

    engine: Engine
    now: float
    story: Timeline
    commit: str
    worker: str

    @cached_property
    def pairs(self) -> tuple[LivePair, ...]:
        """What production was, from the beginning to now; what lasted for no time is left out."""
        pairs: list[LivePair] = []
        applied: tuple[str, ...] = ()
        commit, worker, since = self.commit, self.worker, self._begin
        for record in self.story.records:
            after = (commit, worker, applied)
            if isinstance(record, Deployed) and _is_switch(record):
                after = (record.commit, worker, applied)
            elif isinstance(record, WorkerChanged):
                after = (commit, record.commit if record.running else "", applied)
            elif isinstance(record, MigrationApplied) and record.database == "cloud":
                after = (commit, worker, (*applied, record.version))
            if after == (commit, worker, applied):
                continue
            pairs.append(
                LivePair(since=since, until=record.at, commit=commit, worker=worker, applied=applied)
            )
            (commit, worker, applied), since = after, record.at
        pairs.append(LivePair(since=since, until=None, commit=commit, worker=worker, applied=applied))
        return tuple(pair for pair in pairs if pair.until is None or pair.until > pair.since)

    @property
    def _begin(self) -> float:
        return self.story.records[0].at if self.story.records else self.now

    @cached_property
    def switches(self) -> tuple[float, ...]:
        """When code or schema was switched."""
        return tuple(
            record.at
            for record in self.story.records
            if _is_switch(record) or (isinstance(record, MigrationApplied) and record.database == "cloud")
        )


def _is_switch(record: Record) -> bool:
    return isinstance(record, Deployed) and (record.target, record.stage) == ("production", "live")


def read_journey(attempt: Attempt) -> Journey:
    """Return what happened since the workflow was at its end, in a world that was reset to phase 8."""
    records = attempt.seen.timeline.records
    # The workflow's last change of production is its worker's new code.
    place = next(
        (place for place, record in enumerate(records) if isinstance(record, WorkerChanged)), len(records)
    )
    before = records[: place + 1]
    live = [switch.commit for switch in code_switches(before)]
    workers = [record.commit for record in before if isinstance(record, WorkerChanged)]
    return Journey(
        engine=attempt.world.engine,
        now=attempt.seen.now,
        story=Timeline(records[place + 1 :]),
        commit=live[-1] if live else attempt.seen.live,
        worker=workers[-1] if workers else attempt.seen.worker.commit,
    )


# The pairs of code and schema


@dataclass(frozen=True, kw_only=True)
class Walk:
    """The way of production, gone again on a replica.

    Attributes:
        replica: with the code and the schema that production has now.
        condition: that all worked on each pair.
    """

    replica: Replica
    condition: Condition

    @property
    def complete(self) -> bool:
        """Whether the replica is what production is now."""
        return self.condition.met


@contextlib.contextmanager
def walk(journey: Journey) -> Iterator[Walk]:
    """Have a replica on which all that people do was tried with each pair that production has been.

    Args:
        journey: of production.
    """
    says = "On each code and schema on the way, pages, uploads and the worker's jobs work."
    with open_replica(journey.engine) as replica:
        seen = _try_pairs(journey, replica) if journey.switches else ""
        met = bool(journey.switches) and not seen
        yield Walk(replica=replica, condition=Condition(says, met=met, seen=seen, final=bool(seen)))


def _try_pairs(journey: Journey, replica: Replica) -> str:
    """Go the way of production again; return what did not work, "" for nothing."""
    with tempfile.TemporaryDirectory(dir=journey.engine.folder) as folder:
        base, known = _list_known(journey, Path(folder))
        if trouble := replica.apply(base.files):
            return f"It cannot be tried: {trouble}."
        replica.fill(len(journey.pairs))
        done = 0
        for pair in journey.pairs:
            for version in pair.applied[done:]:
                file = known.get(version)
                if file is None:
                    return (
                        f"It cannot be tried: neither main nor the cloud's history knows {version} any more."
                    )
                if trouble := replica.apply([file]):
                    return f"It cannot be tried: {trouble}."
            done = len(pair.applied)
            if trouble := replica.serve(pair.commit, pair.worker) or replica.try_everything():
                return f"With {pair}, {trouble}."
    return ""


def _list_known(journey: Journey, folder: Path) -> tuple[Migrations, dict[str, MigrationFile]]:
    """Return the migrations of the beginning, and later ones by version: as they ran, else as on main."""
    engine = journey.engine
    with engine.server.connect("cloud") as connection:
        ran = list_in_history(read_rows(connection), folder / "history")
    main = list_on(engine, engine.repositories.observe().github["main"], folder / "main")
    base = list_on(engine, journey.commit, folder / "base")
    return base, {file.version: file for file in (*main.files, *ran.files)}


def replays(
    attempt: Attempt, source: str, migrations: Migrations, *, databases: Sequence[DatabaseName] = ("cloud",)
) -> Condition:
    """Say whether files make, on an empty database, what the cloud is.

    Args:
        attempt: of the learner.
        source: where the files are: "main", "your folder".
        migrations: the files; those that a database has not got are left out.
        databases: what to compare with.
    """
    what = "both databases are" if len(databases) > 1 else "the cloud is"
    says = f"The migrations of {source}, replayed on an empty database, make what {what}."
    engine = attempt.world.engine
    for database in databases:
        versions = (attempt.seen.cloud if database == "cloud" else attempt.seen.local).versions
        if missing := sorted(set(versions) - set(migrations.versions)):
            return Condition(says, met=False, seen=f"There is no file for {', '.join(missing)} in it.")
        with open_replica(engine) as replica:
            if trouble := replica.apply([file for file in migrations.files if file.version in versions]):
                return Condition(says, met=False, seen=f"{trouble}.")
            if differences := compare(engine, replica, database):
                return Condition(
                    says, met=False, seen=f"Different from the {database} database: {', '.join(differences)}."
                )
    return Condition(says, met=True)


def main_replays(attempt: Attempt) -> Condition:
    """Say whether the migrations of GitHub's main make, on an empty database, what the cloud is."""
    with tempfile.TemporaryDirectory(dir=attempt.world.engine.folder) as folder:
        return replays(attempt, "main", list_on_main(attempt, Path(folder)))


def main_is_live(attempt: Attempt) -> Condition:
    """Say whether production serves the code of GitHub's main; what has only a migration may be under way."""
    engine, main, live = attempt.world.engine, attempt.seen.repositories.github["main"], attempt.seen.live
    same = main == live
    if not same:
        with tempfile.TemporaryDirectory(dir=engine.folder) as folder:
            engine.repositories.archive(main, Path(folder, "main"))
            same = read_code(Path(folder, "main")) == read_code(engine.host.build_folder(live))
    built = any(
        (deployment.commit, deployment.target) == (main, "production")
        for deployment in attempt.seen.deployments
    )
    under_way = tell_build(attempt) if built else "No build of that is under way."
    seen = f"It serves {live[:7]}; main is {main[:7]}. {under_way}".strip()
    return Condition("Production serves the code that GitHub's main has.", met=same, seen=seen)


def column_is_gone(attempt: Attempt) -> Iterator[Condition]:
    """Say whether `last_viewed` has left the cloud, and whether main has, and makes, what production is."""
    yield Condition(
        "The cloud has no column last_viewed any more.",
        met="last_viewed" not in attempt.seen.cloud.columns,
        seen="It still has it.",
    )
    yield main_is_live(attempt)
    yield main_replays(attempt)


def read_code(files: Path) -> dict[Path, bytes]:
    """Return what the site and the worker are made of, of a commit's files."""
    paths = [path for part in ("src", "worker") for path in (files / part).rglob("*.*") if path.is_file()]
    return {path.relative_to(files): path.read_bytes() for path in paths if path.suffix != ".pyc"}


def list_in_dev(attempt: Attempt) -> Migrations:
    """Return the migrations of the dev clone's folder, committed or not."""
    files: tuple[MigrationFile, ...] = list_migrations(attempt.world.engine.repositories.clones["dev"]).files
    return Migrations(files)


def list_on_main(attempt: Attempt, folder: Path) -> Migrations:
    """Return the migrations of GitHub's main, written to a folder below this one."""
    return list_on(attempt.world.engine, attempt.seen.repositories.github["main"], folder / "main")
