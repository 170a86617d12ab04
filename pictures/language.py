"""Write docs/language.md and its pictures: what each shape, pattern and mark means, drawn by the kit itself.

Usage: python -m pictures.language
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from kit.draw import Markup, draw_box, draw_image, draw_text, fill_with
from kit.names import ROOT
from kit.timeline import (
    CommandRan,
    Deployed,
    MigrationApplied,
    PageView,
    Record,
    RefMoved,
    SchemaChanged,
    draw_timeline,
)

PAGE = ROOT / "docs" / "language.md"
PICTURES = ROOT / "docs" / "language"
WIDTH, HEIGHT = 132, 26
TIMELINE_WIDTH = 900


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One shape of the language.

    Attributes:
        name: of its picture.
        drawn: SVG within `WIDTH` and `HEIGHT`.
        means: what it stands for.
    """

    name: str
    drawn: str
    means: str


def _draw_lane(look: str, text: str = "") -> str:
    label = draw_text(0, 17, text, "", dx=9) if text else ""
    return draw_box(1, 98, 2, 22, look) + label


def _draw_dot(*, full: bool, half: bool = False) -> str:
    inner = "<path d='M13 7a6 6 0 0 1 0 12z' class='kw-full'/>" if half else ""
    return f"<circle cx='13' cy='13' r='6' class='kw-dot{' kw-full' if full else ''}'/>{inner}"


SECTIONS: dict[str, tuple[Shape, ...]] = {
    "Code has corners": (
        Shape(
            name="code-old",
            drawn=_draw_lane("rx='2' class='kw-old'", "old code"),
            means="what was live before",
        ),
        Shape(
            name="code-new",
            drawn=_draw_lane("rx='2' class='kw-fresh'", "new code"),
            means="the new code, live",
        ),
        Shape(
            name="build",
            drawn=_draw_lane(fill_with("build")) + _draw_lane("class='kw-unknown'"),
            means="the host builds it: upright lines, until it is live",
        ),
        Shape(
            name="build-failed",
            drawn=_draw_lane(fill_with("window", "kw-edge")),
            means="a build that failed: hatched as a broken window is",
        ),
    ),
    "A schema is round": (
        Shape(
            name="schema-old",
            drawn=_draw_lane("rx='10' class='kw-old'", "old schema"),
            means="before the migration",
        ),
        Shape(
            name="schema-new", drawn=_draw_lane("rx='10' class='kw-fresh'", "new schema"), means="after it"
        ),
    ),
    "Visitors are bars, stacked by what became of their page views": (
        Shape(name="ok", drawn=_draw_lane(fill_with("ok")), means="ok: answered, and written"),
        Shape(
            name="lost",
            drawn=_draw_lane(fill_with("lost")),
            means="lost: status 200, nothing written; rising lines",
        ),
        Shape(
            name="failed",
            drawn=_draw_lane(fill_with("failed")),
            means="failed: status 500, or no answer; a grid",
        ),
        Shape(
            name="blocked",
            drawn=_draw_lane(fill_with("blocked")),
            means="blocked: waited for a lock; level lines",
        ),
    ),
    "The broken window lies upon all lanes": (
        Shape(
            name="window",
            drawn=_draw_lane("class='kw-shade'") + _draw_lane(fill_with("window", "kw-edge")),
            means="measured: dense rising lines between plain edges, with its length beside it",
        ),
        Shape(
            name="foreseen",
            drawn=_draw_lane("fill='url(#p-foreseen)' class='kw-foreseen'"),
            means="predicted: sparse falling lines between dashed edges",
        ),
    ),
    "A command is an instant": (
        Shape(
            name="command",
            drawn="<path d='M8 2V26' class='kw-mark'/>" + draw_text(0, 13, "▾ git push", "kw-bold", dx=13),
            means="when it was typed; the line goes down through all lanes",
        ),
    ),
    "Places have dots, on the map and in the status": (
        Shape(name="there", drawn=_draw_dot(full=True), means="it is there"),
        Shape(name="not-there", drawn=_draw_dot(full=False), means="it is not there"),
        Shape(name="in-part", drawn=_draw_dot(full=False, half=True), means="it is there in part"),
    ),
    "Locks": (
        Shape(
            name="holds",
            drawn=_draw_lane("rx='4' class='kw-holds'", "HOLDS"),
            means="has its lock: a plain edge",
        ),
        Shape(
            name="waits",
            drawn=_draw_lane("rx='4' class='kw-waits'", "waits for"),
            means="waits for it: a dashed edge, indented under the one that it waits for",
        ),
    ),
}
"""What the page shows, in its order."""
_HEAD = """\
# What the drawings say

The panel, the map, timelines, the two-by-two and the pictures of locks speak one language: what a shape
means in one of them it means in all. Nothing is told by colour alone; each picture follows a light page
and a dark one. The shapes are in `kit/draw.py` and `kit/draw.css`; `python -m pictures.language` writes
this page from them.
"""
_WHERE = """\
## All of it at once

One deploy: the code is live at 35 s, its schema is there at 38 s, and in between every page view is lost.

<img src="language/timeline.svg" width="{width}" height="{height}" alt="{alt}">

## Words beside an edge

A sentence that is true has a plain edge and ✓, one that is not a double edge and ✗; an exercise that is
not done yet has ○, and a pair of the two-by-two that breaks has the double edge around it. In it, a strip
has a piece for each that was tried, in the pattern of how it ended, in the order of time.

## Who shows the pictures

A timeline, a status, a check and the like are stored as `text/plain`, which a terminal shows, and as
`text/html`, in which each drawing is an `<img>` whose address holds all of it. So the pictures need
neither a kernel nor trust: JupyterLab's sanitizer drops `<svg>`, `<style>` and every style with a
gradient or a `var()` in it, and keeps the image. In JupyterLab it follows the theme; a viewer that
tells its images no colour scheme shows them as the system prefers, on paper of their own.
"""


def draw_page() -> dict[str, str]:
    """Return the files: the page, and each picture, by their path below `docs/`."""
    files = {}
    lines = [_HEAD]
    for title, shapes in SECTIONS.items():
        lines += [f"## {title}", "", "| | |", "|---|---|"]
        for shape in shapes:
            files[f"language/{shape.name}.svg"] = read_svg(
                draw_image(shape.drawn, height=HEIGHT, width=str(WIDTH), alt="")
            )
            lines.append(f"| ![{shape.name}](language/{shape.name}.svg) | {shape.means} |")
        lines.append("")
    picture = draw_timeline(_deploy())
    svg = read_svg(picture)
    files["language/timeline.svg"] = svg
    height = (re.findall(r"height='(\d+)'", svg) or [""])[0]
    alt = (re.findall(r'alt="([^"]*)"', picture) or [""])[0]
    lines.append(_WHERE.format(width=TIMELINE_WIDTH, height=height, alt=alt))
    return {**files, "language.md": "\n".join(lines)}


def read_svg(image: Markup) -> str:
    """Return the SVG that an image holds, as a file."""
    return unquote(image.partition('src="data:image/svg+xml,')[2].partition('"')[0]) + "\n"


def _deploy() -> Iterator[Record]:
    """Yield the records of the workflow's own deploy, with two page views a second."""
    old, new = "be5fdcc", "1f31094"
    yield CommandRan(at=0, until=0, clone="dev", command="git push origin main", exit=0)
    yield RefMoved(at=0, repository="github", branch="main", old=old, new=new)
    yield Deployed(at=0, commit=new, branch="main", target="production", stage="queued")
    yield Deployed(at=35, commit=new, branch="main", target="production", stage="live")
    yield CommandRan(at=36, until=38, clone="dev", command="npx supabase db push --linked", exit=0)
    yield MigrationApplied(at=38, database="cloud", version="20250126153000", name="add_document_last_viewed")
    yield SchemaChanged(at=38, database="cloud", change="+last_viewed")
    for number in range(-4, 84):
        at = number / 2
        lost = 35 <= at < 38  # noqa: PLR2004 - the two instants above
        yield PageView(
            at=at,
            took=0.004,
            document="1",
            commit=new if at >= 35 else old,  # noqa: PLR2004 - as above
            status=200,
            outcome="lost" if lost else "ok",
        )


def main() -> int:
    """Write the page and its pictures."""
    PICTURES.mkdir(exist_ok=True)
    for name, text in draw_page().items():
        (PAGE.parent / name).write_text(text, encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)} and its pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
