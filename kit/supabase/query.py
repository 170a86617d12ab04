"""Tables as the command line draws them: `db query`, and the listing of migrations."""

from __future__ import annotations

import base64
import itertools
import json
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, TypeVar

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from kit.errors import BadInput
from kit.supabase.arguments import Release
from kit.supabase.exchange import copies, exchange
from kit.supabase.history import Connection, is_lost, lost
from kit.supabase.splitter import NOT_IN_WORDS, skip_blanks, split

LARGEST = 2**63 - 1
"""The largest version that the CLI takes for a number."""
_NUMBER = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Pair:
    """A version in the folder, in the database, or in both; "" where it is not."""

    local: str
    remote: str

    @property
    def time(self) -> str:
        """The version as a date, if it is one; otherwise the version."""
        version = self.local or self.remote
        try:
            date = datetime.strptime(version, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return version
        return f"{date:%Y-%m-%d %H:%M:%S}" if len(version) == len("YYYYMMDDhhmmss") else version


def parse_version(text: str) -> int | None:
    """Return a version as the number that the Supabase CLI makes of it; None if it is none of 64 bits."""
    if not _NUMBER.fullmatch(text):
        return None
    number = int(text)
    return number if -LARGEST - 1 <= number <= LARGEST else None


def pair_versions(local: Sequence[str], remote: Sequence[str]) -> list[Pair]:
    """Match versions by their numbers; what is no number is left out.

    Args:
        local: versions of the folder.
        remote: versions of the database, in order.
    """
    mine = [version for version in sorted(local) if parse_version(version) is not None]
    theirs = [version for version in remote if parse_version(version) is not None]
    pairs = []
    while mine or theirs:
        left = parse_version(mine[0]) if mine else None
        right = parse_version(theirs[0]) if theirs else None
        if right is None or (left is not None and left < right):
            pairs.append(Pair(mine.pop(0), ""))
        elif left is None or right < left:
            pairs.append(Pair("", theirs.pop(0)))
        else:
            pairs.append(Pair(mine.pop(0), theirs.pop(0)))
    return pairs


def format_listing(pairs: Sequence[Pair], *, theirs: str = "Remote") -> str:
    """Return the table as the Supabase CLI prints it.

    Args:
        pairs: its rows.
        theirs: the heading of the database's column.
    """
    header = ("Local", theirs, "Time (UTC)")
    rows = [tuple(f"`{cell or ' '}`" for cell in (pair.local, pair.remote, pair.time)) for pair in pairs]
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]

    def draw(row: Sequence[str]) -> str:
        return "  " + "|".join(f" {cell:<{width}} " for cell, width in zip(row, widths, strict=True))

    rule = "  " + "|".join("-" * (width + 2) for width in widths)
    return "\n".join(["", "  ", draw(header), rule, *map(draw, rows), "", ""])


_BOOL, _TEXTS = 16, 1009
_JSON = frozenset({114, 3802})
_DATES = frozenset({1082, 1114, 1184})
_FAR = re.compile(r"([0-9]{5,})(-[0-9]{2}-[0-9]{2})(?: ([0-9:.]+))?(?:\+00)?")
_LAST_YEAR = 275760  # of JavaScript's dates
_PARTS = re.compile(r"([+-]?[0-9]+) (year|mon|day)")
_CLOCK = re.compile(r"([+-]?)([0-9]+):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?")
_DECIMAL = re.compile(r"[^(),<>]+")
_READS = ("SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN")
_WRITES = frozenset(
    (
        "ABORT",
        "ALTER",
        "ANALYZE",
        "BEGIN",
        "CALL",
        "CHECKPOINT",
        "CLOSE",
        "CLUSTER",
        "COMMENT",
        "COMMIT",
        "COPY",
        "CREATE",
        "DEALLOCATE",
        "DECLARE",
        "DELETE",
        "DISCARD",
        "DO",
        "DROP",
        "END",
        "EXECUTE",
        "FETCH",
        "GRANT",
        "IMPORT",
        "INSERT",
        "LISTEN",
        "LOAD",
        "LOCK",
        "MERGE",
        "MOVE",
        "NOTIFY",
        "PREPARE",
        "REASSIGN",
        "REFRESH",
        "REINDEX",
        "RELEASE",
        "RESET",
        "REVOKE",
        "ROLLBACK",
        "SAVEPOINT",
        "SECURITY",
        "SET",
        "START",
        "TRUNCATE",
        "UNLISTEN",
        "UPDATE",
        "VACUUM",
    )
)
"""What the CLI knows as the first word of a statement that is no query."""
_END = "SELECT"
"""A statement that stands alone after another one, unless that never ends."""
_FIRST_WORD = re.compile(rf"[^{NOT_IN_WORDS}]+")
_GO, _SCRIPT = (-4, 6), (-6, 21)
"""From and below which exponent a number is written in full."""


_Value = TypeVar("_Value")
Form = Literal["table", "json", "csv"]


def run_query(connection: Connection, sql: str, *, database: str, linked: bool, form: Form = "table") -> str:
    """Run SQL and return what to print: its rows, or what the command did.

    Args:
        connection: where to run it.
        sql: one statement. (Of a linked project: several are allowed, the last one's rows are shown.)
        database: what to call the database in an error.
        linked: draw it as for a linked project, which the CLI asks over the web: values
            stand as PostgreSQL writes them, and nothing is printed when there are no rows.
        form: how to write the rows.

    Raises:
        BadInput: if PostgreSQL refuses it.
        ServerFailed: if the connection breaks.
    """
    if "\0" in sql:
        raise _refused("invalid message format", "08P01")
    if not linked and len(split(sql)) > 1:
        # psycopg sends what has no parameters so that it may be several statements; the CLI prepares it.
        raise _refused("cannot insert multiple commands into a prepared statement", "42601")
    try:
        if copies(sql) and not linked:
            return _run_copy(connection, sql)
        cursor = connection.execute(sql.encode())
    except psycopg.Error as error:
        if is_lost(error):
            raise lost(database, error) from None
        raise _refused(error.diag.message_primary or str(error), error.sqlstate) from error
    while cursor.nextset():
        pass
    result = cursor.pgresult
    if result is None or cursor.description is None:
        return "" if linked else f"{cursor.statusmessage or ''}\n"
    columns = [column.name for column in cursor.description]
    if form == "json":
        readers = [_find_reader(connection, column.type_code) for column in cursor.description]
        return _format_json(columns, _read_rows(result, readers))
    if linked and result.ntuples == 0:
        return ""
    writers = [
        _write_text if linked else _find_writer(connection, column.type_code) for column in cursor.description
    ]
    rows = [["NULL" if value is None else value for value in row] for row in _read_rows(result, writers)]
    return _format_csv(columns, rows) if form == "csv" else format_result(columns, rows)


def _read_rows(result: PGresult, readers: Sequence[Callable[[bytes], _Value]]) -> list[list[_Value | None]]:
    return [
        [
            None if (value := result.get_value(row, place)) is None else read(value)
            for place, read in enumerate(readers)
        ]
        for row in range(result.ntuples)
    ]


def _run_copy(connection: Connection, sql: str) -> str:
    """Run a COPY from or to a client that has no rows and wants none, and return what it did."""
    result = connection.wait(exchange(connection.pgconn, sql))[-1]
    if result.status == ExecStatus.FATAL_ERROR:
        raise error_from_result(result)
    return f"{(result.command_status or b'').decode()}\n"


def require_reading(sql: str) -> None:
    """Refuse, as `--read-only` does, all but queries.

    Raises:
        BadInput: if there is anything else; the message names the first.
    """
    found = next(filter(None, (_find_writing(statement.text) for statement in split(sql, Release.V3))), "")
    if not found and split(f"{sql}\n);{_END}", Release.V3)[-1].text != _END:
        found = "an unterminated comment, quote or dollar quote"
    if found:
        raise BadInput(
            f"--read-only only allows {', '.join(_READS)} statements (found: {found})",
            remedy="Drop --read-only to run this statement.",
            hint="Drop --read-only to run this statement; "
            "a hosted database then asks you to confirm the write.",
            code="DbQueryReadOnlyStatementError",
        )


def _find_writing(statement: str) -> str:
    """Return the first word of a statement that is no query, "" for a query."""
    words = statement[skip_blanks(statement, release=Release.V3) :]
    if not words or words.startswith("("):
        return ""
    found = _FIRST_WORD.match(words)
    word = found[0].upper() if found else ""
    if word in _READS:
        return ""
    return word if word in _WRITES else "an unrecognised statement"


def _refused(words: str, sqlstate: str | None) -> BadInput:
    return BadInput(
        f"failed to execute query: error: {words}",
        remedy="Mend the SQL and run the command again.",
        sqlstate=sqlstate,
        code="DbQueryExecError",
    )


def format_result(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw a table with box-drawing characters; a value of several lines takes several lines."""
    # Each row as the lines that it takes; one without columns takes a line, too.
    head, *body = (
        [*itertools.zip_longest(*(value.split("\n") for value in row), fillvalue="")] or [()]
        for row in (columns, *rows)
    )
    widths = [max(map(_width, column)) for column in zip(*itertools.chain(head, *body), strict=True)]

    def rule(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (width + 2) for width in widths) + right

    def draw(line: Sequence[str]) -> str:
        cells = (f" {text}{' ' * (width - _width(text))} " for text, width in zip(line, widths, strict=True))
        return f"│{'│'.join(cells)}│"

    drawn = (rule("┌", "┬", "┐"), *map(draw, head), rule("├", "┼", "┤"))
    return "\n".join([*drawn, *map(draw, itertools.chain(*body)), rule("└", "┴", "┘"), ""])


def _format_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"{','.join(map(_quote_csv, row))}\n" for row in (columns, *rows))


def _quote_csv(text: str) -> str:
    special = text == "\\." or re.search(r'[\n\r",]', text) or text[:1].isspace()
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if special else text


def _format_json(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    for row in rows:
        for value in row:
            if isinstance(value, float) and not math.isfinite(value):
                raise BadInput(
                    f"failed to encode JSON: json: unsupported value: {_write_number(value)}",
                    remedy="Ask for the value as text, or leave out --output-format json.",
                    code="DbQueryExecError",
                )
    text = _encode([dict(zip(columns, row, strict=True)) for row in rows], 0)
    for letter in "<>&\u2028\u2029":  # as Go writes JSON
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return f"{text}\n"


def _encode(value: object, depth: int) -> str:
    """Write a value as JSON: keys in order, numbers as JavaScript writes them."""
    inner = "\n" + "  " * (depth + 1)
    outer = "\n" + "  " * depth
    if isinstance(value, float):
        return _write_script_number(value) if math.isfinite(value) else "null"
    if isinstance(value, bytes):  # inside an array, whose elements JavaScript numbers
        value = {str(place): byte for place, byte in enumerate(value)}
    if isinstance(value, list) and value:
        return f"[{inner}{f',{inner}'.join(_encode(item, depth + 1) for item in value)}{outer}]"
    if isinstance(value, dict) and value:
        items = (
            f"{json.dumps(key, ensure_ascii=False)}: {_encode(value[key], depth + 1)}"
            for key in sorted(value, key=_order)
        )
        return f"{{{inner}{f',{inner}'.join(items)}{outer}}}"
    return json.dumps(value, ensure_ascii=False)


def _order(key: str) -> bytes:
    """Order texts as JavaScript does."""
    return key.encode("utf-16-be", "surrogatepass")


def _find_reader(connection: Connection, oid: int) -> Callable[[bytes], object]:
    """Find what reads a value for JSON."""
    if oid in _SCALARS:
        return lambda value: _SCALARS[oid](value.decode())
    loader = connection.adapters.get_loader(_TEXTS, Format.TEXT)
    element = int if oid in _INTEGERS else _ELEMENTS.get(oid)
    if element is not None and loader is not None:
        load = loader(_TEXTS, connection).load
        return lambda value: _map(element, load(value))
    return bytes.decode


def _write_date_as_json(text: str) -> str:
    """Write a date as RFC 3339 does, in UTC; what is none stands as it is."""
    written = _write_date(text.encode())
    return text if written == text else written.removesuffix(" +0000 UTC").replace(" ", "T") + "Z"


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def _find_writer(connection: Connection, oid: int) -> Callable[[bytes], str]:
    if oid == _BOOL:
        return lambda value: "true" if value == b"t" else "false"
    if oid in _DATES:
        return _write_date
    if oid in _JSON:
        return _write_json
    if oid in _NESTED:
        return lambda value: _write_nested(_NESTED[oid](value.decode()))
    loader = connection.adapters.get_loader(_TEXTS, Format.TEXT)
    if oid in _ELEMENTS and loader is not None:
        load = loader(_TEXTS, connection).load
        return lambda value: _write_nested(_map(_ELEMENTS[oid], load(value)))
    return _write_text


def _map(read: Callable[[str], object], value: object) -> object:
    if isinstance(value, list):
        return [_map(read, item) for item in value]
    return read(value) if isinstance(value, str) else None


def _write_text(value: bytes) -> str:
    return value.decode()


def _write_date(value: bytes) -> str:
    """Write a date as Go's time.String() does, in UTC; what is none (infinity, BC) stands as it is."""
    text = value.decode()
    if far := _FAR.fullmatch(text):  # beyond the years that Python knows
        if int(far[1]) > _LAST_YEAR:
            return "0NaN-NaN-NaN NaN:NaN:NaN +0000 UTC"
        return f"{far[1]}{far[2]} {far[3] or '00:00:00'} +0000 UTC"
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return text
    date = date.astimezone(UTC) if date.tzinfo else date
    fraction = f"{date:%f}".rstrip("0")
    return f"{date.year:04}-{date:%m-%d %H:%M:%S}{'.' + fraction if fraction else ''} +0000 UTC"


def _write_json(value: bytes) -> str:
    loaded = _read_json(value.decode())
    if isinstance(loaded, float):
        return _write_script_number(loaded)
    if isinstance(loaded, str):
        return loaded
    return "NULL" if loaded is None else _write_nested(loaded)


def _read_json(text: str) -> object:
    return json.loads(text, parse_int=float)  # JavaScript has one kind of number


def _read_date(text: str) -> object:
    """Read a date inside an array: an object of JavaScript's, of which the CLI finds nothing to write."""
    return float(text) if text.endswith("infinity") else {}


def _read_interval(text: str) -> object:
    """Read an interval as node-postgres does: its parts, without those that are nothing."""
    parts: dict[str, float] = {f"{name}s": float(number) for number, name in _PARTS.findall(text)}
    parts["months"] = parts.pop("mons", 0)
    if clock := _CLOCK.search(text):
        sign = -1 if clock[1] == "-" else 1
        parts |= {
            "hours": sign * float(clock[2]),
            "minutes": sign * float(clock[3]),
            "seconds": sign * float(clock[4]),
            "milliseconds": sign * int((clock[5] or "").ljust(6, "0")) / 1000,
        }
    return {name: number for name, number in parts.items() if number}


def _read_numbers(*names: str) -> Callable[[str], object]:
    """Read a value of PostgreSQL's geometry: its numbers, named."""
    return lambda text: dict(zip(names, map(float, _DECIMAL.findall(text)), strict=True))


def _write_nested(value: object) -> str:
    """Write what is inside a value as Go's %v does: [1 2], map[a:1], <nil>."""
    if isinstance(value, list | bytes):
        return f"[{' '.join(map(_write_nested, value))}]"
    if isinstance(value, dict):
        keys = sorted(value, key=_order)
        return f"map[{' '.join(f'{key}:{_write_nested(value[key])}' for key in keys)}]"
    if isinstance(value, float):
        return _write_number(value)
    return "<nil>" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _write_number(number: float) -> str:
    """Write a number as Go's %v does, with an exponent from a million on."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
    mantissa, fixed, exponent = _take_apart(number)
    return fixed if _GO[0] <= exponent < _GO[1] else f"{mantissa}e{exponent:+03}"


def _write_script_number(number: float) -> str:
    """Write a number as JavaScript does."""
    if not math.isfinite(number):
        return "Infinity" if number > 0 else "-Infinity"
    mantissa, fixed, exponent = _take_apart(number)
    return fixed if _SCRIPT[0] <= exponent < _SCRIPT[1] else f"{mantissa}e{exponent:+}"


def _take_apart(number: float) -> tuple[str, str, int]:
    """Return a number's shortest digits as a mantissa and in full, and its exponent."""
    if number == 0:
        zero = "-0" if math.copysign(1, number) < 0 else "0"
        return zero, zero, 0
    exact = Decimal(repr(number)).normalize()
    exponent = exact.adjusted()
    return f"{exact.scaleb(-exponent):f}", f"{exact:f}", exponent


_NESTED: dict[int, Callable[[str], object]] = {
    17: lambda text: bytes.fromhex(text.removeprefix("\\x")),
    600: _read_numbers("x", "y"),
    700: float,
    701: float,
    718: _read_numbers("x", "y", "radius"),
    1186: _read_interval,
}
"""Scalars that the CLI takes apart: bytea, point, float4, float8, circle, interval."""
_ELEMENTS: dict[int, Callable[[str], object]] = {
    1000: lambda text: text == "t",
    1001: _NESTED[17],
    1017: _NESTED[600],
    1187: _read_interval,
    **dict.fromkeys((1021, 1022, 1231), float),
    **dict.fromkeys((199, 3807), _read_json),
    **dict.fromkeys((1115, 1182, 1185), _read_date),
    **dict.fromkeys(
        (791, 1005, 1007, 1008, 1009, 1014, 1015, 1016, 1028, 1040, 1041, 1183, 1270, 2951, 3907), str
    ),
}
"""Arrays that the CLI takes apart, by their OIDs; others stand as PostgreSQL writes them.

Source: node-postgres, which the CLI uses (pg-types, textParsers.js).
"""
_INTEGERS = (1005, 1007, 1028)
"""Arrays of numbers that JavaScript holds exactly: int2, int4, oid."""
_SCALARS: dict[int, Callable[[str], object]] = {
    **_NESTED,
    **dict.fromkeys(_JSON, _read_json),
    **dict.fromkeys(_DATES, _write_date_as_json),
    **dict.fromkeys((20, 21, 23, 26), int),
    _BOOL: lambda text: text == "t",
    17: lambda text: base64.b64encode(bytes.fromhex(text.removeprefix("\\x"))).decode(),
}
"""Scalars that JSON does not have as the text that PostgreSQL writes."""
