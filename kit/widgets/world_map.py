"""The world map: what is where, and what the last command changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from textwrap import wrap
from typing import Literal, NamedTuple

import ipywidgets

from kit.draw import (
    Markup,
    TableRow,
    cut,
    draw_element,
    draw_style,
    draw_table,
    format_ascii,
    format_commit,
    format_line,
)
from kit.errors import WorldTaken
from kit.names import DOCUMENTS, READER_PAGE, VERSION, CloneName
from kit.widgets.accessibility import Readable
from kit.widgets.cell_events import Follower, replace_former
from kit.world.snapshot import Change, DatabaseSeen, Snapshot
from kit.world.world import World

_Key = Literal["dev", "local", "github", "site", "production", "worker", "cloud"]
_COLUMN = "last_viewed"


class _Spot(NamedTuple):
    """Where a place is drawn, from whom it gets what it has, and its branch in the tree of the text.

    `trunk` is what of the tree goes on beside the lines below it.
    """

    across: int
    down: int
    comes: str
    branch: str
    trunk: str


_SPOTS: Mapping[_Key, _Spot] = {
    "dev": _Spot(0, 1, "you work here", "", "|"),
    "local": _Spot(0, 2, "from dev, by supabase migration up", "|-- migration up --> ", "|"),
    "github": _Spot(1, 0, "from dev, by git push", "|-- git push --> ", "|   |"),
    "site": _Spot(2, 0, "from GitHub; the host builds main", "|   |-- the host builds --> ", "|   |"),
    "production": _Spot(1, 2, "from GitHub, by git pull", "|   '-- git pull --> ", "|       |"),
    "worker": _Spot(2, 2, "from the production clone, by npm start", "|       '-- npm start --> ", "|"),
    "cloud": _Spot(2, 1, "from dev, by supabase db push", "'-- db push --> ", ""),
}
_FILE, _CODE = ("migration file", "no migration file"), ("new code", "old code")
_COMMAND = 76  # characters of the last command that are shown


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Whether a place has a part of the change, in words too; None: half of it."""

    holds: bool | None
    says: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place; every text is on one line, and safe for a terminal, but not escaped for HTML.

    Attributes:
        key: which one.
        name: for people.
        lines: where it stands: a branch, a commit, a version.
        facts: what it has of the change.
        note: what else there is to say, "" for nothing.
        passing: what will be over soon, "" for nothing: a build, edits that are in no commit.
        holds: what can be added and taken away: branches, files, columns, indexes, versions.
        changes: what the last command changed here.
    """

    key: _Key
    name: str
    lines: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    note: str = ""
    passing: str = ""
    holds: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


def find_places(change: Change) -> tuple[Place, ...]:
    """Return all places as they are now, each with what changed in it since before."""
    now = _places(change.after)
    if change.before is None:
        return now
    return tuple(_with_changes(was, place) for was, place in zip(_places(change.before), now, strict=True))


def format_change(change: Change) -> str:
    """Return what the marks mean: changed by which command, or since which one."""
    if change.before is None:
        return "Nothing was typed here yet."
    command = cut(format_line(change.command), _COMMAND)
    changed = "Changed" if any(place.changes for place in find_places(change)) else "Nothing changed"
    return f"{changed} {'by' if change.by else 'since'}: {command}"


def is_gap(seen: Snapshot) -> bool:
    """Say whether the code that production serves writes a column which the cloud database has not."""
    return seen.commit(seen.live).writes_last_viewed and _COLUMN not in seen.cloud.columns


def format_agreement(seen: Snapshot) -> str:
    """Return whether the production site and the cloud database fit, in a sentence."""
    if is_gap(seen):
        return f"GAP: the production site writes {_COLUMN}, and the cloud database has no such column."
    if seen.commit(seen.live).writes_last_viewed:
        return f"The production site writes {_COLUMN}, and the cloud database has it."
    if _COLUMN in seen.cloud.columns:
        return f"The cloud database has {_COLUMN}; the production site does not write it yet."
    return f"The production site does not write {_COLUMN}, and the cloud database does not have it."


def _places(seen: Snapshot) -> tuple[Place, ...]:
    return (
        _clone(seen, "dev", "dev clone"),
        _database("local", "local database", seen.local),
        _github(seen),
        _site(seen),
        _clone(seen, "production", "production clone"),
        _worker(seen),
        _database("cloud", "cloud database", seen.cloud),
    )


def _with_changes(was: Place, place: Place) -> Place:
    moved = [f"was {line}" for line in was.lines if line not in place.lines]
    now = [f"now {place.passing}"] if place.passing and place.passing != was.passing else []
    more = [f"+ {thing}" for thing in place.holds if thing not in was.holds]
    less = [f"- {thing}" for thing in was.holds if thing not in place.holds]
    changes = (*moved, *now, *more, *less)
    if not changes and was.passing:
        changes = (f"no more {was.passing}",)
    return replace(place, changes=changes)


def _clone(seen: Snapshot, key: CloneName, name: str) -> Place:
    clone = seen.repositories.clones[key]
    commit = seen.commit(clone.head)
    file = _fact(any(file.startswith(VERSION) for file in clone.migrations), *_FILE)
    if file.holds and VERSION not in commit.versions:
        file = Fact(holds=None, says="uncommitted migration file")
    code = _fact(commit.writes_last_viewed, *_CODE)
    if {READER_PAGE, DOCUMENTS} & set(clone.changed):
        code = Fact(holds=None, says="uncommitted code")
    count = len(clone.changed)
    edited = f"{count} uncommitted file{'s' if count > 1 else ''}" if count else ""
    return Place(
        key=key,
        name=name,
        lines=(f"on {format_line(clone.branch) or 'no branch'}", f"at {format_commit(clone.head)}"),
        facts=(file, code),
        passing=edited,
        holds=tuple(f"file {_version(file)}" for file in clone.migrations),
    )


def _github(seen: Snapshot) -> Place:
    branches = seen.repositories.github
    main = seen.commit(branches.get("main", ""))
    others = [
        format_line(branch)
        for branch, head in sorted(branches.items())
        if VERSION in seen.commit(head).versions and VERSION not in main.versions
    ]
    return Place(
        key="github",
        name="GitHub",
        lines=(f"main at {format_commit(branches.get('main', ''))}",),
        facts=(_fact(VERSION in main.versions, *_FILE), _fact(main.writes_last_viewed, *_CODE)),
        note=f"it is on {others[0]}" if others else "",
        holds=tuple(
            f"{format_line(branch)} at {format_commit(head)}"
            for branch, head in sorted(branches.items())
            if branch != "main"
        ),
    )


def _site(seen: Snapshot) -> Place:
    queue = [deployment for deployment in seen.deployments if deployment.target == "production"]
    # The host's words: a deployment is queued, building, built; then live, staged, canceled, or failed.
    underway = queue[-1] if queue and queue[-1].stage != "live" else None
    words = [f"{underway.stage} {format_commit(underway.commit)}"] if underway else []
    stage = ", ".join([*words, "rolled back"] if seen.rolled_back else words)
    previews = {
        deployment.branch
        for deployment in seen.deployments
        if deployment.target == "preview" and deployment.stage == "live"
    }
    shown = tuple(f"preview of {format_line(branch)}" for branch in sorted(previews))
    return Place(
        key="site",
        name="production site",
        lines=(f"serving {format_commit(seen.live)}",),
        facts=(_fact(seen.commit(seen.live).writes_last_viewed, *_CODE),),
        note=shown[0] if shown else "",
        passing=stage,
        holds=shown,
    )


def _worker(seen: Snapshot) -> Place:
    place = Place(key="worker", name="worker", lines=("not running",))
    if not seen.worker.running:
        return place
    code = _fact(seen.commit(seen.worker.commit).writes_last_viewed, *_CODE)
    return replace(place, lines=(f"running {format_commit(seen.worker.commit)}",), facts=(code,))


def _database(key: Literal["local", "cloud"], name: str, seen: DatabaseSeen) -> Place:
    newest = max(seen.versions, default="")
    held = ("migration", seen.versions), ("column", seen.columns), ("index", seen.indexes)
    return Place(
        key=key,
        name=name,
        lines=(f"at migration {format_line(newest)}" if newest else "without migrations",),
        facts=(
            _fact(VERSION in seen.versions, "migration applied", "migration not applied"),
            _fact(_COLUMN in seen.columns, f"column {_COLUMN}", f"no column {_COLUMN}"),
        ),
        holds=tuple(f"{kind} {format_line(name)}" for kind, names in held for name in names),
    )


def _fact(holds: bool, there: str, absent: str) -> Fact:  # noqa: FBT001 - what it says follows from it
    return Fact(holds=holds, says=there if holds else absent)


def _version(file: str) -> str:
    """Return the version of a migration file; all of the name, where it has none."""
    version, separator, _ = file.partition("_")
    return format_line(version if separator and version.isdigit() else file)


# Draw the world map: places as boxes, the ways of code and schema between them, the gap


_WIDTH, _HEIGHT = 880, 456
"""Of the drawing, in its own units; the same whatever it shows, so that nothing jumps."""
_BOX, _TALL, _ACROSS, _DOWN = 244, 118, 316, 166
_LETTERS, _LINES, _LINE = 32, 6, 17  # characters and lines that fit into a box; how far lines are apart


def draw_map(change: Change, *, ident: str = "kwm", note: str = "") -> str:
    """Return the map as HTML that is safe to show: a drawing where there is room, always a table.

    The same arguments give the same text. It holds nothing that takes the focus; everything
    that came from git, a database or a file is escaped.

    Args:
        change: the world now, and before.
        ident: letters and digits, other ones for each drawing of a page.
        note: a sentence about the map itself, such as that it stands still.
    """
    places = find_places(change)
    rows = [
        TableRow(
            (place.name, "; ".join(_told(place)), _SPOTS[place.key].comes, "; ".join(place.changes) or "-"),
            marked=bool(place.changes),
        )
        for place in places
    ]
    moves = [
        draw_element("li", draw_element("strong", row.cells[0]), f": {row.cells[-1]}")
        for row in rows
        if row.marked
    ]
    head = ("place", "what is there", "comes", "changed")
    table = draw_table("What is where", head, rows, kinds={1: "kw-long", 2: "kw-wide", 3: "kw-long"})
    return draw_element(
        "div",
        draw_style(__file__, "table", "world_map", "world_map_table"),
        draw_element("p", format_agreement(change.after), class_="kw-say"),
        Markup(_draw(places, change, ident, size="")),
        draw_element("p", format_change(change)),
        draw_element("ul", *moves, class_="kw-moves", aria_hidden="true"),
        *([draw_element("p", note)] if note else []),
        draw_element("div", table, class_="kw-places"),
        class_="kw-view",
    )


def draw_map_picture(change: Change) -> str:
    """Return the map as an SVG file, on paper of its own: for where there is no kernel."""
    places = find_places(change)
    moved = [f"{place.name}: {'; '.join(place.changes)}" for place in places if place.changes]
    below = [format_change(change), *moved]
    text = "".join(
        f"<text x='12' y='{_HEIGHT + 60 + number * 18}'>{escape(cut(line, 120))}</text>"
        for number, line in enumerate(below)
    )
    width, height = _WIDTH + 24, _HEIGHT + 54 + 18 * len(below)
    inner = _draw(places, change, "kwmp", size=f" x='12' y='34' width='{_WIDTH}' height='{_HEIGHT}'")
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' class='kw-map' viewBox='0 0 {width} {height}' "
        f"width='{width}' height='{height}'>{draw_style(__file__, 'world_map')}"
        "<rect width='100%' height='100%' style='fill:var(--kw-paper)'/>"
        f"<text x='12' y='22' class='kw-b'>{escape(format_agreement(change.after))}</text>{inner}{text}</svg>"
    )


def _told(place: Place) -> Iterator[str]:
    yield from place.lines
    yield from (fact.says for fact in place.facts)
    yield from filter(None, (place.passing, place.note))


def _draw(places: tuple[Place, ...], change: Change, ident: str, *, size: str) -> str:
    gap = is_gap(change.after)
    return (
        f"<svg class='kw-map' viewBox='0 0 {_WIDTH} {_HEIGHT}'{size} role='img' "
        f"aria-label='World map. {escape(format_agreement(change.after))}'>"
        f"<defs><pattern id='{ident}' width='8' height='8' patternUnits='userSpaceOnUse'>"
        "<path class='kw-hatch' d='M-2 10L10 -2M-2 2L2 -2M6 10L10 6'/></pattern></defs>"
        f"{''.join(_legend())}{''.join(_ways(ident, gap=gap))}{''.join(map(_box, places))}</svg>"
    )


def _corner(key: _Key) -> tuple[int, int]:
    return 2 + _SPOTS[key].across * _ACROSS, 2 + _SPOTS[key].down * _DOWN


def _box(place: Place) -> str:
    x, y = _corner(place.key)
    whole = bool(place.facts) and all(fact.holds for fact in place.facts)
    round_ = 14 if place.key in ("local", "cloud") else 3
    box = f"x='{x}' y='{y}' width='{_BOX}' height='{_TALL}' rx='{round_}'"
    parts = [f"<rect {box} class='kw-box{' kw-moved' if place.changes else ''}'/>"]
    if whole:
        parts.append(f"<rect {box} class='kw-tint'/>")
    parts.append(_text(x + 12, y + 20, place.name, "kw-b"))
    if place.changes:
        parts.append(f"<rect x='{x + _BOX - 80}' y='{y + 8}' width='72' height='17' class='kw-flag'/>")
        parts.append(_text(x + _BOX - 75, y + 21, "CHANGED", "kw-flagged"))
    more = [
        line for text in (place.passing, place.note) for line in wrap(text, _LETTERS, break_on_hyphens=False)
    ]
    shown: list[str | Fact] = [*place.lines, *place.facts, *more]
    for number, line in enumerate(shown[: _LINES - 1], 1):
        at = x + 12, y + 20 + number * _LINE
        parts += _draw_fact(line, *at) if isinstance(line, Fact) else [_text(*at, line)]
    return "".join(parts)


def _draw_fact(fact: Fact, x: int, y: int) -> Iterator[str]:
    """Yield a dot and words: full for what is there, half for a part of it, a ring for what is not."""
    yield f"<circle cx='{x + 5}' cy='{y - 4}' r='5' class='kw-dot{' kw-full' if fact.holds else ''}'/>"
    if fact.holds is None:
        yield f"<path d='M{x + 5} {y - 9}a5 5 0 0 1 0 10z' class='kw-full'/>"
    yield _text(x + 16, y, fact.says, letters=_LETTERS - 3)


def _legend() -> Iterator[str]:
    for number, (holds, says) in enumerate(((True, "there"), (False, "not there"), (None, "in part"))):
        yield from _draw_fact(Fact(holds=holds, says=says), 2 + (0, 66, 154)[number], 14)


def _ways(ident: str, *, gap: bool) -> Iterator[str]:
    half, tall = _BOX // 2, _TALL // 2
    (dev_x, dev_y), (local_x, local_y) = _corner("dev"), _corner("local")
    (hub_x, hub_y), (clone_x, clone_y) = _corner("github"), _corner("production")
    (cloud_x, cloud_y), (work_x, work_y) = _corner("cloud"), _corner("worker")
    yield _way(f"M{dev_x + half} {dev_y}V{hub_y + tall}H{hub_x}", (hub_x, hub_y + tall), "right")
    yield _text(dev_x + half + 10, hub_y + tall - 8, "git push", "kw-b")
    yield _way(f"M{hub_x + _BOX} {hub_y + tall}H{cloud_x}", (cloud_x, hub_y + tall), "right")
    yield _text(hub_x + _BOX + 9, hub_y + tall - 8, "builds")
    yield _way(f"M{hub_x + half} {hub_y + _TALL}V{clone_y}", (clone_x + half, clone_y), "down")
    yield _way(f"M{dev_x + _BOX} {dev_y + tall}H{cloud_x}", (cloud_x, dev_y + tall), "right")
    yield _text(dev_x + _BOX + 18, dev_y + tall - 8, "supabase db push", "kw-b kw-halo")
    yield _text(hub_x + half + 8, clone_y - 14, "git pull", "kw-b")
    yield _way(f"M{dev_x + half} {dev_y + _TALL}V{local_y}", (local_x + half, local_y), "down")
    yield _text(dev_x + half + 8, local_y - 18, "supabase migration up")
    yield _way(f"M{clone_x + _BOX} {clone_y + tall}H{work_x}", (work_x, work_y + tall), "right")
    yield _text(clone_x + _BOX + 4, clone_y + tall - 8, "npm start")
    yield f"<path class='kw-way kw-use' d='M{cloud_x + half} {cloud_y + _TALL}V{work_y}'/>"
    yield _text(cloud_x + half + 8, work_y - 18, "reads and writes")
    if not gap:
        yield f"<path class='kw-way kw-use' d='M{cloud_x + half} {hub_y + _TALL}V{cloud_y}'/>"
        yield _text(cloud_x + half + 8, cloud_y - 18, "reads and writes")
        return
    box = f"x='{cloud_x + 8}' y='{hub_y + _TALL + 6}' width='{_BOX - 16}' height='{_DOWN - _TALL - 12}'"
    yield f"<rect {box} class='kw-gap'/><rect {box} fill='url(#{ident})'/>"
    yield _text(cloud_x + 20, cloud_y - 20, "GAP: no such column", "kw-b kw-halo")


def _way(path: str, end: tuple[int, int], towards: str) -> str:
    x, y = end
    tip = f"M{x} {y}l-9 -5v10z" if towards == "right" else f"M{x} {y}l-5 -9h10z"
    return f"<path class='kw-way' d='{path}'/><path class='kw-tip' d='{tip}'/>"


def _text(x: int, y: int, text: str, kind: str = "", *, letters: int = _LETTERS) -> Markup:
    return draw_element("text", cut(text, letters), x=str(x), y=str(y), class_=kind)


# The world map in plain ASCII: a tree of who gets what from whom


_BOXES = {True: "[x]", False: "[ ]", None: "[~]"}


def format_map(change: Change) -> str:
    """Return the map as lines of ASCII; `*` marks a place in which something has changed."""
    places = {place.key: place for place in find_places(change)}
    width = max(len(spot.branch) + len(places[key].name) for key, spot in _SPOTS.items())
    lines = [f"World map. {format_change(change)}", ""]
    for key, spot in _SPOTS.items():
        place = places[key]
        facts = "  ".join(f"{_BOXES[fact.holds]} {fact.says}" for fact in place.facts)
        where = ", ".join(filter(None, (*place.lines, place.passing)))
        below = [facts, place.note, *(f"* {changed}" for changed in place.changes)]
        lines.append(f"{'*' if place.changes else ' '} {spot.branch + place.name:{width}}  {where}")
        lines += [f"  {spot.trunk:{width}}  {text}" for text in below if text]
    lines += ["", format_agreement(change.after)]
    return format_ascii("\n".join(line.rstrip() for line in lines))


# The world map as a widget: what is where, and what the last command changed


_STANDS_STILL = "This map stands still: its world is closed, or open elsewhere."
_NOT_NOW = "This map could not look just now; it tries again after the next cell."


class WorldMap(Readable, ipywidgets.HTML):  # type: ignore[misc]  # ipywidgets has no type information
    """What is where right now: the migration file, the code and the column.

    It asks git, the databases, the host and the worker.

    Args:
        world: whose map.
        follow: look again after each cell of the notebook, until the world is closed; otherwise
            the map stays as it was when it was made.
    """

    def __init__(self, world: World, *, follow: bool = False) -> None:
        """Look, and draw.

        Raises:
            WorldTaken: if another notebook or terminal has taken the world over, or it is closed.
            ServerFailed: if a database does not answer.
        """
        self._follower: Follower | None = None
        super().__init__()  # first: a widget that was never one cannot be thrown away in silence
        self._world = world
        self._change = world.change()
        self._ident = f"kw{self.model_id[:8]}"
        self._draw()
        if follow:
            replace_former(self)
            self._follower = Follower(self._look_again)

    def __repr__(self) -> str:
        """Draw the map in ASCII."""
        return format_map(self._change)

    def picture(self) -> str:
        """Draw it without JupyterLab's colours."""
        return draw_map_picture(self._change)

    def close(self) -> None:
        """Follow no longer, and take the map away."""
        if self._follower:
            self._follower.close()
        super().close()

    def _look_again(self) -> bool:
        """Draw what is true now; return whether there is a world to follow."""
        try:
            self._change = self._world.change()
        except WorldTaken:
            self._draw(_STANDS_STILL)
            return False
        except Exception:  # noqa: BLE001 - on a thread, of a world that somebody may be taking apart
            self._draw(_NOT_NOW)
            return True
        self._draw()
        return True

    def _draw(self, note: str = "") -> None:
        self.value = draw_map(self._change, ident=self._ident, note=note)
