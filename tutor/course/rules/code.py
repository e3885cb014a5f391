"""Rules for the Python in a lesson: it parses, and checks look like checks."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from tutor.course.errors import LessonError
from tutor.course.model import Cell, Place
from tutor.course.rules.subject import Subject


def syntax(subject: Subject) -> Iterator[LessonError]:
    """All Python parses, but for cells that are meant to raise SyntaxError."""
    for _, block in subject.lesson.blocks():
        if isinstance(block, Cell) and block.expect not in ("SyntaxError", "IndentationError"):
            yield from _parses(subject, block.source, block.place, "this cell")
    for exercise in subject.exercises:
        place = exercise.place
        yield from _parses(subject, exercise.starter, place, f"the starter of `{exercise.id}`")
        place = exercise.solution_place or place
        yield from _parses(subject, exercise.solution, place, f"the solution of `{exercise.id}`")
        for attempt in exercise.right:
            yield from _parses(subject, attempt.source, attempt.place, "this right answer")


def checks(subject: Subject) -> Iterator[LessonError]:
    """A check block has functions `check…(s)`, each with a title and something that can fail."""
    for exercise in subject.exercises:
        place = exercise.checks_place
        error = _syntax_error(exercise.checks)
        if error:
            line, reason = error
            yield subject.at(place.line + line, f"this check is not Python: {reason}")
            continue
        functions = [
            node
            for node in ast.parse(exercise.checks).body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("check")
        ]
        if not functions:
            yield subject.at(
                place.line,
                "no check in this block; expected a top-level function `def check_values(s):`",
            )
        names: set[str] = set()
        for function in functions:
            yield from _check(subject, function, place.line + function.lineno, names)


def outputs(subject: Subject) -> Iterator[LessonError]:
    """An output with match=regex is a regular expression."""
    for _, block in subject.lesson.blocks():
        if isinstance(block, Cell) and block.output and block.output.match == "regex":
            try:
                re.compile(block.output.text)
            except re.error as error:
                yield subject.at(
                    block.output.place.line + (error.lineno or 1),
                    f"this is not a regular expression: {error.msg}",
                )


def _check(
    subject: Subject, function: ast.FunctionDef, line: int, names: set[str]
) -> Iterator[LessonError]:
    if function.name in names:
        yield subject.at(line, f"a second `{function.name}`; only the last would run")
    names.add(function.name)
    arguments = function.args
    if [a.arg for a in arguments.args] != ["s"] or arguments.vararg or arguments.kwonlyargs:
        yield subject.at(line, f"`{function.name}` takes other arguments; expected `(s)`")
    if not ast.get_docstring(function):
        yield subject.at(
            line, f'`{function.name}` lacks its title: expected a docstring, """every row sums…"""'
        )
    if not any(isinstance(node, ast.Name) and node.id == "s" for node in ast.walk(function)):
        yield subject.at(line, f"`{function.name}` never asks `s` for anything, so it cannot fail")


def _parses(subject: Subject, source: str, place: Place, what: str) -> Iterator[LessonError]:
    error = _syntax_error(source)
    if error:
        line, reason = error
        yield subject.at(place.line + line, f"{what} is not Python: {reason}")


def _syntax_error(source: str) -> tuple[int, str] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<lesson>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    except ValueError as error:
        return 1, str(error)
    return None
