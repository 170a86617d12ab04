from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import BadInput
from kit.timeline import (
    MigrationApplied,
    Record,
    Timeline,
)
from kit.timeline.journal import dump_record, dump_records, load_record, load_records

APPLIED = MigrationApplied(at=38, database="cloud", version="070", name="add_x")
LINE = dump_record(APPLIED)


@given(st.from_type(Record))
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    assert load_record(dump_record(record)) == record


@given(st.from_type(Record))
def test_a_record_is_one_line_of_ascii(record: Record) -> None:
    line = dump_record(record)
    assert line.isascii()
    assert line.isprintable()


@given(st.from_type(Timeline))
def test_a_timeline_comes_back_as_it_was(timeline: Timeline) -> None:
    loaded = load_records(dump_records(timeline))
    assert Timeline.of(loaded.records) == timeline
    assert loaded.broken == ""


@given(st.lists(st.from_type(Record), min_size=1, max_size=5), st.data())
def test_a_write_cut_off_anywhere_loses_the_last_record_only(
    records: list[Record], data: st.DataObject
) -> None:
    text = dump_records(records)
    length = len(dump_record(records[-1]))
    missing = data.draw(st.integers(2, length))
    loaded = load_records(text[:-missing])
    assert loaded.records == tuple(records[:-1])
    assert text[:-missing].endswith(loaded.broken)
    assert len(loaded.broken) == length + 1 - missing


def test_a_last_line_without_its_newline_is_whole() -> None:
    assert load_records(LINE) == ((APPLIED,), "")


def test_a_broken_line_before_the_last_is_an_error() -> None:
    with pytest.raises(BadInput, match="not a record"):
        load_records(f"{LINE[:20]}\n{LINE}\n")


def test_empty_lines_are_no_records() -> None:
    assert load_records(f"\n{LINE}\n\n") == ((APPLIED,), "")


def test_fields_with_a_default_may_be_missing() -> None:
    fields = json.loads(LINE)
    del fields["committed"]
    assert load_record(json.dumps(fields)) == APPLIED


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not an object"),
        ("{}", "no kind of record called None"),
        ('{"kind": ["RefMoved"]}', "no kind of record"),
        ('{"kind": "Record", "at": 1}', "no kind of record called 'Record'"),
        ('{"kind": "MigrationApplied", "at": 1}', "needs database, name, version"),
        (LINE.replace('"name"', '"nom"'), "no field 'nom'"),
        (LINE.replace('"cloud"', '"moon"'), "database cannot be 'moon'"),
        (LINE.replace('"cloud"', '["cloud"]'), "database cannot be"),
        (LINE.replace("38", "true"), "at cannot be True"),
        (LINE.replace("38", '"38"'), "at cannot be '38'"),
        (LINE.replace("38", "1e999"), "at cannot be inf"),
        (LINE.replace("38", "NaN"), "at cannot be nan"),
        (LINE.replace("null", '"soon"'), "committed cannot be 'soon'"),
        ('{"kind": "WorkerChanged", "at": 1, "commit": "a", "running": 1}', "running cannot be 1"),
    ],
)
def test_what_is_not_a_record_is_refused_with_the_reason(line: str, why: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_record(line)
    assert why in caught.value.why
    assert caught.value.details["line"] == line
    assert len(caught.value.message) < 200
