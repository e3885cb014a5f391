"""A histogram in characters: how the numbers of a tensor are spread; pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tutor.ui.widgets.numbers import compact
from tutor.ui.widgets.plain import plain

ROWS = 4
_EIGHTHS = " ▁▂▃▄▅▆▇█"


def spread_lines(counts: Sequence[int], low: float, high: float, width: int) -> list[Content]:
    """Bars of four rows over a scale; [] where there is nothing to draw or no room."""
    if not counts or width < 12:
        return []
    bars = shrunk(counts, width)
    repeat = max(1, min(2, width // len(bars)))
    tallest = max(bars)
    # A bin that holds anything at all is never drawn as empty.
    heights = [max(1, round(8 * ROWS * bar / tallest)) if bar else 0 for bar in bars]
    lines = [Content("")]
    for row in reversed(range(ROWS)):
        cells = (_EIGHTHS[max(0, min(8, height - 8 * row))] * repeat for height in heights)
        lines.append(plain("".join(cells).rstrip(), "$text-primary"))
    drawn = len(bars) * repeat
    first, last = compact(low), compact(high)
    most = f"tallest bar {tallest:,}"
    middle = most if len(first) + len(last) + len(most) + 4 <= drawn else ""
    scale = first + middle.center(max(1, drawn - len(first) - len(last))) + last
    lines.append(plain(scale, "$text-muted"))
    return lines


def shrunk(counts: Sequence[int], width: int) -> list[int]:
    """At most `width` bars: neighbours are added up."""
    group = -(-len(counts) // width)
    return [sum(counts[start : start + group]) for start in range(0, len(counts), group)]
