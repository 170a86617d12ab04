"""Judge a folder of migrations before a deploy, without a database."""

from __future__ import annotations

from kit.review.classify import RULES, Unparsable, Verdict, judge
from kit.review.lint import Hint
from kit.review.orders import Order, combine, order_of
from kit.review.problem import Kind, Problem
from kit.review.report import Judged, Pending, Report, review

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
