"""Hand-made rehearsals, and how hypothesis makes up timelines."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import get_type_hints

import pytest
from hypothesis import strategies as st

from kit.timeline import (
    CommandRan,
    Deployed,
    MigrationApplied,
    Outcome,
    PageView,
    Record,
    RefMoved,
    SchemaChanged,
    Stage,
    Timeline,
)
from kit.timeline.records import KINDS

Rehearse = Callable[..., Timeline]

STAGES: tuple[tuple[float, Stage], ...] = ((0, "queued"), (1 / 7, "building"), (6 / 7, "built"), (1, "live"))
OLD, NEW = "a81c2f0" + "0" * 33, "3f2a1c9" + "0" * 33
VERSION = "20250126153000"
MESSAGE = 'column "last_viewed" of relation "documents" does not exist'

# Instants of a few days around the zero, sometimes equal, sometimes at the limit of what a record takes.
INSTANTS = st.one_of(
    st.integers(-90, 90).map(lambda tenths: tenths / 10),
    st.floats(-3e5, 3e5, allow_nan=False),
    st.floats(-1e10, 1e10, allow_nan=False),
)
TEXTS = st.one_of(
    st.sampled_from(
        ["", "main", "\x1b[31mred\x1b[0m", "a\nb\r\tc", "文書", "e\u0301\u202e", "x" * 200, "\ud800"]
    ),
    st.text(max_size=30),
)


def _make_up(kind: type[Record]) -> st.SearchStrategy[Record]:
    hints = get_type_hints(kind)
    fields = {name: _make_up_field(name, hint) for name, hint in hints.items()}
    return st.builds(kind, **fields)


def _make_up_field(name: str, hint: object) -> st.SearchStrategy[object]:
    if name in ("at", "until"):
        return INSTANTS
    if name == "committed":
        return st.none() | INSTANTS
    if name == "took":
        return st.floats(0, 60)
    if name == "late":
        return st.none() | st.floats(0, 60)
    if hint is str:
        return TEXTS
    return st.from_type(hint)  # type: ignore[arg-type]  # a Literal is a type form, not a type


st.register_type_strategy(Record, st.one_of([_make_up(kind) for kind in KINDS.values()]))
st.register_type_strategy(PageView, _make_up(PageView))
st.register_type_strategy(
    Timeline,
    st.one_of(
        st.lists(st.from_type(Record), max_size=30).map(Timeline.of),
        st.lists(st.from_type(PageView), max_size=60).map(Timeline.of),
    ),
)


@pytest.fixture
def rehearse() -> Rehearse:
    """Return a function that makes a timeline from instants, as a rehearsal would record them."""

    def make(
        *,
        push: float = 0,
        live: float = 35,
        applied: float = 38,
        rate: float = 20,
        start: float = -2,
        end: float = 40,
        outcome: Outcome = "lost",
        change: str = "+last_viewed",
        works: Callable[[bool, bool], bool] = lambda code, schema: schema or not code,
        zero: float = 0,
    ) -> Timeline:
        steps = [
            CommandRan(at=push, until=push, clone="dev", command="git push origin main", exit=0),
            RefMoved(at=push, repository="github", branch="main", old=OLD, new=NEW),
            *(
                Deployed(
                    at=push + (live - push) * part,
                    commit=NEW,
                    branch="main",
                    target="production",
                    stage=stage,
                )
                for part, stage in STAGES
            ),
            CommandRan(at=applied - 2, until=applied, clone="dev", command="npx supabase db push", exit=0),
            MigrationApplied(at=applied, database="cloud", version=VERSION, name="add_document_last_viewed"),
            SchemaChanged(at=applied, database="cloud", change=change),
        ]
        views = []
        for number in range(round((end - start) * rate)):
            at = start + number / rate
            fine = works(at >= live, at >= applied)
            views.append(
                PageView(
                    at=at,
                    took=0.004,
                    document=f"doc-{number % 5}",
                    commit=NEW if at >= live else OLD,
                    status=500 if not fine and outcome == "failed" else 200,
                    outcome="ok" if fine else outcome,
                    sqlstate="" if fine else "42703",
                    message="" if fine else MESSAGE,
                )
            )
        return Timeline.of(_move(record, zero) for record in (*steps, *views))

    return make


def _move(record: Record, seconds: float) -> Record:
    if isinstance(record, CommandRan):
        record = dataclasses.replace(record, until=record.until + seconds)
    return dataclasses.replace(record, at=record.at + seconds)
