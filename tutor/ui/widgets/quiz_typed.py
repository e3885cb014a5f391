"""An answer that is typed: an output, a shape, or what is missing in a line of code."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from tutor.course.model import Quiz
from tutor.course.quizzes.blank import BLANK_MARK
from tutor.text import sanitize
from tutor.ui.widgets.flow import Flow
from tutor.ui.widgets.plain import plain
from tutor.ui.widgets.prose_layout import code_lines

_WANTED = {
    "shape": "the shape, for example (2, 3)",
    "blank": f"what belongs in {BLANK_MARK}",
}


class TypedAnswer(Vertical):
    """One line to type in. Above it a blank stands in its code, with what was typed so far."""

    DEFAULT_CSS = """
    TypedAnswer {
        height: auto;
        & > Input { margin: 0 1; }
    }
    """

    class Submitted(Message):
        """The learner typed `answer`, one text."""

        def __init__(self, answer: tuple[str, ...]) -> None:
            super().__init__()
            self.answer = answer

    def __init__(self, quiz: Quiz) -> None:
        super().__init__()
        self._quiz = quiz

    def compose(self) -> ComposeResult:
        if self._quiz.kind == "blank":
            yield Flow(self._code, classes="code")
        wanted = _WANTED.get(self._quiz.kind, "your prediction")
        yield Input(placeholder=f"type {wanted}, then Enter")

    def show(self, answer: tuple[str, ...]) -> None:
        """Fill in what was typed before."""
        self.query_one(Input).value = plain(answer[0]).plain

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        for code in self.query(".code").results(Flow):
            code.reflow()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.post_message(self.Submitted((event.value.strip(),)))

    def _code(self, width: int) -> list[Content]:
        fields = list(self.query(Input))
        return blank_lines(self._quiz.code, fields[0].value if fields else "", width)


def blank_lines(code: str, typed: str, width: int) -> list[Content]:
    """`code` with `typed` underlined in its blank, or with the blank while nothing is typed."""
    typed = sanitize(typed).strip() or BLANK_MARK
    lines: list[Content] = []
    for line in sanitize(code).expandtabs(4).split("\n"):
        before, blank, after = line.partition(BLANK_MARK)
        drawn = code_lines(before + typed + after if blank else line, "python", width)
        if blank and len(drawn) == 1:
            start = 1 + len(before)  # code stands one column in
            drawn = [drawn[0].stylize("bold underline", start, start + len(typed))]
        lines += drawn
    return lines
