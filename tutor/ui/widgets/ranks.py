"""The ranks panel: one column a process of the latest distributed run."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive

from tutor.session.observed_ranks import RanksView
from tutor.ui.widgets.flow import Flow
from tutor.ui.widgets.ranks_lines import ranks_lines


class RanksPanel(VerticalScroll, can_focus=True):
    """Draws a `RanksView`; arrow keys scroll."""

    DEFAULT_CSS = """
    RanksPanel {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
    }
    """

    view: reactive[RanksView] = reactive(RanksView(), init=False)

    def __init__(
        self,
        view: RanksView = RanksView(),  # noqa: B008  (a frozen value)
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(RanksPanel.view, view)
        self._flow = Flow(self._lines)

    def compose(self) -> ComposeResult:
        yield self._flow

    def watch_view(self) -> None:
        self._flow.reflow()

    def _lines(self, width: int) -> list[Content]:
        return ranks_lines(self.view, width)
