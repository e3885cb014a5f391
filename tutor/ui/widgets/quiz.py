"""A question, answered by keyboard; a wrong answer says why and may be tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from tutor.course.model import Quiz
from tutor.ui.widgets.flow import Flow, indented
from tutor.ui.widgets.plain import PlainStatic, plain
from tutor.ui.widgets.prose import ProseView
from tutor.ui.widgets.prose_layout import code_lines, prose_lines

if TYPE_CHECKING:
    from tutor.course.quiz import QuizJudgement


class ChoiceList(Flow, can_focus=True):
    """The choices of a question. Up, Down and number keys move; Space and Enter choose."""

    DEFAULT_CSS = """
    ChoiceList {
        padding: 0 1;
        color: $foreground;
        & .choice--cursor { text-style: bold; }
        &:focus .choice--cursor { text-style: bold reverse; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--cursor"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="quiz.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="quiz.down"),
        Binding("space", "choose", "Choose", show=False, id="quiz.choose"),
        Binding("enter", "submit", "Answer", show=False, id="quiz.submit"),
    ]

    cursor: reactive[int] = reactive(0, init=False)
    chosen: reactive[frozenset[int]] = reactive(frozenset(), init=False)

    class Submitted(Message):
        """The learner settled on `chosen`."""

        def __init__(self, chosen: frozenset[int]) -> None:
            super().__init__()
            self.chosen = chosen

    def __init__(self, texts: tuple[str, ...], *, multi: bool) -> None:
        super().__init__()
        self._texts = texts
        self._multi = multi

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self._texts) - 1))

    def watch_cursor(self) -> None:
        self.reflow()

    def watch_chosen(self) -> None:
        self.reflow()

    def watch_has_focus(self, _focus: bool) -> None:
        self.reflow()

    def lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for number, text in enumerate(self._texts):
            here = number == self.cursor and self.has_focus
            picked = number in self.chosen
            box = ("[x]" if picked else "[ ]") if self._multi else ("●" if picked else "○")
            mark = Content(f"{'›' if here else ' '} {box} {number + 1} ")
            body = prose_lines(text, max(8, width - mark.cell_length))
            if here:
                body = [line.stylize("bold") for line in body]
                mark = mark.stylize("bold reverse")
            lines += indented(body, " " * mark.cell_length, mark + "")
        return lines

    def action_move(self, rows: int) -> None:
        self.cursor += rows

    def action_choose(self) -> None:
        if self._multi:
            self.chosen = self.chosen ^ {self.cursor}
        else:
            self.action_submit()

    def action_submit(self) -> None:
        if not self._multi:
            self.chosen = frozenset({self.cursor})
        if self.chosen:
            self.post_message(self.Submitted(self.chosen))

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character in "123456789":
            number = int(event.character) - 1
            if number < len(self._texts):
                event.stop()
                self.cursor = number
                self.action_choose()


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
        & > Input { margin: 0 1; }
        & > .feedback, & > .unknown { padding: 0 1; }
        & > .code { padding: 0 1; }
        & > ChoiceList { margin: 1 0 0 0; }
    }
    """

    judgement: reactive[QuizJudgement | None] = reactive(None, init=False)
    """What was said to the last answer; set here on answering, or by the parent."""

    class Answered(Message):
        """The learner answered: indices of choices as texts, or the one text typed."""

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

    def compose(self) -> ComposeResult:
        yield ProseView(self.quiz.prompt)
        if self.quiz.code:
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
        if choices := list(self.query(ChoiceList)):
            picked = frozenset(int(text) for text in answer if text.isdigit())
            choices[0].chosen = frozenset(n for n in picked if n < len(self.quiz.choices))
        elif (fields := list(self.query(Input))) and answer:
            fields[0].value = plain(answer[0]).plain
        try:
            self._judge(answer)
        except ValueError:
            self.judgement = None

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
        return feedback_lines(self.judgement, width) if self.judgement else []

    @on(ChoiceList.Submitted)
    def _chosen(self, event: ChoiceList.Submitted) -> None:
        event.stop()
        self._answer(tuple(str(number) for number in sorted(event.chosen)))

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self._answer((event.value.strip(),))

    def _answer(self, answer: tuple[str, ...]) -> None:
        self._judge(answer)
        self.post_message(self.Answered(self.quiz.id, answer))

    def _judge(self, answer: tuple[str, ...]) -> None:
        from tutor.course.quiz import judge

        self.judgement = judge(self.quiz, answer)


def feedback_lines(judgement: QuizJudgement, width: int) -> list[Content]:
    """Right or not, and what there is to say to each picked choice. The explanation comes only
    after a right answer: before, it would give the answer away."""
    lines: list[Content | str] = [""]
    if judgement.correct:
        lines += [Content.styled("✓ Right.", "bold $text-success")]
    else:
        lines += [Content.styled("✗ Not yet. Try another answer.", "bold $text-error")]
    only = judgement.correct and len(judgement.feedback) == 1
    for choice, why in judgement.feedback:
        text = f"{choice}: {why}" if choice and not only else why
        lines += indented(prose_lines(text, max(8, width - 2)), "  ")
    if judgement.correct and judgement.explain:
        lines += ["", *prose_lines(judgement.explain, width)]
    return [Content(line) if isinstance(line, str) else line for line in lines]


def _choices(quiz: Quiz) -> Widget:
    return ChoiceList(tuple(choice.text for choice in quiz.choices), multi=quiz.kind == "multi")


def _typed_text(quiz: Quiz) -> Widget:
    what = "the shape, for example (2, 3)" if quiz.kind == "shape" else "your prediction"
    return Input(placeholder=f"type {what}, then Enter")


def _unknown(quiz: Quiz) -> Widget:
    return PlainStatic(
        f"! A question of kind {quiz.kind!r} needs a newer torch-tutor. You can go on without it.",
        classes="unknown",
    )


RENDERERS: dict[str, Callable[[Quiz], Widget]] = {
    "choice": _choices,
    "multi": _choices,
    "predict": _typed_text,
    "shape": _typed_text,
}
"""Kind of question → the widget that takes its answer."""
