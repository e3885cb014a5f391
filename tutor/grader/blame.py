"""When a check crashes: was it because of what the learner's code returned?

The author wrote the check for answers of the right kind. Where the failing statement uses a value
that came from the learner, the crash says that the answer was of another kind; everything else
is the author's mistake.
"""

from __future__ import annotations

import ast
import types
from dataclasses import dataclass
from typing import Any

from tutor.grader.inputs import Inputs

_FROM_LEARNER = frozenset(
    {"call", "value", "tensor", "probe", "make", "grads", "function", "after"}
)
_AUTHORS_TOOLS = (types.ModuleType, Inputs)
_ALWAYS_AUTHORS = (NameError, SyntaxError, ImportError, RecursionError)


@dataclass(frozen=True, slots=True)
class Suspect:
    """The learner's value that the check could not use: its name in the check, and itself."""

    name: str
    value: Any


def suspect(error: BaseException, source: str, filename: str) -> Suspect | None:
    """The learner's value in the statement of the check that crashed; None = author's mistake."""
    if isinstance(error, _ALWAYS_AUTHORS):
        return None
    if isinstance(error, AttributeError) and isinstance(error.obj, _AUTHORS_TOOLS):
        return None
    step = _innermost(error.__traceback__, filename)
    found = _suspect_in(source, step) if step is not None else None
    if found is not None and isinstance(error, AttributeError) and error.obj is not None:
        return Suspect(found.name or "value", error.obj)
    return found


def line_of(error: BaseException, filename: str) -> int:
    """The line of the check where it crashed, 0 where unknown."""
    step = _innermost(error.__traceback__, filename)
    return step.tb_lineno or 0 if step else 0


def tainted_names(function: ast.AST) -> set[str]:
    """Names in a check that hold something which came from the learner, directly or derived."""
    tainted: set[str] = set()
    size = -1
    while len(tainted) != size:
        size = len(tainted)
        for node in ast.walk(function):
            for targets, value in _bindings(node):
                if _uses_learner(value, tainted):
                    tainted |= {
                        name.id
                        for target in targets
                        for name in ast.walk(target)
                        if isinstance(name, ast.Name)
                    }
    return tainted


def _suspect_in(source: str, step: types.TracebackType) -> Suspect | None:
    line = step.tb_lineno or 0
    function = statement = None
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            if isinstance(node, ast.FunctionDef):
                function = function or node  # the outermost one: its names include the others'
            statement = node  # walked from the outside in: the last one is the innermost
    if function is None or statement is None:
        return None
    tainted = tainted_names(function)
    shown = _head(statement)
    if not any(_uses_learner(part, tainted) for part in shown):
        return None
    names = step.tb_frame.f_locals
    used = [
        node.id
        for part in shown
        for node in ast.walk(part)
        if isinstance(node, ast.Name) and node.id in tainted and node.id in names
    ]
    plain = [name for name in used if not _is_callable(names[name])]
    name = (plain or used or [""])[0]
    return Suspect(name, names.get(name))


def _head(statement: ast.stmt) -> list[ast.AST]:
    """What runs at the statement's own line: not the bodies of compound statements."""
    match statement:
        case ast.For():
            return [statement.target, statement.iter]
        case ast.While() | ast.If():
            return [statement.test]
        case ast.With():
            return list(statement.items)
        case ast.FunctionDef() | ast.ClassDef() | ast.Try():
            return []
    return [statement]


def _uses_learner(node: ast.AST, tainted: set[str]) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in tainted:
            return True
        if (
            isinstance(part, ast.Attribute)
            and part.attr in _FROM_LEARNER
            and isinstance(part.value, ast.Name)
            and part.value.id == "s"
        ):
            return True
    return False


def _bindings(node: ast.AST) -> list[tuple[list[ast.expr], ast.AST]]:
    match node:
        case ast.Assign():
            return [(node.targets, node.value)]
        case ast.AugAssign() | ast.NamedExpr():
            return [([node.target], node.value)]
        case ast.AnnAssign() if node.value is not None:
            return [([node.target], node.value)]
        case ast.For() | ast.comprehension():
            return [([node.target], node.iter)]
        case ast.withitem() if node.optional_vars is not None:
            return [([node.optional_vars], node.context_expr)]
    return []


def _innermost(traceback: types.TracebackType | None, filename: str) -> types.TracebackType | None:
    found = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == filename:
            found = traceback
        traceback = traceback.tb_next
    return found


def _is_callable(value: Any) -> bool:
    return callable(value)
