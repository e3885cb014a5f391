"""What probes cost: the same cell with and without them, interleaved, in CPU time.

Run: python tests/bench/probes.py [ROUNDS]. Targets: at most 3 % on the MLP step, 10 % on the tiny
loop and on pure Python. The first line, bare against bare, shows the noise of this machine.
"""

from __future__ import annotations

import ast
import random
import statistics
import sys
import time
from types import CodeType
from typing import Any

import torch
from torch import nn

from tutor.worker.observe.lines.watch import LineWatch
from tutor.worker.observe.memory.watch import MemoryWatch
from tutor.worker.observe.observer import Observer, Run

TINY = """
w = torch.zeros(1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
opt = torch.optim.SGD([w, b], lr=0.01)
xs = torch.randn(600, 1)
ys = 3 * xs + 1
for i in range(600):
    x = xs[i]
    y = ys[i]
    pred = w * x + b
    loss = (pred - y) ** 2
    loss = loss.mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
"""
MLP = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)
    def forward(self, x):
        h = self.fc1(x)
        h = torch.relu(h)
        out = self.fc2(h)
        return out
X = torch.randn(64 * 20, 784)
Y = torch.randint(0, 10, (64 * 20,))
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(200):
    i = (step % 20) * 64
    xb = X[i:i + 64]
    yb = Y[i:i + 64]
    logits = net(xb)
    loss = nn.functional.cross_entropy(logits, yb)
    opt.zero_grad()
    loss.backward()
    opt.step()
"""
PYTHON = """
total = 0
for i in range(300_000):
    a = i * 3
    b = a % 7
    if b > 3:
        total = total + b
    else:
        total -= 1
"""
TEXTS = {"tiny loop": TINY, "MLP step": MLP, "pure Python": PYTHON}


class Arm:
    """One way to run a text again and again in a namespace of its own."""

    def __init__(self, source: str, *watches: Observer) -> None:
        self._watches = watches
        self._names: dict[str, Any] = {"torch": torch, "nn": nn}
        self._run = Run(1, "a", source, "<cell a>", self._names, lambda message: None)
        tree = ast.parse(source)
        for watch in watches:
            tree = watch.rewrite(self._run, tree)
        self._code: CodeType = compile(tree, "<cell a>", "exec")

    def seconds(self) -> float:
        """CPU time of all threads from begin to end."""
        torch.manual_seed(0)
        began = time.process_time()
        for watch in self._watches:
            watch.begin(self._run)
        exec(self._code, self._names)
        for watch in self._watches:
            watch.end(self._run)
        return time.process_time() - began


def overhead(source: str, rounds: int, *watches: Observer) -> tuple[float, float, float]:
    """Median of the ratio to the bare text, less 1, with its quartiles; in percent."""
    bare, other = Arm(source), Arm(source, *watches)
    ratios: list[float] = []
    for number in range(rounds + 2):
        pair = [bare, other]
        random.shuffle(pair)
        seconds = {arm: arm.seconds() for arm in pair}
        if number >= 2:
            ratios.append(100 * (seconds[other] / seconds[bare] - 1))
    low, middle, high = statistics.quantiles(ratios, n=4)
    return low, middle, high


def spent_probe() -> tuple[float, float]:
    """Nanoseconds of a probe that is silent, in a module's loop and in a function."""
    loop = "for i in it:\n    {0}\n"
    function = "def f(it):\n    for i in it:\n        {0}\nf(it)\n"
    probe = "if not __tt_c__() and __tt_n__[3]: pass"
    results: list[float] = []
    for text, test in ((loop, "if __tt_n__[3]: pass"), (function, probe)):
        times = []
        for body in ("pass", test):
            code = compile(text.format(body), "f", "exec")
            names = {"__tt_n__": [0] * 9, "__tt_c__": torch.compiler.is_dynamo_compiling}
            best = float("inf")
            for _ in range(9):
                names["it"] = range(200_000)
                began = time.perf_counter()
                exec(code, names)
                best = min(best, time.perf_counter() - began)
            times.append(best / 200_000 * 1e9)
        results.append(times[1] - times[0])
    return results[0], results[1]


def main(rounds: int) -> None:
    torch.set_num_threads(1)
    module, function = spent_probe()
    print(f"a spent probe: {module:.0f} ns in the module, {function:.0f} ns in a function")
    print(f"{'':14}{'overhead':>9}   quartiles, {rounds} pairs")
    print(
        "{:14}{:+8.1f} %   {:+.1f} … {:+.1f}".format("bare | bare", *_order(overhead(MLP, rounds)))
    )
    for name, source in TEXTS.items():
        found = overhead(source, rounds, MemoryWatch(), LineWatch())
        print("{:14}{:+8.1f} %   {:+.1f} … {:+.1f}".format(name, *_order(found)))


def _order(found: tuple[float, float, float]) -> tuple[float, float, float]:
    low, middle, high = found
    return middle, low, high


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
