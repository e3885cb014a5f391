"""Where a long run is now."""

from __future__ import annotations

from tutor.wire.base import Count, Message


class Pulse(Message, frozen=True, tag=True):
    """The line of the cell that was executing, at most 10 times a second; 0 = elsewhere."""

    run: int
    line: Count
