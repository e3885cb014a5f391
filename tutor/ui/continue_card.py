"""The one obvious way to go on."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tutor.course.model import Exercise, Prose
from tutor.ui.continue_at import Resume
from tutor.ui.widgets.flow import Flow, spread
from tutor.ui.widgets.plain import plain

_TITLES = {
    "start": "Start here",
    "resume": "Continue",
    "next": "Next lesson",
    "finished": "You finished every lesson",
}


class ContinueCard(Flow, can_focus=True):
    """Shows where "Continue" goes; Enter or a click goes there."""

    DEFAULT_CSS = """
    ContinueCard {
        height: auto;
        padding: 0 1;
        border: round $foreground 45%;
        border-title-color: $foreground;
        border-title-style: bold;
        &:focus { border: heavy $primary; border-title-style: bold reverse; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "choose", "Go on", show=False, id="home.go"),
    ]

    place: reactive[Resume | None] = reactive(None, init=False)

    class Chosen(Message):
        """The learner wants to go on."""

    def __init__(self) -> None:
        super().__init__(id="continue")

    def watch_place(self, place: Resume | None) -> None:
        self.border_title = plain(_TITLES[place.why] if place else "This course has no lessons")
        self.reflow()

    def lines(self, width: int) -> list[Content]:
        place = self.place
        if place is None:
            return [Content("There is nothing to open yet.")]
        step = place.lesson.steps.index(place.step) + 1
        where = f"step {step} of {len(place.lesson.steps)}: {place.step.title}"
        go = Content.styled("Enter ", "bold $text-primary") + Content(_verb(place))
        lines = spread(plain(place.lesson.title, "bold"), go, width)
        return [*lines, *plain(where + _block(place), "$text-muted").wrap(width)[:2]]

    def action_choose(self) -> None:
        self.post_message(self.Chosen())

    def on_click(self) -> None:
        self.action_choose()


def _verb(place: Resume) -> str:
    return {"start": "begin", "resume": "go on here", "next": "open it"}.get(
        place.why, "read it again"
    )


def _block(place: Resume) -> str:
    for block in place.step.blocks:
        if isinstance(block, Prose) or block.id != place.block:
            continue
        if isinstance(block, Exercise):
            return f' · exercise "{block.title}"' if block.title != place.step.title else ""
        return f" · {block.id}"
    return ""
