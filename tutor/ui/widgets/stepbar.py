"""Where the learner stands in the lesson: one mark a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.content import Content
from textual.reactive import reactive

from tutor.ui.widgets.flow import Flow, cut

StepState = Literal["new", "tried", "done"]
_GLYPHS: dict[StepState, tuple[str, str]] = {
    "new": ("○", "$text-muted"),
    "tried": ("◐", "$text-warning"),
    "done": ("✓", "$text-success"),
}


@dataclass(frozen=True, slots=True)
class StepMark:
    """One step of the lesson. `kind` as in `tutor.course.model.Step.kind`."""

    title: str
    state: StepState = "new"
    kind: Literal["read", "run", "exercise", "quiz"] = "read"
    current: bool = False


class StepBar(Flow):
    """Wide: "1 ✓ 2 ✓ 3 ● 4 ○"; narrow: "3/7"."""

    DEFAULT_CSS = """
    StepBar { height: 1; color: $foreground; }
    """

    steps: reactive[tuple[StepMark, ...]] = reactive((), init=False)

    def __init__(
        self,
        steps: tuple[StepMark, ...] = (),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(StepBar.steps, steps)

    def watch_steps(self) -> None:
        self.reflow()

    def lines(self, width: int) -> list[Content]:
        return [step_line(self.steps, width)]


def step_line(steps: tuple[StepMark, ...], width: int) -> Content:
    """Every step when they fit, else the number of the current one."""
    if not steps:
        return Content("")
    parts: list[Content] = []
    for number, step in enumerate(steps, 1):
        glyph, style = ("●", "bold reverse") if step.current else _GLYPHS[step.state]
        text = f" {number} {glyph} " if step.current else f"{number} {glyph}"
        parts.append(Content.styled(text, style))
    line = Content(" ").join(parts)
    if line.cell_length <= width:
        return line
    current = next((n for n, step in enumerate(steps, 1) if step.current), 0)
    done = sum(step.state == "done" for step in steps)
    for text in (f"step {current}/{len(steps)} · {done} done", f"{current}/{len(steps)}"):
        if len(text) <= width:
            return Content.styled(text, "bold")
    return Content(cut(f"{current}/{len(steps)}", width))
