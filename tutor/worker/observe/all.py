"""The observers that every worker has. A panel adds its own here."""

from __future__ import annotations

from tutor.worker.observe.graph.observer import GraphObserver
from tutor.worker.observe.lines.watch import LineWatch
from tutor.worker.observe.memory.watch import MemoryWatch
from tutor.worker.observe.mistakes.observer import MistakeObserver
from tutor.worker.observe.modules.calls import CallLog
from tutor.worker.observe.modules.observer import ModelObserver
from tutor.worker.observe.observer import Observer
from tutor.worker.observe.training.observer import TrainingObserver


def observers() -> tuple[Observer, ...]:
    """Fresh observers, in the order in which they see a run."""
    calls = CallLog()
    # The training observer reads the source of loops, so it comes before those that rewrite it.
    return (
        TrainingObserver(),
        ModelObserver(calls),
        GraphObserver(calls),
        MemoryWatch(),
        LineWatch(),
        MistakeObserver(),
    )
