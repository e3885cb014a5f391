"""A program with one wrong line: first the line is picked, then what should stand there."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tutor.course.model import Quiz
from tutor.course.quizzes.choices import shown_order
from tutor.course.quizzes.fix import found_line
from tutor.ui.widgets.flow import Flow
from tutor.ui.widgets.plain import plain
from tutor.ui.widgets.prose_layout import code_lines
from tutor.ui.widgets.quiz_choices import ChoiceList
from tutor.ui.widgets.quiz_rows import RowList


class LineList(RowList):
    """Code with line numbers. Space, Enter and a click pick a line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", "Choose", show=False, id="quiz.choose"),
    ]

    picked: reactive[int] = reactive(0, init=False)
    """Number of the line picked last, from 1; 0 = none yet."""

    class Picked(Message):
        """The learner takes line `number` for the wrong one."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, code: str, wrong: int) -> None:
        self._lines_of_code = code.split("\n")
        self._wrong = wrong
        super().__init__(len(self._lines_of_code))

    def watch_picked(self) -> None:
        self.reflow()

    def row(self, number: int, width: int) -> list[Content]:
        sign = " "
        if number + 1 == self.picked:
            sign = "✓" if self.picked == self._wrong else "✗"
        mark = f"{sign} {number + 1:>{len(str(self.count))}} "
        room = max(8, width - len(mark) - 2)
        return self.marked(number, mark, code_lines(self._lines_of_code[number], "python", room))

    def action_choose(self) -> None:
        self.action_submit()

    def number_pressed(self, number: int) -> None:
        """Only go there: the Enter that follows a number must not answer the next question."""
        self.cursor = number

    def action_submit(self) -> None:
        if self._lines_of_code[self.cursor].strip():
            self.picked = self.cursor + 1
            self.post_message(self.Picked(self.picked))


class FixAnswer(Vertical):
    """The replacements come into sight once the wrong line is found."""

    DEFAULT_CSS = """
    FixAnswer {
        height: auto;
        & > .found { padding: 0 1; margin: 1 0 0 0; }
    }
    """

    found: reactive[bool] = reactive(False, init=False)

    class Submitted(Message):
        """The learner answered: a line that is not the wrong one, or the wrong line and the
        index of its replacement, as texts."""

        def __init__(self, answer: tuple[str, ...]) -> None:
            super().__init__()
            self.answer = answer

    class LineFound(Message):
        """The wrong line was picked; its replacement is still to come."""

    def __init__(self, quiz: Quiz) -> None:
        super().__init__()
        self._quiz = quiz

    def compose(self) -> ComposeResult:
        yield LineList(self._quiz.code, self._quiz.line)
        yield Flow(self._invitation, classes="found")
        texts = tuple(choice.text for choice in self._quiz.choices)
        yield ChoiceList(texts, order=shown_order(self._quiz), code=True)

    def on_mount(self) -> None:
        self.watch_found()

    def show(self, answer: tuple[str, ...]) -> None:
        """Mark what was picked before."""
        lines = self.query_one(LineList)
        lines.picked = int(answer[0])
        lines.cursor = lines.picked - 1
        self.found = found_line(self._quiz, lines.picked)
        if len(answer) == 2:
            self.query_one(ChoiceList).show(answer[1:])

    def watch_found(self) -> None:
        self.query_one(".found").display = self.found
        self.query_one(ChoiceList).display = self.found

    @on(LineList.Picked)
    def _picked(self, event: LineList.Picked) -> None:
        event.stop()
        self.found = found_line(self._quiz, event.number)
        if self.found:
            self.post_message(self.LineFound())
            self.call_after_refresh(self.query_one(ChoiceList).focus)
        else:
            self.post_message(self.Submitted((str(event.number),)))

    @on(ChoiceList.Submitted)
    def _chosen(self, event: ChoiceList.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted((str(self._quiz.line), *event.answer)))

    def _invitation(self, width: int) -> list[Content]:
        text = f"✓ Line {self._quiz.line} is the wrong one. What should it be?"
        return plain(text, "bold").wrap(width)
