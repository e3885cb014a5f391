"""One lesson being worked on: texts, runs, checks and hints, and what is recorded of them.

Knows the session and the progress store, but no widgets.
"""

from __future__ import annotations

from collections.abc import Sequence

from tutor.course.model import Cell, Exercise, Lesson, Quiz, Runnable, Step
from tutor.course.quiz import QuizJudgement, judge
from tutor.course.replay import above, through_step
from tutor.progress.api import ProgressAPI
from tutor.progress.model import LessonProgress
from tutor.session.api import Assignment, Code, SessionAPI
from tutor.session.snapshot import CellRun, Snapshot, Verdict
from tutor.ui.digest import block_digest
from tutor.ui.stale import with_stale


class Workbench:
    """Holds the learner's text of every block of `lesson`; `flush` writes what is unsaved."""

    def __init__(self, lesson: Lesson, session: SessionAPI, progress: ProgressAPI) -> None:
        self.lesson = lesson
        self._session = session
        self._progress = progress
        self.order = tuple(block.id for block in lesson.runnables())
        self._author = {block.id: block.source for block in lesson.runnables()}
        self._texts: dict[str, str] = {}
        for block, source in self._author.items():
            saved = progress.code(lesson.id, block)
            self._texts[block] = source if saved is None else saved
        self._saved = dict(self._texts)
        self._recorded = {b: r.run for b, r in session.snapshot.runs.items() if _ended(r)}
        self.verdicts: dict[str, Verdict] = {}
        self.checking = ""
        """The exercise under judgement; set by the screen, which also waits for the worker."""

    @property
    def progress(self) -> LessonProgress:
        return self._progress.lesson(self.lesson.id)

    def use_session(self, session: SessionAPI) -> None:
        """Go on with another session; what ran in the old one is no longer known."""
        self._session = session
        self._recorded.clear()

    def solved(self, block: str) -> bool:
        return self.progress.of(block).state == "done"

    # -------------------------------------------------------------- texts

    def text(self, block: str) -> str:
        return self._texts[block]

    def edited(self, block: str, text: str) -> None:
        """The learner typed; `flush` within 300 ms writes it."""
        self._texts[block] = text

    def flush(self) -> None:
        """Save every text that differs from what is saved."""
        for block, text in self._texts.items():
            if self._saved[block] != text:
                self._progress.save_code(self.lesson.id, block, text)
                self._saved[block] = text

    def is_authors(self, block: str) -> bool:
        return self._texts[block] == self._author[block]

    def reset(self, block: str) -> str:
        """The author's text, put in place of the learner's, which is kept in the history."""
        self.flush()
        self._progress.restore_author_code(self.lesson.id, block)
        self._texts[block] = self._saved[block] = self._author[block]
        return self._texts[block]

    # -------------------------------------------------------------- running

    def run(self, block: str) -> None:
        self.flush()
        self._session.run(self._code(self._block(block)))

    def looked_at(self, block: str) -> None:
        """A cell that cannot run here, for want of a package, was read: that is all there is."""
        cell = self._block(block)
        assert isinstance(cell, Cell)
        self._progress.cell_ran(self.lesson.id, block, ok=True, digest=block_digest(cell))

    def run_above(self, block: str, step: str) -> int:
        """Run what rebuilds the state before `block` (before `step` when it is ""); how many."""
        self.flush()
        if block:
            blocks = above(self.lesson, block, self.solved)
        else:
            blocks = through_step(self.lesson, step, self.solved)
        self._session.run(*map(self._code, blocks))
        return len(blocks)

    def not_run_above(self, step: Step, snapshot: Snapshot) -> int:
        """How many cells before `step` a worker that has done nothing for this lesson lacks;
        0 where nothing on the step runs."""
        if not any(step.of(Cell, Exercise)) or any(
            run.state in ("done", "running", "queued") and not run.stale
            for block, run in snapshot.runs.items()
            if block in self._texts
        ):
            return 0
        return len(through_step(self.lesson, step.id, self.solved))

    def next_to_run(self, blocks: Sequence[str], snapshot: Snapshot) -> str:
        """The first of `blocks` that has not run to its end in this worker, else the first."""
        for block in blocks:
            run = snapshot.runs.get(block)
            if run is None or run.state in ("error", "interrupted", "lost") or run.stale:
                return block
        return blocks[0] if blocks else ""

    def runs(self, snapshot: Snapshot) -> dict[str, CellRun]:
        """The runs of this lesson's blocks, marked stale by what was typed since."""
        return with_stale(self.order, self._texts, snapshot.runs)

    def record(self, snapshot: Snapshot) -> bool:
        """Record cells that ended since last time; True when something was recorded."""
        news = False
        for block, run in snapshot.runs.items():
            if block not in self._texts or not _ended(run) or self._recorded.get(block) == run.run:
                continue
            self._recorded[block] = run.run
            cell = self._block(block)
            if isinstance(cell, Cell):
                ok = run.state == "done"
                if cell.expect:
                    ok = run.problem is not None and run.problem.kind == cell.expect
                self._progress.cell_ran(self.lesson.id, block, ok=ok, digest=block_digest(cell))
                news = True
        return news

    # -------------------------------------------------------------- judging

    async def check(self, block: str) -> Verdict:
        """The grader's verdict, recorded as an attempt unless the lesson itself was at fault."""
        exercise = self._block(block)
        assert isinstance(exercise, Exercise)
        self.flush()
        verdict = await self._session.check(self._assignment(exercise))
        self.verdicts[block] = verdict
        if not verdict.broken and not _not_tried(verdict):
            failure = verdict.failure
            self._progress.exercise_checked(
                self.lesson.id,
                block,
                passed=verdict.passed,
                misconception=failure.misconception if failure else "",
                digest=block_digest(exercise),
            )
        return verdict

    def open_hint(self, block: str) -> int:
        """Open one more hint; how many are open now."""
        exercise = self._block(block)
        assert isinstance(exercise, Exercise)
        number = min(self.progress.of(block).hints + 1, len(exercise.hints))
        if number:
            self._progress.hint_opened(self.lesson.id, block, number)
        return number

    def open_solution(self, block: str) -> None:
        self._progress.solution_opened(self.lesson.id, block, passed=self.solved(block))

    def answer(self, quiz: Quiz, answer: tuple[str, ...]) -> QuizJudgement:
        """Judge and record an answer."""
        judgement = judge(quiz, answer)
        self._progress.quiz_answered(
            self.lesson.id,
            quiz.id,
            answer=answer,
            correct=judgement.correct,
            digest=block_digest(quiz),
        )
        return judgement

    def note(self, block: Cell | Exercise | Quiz) -> str:
        """What to say above a block that was done before, "" when there is nothing."""
        done = self.progress.of(block.id)
        if done.state != "done":
            return ""
        if done.digest and done.digest != block_digest(block):
            return "↻ updated since you solved it"
        return "✓ you solved this before" if isinstance(block, Exercise) else ""

    # -------------------------------------------------------------- inside

    def _block(self, block: str) -> Runnable:
        found = self.lesson.block(block)
        assert isinstance(found, Cell | Exercise)
        return found

    def _code(self, block: Runnable) -> Code:
        if isinstance(block, Cell):
            text = self._texts[block.id]
            return Code(block.id, text, block.timeout, block.network, block.ranks)
        return Code(block.id, self._texts[block.id], 60.0, block.network)

    def _assignment(self, exercise: Exercise) -> Assignment:
        earlier: tuple[Code, ...] = ()
        if exercise.fresh:
            blocks = above(self.lesson, exercise.id, self.solved)
            earlier = tuple(map(self._code, blocks))
        code = Code(exercise.id, self._texts[exercise.id], exercise.timeout, exercise.network)
        return Assignment(code, exercise.checks, exercise.fresh, earlier, timeout=exercise.timeout)


def _not_tried(verdict: Verdict) -> bool:
    """The learner stopped it, or it never began: no attempt."""
    return verdict.problem is not None and verdict.problem.kind in ("Interrupted", "Not ready")


def _ended(run: CellRun) -> bool:
    return run.state not in ("queued", "running")
