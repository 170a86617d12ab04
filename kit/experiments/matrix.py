"""Does each code work with each schema? The two-by-two, measured by running all four pairs.

Whether a pair works is said by a word and a mark, and only then by a border and a hatching.

The schema goes forward once, so the pairs run in this order: old code on the old schema; the new code
is deployed; the migration is pushed; the old deployment is rolled back to, and the old worker started.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from kit.draw import (
    BREAKING,
    INKS,
    NARROW,
    Markup,
    draw_box,
    draw_element,
    draw_gaps,
    draw_image,
    draw_tag,
    fill_with,
)
from kit.errors import BuildFailed, MigrationFailed
from kit.experiments.changes import ChangeName, recipe
from kit.experiments.orders import ORDERS
from kit.experiments.rehearsal import Plan, make_commit, prepare, require_success
from kit.host import HostSettings
from kit.host.outcome import Witness
from kit.names import DB_PUSH, GIT_PUSH
from kit.process import wait_until
from kit.repos import Handling
from kit.review.rules import Order, order_of
from kit.timeline import Deployed, Outcome
from kit.world.checkpoints import open_copy
from kit.world.engine import Engine
from kit.world.open import open_at
from kit.world.save import save
from kit.world.world import World

Age = Literal["old", "new"]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One thing that was tried on a running pair.

    Attributes:
        what: "view" (a document in the reader), "page /…", "upload" (a document added on the site),
            "job" (the worker makes it readable), "start" (the code becomes a running site or worker).
        outcome: as of a page view; a job that failed is still to do.
        sqlstate: PostgreSQL's code, from the log of whoever met it; "" for none.
        message: of PostgreSQL, or of the host.
    """

    what: str
    outcome: Outcome
    sqlstate: str = ""
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One pair: a commit's own site and worker, running on one of the two schemas.

    Attributes:
        code: the one that was live before, or the new one.
        schema: the one before the migration, or after it.
        tried: everything, in its order.
    """

    code: Age
    schema: Age
    tried: tuple[Tried, ...]

    @property
    def works(self) -> bool:
        """Whether everything was ok."""
        return bool(self.tried) and all(tried.outcome == "ok" for tried in self.tried)

    @property
    def ok(self) -> int:
        """How many were ok."""
        return sum(tried.outcome == "ok" for tried in self.tried)

    @property
    def first_error(self) -> Tried | None:
        """The first that was not ok and says why; else the first that was not ok; else None."""
        bad = [tried for tried in self.tried if tried.outcome != "ok"]
        return next((tried for tried in bad if tried.message), bad[0] if bad else None)

    def bad(self) -> dict[tuple[str, str], int]:
        """Count what was not ok, by what it was and how it ended."""
        return dict(Counter((tried.what, tried.outcome) for tried in self.tried if tried.outcome != "ok"))


_AGES: tuple[Age, ...] = ("old", "new")
_WIDTH = 36  # of a cell in text
_FIRST = 8  # of the words before a row
_BETWEEN: tuple[tuple[Age, Age], ...] = (("old", "new"), ("new", "old"))
_PLACES = {("old", "old"): "start", ("new", "new"): "goal"}
_PLACES |= {("old", "new"): "schema first", ("new", "old"): "code first"}
_MANY = {"view": "views", "upload": "uploads", "job": "jobs of the worker"}


def _row(name: str, columns: tuple[str, str]) -> str:
    return (f"{name:<{_FIRST}}" + "".join(f"| {text:<{_WIDTH}} " for text in columns)).rstrip()


def _lines(cell: Cell) -> list[str]:
    head, place = f"{'ok' if cell.works else 'XX'}  {_word(cell)}", f"[{_place(cell)}]"
    wrapped = (textwrap.wrap(text, _WIDTH - 3) or [""] for text in _facts(cell))
    return [f"{head}{place:>{_WIDTH - len(head)}}", *(f"   {part}" for parts in wrapped for part in parts)]


def _word(cell: Cell) -> str:
    return "works" if cell.works else "BREAKS"


def _place(cell: Cell) -> str:
    """Return what of a deploy the pair is: its start, its goal, or the way through it."""
    return _PLACES[cell.code, cell.schema]


def _facts(cell: Cell) -> Iterator[str]:
    """Yield what was seen in a cell, a sentence each."""
    if cell.works:
        yield f"{cell.ok} of {len(cell.tried)} ok"
        return
    tried = [attempt.what for attempt in cell.tried]
    for (what, outcome), number in cell.bad().items():
        if what == "start":
            yield "it does not start"
        elif tried.count(what) == 1:
            yield f"{what} {outcome.upper()}"
        else:
            yield f"{number} of {tried.count(what)} {_MANY.get(what, what)} {outcome.upper()}"
    error = cell.first_error
    if error is not None and error.message:
        yield f"{error.sqlstate} {error.message}".strip()


def _ways(table: TwoByTwo) -> Iterator[tuple[str, str, str]]:
    """Yield the ways from old, old to new, new: name, through which pair, whether that works."""
    schema_first, code_first = (_word(table.cell(*pair)) for pair in _BETWEEN)
    yield "schema first", "goes through old code on the new schema:", schema_first
    yield "code first", "goes through new code on the old schema:", code_first
    yield "push && push", "is schema first, as long as builds are slow:", schema_first


def _so(table: TwoByTwo) -> str:
    """Return what follows, with the worker where an old one breaks: no push restarts it."""
    worker = any(what == "job" for what, _ in table.cell("old", "new").bad())
    live = "once it is live, restart the worker, then" if worker else "once it is live,"
    return {
        "schema-first": f"{ORDERS['schema-first'].words}: {DB_PUSH}, then {GIT_PUSH}.",
        "code-first": f"{ORDERS['code-first'].words}: {GIT_PUSH}; {live} {DB_PUSH}.",
        "any": f"{ORDERS['any'].words}: no pair breaks.",
        "expand-contract": "expand and contract: both ways break, split it into steps that are safe.",
        None: "no order: the new code does not work on the new schema either, mend the change first.",
    }[table.order]


# On the elements, and without a `var()`: what is kept of a notebook that nobody has trusted yet.
_LEFT = f"{BREAKING};vertical-align:top;padding:6px 8px;max-width:none"
_ROW = f"{BREAKING};vertical-align:top;padding:6px 0"
_WORKS = f"{_LEFT};border:2px solid {INKS['line']}"
_BREAKS = f"{_LEFT};border:6px double {INKS['bad']}"
_TABLE = f"border-collapse:separate;border-spacing:4px;margin:0;{NARROW}:60em"
_CAPTION = "text-align:left;font-weight:700;padding:0 6px 4px"
_TIGHT = "margin:0 0 2px"
_HIGH, _MOST_WIDE = 14, 13  # of one that was tried, in pixels


def _draw_cell(cell: Cell) -> Markup:
    mark, style = ("✓", _WORKS) if cell.works else ("✗", _BREAKS)
    head = draw_element("b", f"{mark} {_word(cell)}"), " ", draw_element("i", f"({_place(cell)})")
    facts = [draw_element("p", fact, style=_TIGHT) for fact in _facts(cell)]
    return draw_element("td", draw_element("p", *head, style=_TIGHT), _draw_tried(cell), *facts, style=style)


def _draw_tried(cell: Cell) -> Markup:
    """Return a strip with a piece for each that was tried, in the pattern of how it ended."""
    share = 100 / max(1, len(cell.tried))
    pieces, done = [], 0
    for outcome, run in itertools.groupby(attempt.outcome for attempt in cell.tried):
        number = len(list(run))
        place = round(done * share, 2), round(number * share, 2)
        pieces.append(draw_box(*place, 1, _HIGH - 2, fill_with(outcome)))
        done += number
    gaps = f"{draw_gaps(share / 100, _HIGH)}<rect width='100%' height='{_HIGH}' fill='url(#gap)'/>"
    told = ", ".join(
        f"{count} {outcome}" for outcome, count in Counter(tried.outcome for tried in cell.tried).items()
    )
    strip = draw_image(*pieces, gaps, height=_HIGH, alt=told)
    return draw_element("div", strip, style=f"max-width:{_MOST_WIDE * len(cell.tried)}px;margin:4px 0")


@dataclass(frozen=True, kw_only=True)
class TwoByTwo:
    """Four measured pairs; shown as a table with the rule that follows.

    Attributes:
        title: what the change is.
        cells: all four, in the order in which they were run.
    """

    title: str
    cells: tuple[Cell, ...]

    def cell(self, code: Age, schema: Age) -> Cell:
        """Return one of the four."""
        return next(cell for cell in self.cells if (cell.code, cell.schema) == (code, schema))

    @property
    def order(self) -> Order | None:
        """The order that is safe, None if none is: the change does not work even when it is complete.

        Old code works on the new schema: the schema may go first. New code works on the old schema:
        the code may. Both: any order. Neither: expand, then contract.
        """
        if not self.cell("new", "new").works:
            return None
        return order_of(old_on_new=self.cell("old", "new").works, new_on_old=self.cell("new", "old").works)

    def __repr__(self) -> str:
        """Draw the table in plain characters."""
        rule = "-" * _FIRST + ("+" + "-" * (_WIDTH + 2)) * 2
        lines = [f"Measured: {self.title}", "", _row("", ("old schema", "new schema")), rule]
        for code in _AGES:
            pair = [_lines(self.cell(code, schema)) for schema in _AGES]
            height = max(map(len, pair))
            columns = [column + [""] * (height - len(column)) for column in pair]
            names = [f"{code}", "code", *[""] * height]
            lines += [_row(names[at], (columns[0][at], columns[1][at])) for at in range(max(height, 2))]
            lines.append(rule)
        if self.order is not None:
            lines += ["", *(f"{way:<15}{through:<45}{verdict}" for way, through, verdict in _ways(self))]
        return "\n".join([*lines, "", f"So: {_so(self)}"])

    def _repr_html_(self) -> str:
        """Draw the table as HTML, everything escaped."""
        heads = [draw_element("th", draw_tag("schema", schema), scope="col", style=_LEFT) for schema in _AGES]
        rows = [
            draw_element(
                "tr",
                draw_element("th", draw_tag("code", code), scope="row", style=_ROW),
                *(_draw_cell(self.cell(code, schema)) for schema in _AGES),
                style="background:none",
            )
            for code in _AGES
        ]
        drawn = draw_element(
            "table",
            draw_element("caption", f"Measured: {self.title}", style=_CAPTION),
            draw_element("thead", draw_element("tr", draw_element("td", style="width:6em"), *heads)),
            draw_element("tbody", *rows),
            style=_TABLE,
        )
        ways = [
            draw_element("li", draw_element("b", way), f" {through} ", draw_element("b", verdict))
            for way, through, verdict in _ways(self)
        ]
        so = draw_element("p", draw_element("b", "So:"), f" {_so(self)}")
        return drawn + (draw_element("ul", *ways) if self.order else "") + so


VIEWS = 20
"""Documents that are opened in each pair, one after the other."""
_PAIRS = 4
_GAP_S = 0.05  # between two of them, of the clock
_JOB_S = 60.0  # without the worker's answer after which it counts as hung: as long as the host waits


class Trier:
    """Tries one pair after the other, in one world.

    Each pair has documents of its own, from all over the table: what one code wrote into a row could
    else let another one pass that would break in production, where nobody has prepared the row for it.

    Args:
        world: on the virtual clock.
    """

    def __init__(self, world: Engine) -> None:
        """Open nothing yet."""
        self._world = world
        self._witness = Witness(lambda: world.server.connect("cloud"))
        self._numbers = itertools.count(1)
        self._heard = 0
        self._shares: Iterator[Sequence[str]] = iter(())

    def __repr__(self) -> str:
        """Say how many documents are opened, if there are as many."""
        return f"Trier({VIEWS} documents a pair)"

    def close(self) -> None:
        """Hang up."""
        self._witness.close()

    def choose_documents(self) -> None:
        """List what is to be opened in each pair, now: a migration may move the table.

        Raises:
            BadInput: if there is no such table.
        """
        documents = self._witness.documents()
        chosen = documents[:: max(1, len(documents) // (VIEWS * _PAIRS))][: VIEWS * _PAIRS]
        self._shares = itertools.cycle([chosen[pair::_PAIRS] for pair in range(_PAIRS)])

    def forget_worker(self) -> None:
        """Take what the worker has said so far as that of an earlier pair."""
        log = self._world.programs.worker_log
        self._heard = log.stat().st_size if log.exists() else 0

    def try_everything(self) -> tuple[Tried, ...]:
        """Do what people do, on what is live now."""
        with self._world.step():
            return (*self._read(), *self._open_pages(), *self._upload())

    def _read(self) -> Iterator[Tried]:
        """Open documents; whether a view was lost, the database says."""
        for document in next(self._shares):
            self._world.clock.advance(_GAP_S)
            view = self._world.visitors.visit(document).view
            yield Tried(what="view", outcome=view.outcome, sqlstate=view.sqlstate, message=view.message)

    def _open_pages(self) -> Iterator[Tried]:
        """Open every page of the live commit whose address is fixed, with words for a search."""
        for path in sorted(self._world.repositories.files(self._world.host.live)):
            parts = path.split("/")
            if parts[:2] != ["src", "app"] or parts[-1] != "page.py" or "[" in path:
                continue
            address, request = "/" + "/".join(parts[2:-1]), self._number()
            response = None
            with contextlib.suppress(httpx.HTTPError):
                url = f"{self._world.host.address}{address}?q=document"
                response = self._world.visitors.open(url, request=request)
            yield self._answered(f"page {address}", request, response)

    def _upload(self) -> Iterator[Tried]:
        """Add a document on the site; the worker then has a job."""
        request, response = self._number(), None
        with contextlib.suppress(httpx.HTTPError):
            response = self._world.visitors.add(f"Upload {request}", request=request)
        uploaded = self._answered("upload", request, response)
        yield uploaded
        if uploaded.outcome == "ok" and response is not None:
            yield self._job(_id_in(response))

    def _job(self, document: str) -> Tried:
        """Wait for what the worker says about a document, or has said since it was started."""
        log = self._world.programs.worker_log
        said: list[dict[str, str]] = []

        def answered() -> bool:
            lines = log.read_bytes()[self._heard :].splitlines(keepends=True)
            said[:] = [
                json.loads(line) for line in lines if line.startswith(b'{"event"') and line.endswith(b"}\n")
            ]
            return any(event["event"] == "failed" or event.get("document") == document for event in said)

        wait_until(answered, seconds=_JOB_S)
        if any(event.get("document") == document for event in said):
            return Tried(what="job", outcome="ok")
        failed = next((event for event in said if event["event"] == "failed"), {})
        return Tried(
            what="job",
            outcome="failed",
            sqlstate=failed.get("sqlstate", ""),
            message=failed.get("error", "the worker does not do it"),
        )

    def _answered(self, what: str, request: str, response: httpx.Response | None) -> Tried:
        outcome: Outcome = "ok" if response is not None and response.is_success else "failed"
        if outcome == "ok":
            return Tried(what=what, outcome=outcome)
        live = self._world.host.live
        sqlstate, message = self._witness.error_of(request, log=self._world.host.log(live))
        status = f"status {response.status_code}" if response is not None else "no answer"
        return Tried(what=what, outcome=outcome, sqlstate=sqlstate, message=message or status)

    def _number(self) -> str:
        return f"pair-{next(self._numbers)}"


def _id_in(response: httpx.Response) -> str:
    """Return the id of the document that a site says it has added, "" if it says none."""
    try:
        return str(response.json()["id"])
    except (ValueError, TypeError, KeyError):  # an answer of the learner's own making
        return ""


_BUILD_S = 1.0  # the host is quick here: no pair depends on how long a build takes
_TITLES = {"add": "add last_viewed", "drop": "drop last_viewed", "rename": "rename last_viewed to viewed_at"}


def two_by_two(change: ChangeName | World, *, handling: Handling = "silent", title: str = "") -> TwoByTwo:
    """Run old and new code on old and new schema, all four for real, and see which pairs work.

    Args:
        change: "add", "drop" or "rename": the change of a `Plan`. Or a world with a change of your own:
            *old* is then what is live, and what the cloud database has; *new* is what the folder of the
            dev clone holds, committed or not, with the migrations that `db push` finds there. It is
            measured in a copy; your world stays as it is.
        handling: with a named change, what its code does about a write that fails: "silent" or "loud".
        title: what to call a change of your own.

    Returns:
        Four cells; its `repr` is the table, and `.order` the safe order.

    Raises:
        BadInput: for a change that there is not, or a world whose cloud database has no documents.
        MigrationFailed: if the migration does not apply; `why` is what `db push` said.
        ProcessFailed: if git refuses the push, as it does when GitHub's main has moved on.
        MissingTool, UnusableFolder, ServerFailed: if this machine cannot run it.
    """
    if isinstance(change, World):
        with copied(change) as (copy, _):
            return measure_pairs(copy, title=title or "your change")
    plan = Plan(change=change, handling=handling)
    made = recipe(plan.change, plan.handling)
    with contextlib.closing(open_at(made.phase, scratch=True).engine) as world:
        prepare(world, made, plan)
        make_commit(world, made.whole)
        return measure_pairs(world, title=title or _TITLES[plan.change])


@contextlib.contextmanager
def copied(world: World) -> Iterator[tuple[Engine, Path]]:
    """Give a copy of a world, on the virtual clock, and the folder with what it was saved as.

    Args:
        world: stays as it is.
    """
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "copy"
        with world.engine.step():
            save(world.engine, saved)
        with contextlib.closing(open_copy(saved)) as copy:
            yield copy, saved


def measure_pairs(world: Engine, *, title: str) -> TwoByTwo:
    """Measure the change that the dev clone of a scratch world holds; the world is used up.

    Args:
        world: on the virtual clock; *old* is what is live, *new* is what the dev clone's folder holds.
        title: what the change is.

    Raises:
        MigrationFailed, ProcessFailed: as `two_by_two` does.
    """
    world.visit(0)
    world.host.build_seconds = _BUILD_S
    # Code and schema are each switched by hand here, whatever the learner's host does by itself.
    world.host.settings, world.host.rolled_back = HostSettings(), False
    with contextlib.closing(Trier(world)) as trier:
        trier.choose_documents()
        return TwoByTwo(title=title, cells=tuple(_Measuring(world, trier).cells()))


@dataclass(frozen=True)
class _Measuring:
    """One measurement under way."""

    world: Engine
    trier: Trier

    def cells(self) -> Iterator[Cell]:
        """Run the four pairs, in the only order that needs no way back for the schema."""
        old, old_worker = self.world.host.live, self.world.programs.worker_commit
        yield self._try("old", "old", self._start_worker(old_worker))
        self._must("git add -A && git commit -q --allow-empty -m 'the change'")
        started = self._deploy()
        new = self.world.observe().dev.head
        yield self._try("new", "old", started or self._start_worker(new))
        self._migrate()
        if started:  # it may start now
            self._must("git commit -q --allow-empty -m 'the change, once more'")
            started = self._deploy()
            new = self.world.observe().dev.head
        yield self._try("new", "new", started or self._start_worker(new))
        yield self._try("old", "new", self._roll_back(old) or self._start_worker(old_worker))

    def _must(self, command: str) -> None:
        require_success(
            self.world.run("dev", command),
            "The four pairs cannot be run",
            remedy="Mend that in the dev clone, then measure again.",
        )

    def _deploy(self) -> tuple[Tried, ...]:
        """Push the dev clone's commit to main and wait for it; return what kept it from starting."""
        self._must("git push -q origin HEAD:main")
        self.world.advance(_BUILD_S)
        last = self.world.timeline.only(Deployed)[-1]
        return () if last.stage == "live" else _not_started(last.detail)

    def _migrate(self) -> None:
        ran = self.world.run("dev", DB_PUSH)
        if ran.exit:
            raise MigrationFailed(
                "The migration does not apply.",
                why=ran.output[max(0, ran.output.find("ERROR")) :].strip()[:600],
                remedy="Mend the file in supabase/migrations, then measure again.",
            )

    def _roll_back(self, old: str) -> tuple[Tried, ...]:
        try:
            self.world.rollback(old)
        except BuildFailed as error:
            return _not_started(f"{error.message} {error.why}".strip())
        return ()

    def _start_worker(self, commit: str) -> tuple[Tried, ...]:
        """Start a commit's worker in place of the one that runs; return what kept it from starting."""
        self.trier.forget_worker()
        ran = self.world.run(
            "production", f"git fetch -q origin && git checkout -qf {commit} && cd worker && npm start"
        )
        if not ran.exit:
            return ()
        return _not_started((ran.output.strip().splitlines() or ["the worker does not start"])[-1])

    def _try(self, code: Age, schema: Age, problem: tuple[Tried, ...]) -> Cell:
        """Try a pair that runs, unless something kept it from running."""
        return Cell(code=code, schema=schema, tried=problem or self.trier.try_everything())


def _not_started(message: str) -> tuple[Tried, ...]:
    return (Tried(what="start", outcome="failed", message=message),)
