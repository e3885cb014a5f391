"""What a rank has counted so far; written by the learner's thread, read ten times a second."""

from __future__ import annotations

import math
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tutor.plain import NAME, clip, number_text
from tutor.wire.observed.ranks import SAMPLES, VALUES, Fingerprint, RankGradient
from tutor.worker.own import is_own
from tutor.worker.ranks.messages import Tick

_clock = time.perf_counter
_frames_of_threads = sys._current_frames
_COUNTS = 32
BACKWARD = "backward"
"""The one operation in the midst of which it is not known how much of it is an exchange."""
FIRST = 20
"""Backward calls whose values are always read, so that short runs are told exactly."""


@dataclass(slots=True)
class Tally:
    """One rank's numbers. `due`: the next step may look at what costs more than counting."""

    thread: int = field(default_factory=threading.get_ident)
    began: float = field(default_factory=_clock)
    due: bool = True
    steps: int = 0
    backwards: int = 0
    loss: str = ""
    op: str = ""
    op_since: float = 0.0
    broke: str = ""
    """The exchange, or the backward call, that raised last."""
    explicit: float = 0.0
    """Seconds in calls of `torch.distributed`."""
    exchange: float = 0.0
    """Seconds of DDP's exchange that no computation covered."""
    samples: tuple[int, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    gradient: RankGradient | None = None

    @property
    def looks(self) -> bool:
        """True when values may be read now: always at first, later at most once a tick."""
        return self.due or self.backwards <= FIRST

    def tick(self) -> Tick:
        now = _clock()
        op, since = self.op, self.op_since
        talking = self.explicit + self.exchange
        if op and op != BACKWARD:
            talking += now - since
        return Tick(
            line=line_of(self.thread),
            step=self.steps or self.backwards,
            loss=self.loss,
            op=clip(op, NAME),
            op_seconds=now - since if op else 0.0,
            samples=self.samples[:SAMPLES],
            samples_hidden=max(0, len(self.samples) - SAMPLES),
            seconds=now - self.began,
            talking=talking,
            counts=tuple(self.counts.items())[:_COUNTS],
            gradient=self.gradient,
            broke=self.broke,
        )


def line_of(thread: int) -> int:
    """The line of a cell that `thread` is executing, 0 where there is none."""
    return line_below(_frames_of_threads().get(thread))


def line_below(frame: Any) -> int:
    """The line of the innermost frame of a cell, from `frame` outwards."""
    while frame is not None:
        if is_own(frame.f_code.co_filename):
            return frame.f_lineno or 0
        frame = frame.f_back
    return 0


def fingerprint(norm: float, values: list[float]) -> Fingerprint:
    """Numbers that are not finite become None."""
    return Fingerprint(_finite(norm), tuple(map(_finite, values[:VALUES])))


def loss_text(value: float) -> str:
    """Six digits, enough to see ranks differ."""
    return number_text(value, 6)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
