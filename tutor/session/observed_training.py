"""The training panel's state: curves that grow, where the loops stand, and earlier runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from tutor.session.series import Series
from tutor.wire.observed.training import (
    LearningRate,
    LoopPlace,
    LossPoints,
    ScalarValue,
    TrainingTick,
)

EARLIER = 3
"""Runs of one cell that are kept to compare."""
_EARLIER_POINTS = 600
_CELLS = 8
_CURVES, _TRACKED, _RATES = 16, 24, 16
_PACE = 16
_PACE_SECONDS = 0.25
_HELD_OUT = re.compile(r"(^|_)(val|valid|validation|test|dev|eval|holdout)(_|$)|^(val|test)")
_LOSS = re.compile(r"loss|err|nll|mse|mae|rmse|cost|objective|(^|_)(l|ce|bce)$")


@dataclass(frozen=True, slots=True)
class Curve:
    """One loss over all backward calls. `bad` is NaN, +inf or -inf, first met at call `bad_at`."""

    name: str
    line: int = 0
    series: Series = field(default_factory=Series)
    bad: str = ""
    bad_at: int = 0


@dataclass(frozen=True, slots=True)
class Tracked:
    """A number that the learner keeps: a point for every change. `value` None = not finite.

    beside: it is a loss on held-out data, and belongs beside the training loss.
    """

    name: str
    series: Series = field(default_factory=Series)
    value: float | None = None
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """A run that is over, thinned to what a curve shows."""

    run: int
    block: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """A moment of a run: how far it was, to tell how fast it goes."""

    seconds: float
    count: int
    done: float | None


@dataclass(frozen=True, slots=True)
class Training:
    """The latest run that trained something. `run` is 0 before the first."""

    run: int = 0
    block: str = ""
    curves: tuple[Curve, ...] = ()
    tracked: tuple[Tracked, ...] = ()
    rates: tuple[LearningRate, ...] = ()
    loops: tuple[LoopPlace, ...] = ()
    """Outermost first, as the last tick saw them."""
    steps: int = 0
    backwards: int = 0
    seconds: float = 0.0
    speed: float = 0.0
    """Optimizer steps a second lately, backward calls where there is no optimizer; 0 = unknown."""
    done: float | None = None
    """Part of all loops that lies behind, 0–1; None = unknown."""
    remaining: float | None = None
    """Seconds until the loops end; None = unknown."""
    batches: int = 0
    wait: float = 0.0
    """Seconds spent waiting for data."""
    over: bool = False
    pace: tuple[Pace, ...] = ()
    before: tuple[Earlier, ...] = ()
    """Runs that are over, newest first, of all cells."""

    @property
    def count(self) -> int:
        """What `speed` counts."""
        return self.steps or self.backwards

    @property
    def earlier(self) -> tuple[Earlier, ...]:
        """Earlier runs of this cell, newest first."""
        return tuple(run for run in self.before if run.block == self.block)


def with_tick(training: Training, tick: TrainingTick) -> Training:
    """`training` after `tick`; the first tick of another run begins anew and keeps the old one."""
    if tick.run != training.run:
        training = Training(run=tick.run, block=tick.block, before=_archived(training))
    loops = tick.loops or training.loops
    done = _done(loops)
    moment = Pace(tick.seconds, tick.steps or tick.backwards, done)
    pace = training.pace
    if pace and (moment.count < pace[-1].count or bool(tick.steps) != bool(training.steps)):
        pace = ()  # an optimizer began to step: another thing is counted now
    speed, remaining = _speeds(pace, moment)
    if not pace or moment.seconds - pace[-1].seconds >= _PACE_SECONDS:
        pace = (*pace[1 - _PACE :], moment)
    return replace(
        training,
        curves=_with_losses(training.curves, tick.losses),
        tracked=_with_scalars(training.tracked, tick.scalars, tick.backwards),
        rates=_with_rates(training.rates, tick.rates),
        loops=loops,
        steps=tick.steps,
        backwards=tick.backwards,
        seconds=tick.seconds,
        speed=speed or tick.rate or training.speed,
        done=done,
        remaining=None if tick.over else remaining,
        batches=tick.batches,
        wait=tick.wait,
        over=tick.over,
        pace=pace,
    )


def _archived(training: Training) -> tuple[Earlier, ...]:
    """All runs to compare with: three a cell, eight cells."""
    if not training.curves:
        return training.before
    curves = tuple(
        replace(curve, series=curve.series.thinned(_EARLIER_POINTS)) for curve in training.curves
    )
    kept: list[Earlier] = []
    for run in (Earlier(training.run, training.block, curves), *training.before):
        blocks = [other.block for other in kept]
        if blocks.count(run.block) < EARLIER and (run.block in blocks or len(set(blocks)) < _CELLS):
            kept.append(run)
    return tuple(kept)


def _with_losses(curves: tuple[Curve, ...], losses: tuple[LossPoints, ...]) -> tuple[Curve, ...]:
    known = {(curve.name, curve.line): curve for curve in curves}
    for loss in losses:
        key = loss.name, loss.line
        if key not in known and len(known) >= _CURVES:
            continue
        curve = known.get(key, Curve(loss.name, loss.line))
        known[key] = replace(
            curve,
            series=curve.series.extended(zip(loss.at, loss.values, strict=False)),
            bad=curve.bad or loss.bad,
            bad_at=curve.bad_at or loss.bad_at,
        )
    return tuple(known.values())


def _with_scalars(
    tracked: tuple[Tracked, ...], scalars: tuple[ScalarValue, ...], at: int
) -> tuple[Tracked, ...]:
    known = {item.name: item for item in tracked}
    for scalar in scalars:
        item = known.get(scalar.name)
        if item is None:
            if len(known) >= _TRACKED:
                continue
            item = Tracked(scalar.name, beside=is_held_out_loss(scalar.name))
        elif item.value == scalar.value and item.series:
            continue
        series = item.series.extended([(at, scalar.value)])
        known[scalar.name] = replace(item, series=series, value=scalar.value)
    return tuple(known.values())


def is_held_out_loss(name: str) -> bool:
    """True for names such as `val_loss`, `valid_err` and `test_nll`."""
    lower = name.lower()
    return bool(_HELD_OUT.search(lower)) and bool(_LOSS.search(lower))


def _with_rates(
    rates: tuple[LearningRate, ...], new: tuple[LearningRate, ...]
) -> tuple[LearningRate, ...]:
    known = {rate.name: rate for rate in rates} | {rate.name: rate for rate in new}
    return tuple(known.values())[:_RATES]


def _done(loops: tuple[LoopPlace, ...]) -> float | None:
    """Part of the loops that lies behind, from the outermost in as far as lengths are known."""
    done, unit = 0.0, 1.0
    whole = False
    for loop in loops:
        if not (loop.turn and loop.turns):
            break
        done += unit * (loop.turn - 1) / loop.turns
        unit /= loop.turns
        whole = True
    if not whole:
        return None
    inmost_known = bool(loops[-1].turn and loops[-1].turns)
    return min(1.0, done + unit if inmost_known else done)


def _speeds(pace: tuple[Pace, ...], now: Pace) -> tuple[float, float | None]:
    """(steps a second, seconds left) over the last few seconds; 0 and None when too early."""
    if not pace or now.seconds <= pace[0].seconds:
        return 0.0, None
    first = pace[0]
    seconds = now.seconds - first.seconds
    speed = (now.count - first.count) / seconds
    if now.done is None or first.done is None or now.done <= first.done:
        return speed, None
    return speed, (1.0 - now.done) * seconds / (now.done - first.done)
