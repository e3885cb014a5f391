"""A question, answered by keyboard; a wrong answer says why and may be tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course.model import Quiz
from tutor.course.quizzes.choices import shown_order
from tutor.ui.widgets.flow import Flow, indented
from tutor.ui.widgets.plain import PlainStatic, plain
from tutor.ui.widgets.prose import ProseView
from tutor.ui.widgets.prose_layout import code_lines, prose_lines
from tutor.ui.widgets.quiz_choices import ChoiceList
from tutor.ui.widgets.quiz_fix import FixAnswer
from tutor.ui.widgets.quiz_order import OrderList
from tutor.ui.widgets.quiz_typed import TypedAnswer

if TYPE_CHECKING:
    from tutor.course.quiz import QuizJudgement


class QuizView(Vertical):
    """Draws a `Quiz` by its kind. Answers are judged by the pure `tutor.course.quiz.judge`."""

    DEFAULT_CSS = """
    QuizView {
        height: auto;
        border: round $foreground 45%;
        border-title-color: $foreground;
        border-title-background: $background;
        border-subtitle-color: $foreground;
        margin: 0 0 1 0;
        &:focus-within { border: heavy $primary; }
        &.-right { border-subtitle-color: $text-success; }
        &.-wrong { border-subtitle-color: $text-error; }
        & > .feedback, & > .unknown { padding: 0 1; }
        & .code { padding: 0 1; }
        & > ChoiceList, & > OrderList, & > FixAnswer { margin: 1 0 0 0; }
    }
    """

    judgement: reactive[QuizJudgement | None] = reactive(None, init=False)
    """What was said to the last answer; set here on answering, or by the parent."""

    class Answered(Message):
        """The learner answered; `Quiz` says what the texts of an answer are for each kind."""

        def __init__(self, block: str, answer: tuple[str, ...]) -> None:
            super().__init__()
            self.block = block
            self.answer = answer

    def __init__(self, quiz: Quiz, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.quiz = quiz

    @property
    def block_id(self) -> str:
        return self.quiz.id

    @property
    def footer(self) -> str:
        """Name of the footer with the keys that answer this question."""
        if self.quiz.kind == "parsons":
            return "ordered, some aside" if self.quiz.distractors else "ordered"
        return "typed" if RENDERERS.get(self.quiz.kind) is TypedAnswer else "quiz"

    def compose(self) -> ComposeResult:
        yield ProseView(self.quiz.prompt)
        if self.quiz.code and self.quiz.kind not in _DRAW_THE_CODE:
            code = self.quiz.code.rstrip("\n")
            yield Flow(lambda width: code_lines(code, "python", width), classes="code")
        yield RENDERERS.get(self.quiz.kind, _unknown)(self.quiz)
        yield Flow(self._feedback, classes="feedback")

    def on_mount(self) -> None:
        self.border_title = plain("question")
        self._show_judgement()

    def show_answer(self, answer: tuple[str, ...]) -> None:
        """Fill in an earlier answer and judge it, without a message. An answer that no longer
        fits the question (the lesson was updated) is left out."""
        if not self.is_mounted:
            self.call_after_refresh(self.show_answer, answer)
            return
        try:
            self._judge(answer)
        except ValueError:
            self.judgement = None
            return
        for widget in self.children:
            if isinstance(widget, Answering):
                widget.show(answer)

    def watch_judgement(self) -> None:
        if self.is_mounted:
            self._show_judgement()

    def _show_judgement(self) -> None:
        judgement = self.judgement
        self.set_class(bool(judgement and judgement.correct), "-right")
        self.set_class(bool(judgement and not judgement.correct), "-wrong")
        if judgement is None:
            self.border_subtitle = Content("○ not answered")
        elif judgement.correct:
            self.border_subtitle = Content("✓ right")
        else:
            self.border_subtitle = Content("✗ not yet: try again")
        self.query_one(".feedback", Flow).reflow()

    def _feedback(self, width: int) -> list[Content]:
        if self.judgement is None:
            return []
        code = self.quiz.kind not in ("choice", "multi")
        return feedback_lines(self.judgement, width, code=code)

    @on(ChoiceList.Submitted)
    @on(TypedAnswer.Submitted)
    @on(OrderList.Submitted)
    @on(FixAnswer.Submitted)
    def _submitted(self, event: Submitted) -> None:
        event.stop()
        self._answer(event.answer)

    @on(FixAnswer.LineFound)
    def _half_way(self, event: FixAnswer.LineFound) -> None:
        event.stop()
        self.judgement = None

    def _answer(self, answer: tuple[str, ...]) -> None:
        self._judge(answer)
        self.post_message(self.Answered(self.quiz.id, answer))

    def _judge(self, answer: tuple[str, ...]) -> None:
        from tutor.course.quiz import judge

        self.judgement = judge(self.quiz, answer)


def feedback_lines(judgement: QuizJudgement, width: int, *, code: bool) -> list[Content]:
    """Right or not, and what there is to say to what was picked or typed, which is Markdown or
    `code`. The explanation comes only after a right answer: before, it would give it away."""
    lines: list[Content | str] = [""]
    if judgement.correct:
        lines += [Content.styled("✓ Right.", "bold $text-success")]
    else:
        lines += [Content.styled("✗ Not yet. Try another answer.", "bold $text-error")]
    only = judgement.correct and len(judgement.feedback) == 1
    for choice, why in judgement.feedback:
        named = _code_span(choice) if code and choice else choice.removesuffix(".")
        text = f"{named}: {why}" if choice and not only else why
        lines += indented(prose_lines(text, max(8, width - 2)), "  ")
    if judgement.correct and judgement.explain:
        lines += ["", *prose_lines(judgement.explain, width)]
    return [Content(line) if isinstance(line, str) else line for line in lines]


def _code_span(text: str) -> str:
    """`text` as code in Markdown, whatever backticks it holds."""
    fence = "`"
    while fence in text:
        fence += "`"
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


def _choices(quiz: Quiz) -> Widget:
    texts = tuple(choice.text for choice in quiz.choices)
    return ChoiceList(texts, order=shown_order(quiz), multi=quiz.kind == "multi")


def _unknown(quiz: Quiz) -> Widget:
    return PlainStatic(
        f"! A question of kind {quiz.kind!r} needs a newer torch-tutor. You can go on without it.",
        classes="unknown",
    )


RENDERERS: dict[str, Callable[[Quiz], Widget]] = {
    "choice": _choices,
    "multi": _choices,
    "predict": TypedAnswer,
    "shape": TypedAnswer,
    "blank": TypedAnswer,
    "parsons": OrderList,
    "fix": FixAnswer,
}
"""Kind of question → the widget that takes its answer."""

_DRAW_THE_CODE = ("blank", "fix")
"""Kinds whose answer is given in the code itself."""

Answering = ChoiceList | TypedAnswer | OrderList | FixAnswer
Submitted = ChoiceList.Submitted | TypedAnswer.Submitted | OrderList.Submitted | FixAnswer.Submitted
