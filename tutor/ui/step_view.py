"""One step of a lesson: its heading and its blocks, scrolled as one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from tutor.course.model import Cell, Exercise, Prose, Quiz, Step
from tutor.session.observed_lines import LineShapes
from tutor.session.snapshot import CellRun, InputWanted
from tutor.ui.widgets.exercise import ExerciseView
from tutor.ui.widgets.plain import PlainStatic, plain
from tutor.ui.widgets.prose import ProseView
from tutor.ui.widgets.quiz import QuizView
from tutor.ui.widgets.runnable import CellView, RunnableView
from tutor.ui.workbench import Workbench

BlockView = RunnableView | QuizView


class StepView(VerticalScroll, can_focus=True):
    """Arrow keys scroll it; Enter goes into its first block."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "First block", show=False, id="reading.enter"),
    ]

    def __init__(self, step: Step, number: int, count: int, bench: Workbench) -> None:
        super().__init__()
        self.step = step
        self._number = number
        self._count = count
        self._bench = bench
        self.blocks: dict[str, BlockView] = {}

    def compose(self) -> ComposeResult:
        title = plain(self.step.title, "bold $text-primary")
        yield PlainStatic(title, classes="step-title")
        for block in self.step.blocks:
            yield from self._block(block)

    def _block(self, block: Prose | Cell | Exercise | Quiz) -> list[Widget]:
        if isinstance(block, Prose):
            return [ProseView(block.text)]
        view: BlockView
        if isinstance(block, Quiz):
            view = QuizView(block)
        elif isinstance(block, Exercise):
            view = ExerciseView(block, self._bench.text(block.id))
        else:
            view = CellView(block, self._bench.text(block.id))
        self.blocks[block.id] = view
        note = self._bench.note(block)
        return [PlainStatic(plain(note, "$text-muted"), classes="note"), view] if note else [view]

    def on_mount(self) -> None:
        """Show again what the learner did before."""
        progress = self._bench.progress
        for name, view in self.blocks.items():
            done = progress.of(name)
            if isinstance(view, ExerciseView):
                view.attempts = done.attempts
                view.hints_shown = done.hints
                view.solution_shown = done.solution_seen
                view.verdict = self._bench.verdicts.get(name)
            elif isinstance(view, QuizView) and done.answer:
                view.show_answer(done.answer)

    def show_lines(self, shapes: LineShapes, shown: bool) -> None:
        """Hand each block what its lines made in the run that it shows."""
        for name, view in self.blocks.items():
            if isinstance(view, RunnableView):
                view.lines = shapes.of(name, view.run.run) if view.run else None
                view.lines_shown = shown

    def show_runs(self, runs: Mapping[str, CellRun], wanted: InputWanted | None) -> None:
        """Hand each block its latest run."""
        for name, view in self.blocks.items():
            if isinstance(view, RunnableView):
                view.run = runs.get(name)
                view.input_wanted = wanted if wanted and wanted.block == name else None

    def enter(self, block: str = "") -> None:
        """Put the focus where this step starts, or on `block`."""
        view = self.blocks.get(block)
        if view is None:
            if self.step.kind == "quiz" and len(self.step.tasks) == 1:
                _focus_target(self.blocks[self.step.tasks[0]]).focus(scroll_visible=False)
            else:
                self.focus()
            return
        _focus_target(view).focus()

    def action_enter(self) -> None:
        for view in self.blocks.values():
            if isinstance(view, RunnableView):
                view.action_edit()
            else:
                _focus_target(view).focus()
            return

    @property
    def runnables(self) -> list[RunnableView]:
        return [view for view in self.blocks.values() if isinstance(view, RunnableView)]

    @property
    def exercises(self) -> list[ExerciseView]:
        return [view for view in self.blocks.values() if isinstance(view, ExerciseView)]


def _focus_target(view: BlockView) -> Widget:
    """The block itself, or for a question what takes its answer."""
    if isinstance(view, RunnableView):
        return view
    for widget in view.query("*"):
        if widget.focusable:
            return widget
    return view
