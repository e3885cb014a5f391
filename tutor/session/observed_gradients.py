"""The gradients panel's state: norms over time, and a plain word for each parameter."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

from tutor.session.series import Series
from tutor.wire.observed.gradients import GradientNorms, GradRow, GradState

Word = Literal[
    "healthy", "zero", "dead", "vanishing", "exploding", "none", "frozen", "NaN", "infinite",
    "unread",
]  # fmt: skip

DEAD_AFTER = 10
"""Looks in a row with a gradient of exactly 0."""
VANISHING = 1e-3
"""Part of the median of all parameters below which an early one counts as vanishing."""
TINY = 1e-7
EXPLODING = 10.0
"""Times its own median above which a gradient counts as exploding."""
HUGE = 1e4
_GROUPS = 8
_RECENT = 64
_ENOUGH = 5


@dataclass(frozen=True, slots=True)
class ParameterGradient:
    """One parameter. `ratio` is the size of the last measured update beside the weight's."""

    name: str
    shape: tuple[int, ...] = ()
    norm: float | None = None
    weight: float | None = None
    ratio: float | None = None
    state: GradState = ""
    history: Series = field(default_factory=Series)
    word: Word = "healthy"
    since: int = 0
    """The step at which `word` began to hold, 0 = from the start."""
    zeros: int = 0
    """Looks in a row at which the norm was 0."""


@dataclass(frozen=True, slots=True)
class GradientGroup:
    """The parameters of one optimizer; `optimizer` is "" where gradients are used by hand."""

    optimizer: str
    rows: tuple[ParameterGradient, ...] = ()
    step: int = 0
    total: float | None = None
    history: Series = field(default_factory=Series)
    clipped_from: float | None = None
    limit: float | None = None
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Gradients:
    """The latest run in which gradients were seen. `run` is 0 before the first."""

    run: int = 0
    block: str = ""
    groups: tuple[GradientGroup, ...] = ()


def with_norms(gradients: Gradients, message: GradientNorms) -> Gradients:
    """`gradients` after one more look; the first look of another run begins anew."""
    if message.run != gradients.run:
        gradients = Gradients(message.run, message.block)
    groups = {group.optimizer: group for group in gradients.groups}
    if message.optimizer:
        groups.pop("", None)  # it was the first half of a step
    before = groups.get(message.optimizer, GradientGroup(message.optimizer))
    groups[message.optimizer] = _with_look(before, message)
    return replace(gradients, groups=tuple(groups.values())[-_GROUPS:])


def _with_look(group: GradientGroup, message: GradientNorms) -> GradientGroup:
    known = {row.name: row for row in group.rows}
    norms = [row.norm for row in message.rows]
    middle = _middle([norm for norm in norms if norm])
    rows = []
    for place, new in enumerate(message.rows):
        before = known.get(new.name)
        early = place < len(norms) / 2
        rows.append(_with_norm(before, new, message.step, middle if early else 0.0))
    return GradientGroup(
        optimizer=message.optimizer,
        rows=tuple(rows),
        step=message.step,
        total=message.total,
        history=group.history.extended([(message.step, message.total)]),
        clipped_from=message.clipped_from,
        limit=message.limit,
        hidden=message.hidden,
    )


def _with_norm(
    before: ParameterGradient | None, new: GradRow, step: int, middle: float
) -> ParameterGradient:
    known = before or ParameterGradient(new.name)
    zeros = known.zeros + 1 if new.norm == 0.0 and not new.state else 0
    word = word_of(new.norm, new.state, zeros, _usual(known.history), middle)
    if before is None:
        since = step if word in ("NaN", "infinite") else 0
    else:
        since = known.since if word == known.word else step
    ratio = new.update / new.weight if new.update is not None and new.weight else None
    return ParameterGradient(
        name=new.name,
        shape=new.shape,
        norm=new.norm,
        weight=new.weight,
        ratio=known.ratio if ratio is None else ratio,
        state=new.state,
        history=known.history.extended([(step, new.norm)]),
        word=word,
        since=since,
        zeros=zeros,
    )


def word_of(
    norm: float | None, state: GradState, zeros: int, usual: float | None, middle: float
) -> Word:
    """One word for a gradient of that norm.

    zeros: looks in a row at which it was 0. usual: its own median so far, None = too early.
    middle: the median of all parameters where this is one of the early ones, else 0.
    """
    words: dict[str, Word] = {
        "nan": "NaN", "inf": "infinite", "none": "none", "frozen": "frozen", "unread": "unread",
    }  # fmt: skip
    if state or norm is None:
        return words.get(state, "unread")
    if norm == 0.0:
        return "dead" if zeros >= DEAD_AFTER else "zero"
    if norm > HUGE or (usual is not None and norm > EXPLODING * usual):
        return "exploding"
    if norm < TINY or norm < VANISHING * middle:
        return "vanishing"
    return "healthy"


def _usual(history: Series) -> float | None:
    recent = islice(reversed(range(len(history))), _RECENT)
    norms = [history[place][1] for place in recent]
    norms = [norm for norm in norms if norm and math.isfinite(norm)]
    return statistics.median(norms) if len(norms) >= _ENOUGH else None


def _middle(norms: list[float]) -> float:
    return statistics.median(norms) if len(norms) >= 3 else 0.0
