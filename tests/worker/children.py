"""Real child processes for tests: one warm template process forks a worker or grader in no time."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from typing import Any

import msgspec

from tutor.wire.control import Policy
from tutor.wire.frames import BlockingChannel, FrameParser, pack
from tutor.wire.messages import (
    Answer,
    AnswerRelayed,
    Ask,
    CellFinished,
    Direction,
    Judge,
    Judged,
    Quit,
    Ready,
    RunCell,
    decode,
)

POLICY = Policy(read=(), write=(), threads=1, device="cpu")
PATIENCE = 20.0
"""Seconds until a test gives up waiting; never slept through."""


class Template:
    """A process that has imported torch and everything of ours, and forks on demand.

    first: a statement that it runs before.
    """

    def __init__(self, first: str = "pass") -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        code = f"{first}; from tests.worker.children import serve; serve({theirs.fileno()})"
        # Unbuffered, C's own output would need no flush, and a test could not tell.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env=environment,
        )
        theirs.close()
        self._socket = ours
        assert ours.recv(5) == b"ready"

    def start(self, role: str, policy: Policy = POLICY, buffer: int = 0) -> Child:
        """A ready child. `buffer` limits how many bytes it can send before somebody reads."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        if buffer:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        out, pipe = os.pipe()
        request = json.dumps({"role": role, "policy": msgspec.to_builtins(policy)}).encode()
        socket.send_fds(self._socket, [request], [theirs.fileno(), pipe])
        theirs.close()
        os.close(pipe)
        pid = int(self._socket.recv(20))
        return Child(ours, out, pid, role)

    def close(self) -> None:
        self._socket.close()
        self._process.wait(10)


class Child:
    """The app's end of one child: send, receive, read its output, interrupt."""

    def __init__(self, sock: socket.socket, out: int, pid: int, role: str) -> None:
        self.pid = pid
        self._socket, self._out = sock, out
        self._parser = FrameParser()
        self._direction: Direction = "from_grader" if role == "grader" else "from_worker"
        self._waiting: list[tuple[Any, bytes]] = []
        self.runs = 0
        os.set_blocking(out, False)
        if role != "detect":
            ready, _ = self.receive()
            assert ready == Ready(pid)

    def send(self, message: Any, body: bytes = b"") -> None:
        self._socket.sendall(pack(message, body))

    def receive(self) -> tuple[Any, bytes]:
        """Raises EOFError when the child has ended, TimeoutError when it says nothing."""
        while not self._waiting:
            if not select.select([self._socket], [], [], PATIENCE)[0]:
                raise TimeoutError("the child said nothing")
            data = self._socket.recv(1 << 20)
            if not data:
                raise EOFError
            self._parser.feed(data)
            self._waiting += [(decode(self._direction, h), b) for h, b in self._parser.frames()]
        return self._waiting.pop(0)

    def until(self, kind: type) -> list[Any]:
        """All messages up to the first of `kind`."""
        messages = [self.receive()[0]]
        while not isinstance(messages[-1], kind):
            messages.append(self.receive()[0])
        return messages

    def begin(self, source: str, block: str = "a") -> int:
        self.runs += 1
        self.send(RunCell(self.runs, block, source))
        return self.runs

    def run(self, source: str, block: str = "a") -> list[Any]:
        """Run a cell to its end; every message that it caused."""
        self.begin(source, block)
        return self.until(CellFinished)

    def output(self) -> str:
        """What was printed since the last look."""
        data = b""
        while select.select([self._out], [], [], 0)[0]:
            chunk = os.read(self._out, 1 << 16)
            if not chunk:
                break
            data += chunk
        return data.decode()

    def wait_for_output(self, text: str) -> str:
        shown, until = "", time.monotonic() + PATIENCE
        while text not in shown:
            assert select.select([self._out], [], [], max(0.0, until - time.monotonic()))[0], shown
            shown += os.read(self._out, 1 << 16).decode()
        return shown

    def wait_until_it_cannot_send(self) -> None:
        """Until the channel is full, because nobody reads: the child stands in mid-frame."""
        waiting, before = 0, -1
        while not waiting or waiting != before:
            before = waiting
            select.select([], [], [], 0.02)
            count = fcntl.ioctl(self._socket, termios.FIONREAD, bytes(4))
            waiting = int.from_bytes(count, sys.byteorder)

    def interrupt(self) -> None:
        os.kill(self.pid, signal.SIGINT)

    def close(self) -> None:
        try:
            self.send(Quit())
        except OSError:
            pass
        self._socket.close()
        os.close(self._out)
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def judge(
    template: Template, worker: Child, checks: str, source: str = "", **fields: Any
) -> Judged:
    """The verdict on what `worker` holds, relayed exactly as the app relays it.

    Raises EOFError when the worker ends while it is asked.
    """
    grader = template.start("grader")
    try:
        grader.send(Judge("nonce", "a", checks, source, **fields))
        while True:
            message, body = grader.receive()
            if isinstance(message, Judged):
                assert message.nonce == "nonce"
                return message
            assert isinstance(message, Ask)
            worker.send(message.question, body)
            answer, data = worker.receive()
            assert isinstance(answer, Answer)
            grader.send(AnswerRelayed(**msgspec.structs.asdict(answer)), data)
    finally:
        grader.close()


def serve(number: int) -> None:
    """The template's side: fork a child for every request, until the test run is gone."""
    import tutor.grader.main
    import tutor.worker.detect
    import tutor.worker.main

    mains = {
        "worker": tutor.worker.main.main,
        "grader": tutor.grader.main.main,
        "detect": tutor.worker.detect.main,
    }
    sock = socket.socket(fileno=number)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sock.sendall(b"ready")
    while True:
        data, descriptors, _, _ = socket.recv_fds(sock, 1 << 16, 2)
        if not data:
            os._exit(0)
        request = json.loads(data)
        pid = os.fork()
        if pid:
            for descriptor in descriptors:
                os.close(descriptor)
            sock.sendall(str(pid).encode())
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sock.close()
        channel, pipe = descriptors
        os.dup2(pipe, 1)
        os.dup2(pipe, 2)
        os.close(pipe)
        policy = msgspec.convert(request["policy"], Policy)
        mains[request["role"]](BlockingChannel(socket.socket(fileno=channel)), policy)
        os._exit(0)
