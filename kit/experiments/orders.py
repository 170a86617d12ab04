"""The orders of a deploy: what each is called, and what one types for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from kit.names import DB_PUSH, GIT_PUSH
from kit.review.rules import ORDER_COMMANDS, Order

DeployOrder = Literal["code-first", "schema-first", "together", "expand-contract"]
DEPLOY_ORDERS: tuple[DeployOrder, ...] = get_args(DeployOrder)
"""What can be rehearsed: `review` judges by the SQL, and has "any" instead of "together"."""


@dataclass(frozen=True)
class OrderText:
    """An order in words.

    Attributes:
        words: what it is.
        typed: what one types, in a few words.
        steps: what to do, one after the other; commands are written as they are typed.
    """

    words: str
    typed: str
    steps: tuple[str, ...]


ORDERS: Mapping[Order | DeployOrder, OrderText] = {
    "schema-first": OrderText("schema first", "db push, then git push", ORDER_COMMANDS["schema-first"]),
    "code-first": OrderText(
        "code first", "git push, then db push", (GIT_PUSH, "wait until the new code is live", DB_PUSH)
    ),
    "together": OrderText("both at once", "git push && db push", (f"{GIT_PUSH} && {DB_PUSH}",)),
    "any": OrderText("either order", "db push, then git push", ORDER_COMMANDS["any"]),
    "expand-contract": OrderText(
        "neither order; take it apart (expand, then contract)",
        "expand, then contract",
        (
            f"a migration that only adds, and {DB_PUSH}",
            f"code that works with both schemas, and {GIT_PUSH}",
            f"when it is live: a migration that takes away or tightens, and {DB_PUSH}",
        ),
    ),
    "unknown": OrderText("not known", "", ()),
}
