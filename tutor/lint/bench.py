"""One lesson on a session: run its blocks in order, try answers, get lost names back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tutor.course.errors import LessonError
from tutor.course.model import Cell, Exercise, Lesson
from tutor.course.optional import lacking
from tutor.lint.codes import assignment_of, code_of
from tutor.lint.running import run_code
from tutor.session.api import SessionAPI, SessionError
from tutor.session.snapshot import CellRun, Verdict

_LOST = ("Worker lost", "Stopped by force", "Time limit")
"""Problems after which the worker may be a new one, or still busy."""


@dataclass(slots=True)
class Proof:
    """What was found in one lesson, and how much was run for it."""

    findings: list[LessonError] = field(default_factory=list)
    cells: int = 0
    attempts: int = 0
    mutants: int = 0
    survivors: int = 0
    """Mutants that a check let pass."""

    def add(self, finding: LessonError | None) -> bool:
        """Keep a finding; True when there was one."""
        if finding is not None:
            self.findings.append(finding)
        return finding is not None


@dataclass(slots=True)
class Bench:
    """Its methods raise SessionError when there is no worker."""

    session: SessionAPI
    lesson: Lesson
    proof: Proof
    above: list[Cell | Exercise] = field(default_factory=list)
    """Blocks whose names the worker holds; exercises by their solutions."""

    async def clear(self) -> None:
        """A fresh worker at the top of the lesson."""
        self.above.clear()
        await self.session.restart()

    async def run(self, block: Cell | Exercise) -> CellRun | None:
        """Run a cell or a solution; None for a cell that needs a package that is not here."""
        self.above.append(block)
        return await self._run(block)

    async def check(
        self, exercise: Exercise, source: str, seed: int, timeout: float = 0.0
    ) -> Verdict:
        """The verdict on one answer. Whatever it did to the worker, the names are there again."""
        task = assignment_of(self.lesson, exercise, source, seed)
        if timeout:
            task = replace(task, timeout=timeout, code=replace(task.code, timeout=timeout))
        verdict = await self.session.check(task)
        if verdict.problem is not None and verdict.problem.kind == "Not ready":
            raise SessionError(verdict.problem.message)  # no verdict on the answer
        if verdict.problem is not None and verdict.problem.kind in _LOST:
            await self.restore()
        return verdict

    async def restore(self) -> None:
        """A fresh worker with the names of everything above."""
        await self.session.restart()
        for block in self.above:
            await self._run(block)

    async def _run(self, block: Cell | Exercise) -> CellRun | None:
        if isinstance(block, Exercise):
            return await run_code(self.session, code_of(block, block.solution))
        return None if lacking(block) else await run_code(self.session, code_of(block))
