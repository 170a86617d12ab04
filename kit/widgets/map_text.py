"""The world map in plain ASCII: a tree of who gets what from whom."""

from __future__ import annotations

from kit.widgets.places import Key, look, say_agreement, say_what
from kit.world.snapshot import Change

_TREE: tuple[tuple[Key, str, str], ...] = (
    ("dev", "", "|"),
    ("local", "|-- migration up --> ", "|"),
    ("github", "|-- git push --> ", "|   |"),
    ("site", "|   |-- the host builds --> ", "|   |"),
    ("production", "|   '-- git pull --> ", "|       |"),
    ("worker", "|       '-- npm start --> ", "|"),
    ("cloud", "'-- db push --> ", ""),
)
"""Each place, the branch that leads to it, and what of the tree goes on beside the lines below it."""
_BOXES = {True: "[x]", False: "[ ]", None: "[~]"}


def draw_text_map(change: Change) -> str:
    """Return the map as lines of ASCII; `*` marks a place in which something has changed.

    Args:
        change: the world now, and before.
    """
    places = {place.key: place for place in look(change)}
    width = max(len(branch) + len(places[key].name) for key, branch, _ in _TREE)
    lines = [f"World map. {say_what(change)}", ""]
    for key, branch, trunk in _TREE:
        place = places[key]
        facts = "  ".join(f"{_BOXES[fact.holds]} {fact.says}" for fact in place.facts)
        where = ", ".join(filter(None, (*place.lines, place.passing)))
        below = [facts, place.note, *(f"* {one}" for one in place.changes)]
        lines.append(f"{'*' if place.changes else ' '} {branch + place.name:{width}}  {where}")
        lines += [f"  {trunk:{width}}  {text}" for text in below if text]
    lines += ["", say_agreement(change.after)]
    return "\n".join(line.rstrip() for line in lines).encode("ascii", "backslashreplace").decode()
