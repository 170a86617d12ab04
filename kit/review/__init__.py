"""Judge a folder of migrations before a deploy, without a database."""

from __future__ import annotations

from kit.review.classify import Unparsable, Verdict, judge
from kit.review.report import Hint, JudgedStatement, Pending, Report, review
from kit.review.rules import Kind, Order, Problem, combine, order_of, read_rules

__all__ = [
    "Hint",
    "JudgedStatement",
    "Kind",
    "Order",
    "Pending",
    "Problem",
    "Report",
    "Unparsable",
    "Verdict",
    "combine",
    "judge",
    "order_of",
    "read_rules",
    "review",
]
