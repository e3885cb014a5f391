"""What the training doctor noticed, under the cell that ran."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive

from tutor.ui.widgets.flow import Flow
from tutor.ui.widgets.plain import plain
from tutor.wire.observed.mistakes import MistakeNoticed


class MistakeNotes(Flow):
    """Draws mistakes that raised nothing: what, the evidence, the cure, the lesson."""

    DEFAULT_CSS = """
    MistakeNotes { height: auto; padding: 0 1; border-left: outer $warning; }
    """

    mistakes: reactive[tuple[MistakeNoticed, ...]] = reactive((), init=False)

    def watch_mistakes(self) -> None:
        self.reflow()

    def lines(self, width: int) -> list[Content]:
        return mistake_lines(self.mistakes, width)


def mistake_lines(mistakes: tuple[MistakeNoticed, ...], width: int) -> list[Content]:
    """Three to five lines a mistake."""
    lines: list[Content] = []
    for mistake in mistakes:
        where = f" · line {mistake.line}" if mistake.line else ""
        lines += plain(f"! {mistake.title}{where}", "bold $text-warning").wrap(width)
        lines += plain(f"  {mistake.evidence}", "$text-muted").wrap(width)
        lines += plain(f"  → {mistake.cure}").wrap(width)
        if mistake.lesson:
            lines += plain(f"  lesson: {mistake.lesson}", "$text-muted").wrap(width)
    return lines
