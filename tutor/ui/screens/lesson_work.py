"""What a lesson's keys and blocks ask for: run, check, hints, solution, reset, answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from tutor.ui.inspector import Inspector
from tutor.ui.screens.dialogs import Confirm
from tutor.ui.screens.history import HistoryScreen
from tutor.ui.screens.panelled import PanelledScreen
from tutor.ui.widgets.editor import CodeEditor
from tutor.ui.widgets.exercise import ExerciseView
from tutor.ui.widgets.quiz import QuizView
from tutor.ui.widgets.runnable import CellView, RunnableView
from tutor.ui.widgets.verdict import VerdictCard

if TYPE_CHECKING:
    from tutor.ui.step_view import StepView
    from tutor.ui.workbench import Workbench

SAVE_AFTER = 0.25
"""Seconds of quiet after which typed text is saved."""


class LessonWork(PanelledScreen):
    """The half of the lesson screen that talks to the workbench."""

    bench: Workbench
    _saving = None

    if TYPE_CHECKING:  # the other half

        @property
        def step_view(self) -> StepView: ...
        def focused_block(self) -> RunnableView | QuizView | None: ...
        def show_runs(self) -> None: ...
        def show_marks(self) -> None: ...

    # -------------------------------------------------------------- typing

    def on_code_editor_edited(self, event: CodeEditor.Edited) -> None:
        event.stop()
        self.bench.edited(event.block, event.text)
        if self._saving is not None:
            self._saving.stop()
        self._saving = self.set_timer(SAVE_AFTER, self.bench.flush)
        self.show_runs()

    # -------------------------------------------------------------- running

    def action_run(self) -> None:
        view = self.focused_block()
        if not isinstance(view, RunnableView):
            names = [view.block_id for view in self.step_view.runnables]
            name = self.bench.next_to_run(names, self.tutor.snapshot)
            view = self.step_view.blocks.get(name)
        if not isinstance(view, RunnableView):
            self.tutor.say("There is nothing to run on this step. Ctrl+N goes to the next one.")
            return
        self._run(view)

    def on_runnable_view_run_requested(self, event: RunnableView.RunRequested) -> None:
        event.stop()
        view = self.step_view.blocks.get(event.block)
        if isinstance(view, RunnableView):
            self._run(view)

    def _run(self, view: RunnableView) -> None:
        if self.tutor.worker_failed():
            return
        run = self.tutor.snapshot.runs.get(view.block_id)
        if run is not None and run.state in ("queued", "running"):
            self.tutor.say(f"This cell is {run.state} already. Ctrl+G stops it.")
            return
        if isinstance(view, CellView) and view.lacks:
            view.stand_in()
            self.bench.looked_at(view.block_id)
            self.show_marks()
            return
        if isinstance(view, ExerciseView):
            self.bench.verdicts.pop(view.block_id, None)
            view.verdict = None
        if not view.has_focus_within and not view.has_focus:
            view.focus()
        self.bench.run(view.block_id)
        if view.block.panel:
            self.query_one(Inspector).bring(view.block.panel)

    def action_run_above(self) -> None:
        if self.tutor.worker_failed():
            return
        view = self.focused_block()
        block = view.block_id if isinstance(view, RunnableView) else ""
        count = self.bench.run_above(block, self.step_view.step.id)
        if count:
            self.tutor.say(f"Running {count} cell{'s' * (count != 1)} above, in order.")
        else:
            self.tutor.say("There is no cell above this one that needs to run.")

    def on_runnable_view_input_answered(self, event: RunnableView.InputAnswered) -> None:
        event.stop()
        self.tutor.session.answer_input(event.text)

    # -------------------------------------------------------------- judging

    def action_check(self) -> None:
        view = self._exercise()
        if view is None:
            self.tutor.say("Your work is saved as you type. This step has no exercise to check.")
        elif not self.tutor.worker_failed():
            self._check(view)

    def on_exercise_view_check_requested(self, event: ExerciseView.CheckRequested) -> None:
        event.stop()
        view = self.step_view.blocks.get(event.block)
        if isinstance(view, ExerciseView):
            self._check(view)

    def _check(self, view: ExerciseView) -> None:
        if self.bench.checking:
            self.tutor.say("A check is under way already.")
            return
        self.bench.checking = view.block_id
        if not view.has_focus and not view.has_focus_within:
            view.focus()
        self._judge(view)

    @work
    async def _judge(self, view: ExerciseView) -> None:
        view.checking = True
        try:
            if self.tutor.snapshot.phase == "warming":
                self.tutor.say("The worker is warming up; the check starts as soon as it is ready.")
            await self.tutor.worker_ready()
            verdict = await self.bench.check(view.block_id)
        finally:
            view.checking = False
            self.bench.checking = ""
        view.attempts = self.bench.progress.of(view.block_id).attempts
        view.verdict = None
        view.verdict = verdict
        self.show_marks()
        self.call_after_refresh(_reveal, view)

    def action_hint(self) -> None:
        view = self._exercise()
        if view is None:
            self.tutor.say("Hints belong to exercises; this step has none.")
        elif view.solution_shown:
            self.tutor.say("The solution is open below the exercise. There are no more hints.")
        elif self.bench.solved(view.block_id):
            view.request_solution()
        else:
            view.request_hint()

    def on_exercise_view_hint_requested(self, event: ExerciseView.HintRequested) -> None:
        event.stop()
        view = self.step_view.blocks[event.block]
        if isinstance(view, ExerciseView):
            view.hints_shown = self.bench.open_hint(event.block)
            self.call_after_refresh(_reveal_last, view, ".hints")

    def action_solution(self) -> None:
        view = self._exercise()
        if view is None:
            self.tutor.say("This step has no exercise, so there is no solution to show.")
        else:
            view.request_solution()

    def on_exercise_view_solution_requested(self, event: ExerciseView.SolutionRequested) -> None:
        event.stop()
        view = self.step_view.blocks[event.block]
        if not isinstance(view, ExerciseView):
            return
        if self.bench.solved(event.block):
            self._show_solution(view)
            return
        question = Confirm(
            "Show the solution now?",
            "You have not solved this exercise yet. What you find out yourself stays longer; "
            "that you looked is noted, and the exercise can still be solved.",
            "Show it",
            "Not yet",
        )
        self.app.push_screen(question, lambda answer: self._show_solution(view) if answer else None)

    def _show_solution(self, view: ExerciseView) -> None:
        self.bench.open_solution(view.block_id)
        view.solution_shown = True
        self.call_after_refresh(_reveal_last, view, ".solution")

    def on_quiz_view_answered(self, event: QuizView.Answered) -> None:
        event.stop()
        view = self.step_view.blocks[event.block]
        if isinstance(view, QuizView):
            self.bench.answer(view.quiz, event.answer)
            self.show_marks()

    # -------------------------------------------------------------- texts

    def action_reset(self) -> None:
        view = self._runnable()
        if view is None:
            self.tutor.say("There is no cell to reset on this step.")
        elif not self.bench.is_authors(view.block_id):
            view.editor.replace_text(self.bench.reset(view.block_id))
            self.tutor.say("The author's text is back. F9 again shows your earlier texts.")
        elif not self._offer_history(view):
            self.tutor.say("This is the author's text, unchanged.")

    def on_runnable_view_reset_requested(self, event: RunnableView.ResetRequested) -> None:
        event.stop()
        self.action_reset()

    def action_history(self) -> None:
        view = self._runnable()
        if view is None or not self._offer_history(view):
            self.tutor.say("No earlier text of this cell was put away yet.")

    def _offer_history(self, view: RunnableView) -> bool:
        self.bench.flush()
        texts = self.tutor.progress.history(self.bench.lesson.id, view.block_id)
        if not texts:
            return False

        def put_back(text: str | None) -> None:
            if text is not None:
                view.editor.replace_text(text)

        self.app.push_screen(HistoryScreen(view.block_id, texts), put_back)
        return True

    # -------------------------------------------------------------- which block

    def _exercise(self) -> ExerciseView | None:
        view = self.focused_block()
        if isinstance(view, ExerciseView):
            return view
        return next(iter(self.step_view.exercises), None)

    def _runnable(self) -> RunnableView | None:
        view = self.focused_block()
        if isinstance(view, RunnableView):
            return view
        found = self.step_view.runnables
        return found[0] if len(found) == 1 else None


def _reveal(view: ExerciseView) -> None:
    """Bring the verdict on screen; where it is taller than the screen, its first line."""
    view.query_one(VerdictCard).scroll_visible(animate=False, top=False)


def _reveal_last(view: ExerciseView, selector: str) -> None:
    view.query_one(selector).scroll_visible(animate=False, top=False)
