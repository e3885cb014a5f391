"""What a run printed, in bounded memory: the first and the last of it, and a count of the rest."""

from __future__ import annotations

import codecs
from collections import deque

from tutor.session.snapshot import Output, OutputLine
from tutor.text import overwrite, sanitize, strip_escapes

HEAD_BYTES = 64 << 10
TAIL_BYTES = 256 << 10
LINES = 2_000
"""At either end: short lines cost more to draw than the bytes in them."""
LINE_CHARACTERS = 2_000
_LONGEST_ESCAPE = 32


class OutputRing:
    """Takes bytes as they come, O(1) a chunk; decoding waits until somebody looks.

    The head is decoded once, the tail each time. Both hold whole lines, except where a single
    line is longer than the head.
    """

    def __init__(self, head_bytes: int = HEAD_BYTES, tail_bytes: int = TAIL_BYTES) -> None:
        self._head = _Head(head_bytes)
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._tail_bytes = tail_bytes
        self._lost = 0
        """Bytes that fell out between head and tail."""
        self._lost_newlines = 0
        self._newlines = 0
        self._view: Output | None = Output()

    def add(self, data: bytes) -> None:
        """Append what the worker wrote."""
        if not data:
            return
        self._view = None
        self._newlines += data.count(b"\n")
        data = self._head.take(data)
        if not data:
            return
        self._tail.append(data)
        self._tail_size += len(data)
        while self._tail_size - len(self._tail[0]) >= self._tail_bytes:
            dropped = self._tail.popleft()
            self._tail_size -= len(dropped)
            self._lost += len(dropped)
            self._lost_newlines += dropped.count(b"\n")

    def view(self) -> Output:
        """The lines to show, sanitised, with carriage returns played out; cached until `add`."""
        if self._view is None:
            self._view = self._decode()
        return self._view

    def _decode(self) -> Output:
        first = self._head.lines()
        if not self._tail:
            return Output(first, total_lines=len(first))
        tail = b"".join(self._tail)
        start = self._start(tail)
        rest = tail[start:]
        total = self._newlines + (not tail.endswith(b"\n"))
        last = tuple(map(OutputLine, _lines(rest)))
        lost = self._lost + start
        if not lost:
            if self._head.torn:  # one line, longer than the head, in two pieces
                whole = bytes(self._head.data) + rest
                last = tuple(map(OutputLine, _lines(whole)))
                first = ()
            return Output((*first, *last), total_lines=total)
        dropped = max(0, total - len(first) - len(last))
        if dropped:
            notice = f"… {dropped:,} lines dropped …"
        elif self._head.torn or b"\r" not in tail[:start]:
            notice = f"… {lost:,} characters dropped …"
        else:  # all of it was drawn over: a progress bar
            return Output((*first, *last), total_lines=total)
        between = OutputLine(notice, "notice")
        return Output((*first, between, *last), total_lines=total, dropped=dropped)

    def _start(self, tail: bytes) -> int:
        """Where in `tail` the view begins: with a whole line, or at least no half character."""
        least = max(0, len(tail) - self._tail_bytes)
        ends = tail.rsplit(b"\n", LINES + 1)
        if len(ends) > LINES + 1:
            least = max(least, len(ends[0]) + 1)
        if not (self._lost or least):
            return 0
        if least and tail[least - 1 : least] == b"\n":
            return least
        line = tail.find(b"\n", least) + 1
        redrawn = tail.find(b"\r", least, line or len(tail)) + 1
        if 0 < redrawn < len(tail) and not self._lost_newlines + tail.count(b"\n", 0, least):
            return redrawn
        return line if 0 < line < len(tail) else _whole_character(tail, least)


class _Head:
    """The first bytes of a run; `torn` when they end inside a line that is longer than this."""

    def __init__(self, most: int) -> None:
        self.data = bytearray()
        self.torn = False
        self._most = most
        self._open = True
        self._newlines = 0
        self._decoded: list[OutputLine] = []
        self._decoded_bytes = 0

    def take(self, data: bytes) -> bytes:
        """Keep what there is room for; the rest."""
        if not self._open:
            return data
        room = self._most - len(self.data)
        self.data += data[:room]
        self._newlines += data[:room].count(b"\n")
        if len(data) <= room and self._newlines <= LINES:
            return b""
        self._open = False
        if self._newlines > LINES:
            end = sum(map(len, self.data.split(b"\n", LINES)[:LINES])) + LINES
        else:
            end = self.data.rfind(b"\n") + 1
        if not end and b"\r" not in self.data:
            self.torn = True
            return data[room:]
        rest = bytes(self.data[end:]) + data[room:]
        del self.data[end:]
        return rest

    def lines(self) -> tuple[OutputLine, ...]:
        """All lines in here, the last one perhaps still growing."""
        end = self.data.rfind(b"\n") + 1
        if end > self._decoded_bytes:
            fresh = _lines(bytes(self.data[self._decoded_bytes : end]))
            self._decoded += map(OutputLine, fresh)
            self._decoded_bytes = end
        growing = map(OutputLine, _lines(bytes(self.data[end:])))
        return (*self._decoded, *growing)


def _whole_character(tail: bytes, start: int) -> int:
    """`start`, moved beyond a character or an escape sequence that began before it."""
    before = tail.rfind(b"\x1b[", max(0, start - _LONGEST_ESCAPE), start)
    if before >= 0:
        end = before + 2
        while end < len(tail) and not 0x40 <= tail[end] <= 0x7E:
            end += 1
        start = max(start, end + 1)
    while start < len(tail) and tail[start] & 0xC0 == 0x80:
        start += 1
    return start


def _lines(data: bytes) -> list[str]:
    if not data:
        return []
    # final=False: half a character at the end is still on its way, not an error.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
    text = strip_escapes(text)
    if "\r" in text:
        text = "\n".join(overwrite(line) for line in text.split("\n"))
    text = sanitize(text)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if "\t" in text:
        lines = [line.expandtabs(8) for line in lines]
    return [line if len(line) <= LINE_CHARACTERS else _clip(line) for line in lines]


def _clip(line: str) -> str:
    return f"{line[:LINE_CHARACTERS]}… ({len(line) - LINE_CHARACTERS:,} more characters)"
