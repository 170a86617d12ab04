"""Judge a folder of migrations before a deploy, without a database."""

from __future__ import annotations

from kit.review.classify import RULES, Unparsable, Verdict, judge
from kit.review.report import Hint, Judged, Pending, Report, review
from kit.review.rules import Kind, Order, Problem, combine, order_of

__all__ = [
    "RULES",
    "Hint",
    "Judged",
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
    "review",
]
