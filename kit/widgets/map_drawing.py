"""Draw the world map: places as boxes, the ways of code and schema between them, the gap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from textwrap import wrap

from kit.timeline.labels import cut
from kit.widgets.grid import SHEET as GRID_SHEET
from kit.widgets.grid import Row, draw_grid
from kit.widgets.places import Fact, Key, Place, is_gap, look, say_agreement, say_what
from kit.widgets.style import COLOURS
from kit.world.snapshot import Change

WIDTH, HEIGHT = 880, 456
"""Of the drawing, in its own units; the same whatever it shows, so that nothing jumps."""
_BOX, _TALL, _ACROSS, _DOWN = 244, 118, 316, 166
_LETTERS, _LINES, _LINE = 32, 6, 17  # characters and lines that fit into a box; how far lines are apart
_AT: Mapping[Key, tuple[int, int]] = {
    "github": (1, 0),
    "site": (2, 0),
    "dev": (0, 1),
    "cloud": (2, 1),
    "local": (0, 2),
    "production": (1, 2),
    "worker": (2, 2),
}
_COMES: Mapping[Key, str] = {
    "dev": "you work here",
    "local": "from dev, by supabase migration up",
    "github": "from dev, by git push",
    "site": "from GitHub; the host builds main",
    "production": "from GitHub, by git pull",
    "worker": "from the production clone, by npm start",
    "cloud": "from dev, by supabase db push",
}
_SHEET = (
    f".kw-map{{{COLOURS}}}"
    ".kw-map text{font-size:13px;fill:var(--kw-text)}.kw-map .kw-b{font-weight:700}"
    ".kw-map .kw-way{stroke:var(--kw-text);stroke-width:1.5;fill:none}.kw-map .kw-tip{fill:var(--kw-text)}"
    ".kw-map .kw-use{stroke-dasharray:2 4}"
    ".kw-map .kw-box{fill:var(--kw-paper);stroke:var(--kw-line);stroke-width:1.5}"
    ".kw-map .kw-tint{fill:var(--kw-new);fill-opacity:.14}"
    ".kw-map .kw-moved{stroke:var(--kw-text);stroke-width:4}"
    ".kw-map .kw-flag{fill:var(--kw-text)}"
    ".kw-map .kw-flagged{fill:var(--kw-paper);font-weight:700;font-size:11px}"
    ".kw-map .kw-dot{fill:none;stroke:var(--kw-text);stroke-width:1.5}.kw-map .kw-full{fill:var(--kw-text)}"
    ".kw-map .kw-gap{fill:var(--kw-paper);stroke:var(--kw-bad);stroke-width:2}"
    ".kw-map .kw-hatch{stroke:var(--kw-bad);stroke-opacity:.45;stroke-width:1.5}"
    ".kw-map .kw-halo{paint-order:stroke;stroke:var(--kw-paper);stroke-width:5px;stroke-linejoin:round}"
)
_VIEW_SHEET = (
    ".kw-map{display:block;width:100%;max-width:960px;height:auto}"
    ".kw-view .kw-places{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    ".kw-view .kw-say{font-weight:700;font-size:15px}"
    ".kw-view ul{margin:2px 0;padding-left:20px}"
    "@container (max-width:719px){.kw-view .kw-map,.kw-view ul.kw-moves{display:none}"
    ".kw-view .kw-places{position:static;width:auto;height:auto;clip-path:none}}"
)


def draw_map(change: Change, *, ident: str = "kwm", note: str = "") -> str:
    """Return the map as HTML that is safe to show: a drawing where there is room, always a table.

    The same arguments give the same text. It holds nothing that takes the focus; everything
    that came from git, a database or a file is escaped.

    Args:
        change: the world now, and before.
        ident: letters and digits, other ones for each drawing of a page.
        note: a sentence about the map itself, such as that it stands still.
    """
    places = look(change)
    moves = "".join(
        f"<li><strong>{escape(place.name)}</strong>: {escape('; '.join(place.changes))}</li>"
        for place in places
        if place.changes
    )
    rows = [
        Row(
            (place.name, "; ".join(_told(place)), _COMES[place.key], "; ".join(place.changes) or "-"),
            marked=bool(place.changes),
        )
        for place in places
    ]
    head = ("place", "what is there", "comes", "changed")
    table = draw_grid("What is where", head, rows, long=(1, 3), wide=(2,))
    return (
        f"<div class='kw-view'><style>{GRID_SHEET}{_SHEET}{_VIEW_SHEET}</style>"
        f"<p class='kw-say'>{escape(say_agreement(change.after))}</p>"
        f"{_draw(places, change, ident, size='')}"
        f"<p>{escape(say_what(change))}</p><ul class='kw-moves' aria-hidden='true'>{moves}</ul>"
        f"{f'<p>{escape(note)}</p>' if note else ''}"
        f"<div class='kw-places'>{table}</div></div>"
    )


def draw_map_picture(change: Change) -> str:
    """Return the map as an SVG file, on paper of its own: for where there is no kernel.

    Args:
        change: the world now, and before.
    """
    places = look(change)
    moved = [f"{place.name}: {'; '.join(place.changes)}" for place in places if place.changes]
    below = [say_what(change), *moved]
    text = "".join(
        f"<text x='12' y='{HEIGHT + 60 + number * 18}'>{escape(cut(line, 120))}</text>"
        for number, line in enumerate(below)
    )
    width, height = WIDTH + 24, HEIGHT + 54 + 18 * len(below)
    inner = _draw(places, change, "kwmp", size=f" x='12' y='34' width='{WIDTH}' height='{HEIGHT}'")
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' class='kw-map' viewBox='0 0 {width} {height}' "
        f"width='{width}' height='{height}'><style>{_SHEET}</style>"
        "<rect width='100%' height='100%' style='fill:var(--kw-paper)'/>"
        f"<text x='12' y='22' class='kw-b'>{escape(say_agreement(change.after))}</text>{inner}{text}</svg>"
    )


def _told(place: Place) -> Iterator[str]:
    yield from place.lines
    yield from (fact.says for fact in place.facts)
    yield from filter(None, (place.passing, place.note))


def _draw(places: tuple[Place, ...], change: Change, ident: str, *, size: str) -> str:
    gap = is_gap(change.after)
    return (
        f"<svg class='kw-map' viewBox='0 0 {WIDTH} {HEIGHT}'{size} role='img' "
        f"aria-label='World map. {escape(say_agreement(change.after))}'>"
        f"<defs><pattern id='{ident}' width='8' height='8' patternUnits='userSpaceOnUse'>"
        "<path class='kw-hatch' d='M-2 10L10 -2M-2 2L2 -2M6 10L10 6'/></pattern></defs>"
        f"{''.join(_legend())}{''.join(_ways(ident, gap=gap))}{''.join(map(_box, places))}</svg>"
    )


def _corner(key: Key) -> tuple[int, int]:
    across, down = _AT[key]
    return 2 + across * _ACROSS, 2 + down * _DOWN


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
    number = 1
    for line in place.lines:
        parts.append(_text(x + 12, y + 20 + number * _LINE, line))
        number += 1
    for fact in place.facts:
        parts += _fact(fact, x + 12, y + 20 + number * _LINE)
        number += 1
    more = [
        line for text in (place.passing, place.note) for line in wrap(text, _LETTERS, break_on_hyphens=False)
    ]
    for line in more[: _LINES - number]:
        parts.append(_text(x + 12, y + 20 + number * _LINE, line))
        number += 1
    return "".join(parts)


def _fact(fact: Fact, x: int, y: int) -> Iterator[str]:
    """Yield a dot and words: full for what is there, half for a part of it, a ring for what is not."""
    yield f"<circle cx='{x + 5}' cy='{y - 4}' r='5' class='kw-dot{' kw-full' if fact.holds else ''}'/>"
    if fact.holds is None:
        yield f"<path d='M{x + 5} {y - 9}a5 5 0 0 1 0 10z' class='kw-full'/>"
    yield _text(x + 16, y, fact.says, letters=_LETTERS - 3)


def _legend() -> Iterator[str]:
    for number, (holds, says) in enumerate(((True, "there"), (False, "not there"), (None, "in part"))):
        yield from _fact(Fact(holds=holds, says=says), 2 + (0, 66, 154)[number], 14)


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


def _text(x: int, y: int, text: str, kind: str = "", *, letters: int = _LETTERS) -> str:
    style = f" class='{kind}'" if kind else ""
    return f"<text x='{x}' y='{y}'{style}>{escape(cut(text, letters))}</text>"
