"""Prove the questions marked `run = true`: their code is run, and must bear the answer out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tutor.course.errors import LessonError
from tutor.course.model import Cell, Exercise, Lesson, Quiz
from tutor.course.optional import lacking
from tutor.course.quizzes.blank import filled
from tutor.course.quizzes.fix import repaired
from tutor.course.quizzes.parsons import program
from tutor.course.quizzes.texts import same_shape, same_text
from tutor.lint.codes import code_of
from tutor.lint.outputs import shown_text
from tutor.lint.running import run_code
from tutor.session.api import Code, SessionAPI
from tutor.session.snapshot import CellRun

_VALUE = "_value_asked_for"
"""Name of the last value of a shape question's code, while it is measured."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One program that a question stands for. `said` names it in a finding."""

    source: str
    said: str = "its code"


async def question_findings(session: SessionAPI, lesson: Lesson) -> list[LessonError]:
    """Each trial runs in a fresh worker, after everything above the question, exercises solved.

    Raises:
        SessionError: there is no worker.
    """
    found: list[LessonError] = []
    above: list[Code] = []
    for _, block in lesson.blocks():
        if isinstance(block, Cell) and not lacking(block):
            above.append(code_of(block))
        elif isinstance(block, Exercise):
            above.append(code_of(block, block.solution))
        elif isinstance(block, Quiz):
            for trial in trials(block):
                await session.restart()
                for code in above:
                    await run_code(session, code)
                run = await run_code(session, Code(block.id, trial.source))
                if finding := finding_of(block, trial, run):
                    found.append(finding)
    return found


def trials(quiz: Quiz) -> Iterator[Trial]:
    """What to run for `quiz`; nothing when it does not ask for it."""
    if not quiz.run:
        return
    match quiz.kind:
        case "shape":
            yield Trial(measured(quiz.code))
        case "predict":
            yield Trial(quiz.code)
        case "blank":
            for answer in quiz.accept:
                yield Trial(filled(quiz.code, answer), f"with `{answer}` in the blank the code")
        case "fix":
            yield Trial(repaired(quiz), "with the right replacement the code")
        case "parsons":
            for order in quiz.orders:
                numbers = ", ".join(str(number + 1) for number in order)
                yield Trial(program(quiz, order), f"in the order {numbers} the code")


def finding_of(quiz: Quiz, trial: Trial, run: CellRun) -> LessonError | None:
    """How what came out disagrees with the question; None when it does not."""
    text = shown_text(run)
    answer = quiz.accept[0] if quiz.accept else ""
    if run.state not in ("done", "error"):
        return _at(quiz, f"{trial.said} did not come to its end")
    error, complaint = "", ""
    if run.problem is not None:
        error = run.problem.kind.rpartition(".")[2]
        complaint = f"{error}: {run.problem.message}".partition("\n")[0]
    match quiz.kind:
        case "shape":
            came = "error" if error else (run.value or text)
            agrees = same_shape(came, answer)
        case "predict":
            came = text
            agrees = same_text(came, answer) or (bool(error) and same_text(error, answer))
        case _:
            return _at(quiz, f"{trial.said} ends with {complaint}") if error else None
    if agrees:
        return None
    return _at(quiz, f"{trial.said} gives `{complaint or came}`, but its answer is `{answer}`")


def measured(code: str) -> str:
    """`code`, ending with the shape of its last value, as far as it has one."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return code
    match tree.body[-1:]:
        case [ast.Expr(value=value)]:
            tree.body[-1] = ast.Assign([ast.Name(_VALUE, ast.Store())], value)
        case [ast.Assign(targets=[ast.Name(id=name)])]:
            tree.body += ast.parse(f"{_VALUE} = {name}").body
        case _:
            return code
    program = ast.unparse(ast.fix_missing_locations(tree))
    return f'{program}\ntuple({_VALUE}.shape) if hasattr({_VALUE}, "shape") else {_VALUE}'


def _at(quiz: Quiz, text: str) -> LessonError:
    return LessonError(quiz.place, f"`{quiz.id}`: {text}")
