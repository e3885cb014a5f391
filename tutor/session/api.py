"""The interface that the UI, the lint and the command line program against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tutor.session.snapshot import Snapshot, Verdict
from tutor.wire.messages import InspectFailed, Script, TensorDetail


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of code to run: the block it belongs to and its text."""

    block: str
    source: str
    timeout: float = 60.0
    network: str = "none"
    ranks: int = 0
    """Run its `main(rank, world)` on that many ranks; 0 = an ordinary cell."""
    script: Script | None = None
    """The file whose text this is, run in a process of its own."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What "check" needs of an exercise: the attempt, the hidden checks, and the rules."""

    code: Code
    checks: str
    fresh: bool = False
    earlier: tuple[Code, ...] = ()
    """Cells before it, replayed in order when `fresh`."""
    timeout: float = 10.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How to start. `scratch` is the only folder the learner's code may write to."""

    scratch: Path
    device: str = ""
    """"" = best found; else "cpu", "cuda", "cuda:1", "mps", "xpu"."""
    assets: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    """Never readable inside, even where a parent folder is (lesson files hold the checks)."""
    threads: int = 0
    """Intra-op threads, 0 = decide by the machine."""
    memory_bytes: int = 0
    """0 = decide by the machine, as for all that follow."""
    processes: int = 0
    """At once, of one worker."""
    disk_bytes: int = 0
    """Of everything in `scratch`."""
    file_bytes: int = 0
    """Of one file."""
    output_bytes: int = 0
    """Printed text that is kept of each run."""
    keep_graders: bool = False
    """A grader judges one attempt after the other, which is quicker where no learner waits."""
    extras: bool = True
    """Preload the slow parts of torch in a second step."""
    listed: tuple[Path, ...] = ()
    """Folders whose names may be listed, besides those that may be read."""
    writable: tuple[Path, ...] = ()
    """Files and folders that learner code may read and write besides `scratch`."""
    internet: bool = False
    """Let workers whose network is "internet" reach other computers."""
    tier: str = ""
    """"" = the best that works here; tests ask for a weaker one."""
    environment: dict[str, str] = field(default_factory=dict)


class SessionAPI(Protocol):
    """One learner's running session. All methods belong to the event loop that started it."""

    @property
    def snapshot(self) -> Snapshot: ...

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call `listener` with each new snapshot, at most 30 a second; returns unsubscribe."""
        ...

    async def start(self) -> None:
        """Warm up in the background; returns when the first worker is ready, or raises
        `SessionError` with a sentence for the learner (also reported as phase "failed")."""
        ...

    async def close(self) -> None:
        """End every process. Safe to call twice."""
        ...

    def run(self, *codes: Code) -> None:
        """Queue codes; they run in order, and a failing one cancels those queued behind it."""
        ...

    def interrupt(self) -> None:
        """Stop what runs, or the check that goes on, and empty the queue: SIGINT, then after a
        grace the worker is killed."""
        ...

    async def restart(self) -> None:
        """A fresh namespace, tens of milliseconds on Linux. Runs and tensors are forgotten."""
        ...

    async def check(self, assignment: Assignment) -> Verdict:
        """Run the attempt, then let the grader judge it. Never raises for learner mistakes."""
        ...

    async def inspect(self, path: str) -> TensorDetail | InspectFailed: ...

    async def trace(self, path: str) -> str:
        """Bring the autograd graph of the tensor at `path` into the snapshot; "" when it came,
        else why there is none."""
        ...

    def answer_input(self, text: str | None) -> None: ...

    def reset_for(self, lesson: str, order: Sequence[str], *, network: str = "none") -> None:
        """Declare the lesson whose cells come next, with its runnable ids in order (for `stale`).
        Another lesson than before, or one that needs another network, gets a fresh worker."""
        ...


class SessionError(Exception):
    """Something the learner must know, as one past-tense sentence and what to do next."""

    def __init__(self, sentence: str, advice: str = "") -> None:
        super().__init__(sentence if not advice else f"{sentence} {advice}")
        self.sentence = sentence
        self.advice = advice
