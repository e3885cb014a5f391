"""Text laid out for the width at hand: the base of every widget that is only lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

Lines = Callable[[int], list[Content]]
"""Lays something out in that many columns."""


class Flow(Widget):
    """Subclasses say in `lines` what stands on each line; call `reflow` when that changed."""

    DEFAULT_CSS = """
    Flow {
        width: 1fr;
        height: auto;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(
        self,
        lines: Lines | None = None,
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines = lines
        self._laid_out: tuple[int, list[Content]] | None = None

    def lines(self, width: int) -> list[Content]:
        """What to draw in `width` columns (at least 1), one Content a line."""
        return self._lines(width) if self._lines else []

    def reflow(self) -> None:
        """Lay out anew: what is shown has changed."""
        self._laid_out = None
        self.refresh(layout=True)

    def laid_out(self, width: int) -> list[Content]:
        """`lines(width)`, remembered until the width or the content changes."""
        if self._laid_out is None or self._laid_out[0] != width:
            self._laid_out = (width, self.lines(max(1, width)))
        return self._laid_out[1]

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return max((line.cell_length for line in self.laid_out(container.width)), default=0)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.laid_out(width)) if width else 0

    def render(self) -> Content:
        return Content("\n").join(self.laid_out(self.size.width))


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells; "…" ends it where something is missing."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1).rstrip() + "…"


def cut_content(line: Content, width: int) -> Content:
    """Like `cut`, keeping the styles."""
    return line.truncate(max(0, width), ellipsis=True) if line.cell_length > width else line


def spread(left: Content, right: Content, width: int) -> list[Content]:
    """`left` and `right` at the two ends of one line; on two lines when they would touch."""
    room = width - left.cell_length - right.cell_length
    if not right:
        return left.wrap(width)
    if room >= 2:
        return [left.pad_right(room) + right]
    return [*left.wrap(width), *right.wrap(width)]


def indented(lines: Iterable[Content], prefix: Content | str, first: Content | str = "") -> list:
    """`lines` with `prefix` before each; `first`, when given, before the first instead."""
    start = _as_content(first or prefix)
    rest = _as_content(prefix)
    return [(rest if number else start) + line for number, line in enumerate(lines)]


def _as_content(text: Content | str) -> Content:
    return Content(text) if isinstance(text, str) else text
