"""What the panels show, folded from what observers sent: one field a panel.

A panel adds a field to `Observed`, and to `FOLDS` a function for each message it understands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tutor.session.observed_lines import LineShapes, with_lines
from tutor.wire.observed.lines import LinesSeen
from tutor.wire.observed.pulse import Pulse


@dataclass(frozen=True, slots=True)
class Observed:
    """Frozen; every fold returns a new one. Texts are already sanitised when they get here."""

    line: int = 0
    """Line of the running cell that was executing lately, 0 where unknown."""
    lines: LineShapes = field(default_factory=LineShapes)
    """What the lines of cells made."""


Fold = Callable[[Observed, Any], Observed]


def fold(observed: Observed, message: Any) -> Observed:
    """`observed` with what `message` tells; messages without a fold change nothing."""
    step = FOLDS.get(type(message))
    return observed if step is None else step(observed, message)


def begun(observed: Observed, run: int) -> Observed:
    """A run begins: what belonged to the moment is void, what is history stays."""
    return replace(observed, line=0)


def _pulse(observed: Observed, message: Pulse) -> Observed:
    return replace(observed, line=message.line)


def _lines(observed: Observed, message: LinesSeen) -> Observed:
    return replace(observed, lines=with_lines(observed.lines, message))


FOLDS: dict[type, Fold] = {Pulse: _pulse, LinesSeen: _lines}
