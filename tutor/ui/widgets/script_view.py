"""A script on the screen: its text above, what came of it below."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.reactive import reactive
from textual.widgets import Input

from tutor.course.model import Cell, Place
from tutor.script.ending import ending_of
from tutor.session.snapshot import CellRun
from tutor.ui.widgets.mistakes import MistakeNotes
from tutor.ui.widgets.output import OutputView
from tutor.ui.widgets.plain import PlainStatic
from tutor.ui.widgets.problem import ProblemCard
from tutor.ui.widgets.runnable import RunnableView
from tutor.ui.widgets.source import SourceView
from tutor.ui.widgets.tones import WAITING, Status, run_status

Half = Literal["both", "output", "code"]


class ScriptView(RunnableView):
    """The block of a script, which fills the room that it gets."""

    DEFAULT_CSS = """
    ScriptView {
        height: 100%;
        margin: 0;
        & > .below {
            display: none;
            height: auto;
            max-height: 60%;
            scrollbar-size-vertical: 1;
            border-top: solid $foreground 25%;
        }
        &.-output > .below, &.-problem > .below, &.-mistakes > .below, &.-input > .below {
            display: block;
        }
        & OutputView, & ProblemCard, & MistakeNotes, & .input-row { display: none; }
        & OutputView { padding: 0 1; max-height: 10; }
        &.-output OutputView { display: block; }
        &.-problem ProblemCard { display: block; }
        &.-mistakes MistakeNotes { display: block; }
        &.-input .input-row { display: block; }
        & .input-row {
            height: auto;
            padding: 0 1;
            & > Input { height: 1; border: none; padding: 0; background: $surface; }
            & > Input:focus { border: none; background: $surface; text-style: bold; }
        }
        &.-half-output {
            & > SourceView { display: none; }
            & > .below { height: 1fr; max-height: 100%; border-top: none; display: block; }
            & OutputView { max-height: 100%; }
        }
        &.-half-code > .below { display: none; }
    }
    Screen.-low ScriptView OutputView { max-height: 6; }
    """

    half: reactive[Half] = reactive("both", init=False)
    """What is shown: code and output, or one of them."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(Cell(id=name, source=text, place=Place(Path(name), 1)), text)
        self.editor = SourceView(text, block=name)

    @property
    def source(self) -> SourceView:
        """The text."""
        assert isinstance(self.editor, SourceView)
        return self.editor

    @property
    def status(self) -> Status:
        if self.input_wanted is not None:
            return WAITING
        run = self.run
        ending = ending_of(self.block_id, run) if run is not None else None
        if run is None or ending is None:
            return run_status(run)
        tone = {"✓": "good", "✗": "bad"}.get(ending.mark, "warn")
        return Status(ending.mark, f"exit code {ending.code}", tone)  # type: ignore[arg-type]

    def compose(self) -> ComposeResult:
        yield self.editor
        with VerticalScroll(classes="below", can_focus=False):
            yield ProblemCard()
            yield MistakeNotes()
            yield OutputView()
            yield Vertical(
                PlainStatic(classes="prompt"),
                Input(placeholder="type a line, then Enter", compact=True),
                classes="input-row",
            )

    def watch_half(self, before: Half, half: Half) -> None:
        self.remove_class(f"-half-{before}")
        self.add_class(f"-half-{half}")

    def turn(self) -> Half:
        """To the next of code and output, output alone, code alone."""
        halves: tuple[Half, ...] = get_args(Half)
        self.half = halves[(halves.index(self.half) + 1) % len(halves)]
        return self.half

    def watch_input_wanted(self) -> None:
        super().watch_input_wanted()
        if self.input_wanted is not None and self.half == "code":
            self.half = "both"
        if self.input_wanted is not None:
            self.query_one(".input-row Input", Input).focus()

    def _show_run(self, before: CellRun | None) -> None:
        super()._show_run(before)
        problem = self.run.problem if self.run else None
        if problem is not None and (before is None or before.problem is None):
            self.query_one(".below").scroll_home(animate=False)
            self.call_after_refresh(self._to_problem)

    def _to_problem(self) -> None:
        """Once what came of the run has taken its room."""
        if self.run is not None and self.run.problem is not None:
            self.source.show_line(self.run.problem.line)

    @on(Input.Submitted)
    def _line_typed(self, event: Input.Submitted) -> None:
        event.stop()
        event.prevent_default()
        self.source.focus()
        self.post_message(self.InputAnswered(self.block_id, event.value))
