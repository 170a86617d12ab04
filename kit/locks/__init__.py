"""A large table under traffic while a migration runs: who holds a lock, who waits for it."""

from __future__ import annotations

from kit.locks.large import LargeTable, enlarge
from kit.locks.queue import Queue
from kit.locks.session import Session
from kit.locks.watched import Answer, Stretch, Watched

__all__ = ["Answer", "LargeTable", "Queue", "Session", "Stretch", "Watched", "enlarge"]
