"""Answering the grader: data-only questions about the learner's names and objects."""

from __future__ import annotations

import inspect
import os
import textwrap
from collections.abc import Callable
from typing import Any

import msgspec

from tutor import values
from tutor.plain import NAME, clip
from tutor.wire.frames import ProtocolError
from tutor.wire.messages import Answer, Question
from tutor.worker.cells import Cells
from tutor.worker.failure import (
    bases_of,
    cell_name,
    forget_frames,
    kind_of,
    line_in,
    message_of,
)
from tutor.worker.namespace import course_names
from tutor.worker.ranks.distributed import RankFailed
from tutor.worker.ranks.launch import LaunchError
from tutor.worker.ranks.shipping import ShippingError

MISSING = "tutor.missing"
"""Error of an answer: there is no such name."""
TOO_LARGE = "tutor.too-large"
BROKEN = "tutor.broken"
"""Error of an answer: the author's code could not run, whatever the learner wrote."""
RANK = "tutor.rank"
"""Error of an answer: something went wrong on a rank; the message says it all."""

_encode_json = msgspec.json.encode
_getpid, _exit = os.getpid, os._exit


class Answers:
    """Holds the objects that the grader has handles to, until the next run or judging."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}

    def forget(self) -> None:
        """Drop every handle, so that none keeps a tensor alive."""
        self._objects.clear()
        self._numbers.clear()

    def answer(self, question: Question, body: bytes) -> None:
        """Answer over the wire; a question of the learner's code never ends this process."""
        if question.question == 1:
            self.forget()
        process = _getpid()
        data = bytearray()
        try:
            value = self._guarded(question, body, data)
            reply = Answer(question.question, True, msgspec.Raw(_encode_json(value)))
        except BaseException as error:
            data.clear()
            reply = self._failure(question, error)
            forget_frames(error)
        self._cells.streams.flush()
        self._cells.streams.restore()
        if _getpid() != process:
            _exit(1)
        try:
            self._cells.channel.send(reply, data)
        except (ProtocolError, UnicodeError) as error:
            self._cells.channel.send(
                Answer(question.question, False, error=TOO_LARGE, message=clip(error))
            )

    def _guarded(self, question: Question, body: bytes, data: bytearray) -> Any:
        operation = self._operations[question.op]
        if operation is Answers._ranks:  # learner code runs there, not here
            return self._cells.interruptible(lambda: operation(self, question, body, data))
        return self._cells.learners_turn(lambda: operation(self, question, body, data))

    # -------------------------------------------------------------- operations

    def _get(self, question: Question, body: bytes, data: bytearray) -> Any:
        return {"value": self._encode(self._global(question.target), data)}

    def _attribute(self, question: Question, body: bytes, data: bytearray) -> Any:
        return {"value": self._encode(self._target(question), data)}

    def _call(self, question: Question, body: bytes, data: bytearray) -> Any:
        function = self._target(question)
        arguments = self._decode(question.arguments, body, [])
        keywords = self._decode(question.keywords, body, {})
        result = function(*arguments, **keywords)
        return {
            "value": self._encode(result, data),
            "arguments": self._encode(list(arguments), data),
            "keywords": self._encode(dict(keywords), data),
        }

    def _make(self, question: Question, body: bytes, data: bytearray) -> Any:
        code = _author_code(question.code, "eval")
        return {"value": self._handle(eval(code, self._author_names({})))}

    def _probe(self, question: Question, body: bytes, data: bytearray) -> Any:
        code = _author_code(question.code, "exec")
        names = self._author_names(self._decode(question.keywords, body, {}))
        names.pop("answer", None)
        exec(code, names)
        if "answer" not in names:
            raise _Refused(BROKEN, "the probe did not set `answer`")
        return {"value": self._encode(names["answer"], data)}

    def _ranks(self, question: Question, body: bytes, data: bytearray) -> Any:
        if question.code:
            names = self._author_names(self._decode(question.keywords, body, {}))
            names.pop("main", None)
            exec(_author_code(question.code, "exec"), names)
            function, arguments = names.get("main"), []
            if not callable(function):
                raise _Refused(BROKEN, "the code for the ranks did not define `main(rank, world)`")
        else:
            function = self._target(question)
            arguments = self._decode(question.arguments, body, [])
        found = self._cells.ranks.run(
            question.world,
            function,
            *arguments,
            join_group="init_process_group",
            seconds=question.seconds,
            block=self._cells.block,
        )
        return {"value": self._encode(found, data)}

    _operations: dict[str, Callable[[Answers, Question, bytes, bytearray], Any]] = {
        "get": _get,
        "attribute": _attribute,
        "call": _call,
        "make": _make,
        "probe": _probe,
        "ranks": _ranks,
    }

    # -------------------------------------------------------------- inside

    def _target(self, question: Question) -> Any:
        value = self._object(question.handle) if question.handle >= 0 else None
        if question.handle < 0:
            value = self._global(question.target)
        for name in question.path:
            value = getattr(value, name)
        return value

    def _global(self, name: str) -> Any:
        try:
            return vars(self._cells.main)[name]
        except KeyError:
            raise _Refused(MISSING, name) from None

    def _author_names(self, given: dict[str, Any]) -> dict[str, Any]:
        """A copy of the learner's names, in which the course's names are the real ones."""
        return {**vars(self._cells.main), **course_names(), **given, "__name__": "probe"}

    def _encode(self, value: Any, data: bytearray) -> values.Node:
        return values.encode(value, data, self._handle)

    def _decode(self, tree: Any, body: bytes, default: Any) -> Any:
        if tree is None:
            return default
        return values.decode(tree, body, lambda number, node: self._object(number))

    def _object(self, number: int) -> Any:
        if not 0 <= number < len(self._objects):
            raise _Refused(BROKEN, f"there is no handle {number}")
        return self._objects[number]

    def _handle(self, value: Any) -> values.Node:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return {"k": "h", "h": number, **described(value)}

    def _failure(self, question: Question, error: BaseException) -> Answer:
        number = question.question
        if isinstance(error, _Refused):
            return Answer(number, False, error=error.kind, message=clip(error.reason))
        if isinstance(error, values.TooLarge):
            return Answer(number, False, error=TOO_LARGE, message=clip(error))
        if isinstance(error, RankFailed):
            line = error.verdict.failure.line if error.verdict.failure else 0
            return Answer(number, False, error=RANK, message=clip(error.told()), line=line)
        if isinstance(error, ShippingError | LaunchError):
            return Answer(number, False, error=RANK, message=clip(error))
        line = line_in(error, cell_name(self._cells.block))
        return Answer(
            number,
            False,
            msgspec.Raw(_encode_json({"bases": bases_of(type(error))})),
            kind_of(error),
            message_of(error),
            max(line, 0),
        )


def described(value: Any) -> dict[str, Any]:
    """What the grader may know of an object that stays here: its types and how it is called."""
    kind = type(value)
    bases = [f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__[:20]]
    about: dict[str, Any] = {
        "type": clip(bases[0], NAME),
        "bases": [clip(base, NAME) for base in bases],
        "callable": callable(value),
    }
    if about["callable"]:
        about |= _signature(value)
    return about


def _signature(value: Any) -> dict[str, Any]:
    """Names of the positional parameters, how many are needed, and whether `*args` takes more."""
    try:
        parameters = list(inspect.signature(value).parameters.values())
    except Exception:
        return {}
    positional = [
        parameter
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    needed = sum(parameter.default is parameter.empty for parameter in positional)
    return {
        "names": [clip(parameter.name, NAME) for parameter in positional[:50]],
        "needed": needed,
        "most": -1 if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(positional),
    }


def _author_code(source: str, mode: str) -> Any:
    try:
        # Checks hold it in texts that are indented with the code around them.
        return compile(textwrap.dedent(source).strip(), "<probe>", mode, dont_inherit=True)
    except SyntaxError as error:
        raise _Refused(BROKEN, f"the author's code does not parse: {error}") from None


class _Refused(Exception):
    """A question that could not be put to the learner's code."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(kind, reason)
        self.kind, self.reason = kind, reason
