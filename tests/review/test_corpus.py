"""The corpus: how right the rules are, and that its truth is what a server says."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.review.__main__ import HARMLESS, find_warned
from benchmarks.review.measuring import Measurement, read_cases, read_truths
from benchmarks.review.scoring import Scored, score_all
from kit.postgres import Server

CASES = list(read_cases())
TRUTHS = read_truths()
UNSAFE_USE = "unsafe use of new value"
"""PostgreSQL's words for SQLSTATE 55P04."""
SAMPLE = 12
"""Each so many cases one is measured again; all of them by `python -m benchmarks.review.truth`."""


@pytest.fixture(scope="module")
def scored() -> list[Scored]:
    return score_all(CASES, TRUTHS)


def test_every_case_was_measured() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.name for case in CASES} == set(TRUTHS)


def test_no_verdict_is_unsafe(scored: list[Scored]) -> None:
    unsafe = [(seen.case.name, seen.order, seen.truth) for seen in scored if seen.word == "unsafe"]
    assert unsafe == []


def test_few_verdicts_are_too_cautious_or_unknown(scored: list[Scored]) -> None:
    words = Counter(seen.word for seen in scored if seen.word != "fails")
    assert words["cautious"] <= 0.08 * words.total()
    assert words["unknown"] <= 0.05 * words.total()


def test_locks_are_those_that_pg_locks_shows(scored: list[Scored]) -> None:
    held = [seen for seen in scored if seen.truth.lock and seen.word != "fails"]
    wrong = [seen.case.name for seen in held if not seen.lock_is_exact]
    assert len(wrong) <= 0.03 * len(held), wrong
    named = [seen.case.name for seen in held if not seen.waits_are_exact]
    assert len(named) <= 0.03 * len(held), named


def test_a_new_value_of_an_enum_is_refused_where_the_server_refuses_it(scored: list[Scored]) -> None:
    measured = {seen.case.name for seen in scored if any(UNSAFE_USE in why for why in seen.truth.broken)}
    assert len(measured) >= 12
    assert {seen.case.name for seen in scored if seen.refused} == measured


def test_more_is_caught_than_by_squawk_and_less_said_for_nothing(scored: list[Scored]) -> None:
    judged = [seen for seen in scored if seen.word != "fails"]
    breaking = {seen.case.name for seen in judged if seen.truth.order not in HARMLESS}
    ours = {seen.case.name for seen in judged if seen.order not in HARMLESS}
    squawks = find_warned([seen.case for seen in judged])
    assert len(ours & breaking) > len(squawks & breaking)
    assert len(ours - breaking) < len(squawks - breaking)


@pytest.mark.parametrize("application", sorted({case.application for case in CASES}))
def test_a_sample_measured_again_is_what_is_written(application: str, server: Server) -> None:
    measurement = Measurement(server, application)
    sample = [case for case in CASES if case.application == application][::SAMPLE]
    assert {case.name: measurement.measure(case) for case in sample} == {
        case.name: TRUTHS[case.name] for case in sample
    }
