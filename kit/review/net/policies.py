"""Row security."""

from __future__ import annotations

from kit.review.catalog import ROW_COMMANDS, KnownObjects
from kit.review.expressions import (
    TRUE,
    implies,
)
from kit.review.net.change import (
    SAME,
    Net,
    ObjectChange,
)
from kit.review.objects import (
    Policy,
    Table,
)


def net_of_security(change: ObjectChange) -> Net | None:
    """Say what switching row security on or off needs."""
    table = change.key[1]
    was, now = change.before.facts.get(("table", table)), change.after.facts.get(("table", table))
    if not isinstance(was, Table) or not isinstance(now, Table):
        return None
    if was.row_security == now.row_security:
        return Net("any", SAME)
    if now.row_security:
        open_to_all = KnownObjects()
        key = ("policy", table, "all")
        open_to_all.facts[key] = Policy(ROW_COMMANDS, frozenset({"public"}), TRUE, TRUE)
        if _allows_all_of(change.after, open_to_all, table):
            return Net("any", "Its policies let everybody do everything, as before.")
    return None


def net_of_policies(change: ObjectChange) -> Net | None:
    """Say what a change of a table's policies needs, of all of them in sum."""
    table = change.key[1]
    was, now = change.before.facts.get(("table", table)), change.after.facts.get(("table", table))
    if isinstance(was, Table) and isinstance(now, Table) and not was.row_security:
        reason = "counts once row security is on" if now.row_security else "does nothing without row security"
        return Net("any", f"Row security was off, where nothing was refused; a policy {reason}.")
    lost = change.after.gone.named("policy", table) - change.before.gone.named("policy", table)
    if lost:
        if all(key in change.after.facts for key in lost):
            return Net(
                "unknown", "What the policy allowed before is not known: no earlier migration makes it."
            )
        return None
    wider = _allows_all_of(change.after, change.before, table)
    narrower = _allows_all_of(change.before, change.after, table)
    if wider and narrower:
        return Net("any", "In sum the policies allow what they allowed before.")
    if wider:
        return Net("schema-first", "In sum the policies allow more: today's code goes on, new code needs it.")
    if narrower:
        return Net("code-first", "In sum the policies allow less: today's code may be refused.")
    return Net(
        "expand-contract",
        "In sum the policies allow other rows or people than before: what one code may do the other may not. "
        "Create the new policy beside the old, deploy, drop the old.",
    )


def _allows_all_of(catalog: KnownObjects, other: KnownObjects, table: str) -> bool:
    mine = [fact for _, fact in catalog.of_table("policy", table) if isinstance(fact, Policy)]
    theirs = [fact for _, fact in other.of_table("policy", table) if isinstance(fact, Policy)]
    for policy in theirs:
        for command in policy.commands if policy.permissive else ():
            for role in policy.roles:
                if not any(_covers(candidate, policy, command, role) for candidate in mine):
                    return False
    return all(
        any(_as_strict(candidate, policy) for candidate in theirs) for policy in mine if not policy.permissive
    )


def _covers(candidate: Policy, policy: Policy, command: str, role: str) -> bool:
    if not candidate.permissive or command not in candidate.commands:
        return False
    if not candidate.roles & {"public", role}:
        return False
    reads, writes = command != "insert", command in {"insert", "update"}
    return (not reads or implies(policy.using, candidate.using)) and (
        not writes or implies(policy.check, candidate.check)
    )


def _as_strict(candidate: Policy, policy: Policy) -> bool:
    """Say whether a restrictive policy was there before that refuses all that this one refuses."""
    return (
        not candidate.permissive
        and policy.commands <= candidate.commands
        and ("public" in candidate.roles or policy.roles <= candidate.roles)
        and implies(candidate.using, policy.using)
        and implies(candidate.check, policy.check)
    )
