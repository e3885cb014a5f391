"""An exception of the learner's code as a message: kind, words, and the lines it went through."""

from __future__ import annotations

import linecache
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tutor.plain import LINE, NAME, clip
from tutor.wire.messages import CellFailed, Frame
from tutor.worker.own import CELL, file_of, is_own

_TRACEBACK: Any = BaseException.__dict__["__traceback__"]
_CAUSE: Any = BaseException.__dict__["__cause__"]
_CONTEXT: Any = BaseException.__dict__["__context__"]
_plain_attribute = type.__getattribute__
_OURS = str(Path(__file__).resolve().parents[1])
_MESSAGE = 8_000
_CODE = 300
_FIRST, _LAST = 10, 30
"""Frames kept of each end of a long traceback."""


def cell_name(block: str) -> str:
    """The file name under which a block's code is compiled."""
    return file_of(block)


def failure_of(error: BaseException, run: int, block: str) -> CellFailed:
    """What to tell about `error`. Never raises, whatever the exception does when asked."""
    try:
        return _failure_of(error, run, block)
    except BaseException:  # it lies about its class, or its attributes raise
        return CellFailed(run, kind_of(error), "(This exception could not be looked at.)")


def _failure_of(error: BaseException, run: int, block: str) -> CellFailed:
    name = cell_name(block)
    frames = frames_of(traceback_of(error))
    line, column = line_in(error, name), 0
    message = message_of(error)
    if isinstance(error, SyntaxError) and error.filename == name:
        line, column = error.lineno or 0, error.offset or 0
        message = clip(error.msg, _MESSAGE)
        frames = tuple(frame for frame in frames if frame.own)  # the parser's own say nothing
    elif isinstance(error, SystemExit) and not name.startswith(CELL):
        message = f"The script ended itself with {_exit_code(error)}."
    elif isinstance(error, SystemExit):
        message = (
            f"Your code asked Python to exit ({_exit_code(error)}). "
            "The cell was ended; the worker goes on, and your names are still there."
        )
    return CellFailed(run, kind_of(error), message, frames, max(line, 0), max(column, 0))


def kind_of(error: BaseException) -> str:
    """The name of the exception's class."""
    return class_name(type(error))


def class_name(kind: type) -> str:
    """The name of a class, whatever its metaclass says."""
    return clip(_plain_attribute(kind, "__name__"), NAME)


def bases_of(kind: type) -> list[str]:
    """Names of a class and its bases, the most special first, without `object`."""
    return [class_name(base) for base in _plain_attribute(kind, "__mro__")[:20]][:-1]


def message_of(error: BaseException) -> str:
    """`str(error)` with its notes, or a sentence where that itself fails."""
    try:
        text = str(error)
        notes = getattr(error, "__notes__", None)
        if type(notes) is list:
            text = "\n".join([text, *map(str, notes)])
        return clip(text, _MESSAGE)
    except BaseException as second:
        return f"(This exception has no message: its own __str__ raised {kind_of(second)}.)"


def frames_of(traceback: types.TracebackType | None) -> tuple[Frame, ...]:
    """The traceback without our own files, outermost first, the middle left out when long."""
    steps = [step for step in _steps(traceback) if not _is_ours(step)]
    if len(steps) > _FIRST + _LAST:
        steps = steps[:_FIRST] + steps[-_LAST:]
    return tuple(map(_frame, steps))


def line_in(error: BaseException, name: str) -> int:
    """The line of the innermost frame in the file `name`, 0 where there is none."""
    line = 0
    for step in _steps(traceback_of(error)):
        if step.tb_frame.f_code.co_filename == name:
            line = step.tb_lineno or 0
    return line


def traceback_of(error: BaseException) -> types.TracebackType | None:
    """The traceback, read below anything that the exception's class may do."""
    return _TRACEBACK.__get__(error)


def forget_frames(error: BaseException) -> None:
    """Drop every traceback of `error` and of what led to it: frames keep tensors alive."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        link = left.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        _TRACEBACK.__set__(link, None)
        left += [_CAUSE.__get__(link), _CONTEXT.__get__(link)]
        if issubclass(type(link), BaseExceptionGroup):
            left += BaseExceptionGroup.exceptions.__get__(link)  # type: ignore[attr-defined]


def _steps(traceback: types.TracebackType | None) -> Iterator[types.TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _is_ours(step: types.TracebackType) -> bool:
    return step.tb_frame.f_code.co_filename.startswith(_OURS)


def _frame(step: types.TracebackType) -> Frame:
    code = step.tb_frame.f_code
    line = step.tb_lineno or 0
    return Frame(
        file=clip(code.co_filename, LINE),
        line=line,
        function=clip(code.co_name, NAME),
        code=clip(linecache.getline(code.co_filename, line).strip(), _CODE),
        own=is_own(code.co_filename),
    )


def _exit_code(error: SystemExit) -> str:
    code = error.code
    if code is None or type(code) is int:
        return f"exit code {code or 0}"
    try:
        return clip(code, 200)
    except Exception:
        return "an exit code that cannot be shown"
