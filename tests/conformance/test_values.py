"""Many values drawn by one `db query`, many texts cut by one `repair`: a scenario for each, a run for all."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Protocol

import pytest

from kit.supabase.arguments import Release

pytestmark = pytest.mark.supabase


class Both(Protocol):
    def write(self, files: dict[str, str | bytes | None]) -> None: ...

    def run(self, words: list[str], typed: str | None) -> dict[str, tuple[int, str]]: ...

    def rows(self, query: str) -> dict[str, list[tuple[object, ...]]]: ...


VALUES = """
interval '1 year 2 mons 3 days 04:05:06.789' | interval '-1 day' | interval '0'
interval '-1 year -2 mons'
interval '1 day -00:00:01.5' | interval '100:00:00' | interval '0.000001 s' | interval '-0.5 s'
interval '1 mon'
'1.5'::float8 | '1e30'::float8 | 'infinity'::float8 | '-infinity'::float8 | 'nan'::float8 | 1e-7::float8
1e15::float8 | 1e20::float8 | 1e21::float8 | 123456789012345680::float8 | 0.0001::float8
0.00001::float8
999999::float8 | 1000000::float8 | 1234567.5::float8 | '-0'::float8 | 0::float8 | 1.25::float4
1e15::float4
123456789::float4 | 16777216::float4 | 3.14159274::float4 | 1e-5::float4
'infinity'::timestamptz | '-infinity'::date | 'infinity'::timestamp | date '0001-01-01'
date '0001-01-01 BC'
'2025-01-02 03:04:05.1'::timestamp | '2024-06-01 12:00:00.123456+00'::timestamptz | '294276-12-31'::date
'12000-01-01'::timestamptz | '0044-03-15 BC'::timestamp | time '01:02:03.5' | timetz '01:02:03+02'
'{"a":null,"b":[1,null,"x"],"c":1.5,"d":{"z":true}}'::jsonb | 'null'::json | 'null'::jsonb
'[1,2]'::jsonb
'"s"'::json | '1e400'::json | '1.0'::json | '12345678901234567890'::json | '1e21'::jsonb
'0.00000001'::jsonb
'{"b":1,"a":{"z":[],"y":{}}}'::json | '[]'::json | '{}'::json | 'true'::json | '""'::json
'[null]'::json
'[[null,true],{"a":"b"}]'::jsonb | '1.5e3'::json | '{"10":1,"9":2,"b":3,"a":4}'::json
'{"a":1e400}'::json
'{"a":1234567}'::json | '{"é":1,"z":2}'::json
point '(1,2.5)' | point '(1e30,-0.5)' | box '(1,1),(0,0)' | line '{1,2,3}' | lseg '[(1,2),(3,4)]'
path '((1,2),(3,4))' | polygon '((1,2),(3,4))' | circle '<(1,2),3>' | circle '<(1.5,2),3e20>'
array[date '2025-01-02', null] | array[timestamptz '2025-01-02 03:04:05+00']
array['infinity'::date,'-infinity']
array['infinity'::timestamptz] | array[1.5::float8,'infinity'] | array['nan'::float8,'-infinity']
array['12.50'::numeric, '1e30'] | array['a','b c'] | array[true,null] | array[[1,2],[3,4]]
array['a'::name]
array['<(1,2),3>'::circle] | array[1::oid] | array['1.2.3.4'::inet] | array['5'::money]
array['10:00'::time]
array['10:00+02'::timetz] | array['[1,2)'::numrange] | array[B'101'] | array['a'::char(3)]
array['x'::bytea]
array[null::int] | '{}'::int[] | array[9223372036854775807] | array[1::int2] | array['null'::json]
array['{"a":null}'::json] | array[interval '1 day'] | array[array[interval '1 day']] | array[]::date[]
array[point '(1,2)'] | array['0b6c1e0e-6d0c-4b8f-9d6e-0f2f6c1e0e0e'::uuid] | array['say "hi"']
array['NULL']
'12.50'::numeric | 'infinity'::numeric | 9223372036854775807 | 1::int2 | 'a'::"char" | B'101'
'1.2.3.4'::inet
'x'::bytea | ''::bytea | ''::text | '\\x00ff'::bytea | int4range(1,5) | '5'::money | row(1,'x')
row(null,1.5)
'$.a'::jsonpath | 'abc'::tsvector | 1::oid | 'pg_class'::regclass | null | true | false | 'abc'::bpchar
'日本'::text | 'é'::text | ' x '::text | '0b6c1e0e-6d0c-4b8f-9d6e-0f2f6c1e0e0e'::uuid
"""
EXPRESSIONS = [value for line in VALUES.strip().splitlines() for value in line.split(" | ")]

QUOTED = {
    "a quote": "'{}'",
    "a doubled quote": "'it''s {}'",
    "an escaped quote": r"E'\'{}'",
    "a lower-case escape": r"e'\\{}'",
    "a unicode escape": "U&'{}'",
    "dollars": "$${}$$",
    "a tag": "$a${}$a$",
    "a tag in dollars": "$$ $a$ {} $$",
    "a line comment": "1 -- {}\n",
    "a comment": "1 /* {} */",
    "a nested comment": "1 /* /* {} */ */",
    "brackets": "(SELECT 1) /* ({} */",
    "a name": '1 AS "{}"',
    "a bit string": "B'1' || '{}'",
}
FILLED = {
    "a semicolon": ";",
    "a semicolon at a line's end": ";\n",
    "begin atomic": "BEGIN ATOMIC ;",
    "the end of a comment": "* / ;",
    "a dash": "- ;",
    "letters beyond ASCII": "é;ü",
    "windows lines": "x;\r\ny",
    "end": "END;",
    "brackets": "(;)",
}
TEXTS = {
    f"{filled} in {quoted}": f"SELECT {form.format(content)};\n-- then;\nSELECT 2"
    for (quoted, form), (filled, content) in itertools.product(QUOTED.items(), FILLED.items())
}

Make = Callable[[Release], Both]


@pytest.fixture(scope="session", params=list(Release), ids=lambda release: f"v{release[0]}")
def drawn(request: pytest.FixtureRequest, make_twins: Make) -> dict[str, list[list[str]]]:
    """Draw all values by one query with each program; return the columns of each table."""
    columns = ", ".join(f"{value} AS c{number}" for number, value in enumerate(EXPRESSIONS))
    both = make_twins(request.param).run(["db", "query", f"SELECT {columns}"], None)
    tables = {}
    for name, (code, text) in both.items():
        assert code == 0, text
        rows = [line for line in text.splitlines() if line.startswith("│")]
        cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in rows]
        tables[name] = [list(column) for column in zip(*cells, strict=True)]
    return tables


@pytest.mark.parametrize("number", range(len(EXPRESSIONS)), ids=EXPRESSIONS)
def test_a_value_is_drawn_alike(drawn: dict[str, list[list[str]]], number: int) -> None:
    assert drawn["real"][number][0] == f"c{number}"
    assert drawn["ours"][number] == drawn["real"][number]


@pytest.fixture(scope="session", params=list(Release), ids=lambda release: f"v{release[0]}")
def cut(request: pytest.FixtureRequest, make_twins: Make) -> dict[str, dict[str, object]]:
    """Have each program store all texts at once, without running them; return its history."""
    twins = make_twins(request.param)
    twins.write({f"{1000 + number}_x.sql": text for number, text in enumerate(TEXTS.values())})
    both = twins.run(["migration", "repair", "--status", "applied", "--yes"], None)
    assert both["real"][0] == both["ours"][0] == 0, both
    rows = twins.rows("SELECT version, statements FROM supabase_migrations.schema_migrations")
    return {name: {str(version): cuts for version, cuts in found} for name, found in rows.items()}


@pytest.mark.parametrize("number", range(len(TEXTS)), ids=[re.sub(r"\s", " ", name) for name in TEXTS])
def test_a_text_is_cut_alike(cut: dict[str, dict[str, object]], number: int) -> None:
    version = str(1000 + number)
    assert cut["real"][version]
    assert cut["ours"][version] == cut["real"][version]
