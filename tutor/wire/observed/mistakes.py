"""A mistake that raises nothing, noticed while a cell ran."""

from __future__ import annotations

from tutor.wire.base import Count, Line, Message, Name


class MistakeNoticed(Message, frozen=True, tag=True):
    """One mistake, told once a run. `line` of the cell where it shows, 0 where unknown."""

    run: int
    code: Name
    title: Line
    evidence: Line
    """What was measured."""
    cure: Line
    line: Count = 0
    lesson: Line = ""
    """Id of the lesson that teaches it, "" when there is none."""
