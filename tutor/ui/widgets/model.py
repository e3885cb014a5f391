"""A model as its forward ran: which layer got which shape, what it holds, and where it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.reactive import reactive

from tutor.session.observed_model import ModelView
from tutor.ui.widgets.graph_tree import TreeColumn, TreePanel, TreeRow
from tutor.ui.widgets.model_rows import COLUMNS, HEADING, model_rows


class ModelPanel(TreePanel):
    """Draws a `ModelView`. Left and Right fold, Enter tells more of the layer under the cursor."""

    columns: ClassVar[tuple[TreeColumn, ...]] = COLUMNS
    heading: ClassVar[str] = HEADING
    empty: ClassVar[tuple[str, ...]] = (
        "No model yet.",
        "",
        "Call one, and every layer shows up here with the shapes that went in and came out.",
        "",
        "Try  net = nn.Sequential(nn.Linear(4, 8), nn.ReLU())",
        "and  net(torch.randn(2, 4))",
    )

    view: reactive[ModelView] = reactive(ModelView(), init=False)

    def __init__(
        self,
        view: ModelView = ModelView(),  # noqa: B008  (a frozen value)
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(ModelPanel.view, view)

    def rows(self) -> Sequence[TreeRow]:
        return model_rows(self.view, self.flipped)

    def watch_view(self, before: ModelView, view: ModelView) -> None:
        if _form(before) != _form(view):
            self.flipped = self.opened = frozenset()
            self.scroll_to(y=0, animate=False)
        if self.is_mounted:
            self.rebuild()


def _form(view: ModelView) -> tuple[object, ...]:
    """Models of one form keep what was folded and opened."""
    return tuple(
        (model.name, tuple((row.path, row.depth) for row in model.rows)) for model in view.models
    )
