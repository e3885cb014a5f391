"""The observers that every worker has. A panel adds its own here."""

from __future__ import annotations

from tutor.worker.observe.lines.watch import LineWatch
from tutor.worker.observe.observer import Observer


def observers() -> tuple[Observer, ...]:
    """Fresh observers, in the order in which they see a run."""
    return (LineWatch(),)
