"""The gradients panel: each parameter's gradient, over time, and in one word."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tutor.session.observed_gradients import Gradients
from tutor.ui.widgets.gradient_rows import Line, Look, lines_of


class GradientsPanel(ScrollView, can_focus=True):
    """Draws `Gradients`; scrolls where there are more parameters than rows."""

    DEFAULT_CSS = """
    GradientsPanel {
        width: 1fr;
        height: 1fr;
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & .gradients--heading { color: $text-muted; text-style: bold; }
        & .gradients--title { text-style: bold; }
        & .gradients--curve { color: $text-primary; }
        & .gradients--good { color: $text-success; }
        & .gradients--warn { color: $text-warning; }
        & .gradients--bad { color: $text-error; text-style: bold; }
        & .gradients--quiet { color: $text-muted; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"gradients--{name}"
        for name in ("heading", "title", "curve", "good", "warn", "bad", "quiet")
    }

    HELP = (
        "Each row is one parameter: the size of its gradient now, over the run, and how far the "
        "last step moved the weight. "
        "Gradients that shrink towards the first layers vanish, ones that suddenly grow explode, "
        "and one that is exactly 0 for long belongs to a dead part of the network. "
        "A step that changes a weight by about a thousandth of its size is usual; much more is "
        "rough, much less hardly learns."
    )

    gradients: reactive[Gradients] = reactive(Gradients(), init=False)

    def __init__(
        self,
        gradients: Gradients = Gradients(),  # noqa: B008  (a frozen value)
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(GradientsPanel.gradients, gradients)
        self._laid_out: tuple[object, list[Line]] | None = None

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def watch_gradients(self, before: Gradients, gradients: Gradients) -> None:
        if before is not gradients:
            self._fit()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.rich_style
        lines = self._lines(width)
        number = y + round(self.scroll_y)
        line = lines[number] if number < len(lines) else []
        segments = [Segment(text, base + self._look(look)) for text, look in line if text]
        return Strip(segments).adjust_cell_length(width, base)

    def _lines(self, width: int) -> list[Line]:
        key = self.gradients, width
        if self._laid_out is None or self._laid_out[0] != key:
            self._laid_out = (key, lines_of(self.gradients, max(1, width)))
        return self._laid_out[1]

    def _fit(self) -> None:
        if self.display and self.size.width:
            lines = self._lines(self.scrollable_content_region.width)
            size = Size(self.size.width, len(lines))
            if self.virtual_size != size:
                self.virtual_size = size
            self.refresh()

    def _look(self, look: Look) -> Style:
        return (
            self.get_component_rich_style(f"gradients--{look}", partial=True) if look else Style()
        )
