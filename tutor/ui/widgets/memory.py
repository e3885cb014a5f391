"""The memory panel: what is in use, what holds it, which line took it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive

from tutor.ui.widgets.flow import Flow
from tutor.ui.widgets.memory_lines import memory_lines
from tutor.wire.observed.memory import MemoryMeasured


@dataclass(frozen=True, slots=True)
class MemoryView:
    """The latest measurement, None before the first, and the text of the cell that ran."""

    measured: MemoryMeasured | None = None
    source: str = ""


class MemoryPanel(VerticalScroll, can_focus=True):
    """Draws a `MemoryView`; arrow keys scroll."""

    DEFAULT_CSS = """
    MemoryPanel {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
    }
    """

    view: reactive[MemoryView] = reactive(MemoryView(), init=False)

    def __init__(
        self,
        view: MemoryView = MemoryView(),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(MemoryPanel.view, view)
        self._flow = Flow(self._lines)

    def compose(self) -> ComposeResult:
        yield self._flow

    def watch_view(self) -> None:
        self._flow.reflow()

    def _lines(self, width: int) -> list[Content]:
        return memory_lines(self.view.measured, self.view.source, width)
