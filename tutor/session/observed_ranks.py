"""The ranks of the latest distributed run, and what follows from comparing them."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.wire.observed.ranks import RankRow, RanksSeen

_CLOSE = 1e-3
"""Relative difference within which an average counts as found again; values are float32."""


@dataclass(frozen=True, slots=True)
class RanksView:
    """Empty until a run has ranks. `run` and `block` say whose they are."""

    rows: tuple[RankRow, ...] = ()
    run: int = 0
    block: str = ""
    verdict: str = ""
    over: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """How one rank spent its time, in seconds."""

    compute: float
    waiting: float
    exchange: float

    @property
    def total(self) -> float:
        return self.compute + self.waiting + self.exchange


@dataclass(frozen=True, slots=True)
class Agreement:
    """What became of the gradients of one step. same: all ranks have one gradient afterwards;
    averaged: it is the mean of what they had before, None where that is not known."""

    name: str
    step: int
    same: bool
    averaged: bool | None


def with_ranks(view: RanksView, message: RanksSeen) -> RanksView:
    """The whole picture is in the message."""
    return RanksView(message.rows, message.run, message.block, message.verdict, message.over)


def shares(rows: tuple[RankRow, ...]) -> tuple[Share, ...]:
    """How the ranks spent their time.

    An exchange takes the rank that comes last no longer than it has to; what the others spent in
    it beyond that was waiting for it.
    """
    own = min((row.talking for row in rows), default=0.0)
    return tuple(Share(max(0.0, row.seconds - row.talking), row.talking - own, own) for row in rows)


def slow_rank(rows: tuple[RankRow, ...]) -> tuple[int, int, float] | None:
    """(who waited most, for whom, seconds a step), where waiting is a notable part of the run."""
    parts = shares(rows)
    if len(rows) < 2 or min(row.step for row in rows) < 1:
        return None
    waits = [part.waiting for part in parts]
    longest = max(range(len(rows)), key=waits.__getitem__)
    last = min(range(len(rows)), key=waits.__getitem__)
    if waits[longest] < max(0.05, 0.15 * parts[longest].total):
        return None
    return rows[longest].rank, rows[last].rank, waits[longest] / rows[longest].step


def agreement(rows: tuple[RankRow, ...]) -> Agreement | None:
    """None while the ranks have told no gradient of one and the same step."""
    found = [row.gradient for row in rows if row.gradient is not None]
    if not found or len(found) < len(rows) or len(rows) < 2:
        return None
    first = found[0]
    if any((one.name, one.step) != (first.name, first.step) for one in found):
        return None
    same = all(one.shared == first.shared for one in found)
    return Agreement(first.name, first.step, same, _averaged(rows))


def same_samples(rows: tuple[RankRow, ...]) -> bool:
    """All ranks drew the very same examples for their last batch: nobody divided them."""
    drawn = {row.samples for row in rows}
    return len(rows) > 1 and len(drawn) == 1 and len(next(iter(drawn))) > 0


def _averaged(rows: tuple[RankRow, ...]) -> bool | None:
    columns: list[tuple[float, ...]] = []
    for row in rows:
        if row.gradient is None or row.gradient.own is None:
            return None
        values = row.gradient.own.values
        known = tuple(value for value in values if value is not None)
        if len(known) < len(values):
            return None
        columns.append(known)
    gradient = rows[0].gradient
    assert gradient is not None
    for place, value in enumerate(gradient.shared.values):
        if value is None:
            return None
        mean = sum(column[place] for column in columns) / len(columns)
        largest = max(abs(column[place]) for column in columns)
        if abs(mean - value) > _CLOSE * max(largest, abs(value)):
            return False
    return True
