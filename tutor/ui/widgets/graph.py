"""The autograd graph: what a loss was computed from, and where its gradients will arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.reactive import reactive

from tutor.session.observed_graph import GraphView
from tutor.ui.widgets.graph_rows import COLUMNS, HEADING, graph_rows
from tutor.ui.widgets.graph_tree import TreeColumn, TreePanel, TreeRow


class GraphPanel(TreePanel):
    """Draws a `GraphView`. Left and Right fold, Enter says what an operation does and keeps."""

    columns: ClassVar[tuple[TreeColumn, ...]] = COLUMNS
    heading: ClassVar[str] = HEADING
    empty: ClassVar[tuple[str, ...]] = (
        "No graph yet.",
        "",
        "PyTorch notes down every operation on a tensor that requires a gradient. "
        "backward() walks these notes from the end to the start.",
        "",
        "Try  w = torch.ones(3, requires_grad=True)",
        "and  (w * w).sum().backward()",
    )

    view: reactive[GraphView] = reactive(GraphView(), init=False)

    def __init__(
        self,
        view: GraphView = GraphView(),  # noqa: B008  (a frozen value)
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(GraphPanel.view, view)

    def rows(self) -> Sequence[TreeRow]:
        return graph_rows(self.view, self.flipped)

    def watch_view(self, before: GraphView, view: GraphView) -> None:
        if _form(before) != _form(view):
            self.flipped = self.opened = frozenset()
            self.scroll_to(y=0, animate=False)
        if self.is_mounted:
            self.rebuild()


def _form(view: GraphView) -> tuple[object, ...]:
    """Graphs of one form keep what was folded and opened: those of a training loop."""
    graph = view.graph
    if graph is None:
        return ()
    return (graph.root, tuple((node.op, node.inputs) for node in graph.nodes))
