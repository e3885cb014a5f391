"""The training panel: where the loops stand, the curves, and the numbers the learner keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.reactive import reactive

from tutor.session.observed_training import Training
from tutor.ui.widgets.curve import CurveView
from tutor.ui.widgets.flow import Flow
from tutor.ui.widgets.training_lines import (
    empty_lines,
    foot_lines,
    head_lines,
    traces_of,
    unit_of,
)


@dataclass(frozen=True, slots=True)
class TrainingView:
    """What the panel draws. live: the run of `training` has not ended yet."""

    training: Training = field(default_factory=Training)
    live: bool = False


class TrainingPanel(VerticalScroll, can_focus=True):
    """Draws a `TrainingView`. L switches to a log scale, E hides and shows earlier runs."""

    DEFAULT_CSS = """
    TrainingPanel {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
        & > CurveView { height: 1fr; min-height: 9; max-height: 18; }
        & > CurveView.-none { display: none; }
    }
    """

    HELP = (
        "The curves are the numbers you called `backward()` on, each under the name you gave it, "
        "without a line of yours being changed. "
        "A loss that falls and then lies flat has learnt what it can at this learning rate; one "
        "that jumps or turns into NaN wants a smaller rate. "
        "Press L for a log scale, which shows how a small loss still falls, and E to hide the "
        "earlier runs of the same cell."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "toggle_log", "Log scale", show=False, id="training.log"),
        Binding("e", "toggle_earlier", "Earlier runs", show=False, id="training.earlier"),
    ]

    view: reactive[TrainingView] = reactive(TrainingView(), init=False)
    logarithmic: reactive[bool] = reactive(False, init=False)
    """The scale of the losses."""
    earlier: reactive[bool] = reactive(True, init=False)
    """Earlier runs of the cell are drawn too."""

    def __init__(
        self,
        view: TrainingView = TrainingView(),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(TrainingPanel.view, view)
        self._head = Flow(self._head_lines)
        self._curve = CurveView()
        self._foot = Flow(self._foot_lines)

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._curve
        yield self._foot

    def on_mount(self) -> None:
        self._show()

    def watch_view(self, before: TrainingView, view: TrainingView) -> None:
        if before != view:
            self._show()

    def watch_logarithmic(self) -> None:
        self._show()

    def watch_earlier(self) -> None:
        self._show()

    def action_toggle_log(self) -> None:
        self.logarithmic = not self.logarithmic

    def action_toggle_earlier(self) -> None:
        self.earlier = not self.earlier

    def _show(self) -> None:
        training = self.view.training
        traces, values = traces_of(training, self.earlier)
        self._curve.set_class(not traces, "-none")
        self._curve.traces = traces
        self._curve.values = values
        self._curve.logarithmic = self.logarithmic
        self._curve.unit = unit_of(training)
        self._head.reflow()
        self._foot.reflow()

    def _head_lines(self, width: int) -> list:
        if not self.view.training.run:
            return empty_lines(width)
        return head_lines(self.view.training, self.view.live, width)

    def _foot_lines(self, width: int) -> list:
        if not self.view.training.run:
            return []
        return foot_lines(self.view.training, self.logarithmic, self.earlier, width)
