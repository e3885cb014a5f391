"""A screen with panels beside its main part, or over it where there is less room."""

from __future__ import annotations

from textual import work
from textual.widget import Widget

from tutor.ui.inspector import Inspector
from tutor.ui.keys import Where
from tutor.ui.screens.base import TutorScreen
from tutor.ui.screens.tensor import TensorScreen
from tutor.ui.widgets.graph_tree import TreePanel
from tutor.ui.widgets.tensors import TensorsPanel
from tutor.ui.widgets.training import TrainingPanel

_KEYS_OF: tuple[tuple[type[Widget], Where], ...] = (
    (TensorsPanel, "tensors"),
    (TreePanel, "tree"),
    (TrainingPanel, "training"),
)


class PanelledScreen(TutorScreen):
    """Knows how to go to the panels and back; classes on the screen say how they stand."""

    _before_panel: Widget | None = None

    def enter_main(self) -> None:
        """Put the focus into the main part."""

    def footer_changed(self) -> None:
        """The focus went to another place."""

    def focus_in(self, kind: type[Widget]) -> bool:
        """Whether the focus is in a widget of this kind."""
        focused = self.focused
        return focused is not None and any(
            isinstance(node, kind) for node in focused.ancestors_with_self
        )

    def action_inspector(self) -> None:
        """To the panel; from the panel, close it."""
        if self.focus_in(Inspector):
            self.close_overlay()
            self.add_class("-closed")
            self._back_from_panel()
            return
        self._before_panel = self.focused
        self.remove_class("-closed")
        self.add_class("-overlay")
        self.query_one(Inspector).focus_panel()

    def action_next_panel(self) -> None:
        """The next panel; into view where it was hidden."""
        inspector = self.query_one(Inspector)
        narrow = self.has_class("-narrow") and not self.has_class("-overlay")
        if not inspector.display or self.has_class("-closed") or narrow:
            self.action_inspector()
            return
        inside = self.focus_in(Inspector)
        inspector.turn()
        if inside:
            inspector.focus_panel()
        self.footer_changed()

    def action_full_panel(self) -> None:
        """The panel alone on the screen, and back."""
        if not self.focus_in(Inspector):
            self.action_inspector()
            self.add_class("-full")
        else:
            self.toggle_class("-full")

    def leave_panel(self) -> bool:
        """Out of the panel; False when the focus was not there."""
        if not self.has_class("-overlay") and not self.focus_in(Inspector):
            return False
        self.close_overlay()
        self._back_from_panel()
        return True

    def close_overlay(self) -> None:
        """Back to how the screen stood before a panel took room."""
        self.remove_class("-full")
        self.remove_class("-overlay")

    def panel_context(self) -> Where | None:
        """Whose keys the focused panel has, None for panels without keys of their own."""
        focused = self.focused
        return next((where for kind, where in _KEYS_OF if isinstance(focused, kind)), None)

    def about(self) -> tuple[str, str] | None:
        """What help says of the panel that has the focus."""
        if not self.focus_in(Inspector):
            return None
        panel = self.query_one(Inspector).panel
        return f"The {panel.title} panel", panel.about

    def on_tensors_panel_tensor_opened(self, event: TensorsPanel.TensorOpened) -> None:
        event.stop()
        self.app.push_screen(TensorScreen(event.path))

    def on_tensors_panel_graph_wanted(self, event: TensorsPanel.GraphWanted) -> None:
        event.stop()
        self._show_graph_of(event.path)

    @work(exclusive=True, group="trace")
    async def _show_graph_of(self, path: str) -> None:
        reason = await self.tutor.session.trace(path)
        if reason:
            self.tutor.say(f"{path} has no graph to show. {reason}")
            return
        inspector = self.query_one(Inspector)
        inspector.bring("graph")
        inspector.focus_panel()

    def _back_from_panel(self) -> None:
        before, self._before_panel = self._before_panel, None
        if before is not None and before.is_attached and before.focusable:
            before.focus()
        else:
            self.enter_main()
