"""Draw a queue at a table: in text, and as HTML in a notebook's colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from kit.experiments.session import Session
from kit.timeline.labels import cut, show

WIDTH = 100
"""Columns of the drawing in text."""
_SHORTEST = 12
_EMPTY = "nobody is at the table"
_CLASSES = {"HOLDS": "o", "waits for": "o w", "goes on": "o g"}

_SHEET = """
.kl{--t:var(--jp-ui-font-color1,var(--vscode-foreground,#1f2328));
--s:var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#57606a));
--p:var(--jp-layout-color0,var(--vscode-editor-background,#fff));
--h:var(--jp-brand-color1,#1f6feb);--w:var(--jp-error-color1,#cf222e);--l:var(--jp-border-color1,#8c959f);
font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.4;color:var(--t);
background:var(--p);max-width:56em;padding:2px 0}
.kl .q{margin-left:1.4em;padding-left:1em;border-left:2px dashed var(--w)}
.kl .i{margin:6px 0}
.kl .o{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline;border:2px solid var(--h);
border-radius:4px;padding:4px 10px}
.kl .w{border:2px dashed var(--w)}
.kl .g{border:1px solid var(--l)}
.kl .n{font-weight:700;min-width:9.5em}
.kl .a{font-weight:700;min-width:5em}
.kl .d{font-family:var(--jp-code-font-family,monospace);font-size:12px;color:var(--s);
overflow-wrap:anywhere;flex-basis:100%}
.kl .s{color:var(--s)}
""".replace("\n", "")


def draw_text(sessions: Sequence[Session]) -> str:
    """Draw who holds and who waits as a tree: whoever waits stands below the one it waits for."""
    if not sessions:
        return _EMPTY
    rows = [(f"{branch}{show(one.who)}", one) for branch, one in _tree(sessions)]
    name = max(len(label) for label, _ in rows)
    state = max(len(one.state) for one in sessions)
    lock = max(len(one.lock) for one in sessions)
    heads = [(f"{label:<{name}}  {one.state:<{state}}  {one.lock:<{lock}}  ", one) for label, one in rows]
    return "\n".join(
        (head + cut(show(one.statement), max(_SHORTEST, WIDTH - len(head)))).rstrip() for head, one in heads
    )


def draw_html(sessions: Sequence[Session], *, note: str = "") -> str:
    """Draw the same as boxes: solid for who holds, dashed and indented for who waits; all text is escaped.

    Args:
        sessions: each after those whom it waits for.
        note: HTML to put under the boxes.
    """
    boxes = _list(sessions, None) or f"<div class='s'>{_EMPTY}</div>"
    return f"<style>{_SHEET}</style><div class='kl'>{boxes}{note}</div>"


def _list(sessions: Sequence[Session], above: str | None) -> str:
    items = "".join(
        f"<div class='i' role='listitem'>{_box(one)}{_list(sessions, one.who)}</div>"
        for one in _below(sessions, above)
    )
    return f"<div role='list'{' class=q' if above is not None else ''}>{items}</div>" if items else ""


def _box(one: Session) -> str:
    return (
        f"<div class='{_CLASSES[one.state]}'><span class='n'>{escape(one.who)}</span>"
        f"<span class='a'>{one.state}</span> <span>{escape(one.lock)}</span>"
        f"<span class='d'>{escape(one.statement)}</span></div>"
    )


def _below(sessions: Sequence[Session], above: str | None) -> list[Session]:
    return [one for one in sessions if _parent(one, sessions) == above]


def _parent(one: Session, sessions: Sequence[Session]) -> str | None:
    """Return whom to draw it under: of those before it whom it waits for, the last; None for nobody."""
    before = sessions[: sessions.index(one)]  # in a deadlock the first one also waits for a later one
    return next((other.who for other in reversed(before) if other.who in one.behind), None)


def _tree(
    sessions: Sequence[Session], above: str | None = None, indent: str = ""
) -> Iterator[tuple[str, Session]]:
    here = _below(sessions, above)
    for one in here:
        last = one is here[-1]
        yield (indent + ("" if above is None else "└─ " if last else "├─ "), one)
        yield from _tree(sessions, one.who, indent + ("" if above is None else "   " if last else "│  "))
