"""What the UI knows of the worker at one moment: frozen values, renewed at most 30 times a second.

Widgets receive whole snapshots and never remember deltas. Texts in here are already sanitised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from tutor.session.observed import Observed
from tutor.wire.explanation import Explanation
from tutor.wire.messages import Device, Failure, Frame, TensorRow
from tutor.wire.observed.mistakes import MistakeNoticed

Phase = Literal["warming", "ready", "busy", "interrupting", "restarting", "failed"]
RunState = Literal["queued", "running", "done", "error", "interrupted", "lost"]


@dataclass(frozen=True, slots=True)
class Machine:
    """What was found on this computer."""

    torch: str
    python: str
    device: Device
    """The device that cells use."""
    devices: tuple[Device, ...]
    cores: int
    threads: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Isolation:
    """What the sandbox enforces here."""

    tier: Literal["strong", "good", "process-only"]
    sentence: str
    """"Your code cannot reach the network, and can write only in its scratch folder."""
    missing: tuple[str, ...] = ()
    """What could not be enforced, one sentence each."""


@dataclass(frozen=True, slots=True)
class OutputLine:
    text: str
    stream: Literal["out", "notice"] = "out"


@dataclass(frozen=True, slots=True)
class Output:
    """What a run printed: head and tail; `dropped` lines were left out between them."""

    lines: tuple[OutputLine, ...] = ()
    total_lines: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a run ended badly, for the learner."""

    kind: str
    message: str
    frames: tuple[Frame, ...] = ()
    line: int = 0
    advice: str = ""
    """What to do next, where we know."""
    explanation: Explanation | None = None
    """Which values took part, what disagreed, and what would fit."""


@dataclass(frozen=True, slots=True)
class CellRun:
    """The latest run of one cell or exercise in the current worker."""

    block: str
    state: RunState
    source: str
    """The text that ran; the block is stale when its editor differs or an earlier block changed."""
    run: int
    seconds: float = 0.0
    """So far, while running."""
    output: Output = Output()
    value: str = ""
    """repr of the last expression."""
    problem: Problem | None = None
    mistakes: tuple[MistakeNoticed, ...] = ()
    """Mistakes that raised nothing."""
    stale: bool = False
    """True when an earlier cell ran with another text after this one did."""
    exit_code: int = 0
    """Of a script that is over, as a shell would tell it."""


@dataclass(frozen=True, slots=True)
class TensorTable:
    rows: tuple[TensorRow, ...] = ()
    removed: tuple[str, ...] = ()
    hidden: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class InputWanted:
    """A cell waits for a line of input."""

    block: str
    prompt: str
    secret: bool = False
    number: int = 0
    """Tells apart two questions with the same prompt, as a debugger asks them."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at once. `generation` grows with every fresh worker."""

    phase: Phase = "warming"
    sentence: str = "worker is warming up"
    generation: int = 0
    machine: Machine | None = None
    isolation: Isolation | None = None
    runs: Mapping[str, CellRun] = field(default_factory=lambda: MappingProxyType({}))
    queue: tuple[str, ...] = ()
    running: str = ""
    tensors: TensorTable = TensorTable()
    observed: Observed = field(default_factory=Observed)
    """What the other panels show."""
    input_wanted: InputWanted | None = None
    lost: str = ""
    """Why the last worker ended by itself; "" when it did not. Cleared by the next run."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "check". When `ran` is False the code did not get as far as the checks."""

    passed: bool
    ran: bool
    check: int = 0
    checks: int = 0
    title: str = ""
    failure: Failure | None = None
    problem: Problem | None = None
    """The learner's code crashed, was interrupted, or ran too long."""
    broken: str = ""
    """The check itself failed: the lesson's fault, never the learner's."""
    seconds: float = 0.0
