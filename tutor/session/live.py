"""The state of one worker, folded from events; hands out immutable snapshots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from tutor.session.clean import clean
from tutor.session.observed import Observed, begun, fold
from tutor.session.output import HEAD_BYTES, TAIL_BYTES, OutputRing
from tutor.session.snapshot import (
    CellRun,
    InputWanted,
    Isolation,
    Machine,
    Phase,
    Problem,
    RunState,
    Snapshot,
    TensorTable,
)
from tutor.text import sanitize
from tutor.wire.messages import (
    CellFailed,
    Displayed,
    InputRequested,
    TensorsChanged,
)
from tutor.wire.observed.graph import GraphSeen
from tutor.wire.observed.mistakes import MistakeNoticed

VALUE_CHARACTERS = 20_000
MISTAKES = 8
"""Shown for one run."""


@dataclass(slots=True)
class _Run:
    """A run under way or over; mutable, never leaves this module."""

    block: str
    source: str
    number: int
    state: RunState = "queued"
    started: float = 0.0
    seconds: float = 0.0
    output: OutputRing = field(default_factory=OutputRing)
    values: list[str] = field(default_factory=list)
    problem: Problem | None = None
    mistakes: tuple[MistakeNoticed, ...] = ()
    stale: bool = False
    exit_code: int = 0

    def frozen(self, now: float) -> CellRun:
        return CellRun(
            block=self.block,
            state=self.state,
            source=self.source,
            run=self.number,
            seconds=now - self.started if self.state == "running" else self.seconds,
            output=self.output.view(),
            value="\n".join(self.values),
            problem=self.problem,
            mistakes=self.mistakes,
            stale=self.stale,
            exit_code=self.exit_code,
        )


class LiveState:
    """Knows nothing of processes: every method is one event, `snapshot` is the result.

    `clock` returns seconds from any origin and only ever grows. `output_bytes` are kept of what
    each run prints.
    """

    def __init__(self, clock: Callable[[], float], output_bytes: int = 0) -> None:
        self._clock = clock
        kept = output_bytes or HEAD_BYTES + TAIL_BYTES
        self._head, self._tail = kept // 5, kept - kept // 5
        self._order: dict[str, int] = {}
        self._runs: dict[str, _Run] = {}
        self._queue: list[str] = []
        self._before: dict[str, _Run | None] = {}
        self._running = ""
        self._printing = ""
        """The block that output belongs to: the one that runs, else the one that ran last."""
        self._questions = 0
        self._base = Snapshot()

    # -------------------------------------------------------------- the worker

    def phase(self, phase: Phase, sentence: str) -> None:
        self._base = replace(self._base, phase=phase, sentence=sentence)

    def found(self, machine: Machine | None, isolation: Isolation | None) -> None:
        self._base = replace(self._base, machine=machine, isolation=isolation)

    def fresh_worker(self) -> None:
        """A new, empty namespace: what ran before is history, and the queue is void."""
        self._runs.clear()
        self._queue.clear()
        self._before.clear()
        self._running = self._printing = ""
        self._base = replace(
            self._base,
            generation=self._base.generation + 1,
            tensors=TensorTable(),
            observed=Observed(),
            input_wanted=None,
        )

    def worker_lost(self, reason: str) -> None:
        """The worker ended by itself. Its runs stay readable, but their names are gone."""
        self.unqueued()
        if self._running:
            self._end(self._runs[self._running], "lost")
        self._base = replace(
            self._base, lost=sanitize(reason), tensors=TensorTable(), input_wanted=None
        )

    def worker_replaced(self) -> None:
        """A fresh worker stands in for a lost one: runs stay on screen, marked as lost."""
        for run in self._runs.values():
            run.stale = True
        self._base = replace(
            self._base, generation=self._base.generation + 1, tensors=TensorTable()
        )

    def lesson_order(self, blocks: Sequence[str]) -> None:
        self._order = {block: index for index, block in enumerate(blocks)}

    # -------------------------------------------------------------- runs

    def queued(self, block: str, source: str, number: int) -> None:
        self._before.setdefault(block, self._runs.get(block))
        self._runs[block] = self._run(block, source, number)
        self._queue.append(block)

    def unqueued(self) -> None:
        """What waited behind a failed or interrupted run will not run; its last run shows again."""
        for block in self._queue:
            before = self._before.pop(block, None)
            if before is None:
                self._runs.pop(block, None)
            else:
                self._runs[block] = before
        self._queue.clear()

    def started(self, block: str, source: str, number: int) -> None:
        if block in self._queue:
            self._queue.remove(block)
            before = self._before.pop(block, None)
        else:
            before = self._runs.get(block)
        self._runs[block] = run = self._run(block, source, number)
        run.state, run.started = "running", self._clock()
        self._running = self._printing = block
        self._base = replace(self._base, lost="", observed=begun(self._base.observed, number))
        if before is None or before.source != run.source:
            self._mark_later_stale(block)

    def printed(self, data: bytes) -> None:
        """Output has one pipe and no sender: what a thread prints after its cell has ended goes to
        the cell that runs now, and while none runs to the one that ran last."""
        run = self._runs.get(self._printing)
        if run is not None and run.state != "queued":
            run.output.add(data)

    def displayed(self, message: Displayed) -> None:
        run = self._current(message.run)
        if run is None or sum(map(len, run.values)) > VALUE_CHARACTERS:
            return
        text = sanitize(message.text)[:VALUE_CHARACTERS]
        if message.truncated:
            text += "\n… the rest of this value was left out"
        run.values.append(text)

    def failed(self, message: CellFailed) -> None:
        run = self._current(message.run)
        if run is not None:
            run.problem = problem_of(message)

    def problem(self, block: str, problem: Problem) -> None:
        run = self._runs.get(block)
        if run is not None:
            run.problem = problem

    def finished(self, state: RunState, seconds: float | None = None, exit_code: int = 0) -> None:
        run = self._runs.get(self._running)
        if run is not None:
            run.exit_code = exit_code
            self._end(run, state, seconds)
        self._base = replace(self._base, input_wanted=None)

    def tensors_changed(self, message: TensorsChanged) -> None:
        self._base = replace(
            self._base,
            tensors=TensorTable(
                clean(message.rows),
                clean(message.removed),
                message.hidden,
                message.run,
            ),
        )

    def observed(self, message: Any) -> None:
        """What an observer of the run under way sent; anything of another run is ignored."""
        run = self._current(message.run)
        if run is not None and isinstance(message, MistakeNoticed):
            run.mistakes = (*run.mistakes, clean(message))[:MISTAKES]
        elif run is not None:
            self._base = replace(self._base, observed=fold(self._base.observed, clean(message)))

    def traced(self, graph: GraphSeen) -> None:
        """The learner asked for the graph of one tensor."""
        self._base = replace(self._base, observed=fold(self._base.observed, graph))

    def input_requested(self, message: InputRequested) -> None:
        self._questions += 1
        prompt = sanitize(message.prompt)
        wanted = InputWanted(self._running, prompt, message.secret, self._questions)
        self._base = replace(self._base, input_wanted=wanted)

    def input_answered(self, echo: str) -> None:
        wanted = self._base.input_wanted
        if wanted is not None:
            self.printed(f"{wanted.prompt}{echo}\n".encode())
        self._base = replace(self._base, input_wanted=None)

    # -------------------------------------------------------------- looking

    @property
    def running(self) -> str:
        return self._running

    @property
    def input_wanted(self) -> InputWanted | None:
        return self._base.input_wanted

    def snapshot(self) -> Snapshot:
        now = self._clock()
        runs = {block: run.frozen(now) for block, run in self._runs.items()}
        return replace(
            self._base,
            runs=MappingProxyType(runs),
            queue=tuple(self._queue),
            running=self._running,
        )

    # -------------------------------------------------------------- inside

    def _run(self, block: str, source: str, number: int) -> _Run:
        return _Run(block, source, number, output=OutputRing(self._head, self._tail))

    def _current(self, number: int) -> _Run | None:
        run = self._runs.get(self._running)
        return run if run is not None and run.number == number else None

    def _end(self, run: _Run, state: RunState, seconds: float | None = None) -> None:
        if run.state == "running":
            run.seconds = self._clock() - run.started if seconds is None else seconds
        run.state = state
        if self._running == run.block:
            self._running = ""

    def _mark_later_stale(self, block: str) -> None:
        place = self._order.get(block)
        if place is None:
            return
        for other, run in self._runs.items():
            if self._order.get(other, -1) > place and run.state not in ("queued", "running"):
                run.stale = True


def problem_of(message: CellFailed) -> Problem:
    """The learner's view of an exception, safe to draw."""
    return Problem(
        kind=sanitize(message.kind),
        message=sanitize(message.message),
        frames=clean(message.frames),
        line=message.line,
        explanation=clean(message.explanation),
    )
