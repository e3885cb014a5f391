"""What all panels together cost a training loop: paired and interleaved, with an A/A control.

Run: PYTHONPATH=. python tests/bench/all_panels.py [PAIRS]. CPU time of the same steps by three
copies of one loop: watched by every observer of a worker, plain, and plain again. Medians of
paired ratios with a bootstrap 95 % interval. Targets: at most +3 % for a 784-128-10 MLP at batch
64, at most +10 % for a linear regression at batch 1; at most 1 MB/s and 30 events/s to the app.
"""

from __future__ import annotations

import ast
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from tests.bench.watching import LINEAR, MLP
from tutor.wire.base import Message
from tutor.wire.frames import BlockingChannel, pack
from tutor.worker.observe.all import observers
from tutor.worker.observe.observer import Observers, Run
from tutor.worker.observe.sink import Sink

FILE = "<cell bench>"
WARM_SECONDS, SECONDS = 0.5, 1.0


@dataclass
class Arm:
    """One copy of the loop; `watch` is None where nothing looks."""

    source: str
    watch: Observers | None
    emit: Callable[[Message], None]
    names: dict[str, Any] = field(default_factory=dict)

    def segment(self, warm: int, steps: int) -> tuple[float, float]:
        """Seconds of CPU and of the clock for `steps`, as one run of the cell."""
        torch.manual_seed(0)
        self.names.clear()
        self.names.update(torch=torch, nn=torch.nn, F=torch.nn.functional)
        run = Run(1, "bench", self.source, FILE, self.names, self.emit)
        tree = ast.parse(self.source)
        if self.watch is not None:
            tree = self.watch.rewrite(run, tree)
            code = compile(tree, FILE, "exec")
            self.watch.begin(run)
        else:
            code = compile(tree, FILE, "exec")
        try:
            exec(code, self.names)
            self.names["train"](warm)
            cpu, clock = time.process_time(), time.perf_counter()
            self.names["train"](steps)
            return time.process_time() - cpu, time.perf_counter() - clock
        finally:
            if self.watch is not None:
                self.watch.end(run)


def measure(title: str, source: str, pairs: int) -> None:
    """Print the ratios for one loop."""
    ours, theirs = socket.socketpair()
    reader = subprocess.Popen(["cat"], stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
    theirs.close()
    sink = Sink(BlockingChannel(ours))
    sent: list[Message] = []

    def emit(message: Message) -> None:
        sink.emit(message)
        sent.append(message)

    watched = Arm(source, Observers(observers()), emit)
    plain, again = Arm(source, None, emit), Arm(source, None, emit)
    a_step = plain.segment(200, 400)[0] / 400
    warm, steps = int(WARM_SECONDS / a_step), int(SECONDS / a_step)
    ratios, control, seconds = [], [], 0.0
    for _ in range(pairs):
        arms = [watched, plain, again]
        random.shuffle(arms)
        took = {id(arm): arm.segment(warm, steps) for arm in arms}
        base = took[id(plain)][0]
        ratios.append(took[id(watched)][0] / base)
        control.append(took[id(again)][0] / base)
        seconds += took[id(watched)][1] * (warm + steps) / steps
    ours.close()
    reader.wait()
    size = sum(len(pack(message)) for message in sent)
    print(f"{title}: {a_step * 1e6:.0f} µs a step, {pairs} pairs")
    print(f"  all panels   {told(ratios)}")
    print(f"  control      {told(control)}")
    print(f"  sent         {len(sent) / seconds:.1f} events/s, {size / seconds / 1000:.1f} kB/s")


def told(ratios: list[float]) -> str:
    """`+2.1 % (1.5 … 2.9)`: median and bootstrap interval."""
    draws = sorted(statistics.median(random.choices(ratios, k=len(ratios))) for _ in range(2000))
    low, middle, high = draws[50], statistics.median(ratios), draws[-51]
    return f"{100 * (middle - 1):+.1f} % ({100 * (low - 1):+.1f} … {100 * (high - 1):+.1f})"


if __name__ == "__main__":
    torch.set_num_threads(1)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    measure("MLP 784-128-10, batch 64 (target +3 %)", MLP, count)
    measure("linear regression, batch 1 (target +10 %)", LINEAR, count)
