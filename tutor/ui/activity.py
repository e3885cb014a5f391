"""Time spent learning: counted while the learner is there, not while the app merely runs."""

from __future__ import annotations

IDLE_AFTER = 120.0
"""Seconds after the last key that still count."""


class ActiveTime:
    """Adds up active seconds. `now` is in seconds from any origin and only ever grows."""

    def __init__(self, now: float) -> None:
        self._counted_to = now
        self._active_until = now + IDLE_AFTER
        self._kept = 0.0

    def touched(self, now: float) -> None:
        """The learner pressed a key or a mouse button."""
        self._count(now)
        self._active_until = now + IDLE_AFTER

    def collect(self, now: float) -> float:
        """Active seconds since the last call."""
        self._count(now)
        seconds, self._kept = self._kept, 0.0
        return seconds

    def _count(self, now: float) -> None:
        self._kept += max(0.0, min(now, self._active_until) - self._counted_to)
        self._counted_to = max(now, self._counted_to)
