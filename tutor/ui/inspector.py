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
    """A kind of panel: its id as lessons name it, its tab, what help says of it in three
    sentences, and how a snapshot reaches it."""

    id: str
    title: str
    about: str
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
    Panel(
        "tensors",
        "Tensors",
        "Every tensor that your names lead to, with its shape, dtype and mean; the mark "
        "in front says what the last run did to it. Models and containers fold into one "
        "line, which Enter opens. Enter on a tensor shows its values, how they are spread "
        "and how they lie in memory; g shows the graph that made it.",
        TensorsPanel,
        _feed_tensors,
    ),
    Panel(
        "graph",
        "Graph",
        "The autograd graph right before the last backward: the result on top, below it "
        "what it was computed from, down to the leaves where gradients arrive. Each line "
        "has the operation, the shape of its result, the line of your code and what it "
        "keeps in memory for the backward. Fold parts with ←, and press Enter for what an "
        "operation does.",
        GraphPanel,
        _feed_graph,
    ),
    Panel(
        "gradients",
        "Grads",
        "One line for each parameter: the size of its gradient now and over the last "
        "steps, and how far a step moves it compared with its own size. The word at the "
        "end is a verdict: healthy, vanishing, exploding, dead, none, or NaN with the "
        "step in which it began. When gradients are clipped you see the size before and "
        "after.",
        GradientsPanel,
        _feed_gradients,
    ),
    Panel(
        "training",
        "Train",
        "Your losses as they come, named by your variables, with learning rate, steps per "
        "second and the place in your loops. Nothing was added to your code: a loss is "
        "what you call backward on, and a validation loss or accuracy is a number that "
        "your loop keeps. l switches to a logarithmic scale, e shows earlier runs of this "
        "cell to compare.",
        TrainingPanel,
        _feed_training,
    ),
    Panel(
        "model",
        "Model",
        "The layers of your model as the first forward pass met them, with the shape that "
        "came in and the shape that left. Beside each layer stand its parameters, its "
        "share of the time, and whether it is frozen. After a crash you see how far the "
        "data came.",
        ModelPanel,
        _feed_model,
    ),
    Panel(
        "memory",
        "Memory",
        "What is in use now and what the peak was, for this process and for each device. "
        "Below that the memory by name, and the lines of your code that it grew at. What "
        "a run left behind is marked, since that is where memory leaks begin.",
        MemoryPanel,
        _feed_memory,
    ),
    Panel(
        "ranks",
        "Ranks",
        "One column for each process when your code runs on several: its loss, its step, "
        "the rows of data it drew, and what it prints. The bar shows where its time went: "
        "computing, waiting for the others, or exchanging gradients. A fingerprint of the "
        "gradients before and after the exchange shows that all ranks agree; a rank that "
        "hangs or is lost is named.",
        RanksPanel,
        _feed_ranks,
    ),
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

    @property
    def panel(self) -> Panel:
        """The one that is shown."""
        return next(panel for panel in PANELS if panel.id == self.current)

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
