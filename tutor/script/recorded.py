"""A run that is over, for screens that expect a session: it only shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tutor.session.api import Assignment, Code
from tutor.session.snapshot import Problem, Snapshot, Verdict
from tutor.wire.messages import InspectFailed, TensorDetail

_NOTHING_RUNS = "A saved run is shown; nothing runs here."


class RecordedSession:
    """Implements `SessionAPI` over one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        return lambda: None

    async def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to end."""

    def run(self, *codes: Code) -> None:
        """Nothing runs."""

    def interrupt(self) -> None:
        """Nothing runs."""

    async def restart(self) -> None:
        """Nothing runs."""

    async def check(self, assignment: Assignment) -> Verdict:
        return Verdict(False, False, problem=Problem("Not ready", _NOTHING_RUNS))

    async def inspect(self, path: str) -> TensorDetail | InspectFailed:
        return InspectFailed(path, "The record holds the table of tensors, not their values.")

    async def trace(self, path: str) -> str:
        return "The record holds the graph of the last backward alone."

    def answer_input(self, text: str | None) -> None:
        """Nothing asks."""

    def reset_for(self, lesson: str, order: Sequence[str], *, network: str = "none") -> None:
        """Nothing runs."""
