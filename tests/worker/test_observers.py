"""Observers see a run from both ends; one that breaks never breaks the run."""

from __future__ import annotations

import ast
import socket

from tutor.wire.frames import BlockingChannel, FrameParser
from tutor.wire.messages import decode
from tutor.wire.observed.pulse import Pulse
from tutor.worker.observe.observer import Observer, Observers, Run
from tutor.worker.observe.sink import KEPT, Sink


class Broken(Observer):
    def rewrite(self, run: Run, tree: ast.Module) -> ast.Module:
        raise ValueError("no")

    def begin(self, run: Run) -> None:
        raise ValueError("no")


class Recorder(Observer):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def begin(self, run: Run) -> None:
        self.seen.append(f"begin {run.block}")

    def end(self, run: Run) -> None:
        self.seen.append(f"end {run.block}")


def test_a_broken_observer_is_silenced_and_named() -> None:
    recorder = Recorder()
    observers = Observers([Broken(), recorder])
    run = Run(1, "a", "x = 1", "<cell a>", {}, lambda message: None)
    tree = ast.parse("x = 1")
    assert observers.rewrite(run, tree) is tree
    observers.begin(run)
    observers.end(run)
    assert recorder.seen == ["begin a", "end a"]
    assert observers.trouble == {"Broken": "ValueError: no"}


def test_a_stalled_app_never_stops_the_learners_code() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sink = Sink(BlockingChannel(ours))
        for line in range(20_000):  # would block for ever if it waited
            sink.emit(Pulse(1, line))
        assert sink.dropped > 20_000 - KEPT - 4096
        theirs.setblocking(False)
        parser = FrameParser()
        parser.feed(theirs.recv(1 << 20))
        first = decode("from_worker", next(iter(parser.frames()))[0])
        assert first == Pulse(1, 0)
