"""What watching a training loop costs: paired and interleaved in one process, with an A/A control.

Run: python tests/bench/watching.py [PAIRS]. CPU time of steady training, watched against not
watched, as the median of paired ratios with a bootstrap 95 % interval, from the first moments of a
run, when most is kept. Targets: at most +3 % for
a 784-128-10 MLP at batch 64, at most +10 % for a linear regression at batch 1. Also what is sent,
and what a curve of a million points costs to draw beside one of a thousand.
"""

from __future__ import annotations

import ast
import random
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from tutor.session.series import Series
from tutor.ui.widgets.curve import Trace, chart
from tutor.wire.base import Message
from tutor.wire.frames import BlockingChannel, pack
from tutor.worker.observe.observer import Run
from tutor.worker.observe.sink import Sink
from tutor.worker.observe.training.observer import TrainingObserver

FILE = "<cell bench>"
WARM_SECONDS, SECONDS = 0.1, 0.5
MLP = """
net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
x, y = torch.randn(64, 784), torch.randint(0, 10, (64,))
def train(steps):
    running = 0.0
    for i in range(steps):
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        running += 1.0
"""
ADAM = """
from torch.utils.data import DataLoader, TensorDataset
net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
opt = torch.optim.Adam(net.parameters(), lr=0.001)
loader = DataLoader(TensorDataset(torch.randn(4096, 784), torch.randint(0, 10, (4096,))), 64)
def train(steps):
    done = 0
    while done < steps:
        for i, (x, y) in enumerate(loader):
            loss = F.cross_entropy(net(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            done += 1
            if done == steps:
                break
"""
LINEAR = """
w, b = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
opt = torch.optim.SGD([w, b], lr=0.01)
x, y = torch.randn(1), torch.randn(1)
def train(steps):
    for i in range(steps):
        loss = (w * x + b - y).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
"""
HAND = """
w = torch.zeros(3, requires_grad=True)
x, y = torch.randn(100, 3), torch.randn(100)
def train(steps):
    t = 0
    while t < steps:
        loss = (x @ w - y).pow(2).mean()
        loss.backward()
        with torch.no_grad():
            w.sub_(0.01 * w.grad)
            w.grad.zero_()
        t += 1
"""


@dataclass
class Sent:
    """What went out during watched segments."""

    messages: list[Message] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def bytes(self) -> int:
        return sum(len(pack(message)) for message in self.messages)


def measure(source: str, pairs: int) -> tuple[list[float], list[float], Sent, float]:
    """(watched / not watched, not watched / not watched, what was sent, µs of CPU a step)."""
    ours, theirs = socket.socketpair()
    reader = subprocess.Popen(["cat"], stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
    theirs.close()
    sink, sent = Sink(BlockingChannel(ours)), Sent()

    def emit(message: Message) -> None:
        sink.emit(message)
        sent.messages.append(message)

    names: dict[str, Any] = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional}
    tree = ast.parse(source)
    exec(compile(tree, FILE, "exec"), names)
    train: Callable[[int], None] = names["train"]
    began = time.perf_counter()
    train(200)
    train(200)
    a_step = (time.perf_counter() - began) / 400
    steps, warm = max(50, int(SECONDS / a_step)), max(20, int(WARM_SECONDS / a_step))
    observer = TrainingObserver()

    def segment(watched: bool) -> float:
        run = Run(1, "bench", source, FILE, names, emit)
        if watched:
            observer.rewrite(run, tree)
            observer.begin(run)
        began = time.perf_counter()
        try:
            train(warm)
            cpu = time.process_time()
            train(steps)
            cpu = time.process_time() - cpu
        finally:
            if watched:
                sent.seconds += time.perf_counter() - began
                observer.end(run)
        return cpu / steps

    order = random.Random(7)
    watching, control, costs = [], [], []
    for _ in range(pairs):
        arms = ["off", "again", "on"]
        order.shuffle(arms)
        cpu = {arm: segment(arm == "on") for arm in arms}
        watching.append(cpu["on"] / cpu["off"])
        control.append(cpu["again"] / cpu["off"])
        costs.append(cpu["off"])
    ours.close()
    reader.wait(10)
    return watching, control, sent, statistics.median(costs) * 1e6


def interval(ratios: list[float]) -> tuple[float, float, float]:
    """Median and bootstrap 95 % interval, as percent above 1."""
    draw = random.Random(11)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(2_000))
    low, high = medians[50], medians[-51]
    return tuple((value - 1) * 100 for value in (statistics.median(ratios), low, high))  # type: ignore[return-value]


def report(name: str, source: str, pairs: int, target: float | None) -> None:
    watching, control, sent, cost = measure(source, pairs)
    median, low, high = interval(watching)
    aa, aa_low, aa_high = interval(control)
    wanted = "" if target is None else f"   (target: at most +{target:.0f} %)"
    print(f"{name}   {cost:.0f} µs of CPU a step")
    print(f"  watched   {median:+5.1f} % [{low:+.1f}, {high:+.1f}]{wanted}")
    print(f"  A/A       {aa:+5.1f} % [{aa_low:+.1f}, {aa_high:+.1f}]")
    kinds = Counter(type(message).__name__ for message in sent.messages)
    each = ", ".join(f"{kind} {count / sent.seconds:.1f}" for kind, count in sorted(kinds.items()))
    print(
        f"  sent      {len(sent.messages) / sent.seconds:.1f} events/s, "
        f"{sent.bytes / sent.seconds / 1000:.1f} kB/s   ({each})"
    )


def curves() -> None:
    """A thousand and a million points, drawn 60 × 16."""
    draw = random.Random(3)
    milliseconds = {}
    for count in (1_000, 1_000_000):
        series = Series()
        for first in range(0, count, 1_000):
            series = series.extended((n, draw.random()) for n in range(first, first + 1_000))
        traces = [Trace("loss", series)]
        times = []
        for _ in range(60):
            began = time.process_time()
            chart(traces, 60, 16)
            times.append(time.process_time() - began)
        milliseconds[count] = statistics.median(times) * 1000
    few, many = milliseconds.values()
    print(f"curve     1,000 points {few:.2f} ms   1,000,000 points {many:.2f} ms   (target: 4 ms)")


def main(pairs: int) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    report("MLP 784-128-10, batch 64, SGD", MLP, pairs, 3)
    report("MLP, Adam and DataLoader     ", ADAM, pairs, 3)
    report("linear regression, batch 1   ", LINEAR, pairs, 10)
    report("by hand, without an optimizer", HAND, pairs, 10)
    curves()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
