"""A session that answers from a script, for tests of layout; the real one drives the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tutor.session.api import Assignment, Code, SessionError
from tutor.session.snapshot import (
    CellRun,
    Isolation,
    Machine,
    Output,
    OutputLine,
    Snapshot,
    TensorTable,
    Verdict,
)
from tutor.wire.messages import Device, InspectFailed, TensorRow

ROOT = Path(__file__).resolve().parents[2]

CPU = Device("cpu", 0, "AMD EPYC 7B13 64-Core Processor", 16 << 30)
READY = Snapshot(
    phase="ready",
    sentence="worker is ready",
    generation=1,
    machine=Machine("2.13.0+cpu", "3.11.7", CPU, (CPU,), 2, 1),
    isolation=Isolation(
        "strong", "Your code cannot reach the network, and can write only in its scratch folder."
    ),
)
ROWS = (
    TensorRow("prices", (2, 3), "float32", "cpu", mean=35.0, change="added"),
    TensorRow("tax", (3,), "float32", "cpu", mean=1.03),
    TensorRow("out", (2, 3), "float32", "cpu", mean=36.5, change="rebound", shares=("prices",)),
)


class ScriptedSession:
    """Runs nothing: every run is done at once and prints its own source."""

    def __init__(self, snapshot: Snapshot = READY, failing: SessionError | None = None) -> None:
        self.snapshot = snapshot
        self.failing = failing
        self.verdict = Verdict(True, True, 1, 1)
        self.ran: list[Code] = []
        self.checked: list[Assignment] = []
        self.closed = False
        self._listeners: list[Callable[[Snapshot], None]] = []

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        for listener in self._listeners:
            listener(snapshot)

    async def start(self) -> None:
        if self.failing is not None:
            self.publish(replace(self.snapshot, phase="failed", sentence=str(self.failing)))
            raise self.failing
        self.publish(self.snapshot)

    async def close(self) -> None:
        self.closed = True

    def run(self, *codes: Code) -> None:
        runs = dict(self.snapshot.runs)
        for code in codes:
            self.ran.append(code)
            lines = tuple(OutputLine(line) for line in code.source.splitlines()[:3])
            runs[code.block] = CellRun(
                code.block, "done", code.source, len(self.ran), 0.004, Output(lines, len(lines))
            )
        table = TensorTable(ROWS, run=len(self.ran))
        self.publish(replace(self.snapshot, runs=runs, tensors=table, lost=""))

    def interrupt(self) -> None: ...

    async def restart(self) -> None:
        self.publish(READY)

    async def check(self, assignment: Assignment) -> Verdict:
        self.checked.append(assignment)
        return self.verdict

    async def inspect(self, path: str) -> InspectFailed:
        return InspectFailed(path, "This session has no tensors.")

    async def trace(self, path: str) -> str:
        return "This session has no tensors."

    def answer_input(self, text: str | None) -> None: ...

    def reset_for(self, lesson: str, order: Sequence[str], *, network: str = "none") -> None: ...
