from __future__ import annotations

import pytest

from kit.supabase.query import Pair, format_listing, pair_versions, parse_version


def test_pairs_what_both_have() -> None:
    assert pair_versions(["3", "1"], ["1", "2"]) == [Pair("1", "1"), Pair("", "2"), Pair("3", "")]


def test_pairs_by_number() -> None:
    assert pair_versions(["070"], ["70"]) == [Pair("070", "70")]


def test_leaves_out_what_is_no_number_of_64_bits() -> None:
    assert pair_versions(["1", "99999999999999999999"], ["x"]) == [Pair("1", "")]
    assert parse_version("9223372036854775807") == 2**63 - 1
    assert parse_version("9223372036854775808") is None


@pytest.mark.parametrize(
    ("version", "time"),
    [
        ("20250126153000", "2025-01-26 15:30:00"),
        ("20251301000000", "20251301000000"),
        ("20250230000000", "20250230000000"),
        ("2025126153000", "2025126153000"),
        ("070", "070"),
    ],
)
def test_a_stamp_is_shown_as_a_date(version: str, time: str) -> None:
    assert Pair(version, "").time == time


def test_draws_the_clis_table() -> None:
    table = format_listing([Pair("070", "070"), Pair("20250126153000", "")])
    assert [line.rstrip() for line in table.splitlines()] == [
        "",
        "",
        "   Local            | Remote | Time (UTC)",
        "  ------------------|--------|-----------------------",
        "   `070`            | `070`  | `070`",
        "   `20250126153000` | ` `    | `2025-01-26 15:30:00`",
        "",
    ]
