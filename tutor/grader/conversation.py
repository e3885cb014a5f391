"""Questions to the learner's process: asked over the wire, relayed unread by the app."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import msgspec

from tutor import values
from tutor.grader import proxies
from tutor.grader.failures import CheckBroken
from tutor.grader.proxies import About, RemoteObject
from tutor.plain import NAME, clip
from tutor.wire.frames import BlockingChannel, ProtocolError
from tutor.wire.messages import AnswerRelayed, Ask, Question, decode


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its data tree, or the error that the learner's process reported."""

    ok: bool
    tree: Any
    body: bytes
    error: str = ""
    message: str = ""
    line: int = 0

    @property
    def bases(self) -> tuple[str, ...]:
        """Names of the classes of the error, the most special first."""
        found = self.tree.get("bases") if isinstance(self.tree, dict) else None
        names = found if isinstance(found, list) else []
        return tuple(name for name in names if isinstance(name, str)) or (self.error,)


class Conversation:
    """Numbers the questions from 1 and waits for each answer."""

    def __init__(self, channel: BlockingChannel) -> None:
        self._channel = channel
        self._number = 0

    def ask(self, op: Any, body: bytes | bytearray = b"", **fields: Any) -> Reply:
        """Put one question.

        Raises:
            CheckBroken: the question is larger than a frame.
            values.BadValue: the answer is not legal JSON.
        """
        self._number += 1
        question = Question(self._number, op, **fields)
        try:
            self._channel.send(Ask(question), body)
        except ProtocolError as error:
            raise CheckBroken(f"the arguments are too large to send: {error}") from None
        while True:
            try:
                header, data = self._channel.receive()
            except (EOFError, OSError):
                os._exit(0)  # nobody is left to hear a verdict
            message = decode("to_grader", header)
            if isinstance(message, AnswerRelayed):
                if message.question == self._number:
                    return _reply(message, data)
            else:
                os._exit(0)


def encode(value: Any, body: bytearray) -> values.Node:
    """The tree of an argument. Raises CheckBroken for what is not data and not a proxy."""
    try:
        return values.encode(value, body, _handle_node)
    except values.TooLarge as error:
        raise CheckBroken(f"an argument is too large: {error}") from None


def about(number: int, node: values.Node) -> About:
    """What a handle node tells; anything malformed in it raises BadValue through TypeError."""
    names, most = node.get("names", []), node.get("most")
    if not isinstance(names, list) or not (most is None or type(most) is int):
        raise TypeError("malformed handle")
    return About(
        handle=number,
        type=clip(node.get("type", "object"), NAME),
        bases=tuple(clip(base, NAME) for base in list(node.get("bases", []))[:20]),
        callable=node.get("callable") is True,
        names=tuple(clip(name, NAME) for name in names[:50]),
        needed=int(node.get("needed", 0)),
        most=most,
    )


def _handle_node(value: Any) -> values.Node:
    if isinstance(value, RemoteObject):
        return {"k": "h", "h": proxies.about(value).handle}
    raise CheckBroken(
        f"a {type(value).__name__} cannot be sent to the learner's process; "
        "s.make() makes one there"
    )


def _reply(message: AnswerRelayed, body: bytes) -> Reply:
    try:
        tree = msgspec.json.decode(message.value)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise values.BadValue(str(error)[:200]) from None
    return Reply(message.ok, tree, body, message.error, message.message, message.line)
