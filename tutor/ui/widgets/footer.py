"""The keys that matter now, at most six, in one line that never overflows."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tutor.ui.widgets.flow import Flow

MAX_KEYS = 6
_GAP = 2


@dataclass(frozen=True, slots=True)
class KeyHint:
    """One key as shown: `key` is Textual's name ("f5"), `shown` what stands there ("F5")."""

    key: str
    shown: str
    label: str

    @property
    def width(self) -> int:
        return len(self.shown) + 1 + len(self.label)


class KeyFooter(Flow):
    """Shows `hints` in order of importance; those that do not fit are left out, the last stays.

    The last hint is the way to all others (help), so it is never left out.
    """

    DEFAULT_CSS = """
    KeyFooter { dock: bottom; height: 1; padding: 0 1; background: $surface; color: $foreground; }
    """

    hints: reactive[tuple[KeyHint, ...]] = reactive((), init=False)

    class Chosen(Message):
        """A hint was clicked; the app presses `key`."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(
        self,
        hints: tuple[KeyHint, ...] = (),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(KeyFooter.hints, hints)

    def watch_hints(self) -> None:
        self.reflow()

    def lines(self, width: int) -> list[Content]:
        parts = [
            Content.assemble((hint.shown, "bold $text-accent"), " ", hint.label)
            for hint in fitting(self.hints, width)
        ]
        return [Content(" " * _GAP).join(parts)]

    def on_click(self, event: events.Click) -> None:
        x = 1
        for hint in fitting(self.hints, self.size.width):
            if x <= event.x < x + hint.width:
                self.post_message(self.Chosen(hint.key))
                return
            x += hint.width + _GAP


def fitting(hints: tuple[KeyHint, ...], width: int) -> tuple[KeyHint, ...]:
    """As many as fit, six at most: the first ones, and always the last."""
    if not hints:
        return ()
    *firsts, last = hints
    chosen: list[KeyHint] = []
    room = width - last.width
    for hint in firsts[: MAX_KEYS - 1]:
        if hint.width + _GAP > room:
            break
        chosen.append(hint)
        room -= hint.width + _GAP
    return (*chosen, last) if last.width <= width else ()
