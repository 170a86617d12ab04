"""Judge a folder of migrations before a deploy, without a database."""

from __future__ import annotations

from kit.review.report import JudgedStatement, Pending, Report, review
from kit.review.rules import Order, Problem, combine, order_of

__all__ = [
    "JudgedStatement",
    "Order",
    "Pending",
    "Problem",
    "Report",
    "combine",
    "order_of",
    "review",
]
