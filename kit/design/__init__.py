"""A change of one's own: judged by its text, measured in a copy, looked back on after the deploy."""

from __future__ import annotations

from kit.design.advice import Advice
from kit.design.draft import Draft, judge
from kit.design.faults import MOST_BYTES, Fault
from kit.design.locking import Held, LocksSeen
from kit.design.measured import Measured
from kit.design.outcome import Deploy, look_back

__all__ = [
    "MOST_BYTES",
    "Advice",
    "Deploy",
    "Draft",
    "Fault",
    "Held",
    "LocksSeen",
    "Measured",
    "judge",
    "look_back",
]
