"""Judge a folder of migrations before a deploy, without a database."""

from __future__ import annotations

from kit.review.exceptions import write_baseline
from kit.review.projects import Project, find_projects
from kit.review.report import Findings, JudgedStatement, Pending, Report, review, review_project
from kit.review.rules import Order, Problem, combine, order_of

__all__ = [
    "Findings",
    "JudgedStatement",
    "Order",
    "Pending",
    "Problem",
    "Project",
    "Report",
    "combine",
    "find_projects",
    "order_of",
    "review",
    "review_project",
    "write_baseline",
]
