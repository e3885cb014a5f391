"""What a run printed, in bounded memory: the first and the last of it, and a count of the rest."""

from __future__ import annotations

import codecs
from collections import deque

from tutor.session.snapshot import Output, OutputLine
from tutor.text import overwrite, sanitize, strip_escapes

HEAD_BYTES = 64 << 10
TAIL_BYTES = 256 << 10
LINE_CHARACTERS = 2_000


class OutputRing:
    """Takes bytes as they come, O(1) a chunk; decoding waits until somebody looks."""

    def __init__(self, head_bytes: int = HEAD_BYTES, tail_bytes: int = TAIL_BYTES) -> None:
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes
        self._bytes = 0
        self._newlines = 0
        self._view: Output | None = Output()

    def add(self, data: bytes) -> None:
        """Append what the worker wrote."""
        if not data:
            return
        self._view = None
        self._bytes += len(data)
        self._newlines += data.count(b"\n")
        room = self._head_bytes - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail.append(data)
            self._tail_size += len(data)
            while self._tail_size - len(self._tail[0]) >= self._tail_bytes:
                self._tail_size -= len(self._tail.popleft())

    def view(self) -> Output:
        """The lines to show, sanitised, with carriage returns played out; cached until `add`."""
        if self._view is None:
            self._view = self._decode()
        return self._view

    def _decode(self) -> Output:
        tail = b"".join(self._tail)[-self._tail_bytes :]
        left_out = self._bytes - len(self._head) - len(tail)
        if left_out <= 0:
            lines = _lines(bytes(self._head) + tail)
            return Output(tuple(map(OutputLine, lines)), total_lines=len(lines))
        # Whole lines only at the cut, so that no half number is mistaken for a whole one.
        first = _lines(bytes(self._head[: self._head.rfind(b"\n") + 1] or self._head))
        start = tail.find(b"\n") + 1
        last = _lines(tail[start:] if 0 < start < len(tail) else tail)
        total = self._newlines + (not tail.endswith(b"\n"))
        dropped = max(0, total - len(first) - len(last))
        notice = (
            f"… {dropped:,} lines dropped …" if dropped else f"… {left_out:,} characters dropped …"
        )
        shown = (
            *map(OutputLine, first),
            OutputLine(notice, "notice"),
            *map(OutputLine, last),
        )
        return Output(shown, total_lines=total, dropped=dropped)


def _lines(data: bytes) -> list[str]:
    # final=False: half a character at the end is still on its way, not an error.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
    text = strip_escapes(text)
    if "\r" in text:
        text = "\n".join(overwrite(line) for line in text.split("\n"))
    lines = sanitize(text).split("\n")
    if lines[-1] == "":
        lines.pop()
    return [_clip(line.expandtabs(8)) for line in lines]


def _clip(line: str) -> str:
    if len(line) <= LINE_CHARACTERS:
        return line
    return f"{line[:LINE_CHARACTERS]}… ({len(line) - LINE_CHARACTERS:,} more characters)"
