"""The panels beside a lesson. To add one, add one entry to `PANELS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from tutor.session.snapshot import Snapshot
from tutor.ui.widgets.gradients import GradientsPanel
from tutor.ui.widgets.graph import GraphPanel
from tutor.ui.widgets.memory import MemoryPanel, MemoryView
from tutor.ui.widgets.model import ModelPanel
from tutor.ui.widgets.ranks import RanksPanel
from tutor.ui.widgets.tensors import TensorsPanel
from tutor.ui.widgets.training import TrainingPanel, TrainingView


@dataclass(frozen=True, slots=True)
class Panel:
    """A kind of panel: its id as lessons name it, its tab, and how a snapshot reaches it."""

    id: str
    title: str
    make: Callable[[], Widget]
    feed: Callable[[Any, Snapshot], None]


def _feed_tensors(widget: TensorsPanel, snapshot: Snapshot) -> None:
    widget.table = snapshot.tensors


def _feed_memory(widget: MemoryPanel, snapshot: Snapshot) -> None:
    measured = snapshot.observed.memory.measured
    run = snapshot.runs.get(measured.block) if measured else None
    known = run is not None and measured is not None and run.run == measured.run
    widget.view = MemoryView(measured, run.source if known and run else "")


def _feed_graph(widget: GraphPanel, snapshot: Snapshot) -> None:
    widget.view = snapshot.observed.graph


def _feed_model(widget: ModelPanel, snapshot: Snapshot) -> None:
    widget.view = snapshot.observed.model


def _feed_gradients(widget: GradientsPanel, snapshot: Snapshot) -> None:
    widget.gradients = snapshot.observed.gradients


def _feed_training(widget: TrainingPanel, snapshot: Snapshot) -> None:
    training = snapshot.observed.training
    run = snapshot.runs.get(training.block)
    live = run is not None and run.run == training.run and run.state == "running"
    widget.view = TrainingView(training, live)


def _feed_ranks(widget: RanksPanel, snapshot: Snapshot) -> None:
    widget.view = snapshot.observed.ranks


PANELS: tuple[Panel, ...] = (
    Panel("tensors", "Tensors", TensorsPanel, _feed_tensors),
    Panel("graph", "Graph", GraphPanel, _feed_graph),
    Panel("gradients", "Grads", GradientsPanel, _feed_gradients),
    Panel("training", "Train", TrainingPanel, _feed_training),
    Panel("model", "Model", ModelPanel, _feed_model),
    Panel("memory", "Memory", MemoryPanel, _feed_memory),
    Panel("ranks", "Ranks", RanksPanel, _feed_ranks),
)


class Inspector(Vertical):
    """Shows one panel at a time; the border names all of them, the current one in bold."""

    DEFAULT_CSS = """
    Inspector {
        border: round $foreground 45%;
        border-title-color: $foreground;
        border-title-background: $background;
        background: $background;
        &:focus-within { border: heavy $primary; }
        & > ContentSwitcher { height: 1fr; }
    }
    """

    current: reactive[str] = reactive(PANELS[0].id, init=False)

    def compose(self) -> ComposeResult:
        with ContentSwitcher(initial=f"panel-{self.current}"):
            for panel in PANELS:
                widget = panel.make()
                widget.id = f"panel-{panel.id}"
                yield widget

    def on_mount(self) -> None:
        self._title()

    def take(self, snapshot: Snapshot) -> None:
        """Hand the snapshot to every panel."""
        for panel in PANELS:
            panel.feed(self.query_one(f"#panel-{panel.id}"), snapshot)

    def turn(self) -> None:
        """To the next panel; behind the last one comes the first."""
        ids = [panel.id for panel in PANELS]
        self.current = ids[(ids.index(self.current) + 1) % len(ids)]

    def bring(self, panel: str) -> None:
        """Show `panel` if there is one of that name."""
        if any(known.id == panel for known in PANELS):
            self.current = panel

    def focus_panel(self) -> None:
        self.query_one(f"#panel-{self.current}").focus()

    def watch_current(self, panel: str) -> None:
        self.query_one(ContentSwitcher).current = f"panel-{panel}"
        self._title()

    def on_resize(self) -> None:
        self._title()

    def _title(self) -> None:
        titles = [panel.title for panel in PANELS]
        at = [panel.id for panel in PANELS].index(self.current)
        self.border_title = tabs(titles, at, self.size.width - 2)


def tabs(titles: list[str], at: int, width: int) -> Content:
    """The titles around number `at`, which is bold, in `width` columns; … stands for the rest."""
    first = last = at
    shown = _tabs(titles, at, at, at)
    while True:
        wider = [
            (start, end)
            for start, end in ((first, last + 1), (first - 1, last))
            if start >= 0 and end < len(titles)
        ]
        for start, end in wider:
            content = _tabs(titles, at, start, end)
            if content.cell_length <= width:
                first, last, shown = start, end, content
                break
        else:
            return shown


def _tabs(titles: list[str], at: int, first: int, last: int) -> Content:
    parts = [
        Content.styled(titles[number], "bold reverse" if number == at else "")
        for number in range(first, last + 1)
    ]
    before = Content("… ") if first else Content("")
    after = Content(" …") if last < len(titles) - 1 else Content("")
    return before + Content(" │ ").join(parts) + after
