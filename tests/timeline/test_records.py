from __future__ import annotations

import dataclasses
import math

import pytest

from kit.errors import BadInput
from kit.timeline import CommandRan, MigrationApplied, PageView, RefMoved
from kit.timeline.records import KINDS


def test_a_record_cannot_be_changed() -> None:
    record = RefMoved(at=1, repository="github", branch="main", old="", new="abc")
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.at = 2  # type: ignore[misc]  # what the test is about


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, 1e11])
def test_a_time_that_no_clock_shows_is_refused(seconds: float) -> None:
    with pytest.raises(BadInput, match="RefMoved: at cannot be"):
        RefMoved(at=seconds, repository="github", branch="main", old="", new="abc")
    with pytest.raises(BadInput, match="CommandRan: until cannot be"):
        CommandRan(at=0, until=seconds, clone="dev", command="true", exit=0)
    with pytest.raises(BadInput, match="MigrationApplied: committed cannot be"):
        MigrationApplied(at=0, database="cloud", version="070", name="x", committed=seconds)


def test_a_migration_takes_effect_when_the_database_says_so() -> None:
    observed = MigrationApplied(at=5, database="cloud", version="070", name="x")
    assert observed.instant == 5
    assert dataclasses.replace(observed, committed=4.25).instant == 4.25
    assert dataclasses.replace(observed, committed=0.0).instant == 0


def test_other_records_take_effect_when_they_happen() -> None:
    assert PageView(at=3, took=0.1, document="d", commit="", status=200, outcome="ok").instant == 3


def test_every_kind_goes_by_its_name() -> None:
    assert sorted(KINDS) == [
        "CommandRan",
        "Deployed",
        "MigrationApplied",
        "PageView",
        "RefMoved",
        "SchemaChanged",
        "WorkerChanged",
    ]
