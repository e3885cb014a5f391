"""The course of a run as the worker knows it, told by its ranks: pure, no processes in here."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

from tutor.plain import LINE, clip
from tutor.wire.messages import CellFailed
from tutor.wire.observed.ranks import (
    CALLS,
    LINES,
    RankCall,
    RankRow,
    RanksSeen,
    RankState,
)
from tutor.worker.ranks.messages import Called, Failed, Returned, Tick

_TIMED_OUT = "Timed out"
_SOURCE_OF_GLOO = re.compile(r"^\[/\S+:\d+\] ")


@dataclass(slots=True)
class RankCourse:
    """One rank so far."""

    rank: int
    began: bool = False
    tick: Tick | None = None
    calls: list[RankCall] = field(default_factory=list)
    failed: Failed | None = None
    returned: Returned | None = None
    code: int | None = None
    """Exit code, negative = signal; None while it lives."""
    ended_at: float = 0.0
    stopped: bool = False
    """We ended it."""
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))
    printed: int = 0

    @property
    def settled_by_word(self) -> bool:
        """It told its end."""
        return self.failed is not None or self.returned is not None

    @property
    def settled(self) -> bool:
        """Nothing more will come of it: it told its end, or is gone."""
        return self.settled_by_word or self.code is not None

    @property
    def lost(self) -> bool:
        """It ended without a word."""
        return self.code is not None and not self.settled_by_word

    @property
    def went_wrong(self) -> bool:
        return self.failed is not None or (self.lost and not self.stopped)

    def hear(self, message: object) -> None:
        """Take one message of the rank."""
        if isinstance(message, Tick):
            self.tick = message
        elif isinstance(message, Called):
            self.calls.append(message.call)
            del self.calls[:-CALLS]
        elif isinstance(message, Failed):
            self.failed = message
        elif isinstance(message, Returned):
            self.returned = message

    def print(self, line: str) -> None:
        """Take one line of its output."""
        self.lines.append(clip(line, LINE))
        self.printed += 1

    @property
    def state(self) -> RankState:
        if self.failed is not None:
            return "failed"
        if self.returned is not None:
            return "done"
        if self.code is not None:
            return "stopped" if self.stopped else "lost"
        if not self.began:
            return "starting"
        return "waiting" if self.tick is not None and self.tick.op else "running"

    def row(self) -> RankRow:
        tick = self.tick
        shown = RankRow(
            rank=self.rank,
            state=self.state,
            calls=tuple(self.calls),
            output=tuple(self.lines),
            output_hidden=self.printed - len(self.lines),
            note=clip(self._note(), LINE),
        )
        if tick is None:
            return shown
        return RankRow(
            rank=self.rank,
            state=shown.state,
            line=self._line(),
            step=tick.step,
            loss=tick.loss,
            op=tick.op,
            op_seconds=tick.op_seconds,
            samples=tick.samples,
            samples_hidden=tick.samples_hidden,
            seconds=tick.seconds,
            talking=tick.talking,
            gradient=tick.gradient,
            calls=shown.calls,
            counts=tick.counts,
            output=shown.output,
            output_hidden=shown.output_hidden,
            note=shown.note,
        )

    def _line(self) -> int:
        if self.failed is not None:
            return self.failed.failure.line
        return self.tick.line if self.tick is not None else 0

    def _note(self) -> str:
        if self.failed is not None:
            return failure_words(self.failed)
        if self.lost and not self.stopped:
            return f"ended with {code_words(self.code or 0)}"
        if self.returned is not None:
            return self.returned.note
        return ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a run ended badly: the rank that began it, and one sentence."""

    rank: int
    sentence: str
    failure: CellFailed | None
    trace: str = ""
    code: int | None = None


def verdict_on(ranks: list[RankCourse]) -> Verdict | None:
    """None while no rank went wrong.

    A rank that ended without a word is the cause before any that complains: the others notice
    its end as a broken connection. Among those that complain the first one is.
    """
    wrong = [rank for rank in ranks if rank.went_wrong]
    if not wrong:
        return None
    cause = min(wrong, key=_when)
    meanwhile = [words for rank in ranks if rank is not cause and (words := _meanwhile(rank))]
    while_ = f" while {' and '.join(meanwhile)}" if meanwhile else ""
    if cause.failed is None:
        ended = f"rank {cause.rank} ended with {code_words(cause.code or 0)}"
        return Verdict(cause.rank, f"{ended}{_where(cause)}{while_}", None, code=cause.code)
    told = cause.failed
    if told.code is not None:
        ended = f"rank {cause.rank} ended with exit code {told.code}"
        sentence = f"{ended}{_at(told.failure.line)}{while_}"
    elif cause.tick is not None and cause.tick.broke and _TIMED_OUT in told.failure.message:
        waited = f"rank {cause.rank} waited in vain in {cause.tick.broke}"
        sentence = f"{waited}{_at(told.failure.line)}{while_}"
    else:
        raised = f"rank {cause.rank} raised {told.failure.kind}"
        sentence = f"{raised}{_at(told.failure.line)}{while_}"
    return Verdict(cause.rank, sentence, told.failure, told.trace, told.code)


def stopped_words(ranks: list[RankCourse]) -> str:
    """Where everybody was when the run was stopped from outside; "" when nobody had begun."""
    words = [text for rank in ranks if (text := _meanwhile(rank))]
    return f"stopped while {' and '.join(words)}" if words else ""


def late(ranks: list[RankCourse], seconds: float) -> Verdict | None:
    """The verdict on ranks that had to be ended after `seconds`; None where none was."""
    running = [rank for rank in ranks if rank.stopped and not rank.settled_by_word]
    if not running:
        return None
    number = running[0].rank
    words = [text for rank in running if (text := _meanwhile(rank))]
    what = " and ".join(words) if words else f"rank {number} did not get to its first line"
    line = next((rank.tick.line for rank in running if rank.tick and rank.tick.line), 0)
    sentence = f"the ranks did not end within {seconds:g} s: {what}"
    return Verdict(number, sentence, CellFailed(0, "TimeoutError", "", (), line))


def lost(ranks: list[RankCourse]) -> Verdict | None:
    """The verdict on a run that went well, but whose results did not all arrive; else None."""
    for rank in ranks:
        if rank.returned is not None and rank.returned.note:
            return Verdict(rank.rank, f"rank {rank.rank} {rank.returned.note}", None)
    return None


def snapshot(
    run: int, block: str, ranks: list[RankCourse], *, over: bool, verdict: str = ""
) -> RanksSeen:
    """All ranks as the panel shows them."""
    rows = tuple(rank.row() for rank in ranks)
    return RanksSeen(run, block, len(ranks), rows, clip(verdict, LINE), over)


def code_words(code: int) -> str:
    """`exit code 3`, `signal 11`."""
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def failure_words(failed: Failed) -> str:
    """The failure in one line."""
    if failed.code is not None:
        return f"ended with exit code {failed.code}{_at(failed.failure.line)}"
    first = first_line(failed.failure.message)
    return f"{failed.failure.kind}{_at(failed.failure.line)}: {first}"


def first_line(message: str) -> str:
    """Of an error, without the place in gloo's own source."""
    return _SOURCE_OF_GLOO.sub("", message.strip().partition("\n")[0])


# ------------------------------------------------------------------ inside


def _when(rank: RankCourse) -> tuple[bool, float]:
    return (rank.failed is not None, rank.failed.at if rank.failed else rank.ended_at)


def _meanwhile(rank: RankCourse) -> str:
    """`rank 0 waited in all_reduce in line 5`; "" when there is nothing to tell of it."""
    if rank.returned is not None:
        return f"rank {rank.rank} was done already"
    if rank.tick is None or (rank.lost and not rank.stopped):
        return ""
    if rank.failed is not None:
        broken = rank.tick.broke
        place = _at(rank.failed.failure.line)
        return f"rank {rank.rank} waited in {broken}{place}" if broken else ""
    line = f"line {rank.tick.line}" if rank.tick.line else ""
    if rank.tick.op:
        return f"rank {rank.rank} waited in {rank.tick.op}{_at(rank.tick.line)}"
    return f"rank {rank.rank} was {f'at {line}' if line else 'running'}"


def _where(rank: RankCourse) -> str:
    return _at(rank.tick.line) if rank.tick is not None else ""


def _at(line: int) -> str:
    return f" in line {line}" if line else ""
