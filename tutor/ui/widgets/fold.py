"""A line that opens: hints, tracebacks, solutions, and whatever else is there when wanted."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tutor.ui.widgets.flow import Flow, Lines, cut_content, indented
from tutor.ui.widgets.plain import one_line


class Fold(Flow, can_focus=True):
    """Shows "▸ title"; Enter, Space or a click opens it and shows what `body` lays out."""

    DEFAULT_CSS = """
    Fold {
        color: $foreground;
        & .fold--focused { color: $foreground; text-style: bold reverse; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"fold--focused"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "open_or_close", "Open or close", show=False, id="fold.toggle"),
    ]

    expanded: reactive[bool] = reactive(False, init=False)

    class Toggled(Message):
        """It was opened or closed."""

        def __init__(self, fold: Fold, expanded: bool) -> None:
            super().__init__()
            self.fold = fold
            self.expanded = expanded

        @property
        def control(self) -> Fold:
            return self.fold

    def __init__(
        self,
        title: str | Content,
        body: Lines,
        *,
        expanded: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._title = Content(one_line(title)) if isinstance(title, str) else title
        self._body = body
        self.set_reactive(Fold.expanded, expanded)

    def show(self, title: str | Content, body: Lines) -> None:
        """Replace both, leaving it open or closed."""
        self._title = Content(one_line(title)) if isinstance(title, str) else title
        self._body = body
        self.reflow()

    def lines(self, width: int) -> list[Content]:
        arrow = "▾" if self.expanded else "▸"
        title = self._title.stylize(".fold--focused") if self.has_focus else self._title
        head = cut_content(Content(f"{arrow} ") + title, width)
        if not self.expanded:
            return [head]
        return [head, *indented(self._body(max(1, width - 2)), "  ")]

    def watch_expanded(self, expanded: bool) -> None:
        self.reflow()
        self.post_message(self.Toggled(self, expanded))

    def watch_has_focus(self, _focus: bool) -> None:
        self.reflow()

    def action_open_or_close(self) -> None:
        self.expanded = not self.expanded

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_open_or_close()
