"""The exercises of phase 3."""

from __future__ import annotations

from kit.checks.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
