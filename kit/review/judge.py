"""Judge statements one after the other, and then all that is pending in sum.

A statement's own rule says what it does to a database on which nothing else happens. What earlier
migrations have made, and what the other pending ones do to the same object, decides with it: a policy
that is dropped and made again, a default that a later line takes away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from postgast import walk
from postgast.pg_query_pb2 import AlterTableType as At
from postgast.pg_query_pb2 import FuncCall

from kit.review.bodies import Inner, statements_of_do, statements_of_function
from kit.review.catalog import TEMPORARY, KnownObjects, qualified, type_text
from kit.review.classify import UNKNOWN, Parsed, Unparsable, find_rules, read
from kit.review.enum_values import NewValues
from kit.review.facts import Keys
from kit.review.grammar import Message
from kit.review.locks import Locked, find_locks
from kit.review.net import find_net
from kit.review.net.change import NEW, Net, ObjectChange, subject_of, table_of
from kit.review.net.columns import keeps_the_rows, states_a_column
from kit.review.objects import Column, Domain, Key
from kit.review.outside import find_outside_of
from kit.review.rules import Lock, Order, Rule, combine, read_rules, strongest

_DEEPEST = 4
"""How far functions that call functions are followed."""
_HARMLESS = frozenset(
    {
        "count",
        "current_setting",
        "format",
        "max",
        "min",
        "nextval",
        "now",
        "pg_advisory_lock",
        "pg_advisory_xact_lock",
        "pg_get_serial_sequence",
        "pg_notify",
        "pg_sleep",
        "set_config",
        "setval",
        "version",
    }
)
"""PostgreSQL's own functions that migrations call, and that change nothing which code reads."""
_OLD_AND_NEW = 2
_WRITES = {"insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"}
_MAKES = ("create_", "index_stmt", "view_stmt", "composite_type_stmt", "alter_table_stmt")


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of change in a statement.

    Attributes:
        rule: for it.
        keys: what it touches.
        order: that it needs by itself.
        why: the reason.
        locked: what it locks of what was there.
    """

    rule: Rule
    keys: tuple[Key, ...]
    order: Order
    why: str
    locked: Locked


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a statement does to a running system.

    Attributes:
        operation: the kinds of change in it, joined with commas.
        lock: the strongest that it takes.
        order: that is safe for all of it, with all that is pending.
        why: one reason for each kind.
        locked: the strongest lock on each relation; "?" stands for one that the text does not name.
        start: the character at which it starts, after blanks and comments; the length of the text if there
            is nothing else.
        slow: it takes as long as there are rows.
        outside: how it would reach outside of its database, a clause; "" where it would not.
        refused: why PostgreSQL refuses it for certain, a clause; "" where that is not known.
    """

    operation: str
    lock: Lock
    order: Order
    why: str
    locked: Locked = field(default_factory=dict)
    start: int = 0
    slow: bool = False
    outside: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class _Statement:
    parts: tuple[Part, ...]
    start: int
    outside: str
    refused: str


class Judge:
    """Judges the migrations of a folder, in their order.

    First `learn` what is applied, then `judge` each pending statement, and `sum_up` in the end.
    """

    def __init__(self) -> None:
        """Start with an empty database."""
        self.catalog = KnownObjects()
        self._before: KnownObjects | None = None
        self._made = Keys()
        self._renamed: set[Key] = set()
        self._was_called: dict[str, str] = {}
        self._statements: list[_Statement] = []
        self._new_values = NewValues()
        self._refused = ""

    def __repr__(self) -> str:
        """Say how much was judged."""
        return f"Judge({len(self._statements)} pending statements)"

    def begin(self) -> None:
        """Begin a transaction: what the last one has done is committed."""
        self._new_values = NewValues()

    def learn(self, sql: str) -> Unparsable | None:
        """Take a statement as applied; say so where it cannot be read, which teaches nothing."""
        parsed = read(sql)
        if isinstance(parsed, Unparsable):
            return parsed
        for kind, content in parsed.statements or ():
            for _, inner_kind, inner, guarded in self._unfold(kind, content, sql):
                if inner is not None and not (guarded and self._is_there(inner_kind, inner)):
                    self.catalog.apply(inner_kind, inner)
        return None

    def judge(self, sql: str) -> Verdict | Unparsable:
        """Judge one pending statement, by itself and by what stands before it."""
        parsed = read(sql)
        if isinstance(parsed, Unparsable):
            return parsed
        if self._before is None:
            self._before = self.catalog.copy()
        outside = find_outside_of(parsed.statements or ())
        self._refused = ""
        parts = tuple(self._parts(parsed, sql))
        statement = _Statement(parts, parsed.start, outside, self._refused)
        self._statements.append(statement)
        return _verdict(statement, statement.parts)

    def sum_up(self) -> list[Verdict]:
        """Return the verdict of each judged statement, by all of them together.

        What several statements do to one object is said at the first; the others then need nothing.
        """
        nets, seen = self._find_nets(), set[Key]()
        summed = [
            [self._in_sum(part, nets, seen) for part in reversed(statement.parts)]
            for statement in reversed(self._statements)
        ]
        return [
            _verdict(statement, list(reversed(parts)))
            for parts, statement in zip(reversed(summed), self._statements, strict=True)
        ]

    def _in_sum(self, part: Part, nets: Mapping[Key, Net | None], seen: set[Key]) -> Part:
        """Return a part with the order that its subjects need, each said once, from the last part on."""
        if not part.keys:
            return part
        orders: list[Order] = []
        reasons: list[str] = []
        summed = _subjects(part)
        # What a table is called afterwards is judged with what it was called before.
        keys = part.keys[:1] if part.rule.operation == "RENAME TABLE" else part.keys
        keys = tuple(key for key in keys if key not in self._renamed or key in self.catalog.facts) or keys
        for key in keys:
            subject = subject_of(key)
            net = nets.get(subject) if subject in summed else self._net_of_new(key)
            if net is None:
                orders.append(part.rule.order)
                reasons.append(part.why)
            elif subject in seen and net.order not in {"any", part.rule.order}:
                orders.append("any")
                reasons.append(_LATER)
            else:
                orders.append(net.order)
                reasons.append(net.why or part.why)
            seen.add(subject)
        return replace(part, order=combine(orders), why=" ".join(dict.fromkeys(reasons)))

    def _net_of_new(self, key: Key) -> Net | None:
        """Say of what only a rule knows whether it is about something that a pending migration makes."""
        before = self._before or self.catalog
        table = key[1] if key[0] == "table" else table_of(key)
        if ("table", table) in self._made or table.startswith(f"{TEMPORARY}."):
            return Net("any", NEW)
        if key[0] == "column" and key in self._made and key not in before.facts and not self._is_renamed(key):
            return Net("any", "Nobody uses the column yet: a pending migration makes it.")
        return None

    def _is_renamed(self, key: Key) -> bool:
        return key in self._renamed

    def _find_nets(self) -> dict[Key, Net | None]:
        operations: dict[Key, list[str]] = {}
        for statement in self._statements:
            for part in statement.parts:
                for key in _subjects(part):
                    operations.setdefault(key, []).append(part.rule.operation)
        before = self._before or self.catalog
        return {
            key: find_net(ObjectChange(key, before, self.catalog, kinds, self._made))
            for key, kinds in operations.items()
        }

    # One statement

    def _parts(self, parsed: Parsed, sql: str) -> Iterator[Part]:
        if parsed.statements is None:
            yield _assumed(read_rules()[UNKNOWN], "it is nested too deeply to be read")
            return
        for kind, content in parsed.statements:
            for reason, inner_kind, inner, guarded in self._unfold(kind, content, sql):
                if inner is None:
                    yield _assumed(read_rules()["DO" if kind == "do_stmt" else "SELECT"], reason)
                    continue
                if not guarded:  # else it may not run
                    self._refused = self._refused or self._new_values.take(inner_kind, inner, self.catalog)
                yield from self._judge_one(inner_kind, inner, guarded=guarded)

    def _judge_one(self, kind: str, content: Message, *, guarded: bool) -> Iterator[Part]:
        rules = find_rules(kind, content)
        if guarded and self._is_there(kind, content):
            for rule, _ in rules:
                yield Part(
                    rule, (), "any", "It is there already, so its condition keeps it from running.", {}
                )
            return
        locks = [
            find_locks(kind, content, rule.lock, self.catalog, self._made, part=part) for rule, part in rules
        ]
        locks = [
            {self._was_called.get(name, name): lock for name, lock in locked.items()} for locked in locks
        ]
        found = [self._why(rule, part, content) for rule, part in rules]
        before = self._before or self.catalog
        touched = self.catalog.apply(kind, content)
        for keys in touched:
            fresh = {key for key in keys if key in self.catalog.facts and key not in before.facts}
            if kind == "rename_stmt" and len(keys) == _OLD_AND_NEW and keys[0] in before.facts:
                self._renamed |= fresh
                if keys[0][0] in {"table", "view"}:
                    # Who waits knows the name of before.
                    self._was_called[keys[1][1]] = keys[0][1]
                fresh = {key for key in fresh if key[0] == "type"}  # it passes under another name
            else:
                fresh -= self._renamed
            for key in fresh:
                self._made.add(key)
        for rule, keys, locked in zip(found, touched, locks, strict=True):
            yield Part(rule, keys, rule.order, rule.why, locked)

    def _why(self, rule: Rule, part: Message, content: Message) -> Rule:
        """Return the rule that holds by what is known of the types."""
        if rule.operation == "ADD COLUMN" and self._is_checked_domain(part):
            return read_rules()["ADD COLUMN, rewriting the table"]
        if rule.operation == "ALTER COLUMN TYPE":
            was = self.catalog.facts.get(("column", self.catalog.name(content.relation), part.name))
            definition = getattr(part, "def").column_def
            now = Column(type_text(definition.type_name))
            if (
                isinstance(was, Column)
                and not definition.HasField("raw_default")
                and keeps_the_rows(was, now)
            ):
                return read_rules()["ALTER COLUMN TYPE, keeping the rows"]
        return rule

    def _is_checked_domain(self, part: Message) -> bool:
        names = getattr(part, "def").column_def.type_name.names
        domain = self.catalog.facts.get(("type", qualified(names))) if names else None
        return isinstance(domain, Domain) and bool(domain.checks or domain.not_null)

    def _is_there(self, kind: str, content: Message) -> bool:
        """Say whether all that a guarded statement makes is there, or nothing that it drops."""
        keys = self.catalog.touched_by(kind, content)
        if not keys:
            return False
        if kind == "drop_stmt":
            return all(key not in self.catalog.facts for key in keys)
        adds = kind != "alter_table_stmt" or all(
            item.alter_table_cmd.subtype in {At.AT_AddColumn, At.AT_AddConstraint} for item in content.cmds
        )
        return kind.startswith(_MAKES) and adds and all(key in self.catalog.facts for key in keys)

    def _unfold(
        self, kind: str, content: Message, sql: str
    ) -> Iterator[tuple[str, str, Message | None, bool]]:
        """Yield the statements that one runs: itself, or those of its body, or why they are not known."""
        if kind == "do_stmt":
            for inner in statements_of_do(content, sql):
                yield from self._unfold_inner(inner, 0)
            return
        yield from self._written_on_the_way(content, guarded=False)
        yield "", kind, content, False
        if kind == "select_stmt":
            yield from self._called(content, guarded=False, depth=0)
        elif kind == "call_stmt":
            yield from self._call(content.funccall, "not known", guarded=False, depth=0)

    @staticmethod
    def _written_on_the_way(
        content: Message, *, guarded: bool
    ) -> Iterator[tuple[str, str, Message | None, bool]]:
        """Yield the statements of WITH that write: they do so whatever the query around them is."""
        for item in content.with_clause.ctes if hasattr(content, "with_clause") else ():
            query = item.common_table_expr.ctequery
            kind = query.WhichOneof("node") or ""
            if kind in _WRITES:
                yield "", kind, getattr(query, kind), guarded

    def _unfold_inner(self, inner: Inner, depth: int) -> Iterator[tuple[str, str, Message | None, bool]]:
        if inner.reason:
            yield inner.reason, "", None, inner.guarded
            return
        parsed = read(inner.sql)
        if isinstance(parsed, Unparsable) or parsed.statements is None:
            yield "a statement in its body cannot be read", "", None, inner.guarded
            return
        for kind, content in parsed.statements:
            if kind == "do_stmt":
                for deeper in statements_of_do(content, inner.sql):
                    yield from self._unfold_inner(replace(deeper, guarded=True), depth + 1)
                continue
            yield from self._written_on_the_way(content, guarded=inner.guarded)
            yield "", kind, content, inner.guarded
            if kind == "select_stmt":
                yield from self._called(content, guarded=inner.guarded, depth=depth)

    def _called(
        self, select: Message, *, guarded: bool, depth: int
    ) -> Iterator[tuple[str, str, Message | None, bool]]:
        """Look into the functions that a SELECT calls for what they do: those that stand for its columns."""
        for target in select.target_list:
            for _, call in walk(target.res_target.val):
                if not isinstance(call, FuncCall):
                    continue
                own = len(call.funcname) == 1 or call.funcname[0].string.sval == "pg_catalog"
                harmless = own and (call.funcname[-1].string.sval in _HARMLESS or bool(select.from_clause))
                yield from self._call(call, "" if harmless else "not known", guarded=guarded, depth=depth)

    def _call(
        self, call: Message, unknown: str, *, guarded: bool, depth: int
    ) -> Iterator[tuple[str, str, Message | None, bool]]:
        """Yield what a called function runs, or that it is not known."""
        name = qualified(call.funcname)
        routine = next(iter(self.catalog.overloads(name).values()), None)
        if routine is None:
            if unknown:
                yield f"what {name.removeprefix('public.')}() does is not known", "", None, guarded
        elif depth > _DEEPEST:
            yield f"{name}() calls too many others", "", None, guarded
        else:
            for inner in statements_of_function(routine):
                yield from self._unfold_inner(inner, depth + 1)


def judge(sql: str) -> Verdict | Unparsable:
    """Judge one statement by itself, with nothing known of what is there."""
    return Judge().judge(sql)


def _assumed(rule: Rule, reason: str) -> Part:
    why = f"It cannot be known: {reason}. The strongest lock is assumed; `kit check --try` measures it."
    return Part(rule, (), "unknown", why, {"?": "ACCESS EXCLUSIVE"})


def _subjects(part: Part) -> list[Key]:
    """Return what a part is summed up under; nothing where only its rule knows what it does."""
    found = []
    for key in part.keys:
        if key[0] == "column" and not states_a_column(part.rule.operation):
            continue
        if key[0] == "table" and part.rule.operation not in _WHOLE_TABLES:
            continue
        found.append(subject_of(key))
    return found


_WHOLE_TABLES = {
    "CREATE TABLE",
    "CREATE TABLE with FOREIGN KEY",
    "CREATE PARTITION",
    "CREATE TABLE AS",
    "DROP TABLE",
    "RENAME TABLE",
}


_LATER = "What becomes of it in sum is said at a later statement."


def _verdict(statement: _Statement, parts: Sequence[Part]) -> Verdict:
    operations = list(dict.fromkeys(part.rule.operation for part in parts))
    locked: Locked = {}
    for part in parts:
        for name, lock in part.locked.items():
            locked[name] = strongest([locked.get(name, "none"), lock])
    reasons = list(dict.fromkeys((part.rule.operation, part.order, part.why) for part in parts))
    return Verdict(
        operation=", ".join(operations) or "nothing",
        lock=strongest(locked.values()),
        order=combine(part.order for part in parts),
        why=reasons[0][2]
        if len(reasons) == 1
        else " ".join(f"{operation} ({order}): {why}" for operation, order, why in reasons),
        locked=locked,
        start=statement.start,
        slow=any(part.rule.slow for part in parts),
        outside=statement.outside,
        refused=statement.refused,
    )
