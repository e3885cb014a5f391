"""The app's end of one child process: messages, output, its end, and the means to end it.

Everything that arrives is untrusted. Messages are decoded strictly, at most 200 a loop turn;
output is read at most every 8 ms, so that a flood waits in the pipe and not in the app.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from typing import Any, Literal

from tutor.session.api import SessionError
from tutor.session.deaths import reason_for
from tutor.wire.control import Role
from tutor.wire.frames import FrameParser, ProtocolError, pack
from tutor.wire.messages import (
    Answer,
    CellFinished,
    Inspect,
    InspectFailed,
    Judge,
    Judged,
    Question,
    Ready,
    RunCell,
    TensorDetail,
    Trace,
    Traced,
    decode,
)

FRAMES_PER_TURN = 200
PAUSE = 0.008
"""Seconds between two reads of the output pipe."""
CHUNK, CHUNKS = 65_536, 8
_DRAIN_LIMIT = 4 << 20
_UNSENT_LIMIT = 64 << 20
_KILL_TIMEOUT = 10.0
_NEWS_OF_DEATH = 0.1
"""Seconds between the end of the channel and the kill: a process that ends by itself gets to
tell how."""

_STARTS_WORK = (RunCell, Inspect, Trace, Question, Judge)
_ENDS_WORK = (CellFinished, TensorDetail, InspectFailed, Traced, Answer, Judged)

OnMessage = Callable[[Any, bytes], None]
OnOutput = Callable[[bytes], None]
OnClosed = Callable[[str], None]
Order = Callable[[Literal["interrupt", "kill"]], object]


class Connection:
    """Belongs to the event loop it was made in. What arrives before a callback is set is kept,
    and handed over at the moment it is set."""

    def __init__(self, role: Role, sock: socket.socket, output: int, order: Order) -> None:
        self.role: Role = role
        self.pid = 0
        """As the zygote sees it; 0 until it is known."""
        self.alive = True
        self.reason = ""
        """Why it ended, in words that follow "the worker …"; "" while it lives."""
        self.exit_code: int | None = None
        """How it ended: negative for a signal; None while it lives."""
        self.busy = False
        """Something that the app asked for is running."""
        self.on_busy: Callable[[], None] = lambda: None
        self.on_gone: Callable[[], None] = lambda: None
        """For the zygote; the same moment as `on_closed`."""
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done at the first message; an error when the process ended before it."""
        self._loop = asyncio.get_running_loop()
        self._direction: Any = "from_grader" if role == "grader" else "from_worker"
        self._socket = sock
        self._output = output
        self._order = order
        self._parser = FrameParser()
        self._unsent = bytearray()
        self._early: list[tuple[Any, bytes]] = []
        self._early_output = bytearray()
        self._on_message: OnMessage | None = None
        self._on_output: OnOutput | None = None
        self._on_closed: OnClosed | None = None
        self._channel_open = True
        self._output_open = True
        self._pause: asyncio.TimerHandle | None = None
        self._gone = asyncio.Event()
        sock.setblocking(False)
        os.set_blocking(output, False)
        self._loop.add_reader(sock, self._receive)
        self._loop.add_reader(output, self._read_output)

    # -------------------------------------------------------------- callbacks

    @property
    def on_message(self) -> OnMessage | None:
        return self._on_message

    @on_message.setter
    def on_message(self, callback: OnMessage | None) -> None:
        self._on_message = callback
        while self._early and self._on_message is not None:
            self._on_message(*self._early.pop(0))

    @property
    def on_output(self) -> OnOutput | None:
        return self._on_output

    @on_output.setter
    def on_output(self, callback: OnOutput | None) -> None:
        self._on_output = callback
        if self._early_output and callback is not None:
            early, self._early_output = bytes(self._early_output), bytearray()
            callback(early)

    @property
    def on_closed(self) -> OnClosed | None:
        return self._on_closed

    @on_closed.setter
    def on_closed(self, callback: OnClosed | None) -> None:
        """Called once, when the process and all it started are gone."""
        self._on_closed = callback
        if callback is not None and self._gone.is_set():
            self._on_closed = None
            callback(self.reason)

    # -------------------------------------------------------------- requests

    def send(self, message: Any, body: bytes = b"") -> None:
        """Queue one message; silently dropped when the process is gone (`on_closed` tells)."""
        if not self._channel_open:
            return
        self._unsent += pack(message, body)
        if isinstance(message, _STARTS_WORK):
            self.busy = True
            self.on_busy()
        if len(self._unsent) > _UNSENT_LIMIT:
            self._break_off("did not read what it was sent")
            return
        self._flush()

    def interrupt(self) -> None:
        """SIGINT to the process group, like ^C in a terminal."""
        if self.alive:
            self._order("interrupt")

    async def kill(self) -> None:
        """End the process and everything it started; returns when all are gone."""
        self.end("was ended")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), _KILL_TIMEOUT)

    def end(self, reason: str) -> None:
        """Start the kill without waiting; `reason` is what `on_closed` will be told."""
        if self._gone.is_set():
            return
        self.reason = self.reason or reason
        self._order("kill")

    def drain_output(self) -> None:
        """Hand over what is in the pipe already, e.g. all that a finished cell printed."""
        taken = 0
        while taken < _DRAIN_LIMIT and (data := self._take_output()):
            taken += len(data)
            self._deliver_output(data)

    # -------------------------------------------------------------- news from the zygote

    def forked(self, pid: int) -> None:
        """The process exists."""
        self.pid = pid

    def exited(self, status: int, reason: str = "") -> None:
        """The process and all its descendants are gone."""
        if self._gone.is_set():
            return
        self._read_last_messages()
        self.drain_output()
        self._close_output()
        self._close_channel()
        self.exit_code = os.waitstatus_to_exitcode(status)
        killed = self.exit_code == -signal.SIGKILL
        if reason or not self.reason or not killed:
            self.reason = reason or reason_for(status)
        self.alive = self.busy = False
        self._gone.set()
        if not self.ready.done():
            self.ready.set_exception(self._stillborn())
            self.ready.exception()  # nobody may be waiting
        self.on_gone()
        callback, self._on_closed = self._on_closed, None
        if callback is not None:
            callback(self.reason)

    def _stillborn(self) -> SessionError:
        last = bytes(self._early_output).decode("utf-8", "replace").strip().rpartition("\n")[2]
        detail = f" ({last[:300]})" if last else ""
        return SessionError(
            f"A new {self.role} {self.reason}{detail}.",
            "Run `torch-tutor doctor` to see what is missing.",
        )

    # -------------------------------------------------------------- messages

    def _receive(self) -> None:
        try:
            data = self._socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close_channel()
            self._loop.call_later(_NEWS_OF_DEATH, self._silent)
            return
        self._parser.feed(data)
        self._dispatch()

    def _dispatch(self) -> None:
        """At most `FRAMES_PER_TURN` messages, then the screen gets its turn; what is left waits
        in the socket."""
        if not self._channel_open:
            return
        count = 0
        try:
            for header, body in self._parser.frames(FRAMES_PER_TURN):
                count += 1
                self._deliver(decode(self._direction, header), body)
        except ProtocolError as error:
            self._break_off(f"broke the protocol: {error}")
            return
        if not self._channel_open:
            return
        if count == FRAMES_PER_TURN:
            self._loop.remove_reader(self._socket)
            self._loop.call_soon(self._dispatch)
        else:
            self._loop.add_reader(self._socket, self._receive)

    def _deliver(self, message: Any, body: bytes) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
        if isinstance(message, _ENDS_WORK):
            self.busy = False
        if isinstance(message, Ready):
            return
        if self._on_message is not None:
            self._on_message(message, body)
        elif len(self._early) >= FRAMES_PER_TURN:
            raise ProtocolError("it sent messages that nobody asked for")
        else:
            self._early.append((message, body))

    def _read_last_messages(self) -> None:
        """What it sent before it ended, e.g. the result of the detection process."""
        with contextlib.suppress(OSError, ProtocolError):
            while self._channel_open and (data := self._socket.recv(1 << 18)):
                self._parser.feed(data)
        with contextlib.suppress(ProtocolError):
            for header, body in self._parser.frames(10 * FRAMES_PER_TURN):
                self._deliver(decode(self._direction, header), body)

    def _silent(self) -> None:
        self.end("closed its connection to the app")

    def _break_off(self, reason: str) -> None:
        self._close_channel()
        self.end(reason)

    def _flush(self) -> None:
        if not self._channel_open:
            return
        try:
            while self._unsent:
                sent = self._socket.send(memoryview(self._unsent)[: 1 << 20])
                del self._unsent[:sent]
            self._loop.remove_writer(self._socket)
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._flush)
        except OSError:
            self._unsent.clear()
            self._loop.remove_writer(self._socket)  # the reader notices the end

    def _close_channel(self) -> None:
        if self._channel_open:
            self._channel_open = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()

    # -------------------------------------------------------------- output

    def _read_output(self) -> None:
        self._loop.remove_reader(self._output)
        self._pause = self._loop.call_later(PAUSE, self._resume_output)
        for _ in range(CHUNKS):
            data = self._take_output()
            if not data:
                return
            self._deliver_output(data)

    def _take_output(self) -> bytes:
        if not self._output_open:
            return b""
        try:
            data = os.read(self._output, CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._close_output()
        return data

    def _deliver_output(self, data: bytes) -> None:
        if self._on_output is not None:
            self._on_output(data)
        else:
            self._early_output += data
            del self._early_output[:-CHUNK]

    def _resume_output(self) -> None:
        self._pause = None
        if self._output_open:
            self._loop.add_reader(self._output, self._read_output)

    def _close_output(self) -> None:
        if self._output_open:
            self._output_open = False
            if self._pause is not None:
                self._pause.cancel()
            self._loop.remove_reader(self._output)
            os.close(self._output)
