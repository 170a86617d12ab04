"""A push on its way to being live."""

from __future__ import annotations

from dataclasses import dataclass

from kit.timeline import Stage, Target

BUILD_S = 35.0
"""Seconds from a push to live, from the workflow's timeline (5.3): 00:05, 00:30, 00:35."""
MAIN = "main"
"""The branch that production serves."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A push, on its way to being live; times in seconds of the clock."""

    commit: str
    branch: str
    pushed_at: float
    takes: float
    stage: Stage = "queued"

    @property
    def target(self) -> Target:
        """Production for main, a preview for every other branch."""
        return "production" if self.branch == MAIN else "preview"
