"""An exercise: a task with an editor, a verdict, hints one by one, and a solution at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course.model import Exercise
from tutor.session.snapshot import Problem, Verdict
from tutor.ui.widgets.fold import Fold
from tutor.ui.widgets.prose_layout import code_lines, prose_lines
from tutor.ui.widgets.runnable import RunnableView
from tutor.ui.widgets.tones import WAITING, Status, exercise_status
from tutor.ui.widgets.verdict import VerdictCard

_FOR_THE_LINT = re.compile(r"[ \t]*# same:.*$", re.MULTILINE)


def for_learners(solution: str) -> str:
    """A solution without the comments that its author wrote for the lint."""
    return _FOR_THE_LINT.sub("", solution).rstrip("\n")


class ExerciseView(RunnableView):
    """Draws an `Exercise`. The parent sets `verdict`, `checking`, `hints_shown`, `attempts` …"""

    DEFAULT_CSS = """
    ExerciseView {
        & > VerdictCard { display: none; }
        &.-verdict > VerdictCard { display: block; }
        & > .hints, & > .solution { height: auto; padding: 0 1; }
        & > .solution { display: none; }
        &.-solution > .solution { display: block; }
    }
    """

    verdict: reactive[Verdict | None] = reactive(None, init=False)
    checking: reactive[bool] = reactive(False, init=False)
    hints_shown: reactive[int] = reactive(0, init=False)
    """How many hints are open to the learner, 0 … len(exercise.hints)."""
    solution_shown: reactive[bool] = reactive(False, init=False)
    attempts: reactive[int] = reactive(0, init=False)
    """Failed and passed checks so far."""

    class CheckRequested(Message):
        """The learner wants `source` judged."""

        def __init__(self, block: str, source: str) -> None:
            super().__init__()
            self.block = block
            self.source = source

    class HintRequested(Message):
        """The learner wants the next hint."""

        def __init__(self, block: str) -> None:
            super().__init__()
            self.block = block

    class SolutionRequested(Message):
        """The learner wants to see the solution."""

        def __init__(self, block: str) -> None:
            super().__init__()
            self.block = block

    KEY_LABELS = {"hint": "F3", "next": "Ctrl+N"}
    """Keys as the card names them; the app overwrites this where keys are bound elsewhere."""

    def __init__(
        self, exercise: Exercise, text: str, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(exercise, text, id=id, classes=classes)
        self.exercise = exercise
        self._judged_text: str | None = None

    @property
    def title(self) -> str:
        stars = "•" * self.exercise.difficulty
        extra = " · stretch" if self.exercise.stretch else ""
        return f"{self.exercise.title} · exercise {stars}{extra}"

    @property
    def status(self) -> Status:
        if self.input_wanted is not None:
            return WAITING
        judged = self._judged_text
        changed = judged != self.text if self.verdict and judged is not None else self.text_changed
        return exercise_status(
            self.run,
            self.verdict,
            checking=self.checking,
            text_changed=changed,
            attempts=self.attempts,
        )

    def request_check(self) -> None:
        """Ask the parent to have the text judged."""
        self.post_message(self.CheckRequested(self.block.id, self.text))

    def request_hint(self) -> None:
        """Ask the parent for the next hint; after the last one, for the solution."""
        if self.hints_shown < len(self.exercise.hints):
            self.post_message(self.HintRequested(self.block.id))
        elif not self.solution_shown:
            self.request_solution()

    def request_solution(self) -> None:
        """Ask the parent for the solution."""
        self.post_message(self.SolutionRequested(self.block.id))

    def compose_below(self) -> Iterable[Widget]:
        yield VerdictCard(learnt=self.exercise.learnt)
        yield Vertical(classes="hints")
        yield Vertical(
            Fold(
                "the author's solution: read it, then write your own", self._solution, expanded=True
            ),
            classes="solution",
        )

    def on_mount(self) -> None:
        self._show_verdict()
        self._show_hints()
        self.set_class(self.solution_shown, "-solution")

    def watch_verdict(self, _before: Verdict | None, verdict: Verdict | None) -> None:
        self._judged_text = self.text if verdict is not None else None
        if self.is_mounted:
            self._show_verdict()

    def watch_checking(self) -> None:
        if self.is_mounted:
            self.refresh_status()

    def watch_hints_shown(self) -> None:
        if self.is_mounted:
            self._show_hints()
            self._show_verdict()

    def watch_attempts(self) -> None:
        if self.is_mounted:
            self._show_verdict()

    def watch_solution_shown(self) -> None:
        self.set_class(self.solution_shown, "-solution")
        if self.is_mounted:
            self._show_verdict()

    @property
    def next_step(self) -> str:
        """What the learner can do next, for the last line of the card."""
        keys = self.KEY_LABELS
        if self.verdict and self.verdict.passed:
            return f"{keys['next']} next"
        if self.solution_shown:
            return ""
        count = len(self.exercise.hints)
        if self.hints_shown < count:
            return f"{keys['hint']} hint {self.hints_shown + 1} of {count}"
        return f"{keys['hint']} show the solution"

    def tells_problem(self, problem: Problem) -> bool:
        return self.verdict is not None and self.verdict.problem == problem

    def _show_verdict(self) -> None:
        card = self.query_one(VerdictCard)
        card.attempts = self.attempts
        card.next_step = self.next_step
        card.verdict = self.verdict
        self.set_class(self.verdict is not None, "-verdict")
        problem = self.run.problem if self.run else None
        self.set_class(problem is not None and not self.tells_problem(problem), "-problem")
        failure = self.verdict.failure if self.verdict else None
        if failure and failure.line:
            self.editor.error_line = failure.line
        self.refresh_status()

    def _show_hints(self) -> None:
        holder = self.query_one(".hints", Vertical)
        shown = min(self.hints_shown, len(self.exercise.hints))
        folds = list(holder.query(Fold))
        for fold in folds[shown:]:
            fold.remove()
        for fold in folds:
            fold.expanded = False
        for number in range(len(folds), shown):
            title = f"hint {number + 1} of {len(self.exercise.hints)}"
            body = _hint_body(self.exercise.hints[number])
            holder.mount(Fold(title, body, expanded=number + 1 == shown))

    def _solution(self, width: int) -> list[Content]:
        return code_lines(for_learners(self.exercise.solution), "python", width)


def _hint_body(hint: str) -> Callable[[int], list[Content]]:
    return lambda width: prose_lines(hint, width)
