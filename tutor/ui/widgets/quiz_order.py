"""Lines to put in order: taken up, carried, put down, or put aside."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tutor.course.model import Quiz
from tutor.course.quizzes.parsons import shuffled
from tutor.ui.widgets.plain import plain
from tutor.ui.widgets.prose_layout import code_lines
from tutor.ui.widgets.quiz_arrangement import Arrangement
from tutor.ui.widgets.quiz_rows import RowList


class OrderList(RowList):
    """Space takes a line up and puts it down, Up and Down carry it meanwhile; Enter answers.

    With the mouse, a line is dragged; or clicked on, and then the place where it should go.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", "Take up", show=False, id="quiz.hold"),
        Binding("alt+up,shift+up", "carry(False)", "Line up", show=False, id="quiz.raise"),
        Binding("alt+down,shift+down", "carry(True)", "Line down", show=False, id="quiz.lower"),
        Binding("x,delete,backspace", "aside", "Put aside", show=False, id="quiz.aside"),
    ]

    held: reactive[bool] = reactive(False, init=False)
    """The line under the cursor is taken up."""
    arrangement: reactive[Arrangement] = reactive(Arrangement((), 0), init=False)

    class Submitted(Message):
        """The learner settled on `answer`: indices of the lines in place, as texts."""

        def __init__(self, answer: tuple[str, ...]) -> None:
            super().__init__()
            self.answer = answer

    def __init__(self, quiz: Quiz) -> None:
        super().__init__(len(quiz.pieces))
        self._pieces = quiz.pieces
        self._aside = bool(quiz.distractors)
        self._start = shuffled(quiz)
        self._dragging = False
        self.set_reactive(
            OrderList.arrangement, Arrangement.of(self._start, self._start, aside=self._aside)
        )

    def show(self, answer: tuple[str, ...]) -> None:
        """Put the lines as they were before."""
        pieces = tuple(map(int, answer))
        self.arrangement = Arrangement.of(self._start, pieces, aside=self._aside)

    def watch_arrangement(self) -> None:
        self.reflow()

    def watch_held(self) -> None:
        self.reflow()

    # ------------------------------------------------------- keys

    def action_move(self, rows: int) -> None:
        if self.held:
            self.action_carry(rows > 0)
        else:
            self.cursor += rows

    def action_carry(self, down: bool) -> None:
        self.arrangement, self.cursor = self.arrangement.carried(
            self.cursor, down, aside=self._aside
        )

    def action_choose(self) -> None:
        self.held = not self.held

    def action_aside(self) -> None:
        if self._aside:
            self.held = False
            cursor = self.cursor
            self._switch()
            self.cursor = cursor

    def action_submit(self) -> None:
        if self.held:
            self.held = False
        elif self.arrangement.answer:
            self.post_message(self.Submitted(tuple(map(str, self.arrangement.answer))))

    def number_pressed(self, number: int) -> None:
        if self.held:
            self._carry_to(number)
        self.cursor = number

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape" and self.held:
            event.stop()
            self.held = False

    def on_blur(self) -> None:
        self.held = False

    # ------------------------------------------------------- mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        number = self.row_at(event)
        if number is None or event.button != 1:
            return
        if self.held and number != self.cursor:
            self._carry_to(number)
            self.held = False
        else:
            self.cursor = number
            self._dragging = True
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if not self._dragging or event.get_content_offset(self) is None:
            return
        number = self.row_at(event)
        if number is None:
            if self._side_is_empty():
                self.held = True
                self._switch()
        elif number != self.cursor:
            self.held = True
            self._carry_to(number)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if not self._dragging:
            return
        self._dragging = False
        self.release_mouse()
        self.held = not self.held  # a drag ends, a click takes up or puts down

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()  # pressing and releasing the button said all

    def _side_is_empty(self) -> bool:
        """No row of the other side could be dragged to: the words between must do."""
        here = self.cursor < self.arrangement.placed
        there = self.count - self.arrangement.placed if here else self.arrangement.placed
        return self._aside and there == 0

    def _switch(self) -> None:
        self.arrangement, self.cursor = self.arrangement.switched(self.cursor)

    def _carry_to(self, target: int) -> None:
        self.arrangement, self.cursor = self.arrangement.carried_to(self.cursor, target)

    # ------------------------------------------------------- drawing

    def row(self, number: int, width: int) -> list[Content]:
        held = "⇅" if self.held and number == self.cursor else " "
        digits = len(str(self.count))
        place = f"{number + 1}" if number < self.arrangement.placed else "–"
        mark = f"{held} {place:>{digits}} "
        text = self._pieces[self.arrangement.order[number]]
        body = code_lines(text, "python", max(8, width - len(mark) - 2))
        return self.marked(number, mark, body)

    def between(self, number: int, width: int) -> list[Content]:
        lines: list[Content] = []
        if self._aside and number == self.arrangement.placed:
            lines += plain("put aside, as it belongs nowhere:", "$text-muted").wrap(width)
            if number == self.count:
                lines.append(plain("    (nothing)", "$text-muted"))
        if number == self.count:
            lines += plain(self._hint(), "$text-muted").wrap(width)
        return lines

    def _hint(self) -> str:
        if self.held:
            return "Taken up: ↑ ↓ carry the line, Space puts it down."
        aside = " X puts it aside." if self._aside else ""
        return f"Space takes a line up, ↑ ↓ carry it.{aside} Enter answers."
