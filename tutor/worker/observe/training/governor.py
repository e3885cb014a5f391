"""How often to look: at most so many times a second, and never above a share of the time."""

from __future__ import annotations

TICKS = 10.0
"""Ticks a second at most."""
SHARE = 0.005
"""Part of the time that ticks may take; gradients may take as much again."""
FULL = 500
"""Backward calls whose losses are all kept, from the start of a run."""
KEPT = 200.0
"""Losses kept a second after that."""
GRADIENTS = 0.3
"""Seconds between two looks at gradients at least."""
EARLY, CHEAP = 4, 0.003
"""Looks at gradients that the share does not limit, when they cost fewer seconds than this."""
_MAX_STEPS = 1 << 40


def interval(cost: float, least: float, share: float = SHARE) -> float:
    """Seconds until the next look, when one look costs `cost` seconds."""
    return max(least, cost / share)


def gradient_pause(looks: int, cost: float) -> float:
    """Seconds from one look at gradients to the next, after `looks` of them, when one costs
    `cost` seconds. The first few come at shorter intervals, so that short runs get some too."""
    if looks <= EARLY and cost < CHEAP:
        return min(GRADIENTS, 0.003 * 3**looks)
    return interval(cost, GRADIENTS)


def smoothed(before: float, now: float) -> float:
    """A running mean that forgets: 0 = nothing measured yet."""
    return now if before == 0.0 else 0.8 * before + 0.2 * now


def steps_until(seconds: float, rate: float) -> int:
    """Steps that pass in `seconds` at `rate` steps a second; at least 1."""
    return max(1, min(_MAX_STEPS, int(seconds * rate)))


def stride(calls: int, rate: float) -> int:
    """Every how many backward calls a loss is kept, after `calls` of them, at `rate` a second."""
    return 1 if calls < FULL else max(1, int(rate / KEPT))


def jittered(step: int, number: int) -> int:
    """`step` lengthened by a little that differs from one `number` to the next, so that losses
    or optimizers that take turns are all met, whatever their pattern."""
    if step < 2:
        return step
    return step + (number * 2_654_435_761 >> 7) % min(step, 8)
