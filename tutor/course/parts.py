"""Cells and exercises put together from the fences that name them with `for=`."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from tutor.course.directives import Fence
from tutor.course.errors import Complaints, suggestion
from tutor.course.model import Attempt, Cell, Exercise, Output, Place
from tutor.course.tables import read_table, text_of, texts_of, unknown_keys

FEEDBACK = "# feedback:"
RANKS_TIMEOUT = 20.0
"""Seconds for a cell that runs on ranks; one that waits in vain is told after 5 already."""

Parts = Mapping[tuple[str, str], Sequence[Fence]]
"""(target id, directive name) → its fences, in file order."""

_MANY = ("wrong", "right")
_NEEDED = {
    "solution": ("python", "a solution"),
    "check": ("python", "a check"),
    "hints": ("toml", "hints"),
}


def gather(fences: Sequence[Fence], complaints: Complaints) -> Parts:
    """Sort parts by their target; complains of unknown targets and of second solutions."""
    targets: dict[str, list[str]] = {"cell": [], "exercise": []}
    for fence in fences:
        if fence.directive.name in targets and fence.name:
            targets[fence.directive.name].append(fence.name)
    parts: dict[tuple[str, str], list[Fence]] = {}
    for fence in fences:
        kind, target = fence.directive.name, fence.directive.target
        if not target or not fence.name:
            continue
        if fence.name in complaints.lost:
            continue
        if fence.name not in targets[target]:
            near = suggestion(fence.name, targets[target])
            complaints.add(
                fence.line, f"no {target} of this lesson is called `{fence.name}`; {near}"
            )
            continue
        same = parts.setdefault((fence.name, kind), [])
        if same and kind not in _MANY:
            complaints.add(
                fence.line, f"`{fence.name}` has its {kind} on line {same[0].line}; expected one"
            )
            continue
        same.append(fence)
    return parts


def build_cell(fence: Fence, parts: Parts, complaints: Complaints) -> Cell:
    """The cell with its output."""
    values = _without_id(fence)
    place = Place(complaints.path, fence.line)
    if not fence.content.strip():
        complaints.add(fence.line, "this cell is empty; expected Python code")
    for output in parts.get((fence.name, "output"), ())[:1]:
        match = output.attributes.get("match", "exact")
        values["output"] = Output(output.content, match, Place(complaints.path, output.line))
    if values.get("ranks"):
        values["network"] = "loopback"
        values.setdefault("timeout", RANKS_TIMEOUT)
    return Cell(fence.name, fence.content, place, **values)


def build_exercise(fence: Fence, title: str, parts: Parts, complaints: Complaints) -> Exercise:
    """The exercise with everything that belongs to it; complains of what it lacks."""
    name, place = fence.name, Place(complaints.path, fence.line)
    found = {kind: parts.get((name, kind), ()) for kind in (*_NEEDED, *_MANY)}
    if name:
        for kind, (language, what) in _NEEDED.items():
            if not found[kind]:
                complaints.add(
                    fence.line,
                    f'an exercise needs {what}: add a block "```{language} {kind} for={name}"',
                )
    if not fence.content.strip():
        complaints.add(fence.line, "this exercise is empty; expected code to start from")
    hints, learnt = _hints(found["hints"], complaints)
    check = found["check"][0] if found["check"] else fence
    solution = found["solution"][0] if found["solution"] else fence
    values = _without_id(fence)
    if runs_ranks(check.content):
        values["network"] = "loopback"
        values.setdefault("timeout", RANKS_TIMEOUT)
    return Exercise(
        id=name,
        title=title,
        starter=fence.content,
        checks=check.content,
        checks_place=Place(complaints.path, check.line),
        solution=solution.content,
        solution_place=Place(complaints.path, solution.line),
        learnt=learnt,
        hints=hints,
        place=place,
        wrong=tuple(_wrong(attempt, complaints) for attempt in found["wrong"]),
        right=tuple(
            Attempt(attempt.content, Place(complaints.path, attempt.line))
            for attempt in found["right"]
        ),
        **values,
    )


def runs_ranks(checks: str) -> bool:
    """Whether a check calls `s.ranks`, so that processes must be able to talk to each other."""
    try:
        nodes = list(ast.walk(ast.parse(checks)))
    except (SyntaxError, ValueError, RecursionError):
        return False
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "ranks"
        for node in nodes
    )


def _without_id(fence: Fence) -> dict[str, Any]:
    return {key: value for key, value in fence.attributes.items() if key != "id"}


def _hints(fences: Sequence[Fence], complaints: Complaints) -> tuple[tuple[str, ...], str]:
    if not fences:
        return (), ""
    fence = fences[0]
    table = read_table(fence.content, fence.line, complaints)
    if table is None:
        return (), ""
    unknown_keys(table, ("steps", "learnt"), "hints", fence.line, complaints)
    if not table.get("steps"):
        complaints.add(fence.line, 'hints: `steps` is missing; expected `steps = ["…", "…", "…"]`')
    steps = texts_of(table, "steps", "hints", fence.line, complaints)
    return steps, text_of(table, "learnt", "hints", fence.line, complaints).strip()


def _wrong(fence: Fence, complaints: Complaints) -> Attempt:
    """A wrong answer without its feedback line, so that it is what a learner would write."""
    first, _, rest = fence.content.partition("\n")
    feedback = first.strip().removeprefix(FEEDBACK).strip()
    if not first.strip().startswith(FEEDBACK) or not feedback:
        complaints.add(
            fence.line + 1,
            f"a wrong answer starts with a line `{FEEDBACK} <what the learner reads>`; "
            f"found {first.strip()!r}",
        )
    elif not rest.strip():
        complaints.add(fence.line, "this wrong answer has no code below its feedback line")
    return Attempt(rest, Place(complaints.path, fence.line + 1), feedback)
