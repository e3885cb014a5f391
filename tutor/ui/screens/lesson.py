"""A lesson, one step at a time: the step on the left, the inspector beside or over it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tutor.course.model import Step
from tutor.session.snapshot import Snapshot
from tutor.ui.banner import banner
from tutor.ui.inspector import Inspector
from tutor.ui.keys import Where, bindings
from tutor.ui.marks import step_marks
from tutor.ui.screens.lesson_work import LessonWork
from tutor.ui.step_view import StepView
from tutor.ui.widgets.editor import CodeEditor
from tutor.ui.widgets.exercise import ExerciseView
from tutor.ui.widgets.output import OutputView
from tutor.ui.widgets.plain import PlainStatic, plain
from tutor.ui.widgets.quiz import QuizView
from tutor.ui.widgets.runnable import RunnableView
from tutor.ui.widgets.status import WorkerStatus
from tutor.ui.widgets.stepbar import StepBar
from tutor.ui.widgets.tensors import TensorsPanel
from tutor.ui.workbench import Workbench

_NO_LINES = "-no-lines"
"""Class of the app while what lines made is hidden."""


class LessonScreen(LessonWork):
    """Steps stay mounted once shown, so that undo, scroll and verdicts survive moving about.

    The focus starts on the remembered block, else on the step's text.
    """

    context: Where = "lesson"
    footer_name = "read"
    CSS_PATH = "lesson.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("lesson")

    def __init__(self, bench: Workbench, step: Step, block: str) -> None:
        super().__init__()
        self.bench = bench
        self._start = (step, block)
        self._steps: dict[str, StepView] = {}
        self._step = step
        self._stood = ("", "")
        at = bench.lesson.steps.index(step)
        self._visited = {s.id for s in bench.lesson.steps[:at]} if at else set[str]()

    # -------------------------------------------------------------- drawing

    def body(self) -> Iterable[Widget]:
        with Horizontal(classes="top"):
            yield PlainStatic(plain(f" {self.bench.lesson.title}", "bold"), id="title")
            yield StepBar(id="stepbar")
            yield WorkerStatus(id="worker")
        yield PlainStatic(id="banner")
        with Horizontal(id="lesson"):
            yield Vertical(id="steps")
            yield Inspector()

    async def on_mount(self) -> None:
        for panel in self.bench.lesson.panels[:1]:
            self.query_one(Inspector).bring(panel)
        await self.go_to(*self._start)
        self.take(self.tutor.snapshot)

    def take(self, snapshot: Snapshot) -> None:
        if not self._steps:
            return
        if self.bench.record(snapshot):
            self.show_marks()
        self.query_one("#worker", WorkerStatus).snapshot = snapshot
        self.query_one(Inspector).take(snapshot)
        self.show_banner(snapshot)
        self.show_runs(snapshot)

    def show_banner(self, snapshot: Snapshot) -> None:
        text = banner(snapshot, self.bench.not_run_above(self._step, snapshot))
        line = self.query_one("#banner", PlainStatic)
        line.display = bool(text)
        line.set_class(text.startswith("○"), "-hint")
        if text:
            line.show(text)

    def show_runs(self, snapshot: Snapshot | None = None) -> None:
        snapshot = snapshot or self.tutor.snapshot
        self.step_view.show_runs(self.bench.runs(snapshot), snapshot.input_wanted)
        self.step_view.show_lines(snapshot.observed.lines, not self.app.has_class(_NO_LINES))

    def show_marks(self) -> None:
        lesson = self.bench.lesson
        self.query_one(StepBar).steps = step_marks(
            lesson, self.bench.progress, self._step.id, frozenset(self._visited)
        )

    # -------------------------------------------------------------- moving

    @property
    def step_view(self) -> StepView:
        return self._steps[self._step.id]

    async def go_to(self, step: Step, block: str = "") -> None:
        """Show `step` with the focus on `block`, else where the step starts."""
        self._step = step
        self._visited.add(step.id)
        view = self._steps.get(step.id)
        if view is None:
            steps = self.bench.lesson.steps
            view = StepView(step, steps.index(step) + 1, len(steps), self.bench)
            self._steps[step.id] = view
            await self.query_one("#steps").mount(view)
        for other in self._steps.values():
            other.display = other is view
        self.show_runs()
        self.show_banner(self.tutor.snapshot)
        self.show_marks()
        self.close_overlay()
        self.stand_at(block if block in view.blocks else "")
        view.enter(block)
        self.footer_changed()

    def stand_at(self, block: str) -> None:
        """Remember the place for "Continue"."""
        if self._stood != (self._step.id, block):
            self._stood = (self._step.id, block)
            self.tutor.progress.stand_at(self.bench.lesson.id, self._step.id, block)

    async def action_next_step(self) -> None:
        steps = self.bench.lesson.steps
        at = steps.index(self._step) + 1
        if at < len(steps):
            await self.go_to(steps[at])
        else:
            self.tutor.lesson_ended(self.bench)

    async def action_previous_step(self) -> None:
        steps = self.bench.lesson.steps
        at = steps.index(self._step) - 1
        if at >= 0:
            await self.go_to(steps[at])

    def action_map(self) -> None:
        self.tutor.show_map()

    def action_leave(self) -> None:
        """Escape: out of the panel, else to the course map."""
        if not self.leave_panel():
            self.action_map()

    def action_lines(self) -> None:
        """Show or hide what the lines made, in every lesson from now on."""
        self.app.toggle_class(_NO_LINES)
        self.show_runs()
        shown = not self.app.has_class(_NO_LINES)
        self.tutor.say(
            "What each line made stands at its right end. F6 hides it."
            if shown
            else "What each line made is hidden. F6 shows it again."
        )

    # -------------------------------------------------------------- focus

    def enter_main(self) -> None:
        self.step_view.enter(self._stood[1])

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        view = self._block_around(event.widget)
        if view is not None:
            self.stand_at(view.block_id)
        elif isinstance(event.widget, StepView):
            self.stand_at("")
        self.footer_changed()

    def on_descendant_blur(self) -> None:
        self.bench.flush()

    def contexts(self) -> tuple[Where, ...]:
        focused = self.focused
        found: list[Where] = []
        if isinstance(focused, CodeEditor):
            found.append("editor")
        elif isinstance(focused, OutputView):
            found.append("output")
        elif panel := self.panel_context():
            found.append(panel)
        elif focused is not None and isinstance(self._block_around(focused), QuizView):
            found.append("quiz")
        elif isinstance(focused, StepView):
            found.append("reading")
        elif focused is not None:
            found.append("block")
        return (*found, "lesson", "app")

    def focused_block(self) -> RunnableView | QuizView | None:
        return self._block_around(self.focused) if self.focused else None

    def _block_around(self, widget: Widget) -> RunnableView | QuizView | None:
        for node in widget.ancestors_with_self:
            if isinstance(node, RunnableView | QuizView):
                return node
        return None

    def footer_changed(self) -> None:
        view = self.focused_block()
        if self.focus_in(Inspector):
            self.show_footer("tensors" if isinstance(self.focused, TensorsPanel) else "panel")
        elif isinstance(view, ExerciseView):
            self.show_footer("exercise")
        elif isinstance(view, QuizView):
            self.show_footer(view.footer)
        elif view is not None:
            self.show_footer("run")
        else:
            self.show_footer(self._step.kind)
