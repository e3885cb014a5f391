"""One distributed run, seen from the worker: start the ranks, listen to them, see to their end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import select
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from tutor.wire.frames import FrameParser, ProtocolError
from tutor.wire.observed.ranks import RANKS, RanksSeen
from tutor.worker.ranks import messages
from tutor.worker.ranks.course import (
    RankCourse,
    Verdict,
    snapshot,
    stopped_words,
    verdict_on,
)
from tutor.worker.ranks.messages import Began, Order, Program, Returned
from tutor.worker.ranks.nursery import Source
from tutor.worker.ranks.output import Lines
from tutor.worker.ranks.shipping import Parcel
from tutor.worker.ranks.stream import send_all

GRACE = 0.3
"""Seconds that the other ranks get to tell where they are when one went wrong."""
FAREWELL = 3.0
"""Seconds that ranks get to end once all results are there, before they are ended."""
_TELL_EVERY = 0.1
_PIPE = 1 << 20
_CHUNK = 1 << 16
_encode = msgspec.json.Encoder().encode
_clock, _select = time.monotonic, select.select


class LaunchError(Exception):
    """The ranks could not be started; str() says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start. See `Order` for the fields."""

    world: int
    style: Literal["cell", "spawn"]
    run: int
    block: str
    parcel: Parcel
    timeout: float
    threads: int = 1
    meet: bool = False
    watch: bool = True
    sources: Mapping[str, str] = field(default_factory=dict)
    program: Program | None = None


@dataclass(slots=True)
class _Rank:
    course: RankCourse
    socket: socket.socket
    output: int
    pid: int = 0
    parser: FrameParser = field(default_factory=FrameParser)
    lines: Lines = field(default_factory=Lines)
    result: bytes = b""
    listening: bool = True
    printing: bool = True


class Launch:
    """Ranks of one run. `wait` until it is true, then `end`, whatever happens in between.

    printed: called with each piece of a rank's output. tell: gets what the panel shows.
    """

    def __init__(
        self,
        plan: Plan,
        source: Source,
        *,
        tell: Callable[[RanksSeen], None] = lambda message: None,
        printed: Callable[[int, str], None] = lambda rank, line: None,
    ) -> None:
        """Raises LaunchError."""
        if not 1 <= plan.world <= RANKS:
            raise LaunchError(f"{plan.world} ranks were asked for; from 1 to {RANKS} can run.")
        self._plan = plan
        self._tell = tell
        self._printed = printed
        self._told = 0.0
        self._folder = tempfile.mkdtemp(prefix="ranks-")
        self._ranks: list[_Rank] = []
        self._news = b""
        self._wrong_at: float | None = None
        self._released_at: float | None = None
        self._going = self._over = False
        self.verdict: Verdict | None = None
        try:
            self._control = source.keeper()
            self._start()
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise LaunchError(f"The ranks could not be started: {error}") from None

    @property
    def courses(self) -> list[RankCourse]:
        return [rank.course for rank in self._ranks]

    def pids(self) -> list[int]:
        """Process ids; waits for ranks that have not told theirs. 0 = it never came so far."""
        while not self._over and not self._going:
            self.wait(_TELL_EVERY)
        return [rank.pid for rank in self._ranks]

    def result(self, rank: int) -> Any:
        """What the function of `rank` returned; None where it could not be sent back."""
        data = self._ranks[rank].result
        return pickle.loads(data) if data else None

    def wait(self, seconds: float | None = None) -> bool:
        """Listen until the run is over, at most `seconds`; True when it is.

        Ends well when all ranks are gone by themselves, and badly `GRACE` seconds after the
        first one went wrong: then `verdict` says how.
        """
        until = None if seconds is None else _clock() + seconds
        while not self._over:
            left = _TELL_EVERY if until is None else min(_TELL_EVERY, until - _clock())
            self._listen(max(0.0, left))
            self._judge()
            self._show()
            if until is not None and _clock() >= until:
                break
        return self._over

    def end(self) -> None:
        """End every rank that is left; returns when all are gone. Safe to call twice."""
        if self._folder == "":
            return
        stopped = "" if self._over else stopped_words(self.courses)
        for rank in self._ranks:
            rank.course.stopped = rank.course.code is None
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        until = _clock() + FAREWELL
        while self._control.fileno() >= 0 and _clock() < until:
            self._listen(0.1)
        self._close()
        verdict = self.verdict.sentence if self.verdict else stopped
        self._tell(
            snapshot(self._plan.run, self._plan.block, self.courses, over=True, verdict=verdict)
        )

    # -------------------------------------------------------------- inside

    def _start(self) -> None:
        plan, theirs, outputs = self._plan, [], []
        try:
            for number in range(plan.world):
                ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
                read_end, write_end = os.pipe()
                with contextlib.suppress(OSError, AttributeError):
                    fcntl.fcntl(read_end, fcntl.F_SETPIPE_SZ, _PIPE)
                os.set_blocking(read_end, False)
                self._ranks.append(_Rank(RankCourse(number), ours, read_end))
                theirs.append(its)
                outputs.append(write_end)
            order = Order(
                world=plan.world,
                style=plan.style,
                run=plan.run,
                block=plan.block,
                folder=self._folder,
                timeout=plan.timeout,
                threads=plan.threads,
                meet=plan.meet,
                watch=plan.watch,
                sizes=(len(plan.parcel.function), len(plan.parcel.arguments)),
                sources=dict(plan.sources),
                program=plan.program,
            )
            passed = [sock.fileno() for sock in theirs] + outputs + list(plan.parcel.descriptors)
            socket.send_fds(self._control, [b"k"], passed)
            send_all(self._control, _encode(order), plan.parcel.function, plan.parcel.arguments)
        except BaseException:
            self._control.close()
            self._close()
            raise
        finally:
            for sock in theirs:
                sock.close()
            for descriptor in outputs:
                os.close(descriptor)

    def _listen(self, seconds: float) -> None:
        """Take whatever arrives within `seconds`."""
        sources: dict[int, Callable[[], None]] = {}
        if self._control.fileno() >= 0:
            sources[self._control.fileno()] = self._hear_keeper
        for rank in self._ranks:
            if rank.listening:
                sources[rank.socket.fileno()] = lambda rank=rank: self._hear(rank)
            if rank.printing:
                sources[rank.output] = lambda rank=rank: self._read(rank)
        if not sources:
            return
        for ready in _select(list(sources), [], [], seconds)[0]:
            sources[ready]()

    def _hear(self, rank: _Rank) -> None:
        try:
            data = rank.socket.recv(_CHUNK * 4)
        except OSError:
            data = b""
        if not data:
            rank.listening = False
            return
        rank.parser.feed(data)
        try:
            for header, body in rank.parser.frames(10_000):
                message = messages.from_rank(header)
                rank.course.hear(message)
                if isinstance(message, Began):
                    rank.course.began, rank.pid = True, message.pid
                elif isinstance(message, Returned):
                    rank.result = body
        except (ProtocolError, msgspec.MsgspecError):
            rank.listening = False  # the learner's code wrote to our socket

    def _read(self, rank: _Rank) -> None:
        try:
            data = os.read(rank.output, _CHUNK)
        except BlockingIOError:
            return
        rank.printing = bool(data)
        for line in rank.lines.feed(data):
            rank.course.print(line)
            self._printed(rank.course.rank, line)

    def _hear_keeper(self) -> None:
        try:
            data = self._control.recv(_CHUNK)
        except OSError:
            data = b""
        if not data:
            self._control.close()
            self._drain()
            self._over = True
            self._bury()
            return
        *lines, self._news = (self._news + data).split(b"\n")
        for line in lines:
            ended = messages.from_keeper(line)
            course = self._ranks[ended.rank].course
            course.code, course.ended_at = ended.code, _clock()
            if ended.code == 0 and not course.settled_by_word:
                self._drain()  # its last words may still be in the socket
                if not course.settled_by_word:
                    course.returned = Returned(_clock(), "ended without returning")

    def _bury(self) -> None:
        """Nobody tells of ranks any more."""
        for rank in self._ranks:
            if rank.course.code is None:
                rank.course.code, rank.course.ended_at = -9, _clock()

    def _drain(self) -> None:
        """What ranks said and printed before they ended."""
        while True:
            sources: dict[int, Callable[[], None]] = {}
            for rank in self._ranks:
                if rank.listening:
                    sources[rank.socket.fileno()] = lambda rank=rank: self._hear(rank)
                if rank.printing:
                    sources[rank.output] = lambda rank=rank: self._read(rank)
            ready = _select(list(sources), [], [], 0)[0] if sources else []
            if not ready:
                return
            for descriptor in ready:
                sources[descriptor]()

    def _judge(self) -> None:
        """Let the ranks begin, let them go, or see that the run has failed."""
        now, courses = _clock(), self.courses
        if not self._going and all(course.began for course in courses):
            self._going = True
            self._say_all()
        if any(course.went_wrong for course in courses):
            self._wrong_at = self._wrong_at or now
            if self._over or now >= self._wrong_at + GRACE or all(c.settled for c in courses):
                self._drain()
                self.verdict = verdict_on(courses)
                self._over = True
        elif self._released_at is None:
            if all(course.returned is not None for course in courses):
                self._released_at = now
                self._say_all()
        elif now >= self._released_at + FAREWELL:
            self._over = True  # the results are here; `end` ends what is left

    def _say_all(self) -> None:
        for rank in self._ranks:
            with contextlib.suppress(OSError):
                rank.socket.send(b"g")

    def _show(self) -> None:
        now = _clock()
        if self._plan.watch and now >= self._told + _TELL_EVERY:
            self._told = now
            self._tell(snapshot(self._plan.run, self._plan.block, self.courses, over=False))

    def _close(self) -> None:
        self._drain()
        self._bury()
        self._over = True
        if self._control.fileno() >= 0:
            self._control.close()
        for rank in self._ranks:
            rank.socket.close()
            os.close(rank.output)
            rank.listening = rank.printing = False
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = ""
