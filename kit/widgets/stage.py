"""The stage: one view beside the notebook, of whatever world it works in, alive while a cell runs.

`scene/stage.js` draws it; here is what it is told: places as they are, records as they come.
"""

from __future__ import annotations

import math
import queue
import time
import weakref
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import traitlets

from kit.draw import draw_patterns, format_commit, format_line, pack_style
from kit.errors import KitError
from kit.experiments.changes import columns_after
from kit.timeline import (
    BUILD_WORDS,
    LAST_STAGES,
    CommandRan,
    Deployed,
    MigrationApplied,
    Outcomes,
    PageView,
    Record,
    RefMoved,
    Timeline,
    WorkerChanged,
    broken_windows,
    code_switches,
    count_outcomes,
    last_push,
    schema_switches,
)
from kit.timeline.clock import ClockName
from kit.timeline.drawing import STACKED
from kit.timeline.journal import Heard
from kit.widgets.accessibility import DrawnWidget
from kit.widgets.world_map import find_places, format_agreement, is_gap
from kit.world.audience import watch
from kit.world.engine import Engine
from kit.world.snapshot import Change, Snapshot

TOLD_S: dict[ClockName, float] = {"wall": 0.1, "virtual": 0.25}
"""Seconds between two messages at least; on a virtual clock the cell that is watched has the processor."""
_REST = 5  # times as long as telling took: the cell that is watched has the processor
SPAN_S = 60.0
"""Seconds of its world's clock that the stage shows."""
KEPT = 1200
"""Page views at most that a saved notebook keeps."""
_AT = attrgetter("at")
_OUTCOMES = tuple(STACKED)
_WAYS = {"github": "git push", "production": "git pull"}


class _Said(NamedTuple):
    world: Engine | None  # None: the page asks for all of it
    heard: Heard
    record: Record | None
    at: float = 0.0  # by the world's clock
    past: tuple[Record, ...] | None = None  # where this is the first that is said of a world
    live: str = ""  # the commit that production served just before, in the same case


class Stage(DrawnWidget):
    """Where everything is, and what visitors meet, of the world in which something happens.

    One thread of its own looks and tells; the cell that makes something happen does not wait for it.
    """

    _esm = Path(__file__).with_name("stage.js")
    _css = pack_style(__file__, "deploy_picture", "deploy_panel", "stage")
    setup = traitlets.Dict().tag(sync=True)
    last: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    """What it showed when a command had ended last, for a view without a kernel."""
    side = traitlets.Unicode().tag(sync=True)
    """The model of the dock in which it is, "" for none."""

    def __init__(self, world: Engine | None = None) -> None:
        """Begin to watch.

        Args:
            world: what to show before anything happens; None for nothing.
        """
        self._said: queue.SimpleQueue[_Said | None] = queue.SimpleQueue()
        self._ending = Event()
        self._hurry = Event()
        self._heard: Callable[[], Engine | None] = lambda: None
        super().__init__(setup={"patterns": draw_patterns("IDENT"), "span": SPAN_S, "means": STACKED})
        self._scene = _Scene()
        self.on_msg(self._receive)
        self._forget = watch(self._hear)
        if world is not None:
            self._hear(world, "anew", None)
        self._thread = Thread(target=self._loop, name="kit-stage", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        """Say where it is; what it shows changes with every record."""
        if self.side:
            return "The stage is on the right; it follows whatever this notebook does."
        return "The stage: where everything is, and what visitors meet, while a cell runs."

    def close(self) -> None:
        """Watch no longer, and take the view away."""
        if not self._ending.is_set():
            self._ending.set()
            self._hurry.set()
            self._forget()
            self._said.put(None)
        super().close()

    def _hear(self, world: Engine, heard: Heard, record: Record | None) -> None:
        if world.becoming:
            return
        said = _Said(world, heard, record, world.clock.now())
        former = self._heard()
        if heard == "anew" or former is not world:
            # Now, since by the time the stage's thread comes to it production may be another one.
            past = tuple(known for known in world.timeline if known is not record)
            said = said._replace(past=past, live=world.host.live)
            self._heard = weakref.ref(world)
        self._said.put(said)
        if said.past is not None:
            self._hurry.set()

    def _receive(self, _: object, content: dict[str, Any], __: object) -> None:
        if content.get("do") == "hello":
            self._said.put(_Said(None, "anew", None))

    def _loop(self) -> None:
        due = 0.0
        while True:
            said = [self._said.get()]
            # Not woken by each record that comes meanwhile: the cell would wait for this thread each time.
            # But at once where another world begins: it may be over, and closed, before the time is due.
            self._hurry.wait(max(0.0, due - time.monotonic()))
            self._hurry.clear()
            while not self._said.empty():
                said.append(self._said.get())
            if self._ending.is_set():
                return
            began = time.monotonic()
            self._try(partial(self._tell, [each for each in said if each is not None]))
            told = time.monotonic()
            due = told + max(self._pause(), _REST * (told - began))

    def _pause(self) -> float:
        world = self._heard()
        return TOLD_S[world.clock.name if world else "wall"]

    def _tell(self, said: list[_Said]) -> None:
        message = self._scene.follow(said)
        if any(each.heard == "ends" for each in said):
            self.last = self._scene.recall()  # first: what says that nothing runs can be saved
        self.send(message)

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - on a thread, of a world that somebody may be taking apart
            self.send({"type": "trouble", "said": f"The stage could not look: {type(error).__name__}."})


class _Scene:
    """What the stage knows of the world that it shows.

    Of a thousand records nearly all are page views, and a message is due many times a second: so views are
    kept apart, and what only another record can change is neither found nor told again for them.
    """

    def __init__(self) -> None:
        self._world: weakref.ref[Engine] | None = None
        self._known: set[int] = set()
        self._events = Timeline()  # all but page views
        self._views: list[PageView] = []  # in order of time
        self._rows: list[tuple[int, float, int]] = []  # of page views as they came: number, instant, outcome
        self._zero: float | None = None
        self._counts: Counter[str] = Counter()  # of page views since then
        self._told = 0  # rows
        self._before: Snapshot | None = None
        self._after: Snapshot | None = None
        self._versions: frozenset[str] = frozenset()
        self._doing: CommandRan | None = None
        self._live = ""  # when the page turned to this world
        self._switches: list[Record] = []  # of production, whose place in time nobody was told yet
        self._flights: list[dict[str, Any]] = []
        self._turns: list[dict[str, Any]] = []

    def follow(self, said: Iterable[_Said]) -> dict[str, Any]:
        """Take in what was said, look where it changes places, and return what the page is told."""
        anew = look = events = False
        since: float | None = None  # from when on the page has seen nothing of this world
        for each in said:
            heard, record = each.heard, each.record
            if each.world is None or heard == "anew" or each.world is not self._shown:
                anew = look = True
                if each.world is not None:
                    since = each.at
                    self._turn_to(each.world, each.past, each.live)
            self._take(heard, record)
            events |= anew or not isinstance(record, PageView)
            look |= heard == "ends" or (heard == "happens" and not _says_all(record))
        world = self._shown
        if world is None:
            return {"type": "nothing"}
        if look:
            self._look(world)
        if anew:
            self._told = 0
        start, now = self._find_span(world)
        return {
            "type": "stage",
            "anew": anew,
            "since": now if since is None else since,
            **self._find_news(start, now),
            **(self._find_events(world, start, now) if events else {}),
            **(self._find_places(self._after) if events else {}),
        }

    def recall(self) -> dict[str, Any]:
        """Return what a page that was told nothing before has to know; nothing without a world."""
        world = self._shown
        if world is None:
            return {}
        start, now = self._find_span(world)
        recent = [row for row in self._rows if row[1] >= start]
        return {
            **self._find_measured(start, now),
            **self._find_events(world, start, now),
            **self._find_places(self._after),
            "doing": None,
            "flights": [],
            "turns": [],
            "rows": recent[-KEPT:],
        }

    @property
    def _shown(self) -> Engine | None:
        return self._world() if self._world else None

    def _turn_to(self, world: Engine, past: tuple[Record, ...] | None, live: str) -> None:
        self._world = weakref.ref(world)
        records = world.timeline.records if past is None else past
        self._known = set(map(id, records))
        self._views, self._rows = [], []
        for record in records:
            if isinstance(record, PageView):
                self._add_view(record)
        self._set_events(Timeline.of(record for record in records if not isinstance(record, PageView)))
        self._before = self._after = None
        self._live = live
        self._switches, self._turns = [], []
        self._doing = None

    def _take(self, heard: Heard, record: Record | None) -> None:
        if isinstance(record, CommandRan) and heard in ("begins", "ends", "refused"):
            self._doing = record if heard == "begins" else None
            if heard == "begins":
                self._before = self._after
                return
        if record is None or heard == "refused" or id(record) in self._known:
            return
        self._known.add(id(record))
        if isinstance(record, PageView):
            self._add_view(record)
            return
        self._set_events(Timeline.of([*self._events, record]))
        if way := _find_way(record):
            self._flights.append({"at": record.instant, "way": way})
        if isinstance(record, Deployed) or _is_switch(record):
            self._switches.append(record)
            self._turn()

    def _add_view(self, view: PageView) -> None:
        self._rows.append((len(self._rows), round(view.at, 4), _OUTCOMES.index(view.outcome)))
        insort(self._views, view, key=_AT)
        if self._zero is not None and view.at >= self._zero:
            self._counts[view.outcome] += 1

    def _set_events(self, events: Timeline) -> None:
        self._events = events
        self._zero = last_push(events)
        if self._zero is not None:
            self._counts = Counter(view.outcome for view in self._views_since(self._zero))

    def _views_since(self, at: float) -> list[PageView]:
        return self._views[bisect_left(self._views, at, key=_AT) :]

    def _turn(self) -> None:
        """Note what production is from each switch of code or schema on: nobody may have looked in time."""
        world = self._shown
        if world is None or self._after is None:
            return  # the first look does it
        switches, self._switches = self._switches, []
        for record in switches:
            self._after = _switch(world, self._after, record)
            if _is_switch(record):
                self._turns.append({"at": record.instant, **self._find_places(self._after)})

    def _look(self, world: Engine) -> None:
        if world.closed:
            return  # what it showed last stays
        try:
            seen = world.observe()
        except KitError:
            return
        # Of what has happened meanwhile, too, production's states come from the one before.
        late = [record for record in seen.timeline if id(record) not in self._known]
        if self._after is None:
            new = [*self._switches, *filter(_is_switch, late)]
            self._after = _switch_back(world, seen, new, self._live)
        for record in late:
            self._take("happens", record)
        self._turn()
        for record in filter(_is_switch, late):
            seen = _switch(world, seen, record)
        self._after = seen
        applied = {switch.version for switch in schema_switches(self._events)}
        self._versions = frozenset(seen.cloud.versions) - applied

    def _find_span(self, world: Engine) -> tuple[float, float]:
        """Return from when until when on the world's clock the stage shows it."""
        # The clock of a world that has ended may run on.
        ends = [*(record.instant for record in self._events), *(view.at for view in self._views[-1:])]
        now = max(ends) if world.closed and ends else world.clock.now()
        first = min(
            (records[0].at for records in (self._events.records, self._views) if records), default=now
        )
        return max(now - SPAN_S, first), now

    def _find_measured(self, start: float, now: float) -> dict[str, Any]:
        recent = self._views_since(start)
        pushed = self._zero is not None and self._zero >= start
        if self._zero is None:
            counts = count_outcomes(recent)
        else:
            each = {name: self._counts[name] for name in _OUTCOMES}
            counts = Outcomes(total=self._counts.total(), **each)
        return {
            "now": now,
            "start": start,
            "zero": self._zero if pushed else 0.0,
            "pushed": pushed,
            "windows": [window._asdict() for window in broken_windows(recent)],
            "counts": counts._asdict(),
        }

    def _find_news(self, start: float, now: float) -> dict[str, Any]:
        """Return what is new with each message, and forget that it was."""
        # Of what it has not been told yet nothing is left out, however far the clock has jumped meanwhile.
        rows = self._rows[self._told :] if self._told else [row for row in self._rows if row[1] >= start]
        self._told = len(self._rows)
        flights, self._flights = self._flights, []
        turns, self._turns = self._turns, []
        doing = self._doing
        return {
            **self._find_measured(start, now),
            "doing": doing and {"clone": doing.clone, "command": format_line(doing.command)},
            "rows": rows,
            "flights": flights,
            "turns": turns,
        }

    def _find_events(self, world: Engine, start: float, now: float) -> dict[str, Any]:
        """Return what does not change from one page view to the next."""
        return {
            "rate": world.visitors.rate,
            "title": "your own world" if world.keep else "a scratch world",
            "wall": world.clock.name == "wall",
            "code": self._find_code(start, now),
            "schema": self._find_schema(start, now),
            "builds": _find_builds(self._events, start),
            "marks": _find_marks(self._events.between(start, math.inf)),
        }

    def _find_places(self, seen: Snapshot | None) -> dict[str, Any]:
        """Return what is where; nothing where nobody has looked yet."""
        if seen is None:
            return {}
        change = Change(before=self._before, after=seen)
        return {
            "places": {place.key: asdict(place) for place in find_places(change)},
            "says": format_agreement(seen),
            "gap": is_gap(seen),
        }

    def _find_code(self, start: float, now: float) -> list[dict[str, Any]]:
        """Return which commit production served when, with what is said of it."""
        switches = code_switches(self._events)
        first = next((view.commit for view in self._views if view.commit), "")
        before = [switch.commit for switch in switches if switch.at <= start]
        old = before[-1] if before else first or (self._after.live if self._after and not switches else "")
        parts = [(start, old, False), *((each.at, each.commit, True) for each in switches if each.at > start)]
        commits = self._after.commits if self._after else {}

        def say(commit: str) -> list[str]:
            name = format_commit(commit) if commit else ""
            if commit not in commits:
                return [name]
            writes = "writes last_viewed" if commits[commit].writes_last_viewed else "old code"
            return [f"{name} {writes}", writes, name]

        return _spans(parts, now, say)

    def _find_schema(self, start: float, now: float) -> list[dict[str, Any]]:
        """Return which schema the cloud had when, with what is said of it."""
        versions, parts = self._versions, []
        told = {}
        switches = schema_switches(self._events)
        for switch in switches:
            versions |= {switch.version}
            told[switch.version] = versions
            if switch.instant > start:
                parts.append((switch.instant, switch.version, True))
        earlier = [switch.version for switch in switches if switch.instant <= start]
        parts.insert(0, (start, earlier[-1] if earlier else "", False))

        def say(version: str) -> list[str]:
            columns = columns_after(told.get(version, self._versions))
            has = f"has {' and '.join(sorted(columns))}" if columns else "no last_viewed"
            name = format_line(version)
            return [f"{name} {has}".strip(), has, name]

        return _spans(parts, now, say)


def _spans(parts: list[tuple[float, str, bool]], now: float, say: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a function of a text
    ends = [at for at, _, _ in parts[1:]] + [now]
    return [
        {"start": at, "end": end, "name": name, "new": new, "texts": say(name)}
        for (at, name, new), end in zip(parts, ends, strict=True)
    ]


def _find_builds(timeline: Timeline, start: float) -> list[dict[str, Any]]:
    """Return what the host did with each push of main."""
    found: dict[tuple[str, float], dict[str, Any]] = {}
    stages = [each for each in timeline.only(Deployed) if each.target == "production"]
    for queued in (each for each in stages if each.stage == "queued"):
        end = next(
            (
                each
                for each in stages
                if each.commit == queued.commit and each.stage in LAST_STAGES and each.at >= queued.at
            ),
            None,
        )
        if end is None or end.at >= start:
            found[queued.commit, queued.at] = {
                "start": queued.at,
                "end": end and end.at,
                "commit": queued.commit,
                "failed": end is not None and end.stage in ("failed", "canceled"),
                "word": BUILD_WORDS[end.stage] if end is not None else "",
            }
    return list(found.values())


def _find_marks(timeline: Timeline) -> list[dict[str, Any]]:
    """Return the commands that were typed and reached GitHub or the cloud."""
    marks = []
    commands = [each for each in timeline.only(CommandRan) if each.clone != "world"]
    for command in commands:
        git, database = "git push" in command.command, "db push" in command.command
        if git or database:
            text = "git push && db push" if git and database else "git push" if git else "db push"
            marks.append({"at": command.at, "text": text})
    return marks


def _is_switch(record: Record) -> bool:
    """Say whether production is another one from a record on."""
    match record:
        case Deployed(target="production", stage="live") | MigrationApplied(database="cloud"):
            return True
        case _:
            return False


def _switch(world: Engine, seen: Snapshot, record: Record) -> Snapshot:
    """Return a world with what a record says of its deployments or its cloud database; twice is as once."""
    match record:
        case MigrationApplied(version=version) if version not in seen.cloud.versions:
            return _migrate(seen, (*seen.cloud.versions, version))
        case Deployed(target="production", stage="live", commit=commit):
            commits = {**seen.commits, commit: world.look_at(commit)}
            return replace(seen, live=commit, commits=commits, deployments=world.host.deployments)
        case Deployed():
            return replace(seen, deployments=world.host.deployments)
        case _:
            return seen


def _switch_back(world: Engine, seen: Snapshot, switches: list[Record], live: str) -> Snapshot:
    """Return a world as it was before switches that had already happened when somebody looked."""
    if live and any(isinstance(switch, Deployed) for switch in switches):
        seen = replace(seen, live=live, commits={**seen.commits, live: world.look_at(live)})
    new = {switch.version for switch in switches if isinstance(switch, MigrationApplied)}
    return _migrate(seen, tuple(version for version in seen.cloud.versions if version not in new))


def _migrate(seen: Snapshot, versions: tuple[str, ...]) -> Snapshot:
    was, now = columns_after(seen.cloud.versions), columns_after(versions)
    columns = [name for name in seen.cloud.columns if name not in was - now]
    columns += sorted(now - was - {*columns})
    return replace(seen, cloud=replace(seen.cloud, versions=versions, columns=tuple(columns)))


def _says_all(record: Record | None) -> bool:
    """Say whether nobody has to look at git and the databases to know what a record has changed."""
    if isinstance(record, MigrationApplied):
        return record.database == "cloud"
    return isinstance(record, Deployed | PageView)


def _find_way(record: Record) -> str:
    """Return along which way of the map something has just travelled, "" for none."""
    match record:
        case RefMoved(repository=repository, new=new) if new:
            return _WAYS.get(repository, "")
        case Deployed(target="production", stage="live"):
            return "builds"
        case MigrationApplied(database=database):
            return "db push" if database == "cloud" else "migration up"
        case WorkerChanged(running=True):
            return "npm start"
        case _:
            return ""
