from __future__ import annotations

import pytest

from kit.experiments.rehearsal import Plan, rehearse
from kit.timeline import Deployed, MigrationApplied, PageView, RefMoved

RATE = 4.0


def test_expand_and_contract_pushes_each_step_after_the_one_before_is_live() -> None:
    rehearsal = rehearse(Plan(change="rename", order="expand-contract", build=7, rate=RATE))
    timeline = rehearsal.timeline
    pushes = [one.at for one in timeline.only(RefMoved) if one.repository == "github"]
    zero = pushes[0]
    assert [at - zero for at in pushes] == pytest.approx([0, 8, 16, 24, 32])
    live = [(one.at - zero, one.commit) for one in timeline.only(Deployed) if one.stage == "live"]
    assert [at for at, _ in live] == pytest.approx([7, 15, 23, 31, 39])
    assert [rehearsal.writes[commit] for _, commit in live] == [
        {"last_viewed"},
        {"last_viewed", "viewed_at"},
        {"last_viewed", "viewed_at"},
        {"viewed_at"},
        {"viewed_at"},
    ]
    applied = [(round(one.at - zero, 3), one.name) for one in timeline.only(MigrationApplied)]
    assert applied == [
        (2, "add_document_viewed_at"),
        (18, "backfill_document_viewed_at"),
        (34, "drop_document_last_viewed"),
    ]
    answered = {view.commit for view in timeline.only(PageView)}
    assert answered == {rehearsal.old, *(commit for _, commit in live)}  # each was seen, none was broken


def test_on_the_wall_clock_too_nothing_breaks_between_the_steps() -> None:
    rehearsal = rehearse(Plan(change="drop", order="expand-contract", build=0.5, clock="wall"))
    facts = rehearsal.facts()
    assert facts["requests"]["ok"] == facts["requests"]["total"] > 0
    assert (facts["windows"], facts["truth_s"]) == ([], 0)
