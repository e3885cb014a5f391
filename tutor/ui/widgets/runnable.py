"""A block with an editor: its code, how its latest run stands, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from tutor.course.model import Cell, Exercise
from tutor.course.optional import lacking, where_from
from tutor.session.snapshot import CellRun, InputWanted, Output, Problem
from tutor.ui.widgets.editor import CodeEditor
from tutor.ui.widgets.flow import Flow
from tutor.ui.widgets.line_notes import notes_of
from tutor.ui.widgets.mistakes import MistakeNotes
from tutor.ui.widgets.output import OutputView
from tutor.ui.widgets.plain import PlainStatic, one_line, plain
from tutor.ui.widgets.problem import ProblemCard
from tutor.ui.widgets.tones import WAITING, Status, run_status
from tutor.wire.observed.lines import CellLines


class RunnableView(Vertical, can_focus=True):
    """Base of cells and exercises: the focusable block. Enter goes into its editor."""

    DEFAULT_CSS = """
    RunnableView {
        height: auto;
        border: round $foreground 45%;
        border-title-color: $foreground;
        border-title-background: $background;
        border-subtitle-color: $foreground;
        background: $background;
        margin: 0 0 1 0;
        &:focus { border: heavy $primary; border-title-style: bold reverse; }
        &:focus-within { border: heavy $primary; }
        &.-busy { border-subtitle-color: $text-primary; }
        &.-good { border-subtitle-color: $text-success; }
        &.-bad { border-subtitle-color: $text-error; }
        &.-warn { border-subtitle-color: $text-warning; }
        & > OutputView { display: none; padding: 0 1; }
        & > ProblemCard, & > MistakeNotes { display: none; }
        &.-mistakes > MistakeNotes { display: block; }
        & > .input-row { display: none; }
        &.-output > OutputView { display: block; }
        &.-problem > ProblemCard { display: block; }
        &.-input > .input-row { display: block; }
        & > .input-row {
            height: auto;
            padding: 0 1;
            & > Input { height: 1; border: none; padding: 0; background: $surface; }
            & > Input:focus { border: none; background: $surface; text-style: bold; }
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority the focus has moved before the next key is looked at: nothing typed in the
        # same instant gets lost.
        Binding("enter", "edit", "Edit", show=False, id="block.edit", priority=True),
    ]

    run: reactive[CellRun | None] = reactive(None, init=False)
    """The latest run, None before the first."""
    input_wanted: reactive[InputWanted | None] = reactive(None, init=False)
    """Set while this block waits for a line of input."""

    lines: reactive[CellLines | None] = reactive(None, init=False)
    """What the lines of the text that ran made, where known."""
    lines_shown: reactive[bool] = reactive(True, init=False)

    class RunRequested(Message):
        """The learner wants `source` run."""

        def __init__(self, block: str, source: str) -> None:
            super().__init__()
            self.block = block
            self.source = source

    class ResetRequested(Message):
        """The learner wants the author's text back."""

        def __init__(self, block: str) -> None:
            super().__init__()
            self.block = block

    class InputAnswered(Message):
        """The learner typed the line that `input()` waits for; None = end of file."""

        def __init__(self, block: str, text: str | None) -> None:
            super().__init__()
            self.block = block
            self.text = text

    def __init__(
        self,
        block: Cell | Exercise,
        text: str,
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.block = block
        self.editor = CodeEditor(text, block=block.id)
        self._drawn_status: Status | None = None

    @property
    def block_id(self) -> str:
        return self.block.id

    @property
    def text(self) -> str:
        """The learner's text as it is now."""
        return self.editor.text

    @property
    def text_changed(self) -> bool:
        """The text differs from what ran."""
        return self.run is not None and self.run.source != self.text

    @property
    def title(self) -> str:
        """What stands in the border."""
        return self.block.id

    @property
    def status(self) -> Status:
        """How the block stands, drawn in the border."""
        if self.input_wanted is not None:
            return WAITING
        return run_status(self.run, self.text_changed)

    # ------------------------------------------------------------------ asking

    def request_run(self) -> None:
        """Ask the parent to run the text."""
        self.post_message(self.RunRequested(self.block.id, self.text))

    def request_reset(self) -> None:
        """Ask the parent for the author's text."""
        self.post_message(self.ResetRequested(self.block.id))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter belongs to what is inside, where the focus is there."""
        return action != "edit" or self.screen.focused is self

    def action_edit(self) -> None:
        """Enter: go into the editor, or to the line of input that is waited for."""
        field = self.query_one(".input-row Input", Input)
        self.screen.set_focus(field if self.input_wanted is not None else self.editor)

    # ------------------------------------------------------------------ drawing

    def compose(self) -> ComposeResult:
        yield from self.compose_above()
        yield self.editor
        yield OutputView()
        yield Vertical(
            PlainStatic(classes="prompt"),
            Input(placeholder="type a line, then Enter", compact=True),
            classes="input-row",
        )
        yield ProblemCard()
        yield MistakeNotes()
        yield from self.compose_below()

    def compose_above(self) -> Iterable[Widget]:
        """Widgets between the border and the editor."""
        return ()

    def compose_below(self) -> Iterable[Widget]:
        """Widgets under the output."""
        return ()

    def on_mount(self) -> None:
        self.border_title = Content(one_line(self.title))
        self._show_run(None)
        self._show_input()

    def watch_run(self, before: CellRun | None, _run: CellRun | None) -> None:
        if self.is_mounted:
            self._show_run(before)

    def watch_lines(self, lines: CellLines | None) -> None:
        self.editor.notes = notes_of(self.run.source if self.run else "", lines)

    def watch_lines_shown(self, shown: bool) -> None:
        self.editor.notes_shown = shown

    def watch_input_wanted(self) -> None:
        if self.is_mounted:
            self._show_input()

    def tells_problem(self, problem: Problem) -> bool:
        """True where another card of this block already shows `problem`."""
        return False

    def refresh_status(self) -> None:
        """Draw the state anew: glyph, word and tone in the border."""
        status = self.status
        if status == self._drawn_status:
            return
        self._drawn_status = status
        self.border_subtitle = Content(str(status))
        for tone in ("idle", "busy", "good", "bad", "warn"):
            self.set_class(tone == status.tone, f"-{tone}")

    def _show_run(self, before: CellRun | None) -> None:
        run = self.run
        output = self.query_one(OutputView)
        output.output = run.output if run else Output()
        output.value = run.value if run else ""
        mistakes = run.mistakes if run else ()
        self.query_one(MistakeNotes).mistakes = mistakes
        self.set_class(bool(mistakes), "-mistakes")
        problem = run.problem if run else None
        self.query_one(ProblemCard).problem = problem
        self.set_class(output.row_count > 0, "-output")
        self.set_class(problem is not None and not self.tells_problem(problem), "-problem")
        if problem is not (before.problem if before else None) or before is None:
            self.editor.error_line = problem.line if problem and not self.text_changed else 0
        self.refresh_status()

    def _show_input(self) -> None:
        wanted = self.input_wanted
        self.set_class(wanted is not None, "-input")
        self.refresh_status()
        if wanted is None:
            return
        prompt = wanted.prompt or "The code waits for a line of input."
        self.query_one(".prompt", PlainStatic).show(f"? {prompt}")
        field = self.query_one(".input-row Input", Input)
        field.value = ""
        field.password = wanted.secret
        if self.has_focus_within:
            field.focus()

    @on(CodeEditor.Edited)
    def _text_edited(self) -> None:
        self.refresh_status()

    @on(Input.Submitted)
    def _input_typed(self, event: Input.Submitted) -> None:
        event.stop()
        self.editor.focus()
        self.post_message(self.InputAnswered(self.block.id, event.value))


class CellView(RunnableView):
    """A cell of the lesson. Where packages are lacking, its reference output stands in."""

    DEFAULT_CSS = """
    CellView {
        & > .stand-in { display: none; padding: 0 1; }
        &.-stand-in > .stand-in { display: block; }
    }
    """

    def __init__(
        self, cell: Cell, text: str, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(cell, text, id=id, classes=classes)
        self.cell = cell

    @property
    def lacks(self) -> tuple[str, ...]:
        """Packages without which the author's text cannot run here."""
        return lacking(self.cell) if self.text == self.cell.source else ()

    def compose_below(self) -> Iterable[Widget]:
        yield Flow(self._stand_in, classes="stand-in")

    def stand_in(self) -> None:
        """Show what the cell shows where everything is installed."""
        self.add_class("-stand-in")
        self.query_one(".stand-in", Flow).reflow()

    def _stand_in(self, width: int) -> list[Content]:
        lacks = lacking(self.cell)
        names = " and ".join(lacks)
        told = f"○ Not run: {names} is not here. {where_from(lacks)}".replace("`", "")
        lines = plain(told, "$text-warning").wrap(width)
        if self.cell.output is not None and self.cell.output.match in ("exact", "shape"):
            lines += plain("Where it is installed, this cell shows:", "$text-muted").wrap(width)
            for line in self.cell.output.text.splitlines():
                lines += plain(line, "$text-muted").wrap(width)
        return lines

    def watch_run(self, before: CellRun | None, run: CellRun | None) -> None:
        super().watch_run(before, run)
        if run is not None:
            self.remove_class("-stand-in")

    @property
    def title(self) -> str:
        return f"cell {self.cell.id}"

    @property
    def status(self) -> Status:
        if self.input_wanted is not None:
            return WAITING
        return run_status(self.run, self.text_changed, self.cell.expect)
