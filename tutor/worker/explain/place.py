"""Where in the learner's code an exception came from: frame, statement, and exact expression."""

from __future__ import annotations

import ast
import itertools
import linecache
import types
from dataclasses import dataclass, field
from typing import Any

from tutor.worker.own import is_own as _own_file

_LONGEST = 60_000
"""Characters of a cell that is still parsed for an explanation."""
_linecache = linecache.cache
_FRAME_LOCALS = ("dict", "FrameLocalsProxy")


@dataclass(slots=True)
class Place:
    """The innermost step of a traceback that lies in a cell."""

    line: int
    column: int = 0
    source: str = ""
    node: ast.AST | None = None
    """The expression, or the statement, that was being evaluated."""
    statement: ast.stmt | None = None
    local: dict[str, Any] = field(default_factory=dict)
    globals: dict[str, Any] = field(default_factory=dict)
    function: str = ""
    file: str = ""

    def text(self, node: ast.AST | None) -> str:
        """The source of `node` on one line, "" where there is none."""
        if node is None:
            return ""
        segment = ast.get_source_segment(self.source, node)
        return " ".join((segment or ast.unparse(node)).split())

    def with_part(self, part: ast.AST, text: str) -> str:
        """The source of the failing expression with `text` in place of its `part`."""
        whole = self.node
        if whole is None or not _inside(part, whole):
            return ""
        lines = self.source.encode().splitlines(keepends=True)
        starts = [0, *itertools.accumulate(map(len, lines))]

        def offset(line: int, column: int) -> int:
            return starts[line - 1] + column

        data = b"".join(lines)
        begin = offset(whole.lineno, whole.col_offset)  # type: ignore[attr-defined]
        end = offset(whole.end_lineno, whole.end_col_offset)  # type: ignore[attr-defined]
        first = offset(part.lineno, part.col_offset)  # type: ignore[attr-defined]
        last = offset(part.end_lineno, part.end_col_offset)  # type: ignore[attr-defined]
        changed = data[begin:first] + text.encode() + data[last:end]
        return " ".join(changed.decode("utf-8", "replace").split())


def steps_of(traceback: types.TracebackType | None) -> list[types.TracebackType]:
    """Every step, outermost first."""
    steps = []
    while traceback is not None:
        steps.append(traceback)
        traceback = traceback.tb_next
    return steps


def is_own(step: types.TracebackType) -> bool:
    """True in the learner's own code."""
    return _own_file(step.tb_frame.f_code.co_filename)


def place_of(step: types.TracebackType) -> Place:
    """What stands at that step; without a node where the source is gone or has changed."""
    frame = step.tb_frame
    code = frame.f_code
    place = Place(
        step.tb_lineno or 0,
        local=locals_of(frame),
        globals=frame.f_globals,
        function=code.co_name,
        file=code.co_filename,
    )
    source = source_of(code.co_filename)
    if not source or len(source) > _LONGEST:
        return place
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return place
    position = _position(step)
    if position is None:
        return place
    node, statement = _at(tree, position)
    if node is None or not _belongs(node, code):
        return place
    place.source, place.node, place.statement = source, node, statement
    line = source.encode().splitlines()[position[0] - 1]
    place.column = len(line[: position[2]].decode("utf-8", "replace")) + 1
    return place


def locals_of(frame: types.FrameType) -> dict[str, Any]:
    """A copy of the frame's names; empty where a class body keeps them in something odd."""
    names = frame.f_locals
    return dict(names) if type(names).__name__ in _FRAME_LOCALS else {}


def source_of(file: str) -> str:
    """The text of a cell as it last ran, "" when it is not known."""
    entry = _linecache.get(file)
    if type(entry) is not tuple or len(entry) != 4 or type(entry[2]) is not list:
        return ""
    return "".join(entry[2])


def _position(step: types.TracebackType) -> tuple[int, int, int, int] | None:
    """First and last line, first and last column (UTF-8 bytes) of the failing instruction."""
    positions = step.tb_frame.f_code.co_positions()
    found = next(itertools.islice(positions, step.tb_lasti // 2, None), None)
    if found is None or None in found:
        return None
    line, end_line, column, end_column = found
    return line, end_line, column, end_column  # type: ignore[return-value]


def _at(
    tree: ast.Module, position: tuple[int, int, int, int]
) -> tuple[ast.AST | None, ast.stmt | None]:
    """The innermost node that covers exactly `position`, and the statement around it."""
    best: ast.AST | None = None
    around: ast.stmt | None = None
    left: list[tuple[ast.AST, ast.stmt | None]] = [(tree, None)]
    while left:
        node, statement = left.pop()
        if isinstance(node, ast.stmt):
            statement = node
        if isinstance(node, (ast.expr, ast.stmt)):
            if not _covers(node, position):
                continue
            if _span(node) == position:
                best, around = node, statement
        left += [(child, statement) for child in ast.iter_child_nodes(node)]
    return best, around


def _span(node: ast.expr | ast.stmt) -> tuple[int, int, int, int]:
    return node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset or 0


def _covers(node: ast.expr | ast.stmt, position: tuple[int, int, int, int]) -> bool:
    line, end_line, column, end_column = _span(node)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        line = min([line, *(decorator.lineno for decorator in node.decorator_list)])
        column = 0
    return (line, column) <= (position[0], position[2]) and (
        (end_line, end_column) >= (position[1], position[3])
    )


def _inside(part: ast.AST, whole: ast.AST) -> bool:
    return any(node is part for node in ast.walk(whole))


def _belongs(node: ast.AST, code: types.CodeType) -> bool:
    """False when the cell was edited after this function was defined: its names would differ."""
    known = {*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars}
    left = [node]
    while left:
        part = left.pop()
        if isinstance(part, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp)):
            continue  # they have code of their own
        if isinstance(part, (ast.GeneratorExp, ast.stmt)):
            continue
        if isinstance(part, ast.Name) and part.id not in known and part.id != "__debug__":
            return False
        left += ast.iter_child_nodes(part)
    return True
