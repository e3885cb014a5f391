"""Running the checks of one exercise in order, up to the first that fails."""

from __future__ import annotations

import linecache
import math
import time
import traceback
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional
from torch import nn

from tutor.grader import blame
from tutor.grader.conversation import Conversation
from tutor.grader.failures import CheckBroken, CheckFailed
from tutor.grader.submission import Submission
from tutor.grader.words import capitalised, kind_of
from tutor.plain import LINE, clip
from tutor.wire.messages import Judge, Judged

CHECK_FILE = "<check>"
_BROKEN = 20_000

Check = Callable[[Submission], Any]


def judged(task: Judge, talk: Conversation) -> Judged:
    """The verdict on one attempt; every crash becomes a failure or a broken check."""
    began = time.perf_counter()
    try:
        checks = checks_in(task.checks)
    except CheckBroken as error:
        return Judged(task.nonce, False, 0, 0, "", broken=clip(error, _BROKEN))
    submission = Submission(talk, task.source, task.output, task.seed)
    place, failure, broken = 0, None, ""
    while place < len(checks) and failure is None and not broken:
        submission.start_check()
        failure, broken = run(checks[place][1], submission, task.checks)
        place += 1
    return Judged(
        nonce=task.nonce,
        passed=failure is None and not broken,
        check=place,
        checks=len(checks),
        title=clip(checks[place - 1][0], LINE),
        failure=failure,
        broken=clip(broken, _BROKEN),
        seconds=time.perf_counter() - began,
    )


def run(check: Check, submission: Submission, source: str) -> tuple[Any, str]:
    """(Failure or None, why the check is broken or "")."""
    try:
        check(submission)
    except CheckFailed as failed:
        return failed.failure, ""
    except CheckBroken as error:
        return None, _crash_words(error)
    except Exception as error:
        return _failure_of_crash(error, submission, source)
    except BaseException as error:  # the author called sys.exit()
        return None, _crash_words(error)
    return None, ""


def checks_in(source: str) -> list[tuple[str, Check]]:
    """(title, function) of every top-level check, in file order.

    Raises:
        CheckBroken: the source does not run, or holds no check.
    """
    linecache.cache[CHECK_FILE] = (len(source), None, source.splitlines(True), CHECK_FILE)
    names: dict[str, Any] = {
        "__name__": "check",
        "torch": torch,
        "nn": nn,
        "F": torch.nn.functional,
        "np": np,
        "math": math,
    }
    try:
        exec(compile(source, CHECK_FILE, "exec", dont_inherit=True), names)
    except BaseException as error:
        raise CheckBroken(_crash_words(error)) from None
    found = [
        function
        for name, function in names.items()
        if name.startswith("check")
        and isinstance(function, types.FunctionType)
        and function.__code__.co_filename == CHECK_FILE
    ]
    if not found:
        raise CheckBroken("No function whose name starts with `check` was found.")
    found.sort(key=lambda function: function.__code__.co_firstlineno)
    return [(_title(function), function) for function in found]


def _title(function: types.FunctionType) -> str:
    first = (function.__doc__ or "").strip().partition("\n")[0]
    return first or function.__name__.removeprefix("check").strip("_").replace("_", " ")


def _failure_of_crash(error: Exception, submission: Submission, source: str) -> tuple[Any, str]:
    if isinstance(error, AssertionError):
        line = linecache.getline(CHECK_FILE, blame.line_of(error, CHECK_FILE)).strip()
        message = str(error) or f"This did not hold: {line}"
        return _failed(submission, message), ""
    found = blame.suspect(error, source, CHECK_FILE)
    if found is None:
        return None, _crash_words(error)
    said = clip(" ".join(str(error).split()), 300)
    what = f"{capitalised(kind_of(found.value))} came back" if found.name else "What came back"
    verb = ", and it" if found.name else ""
    return _failed(submission, f"{what}{verb} could not be used as the check expected: {said}"), ""


def _failed(submission: Submission, message: str) -> Any:
    try:
        submission.fail(message)
    except CheckFailed as failed:
        return failed.failure
    return None


def _crash_words(error: BaseException) -> str:
    lines = traceback.format_exception_only(error)
    places = [
        f"line {step.lineno}: {step.line}"
        for step in traceback.extract_tb(error.__traceback__)
        if step.filename == CHECK_FILE
    ]
    return "\n".join([*places, "".join(lines).strip()])
