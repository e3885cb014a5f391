"""Watching changes nothing: numbers, random states, lifetimes, what torch.compile makes."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from typing import Any

import torch
from torch.autograd.graph import saved_tensors_hooks

from tests.worker.children import Child
from tutor.wire.messages import CellFailed
from tutor.wire.observed.graph import GraphSeen
from tutor.wire.observed.model import ModelSeen, ModelUnwatched
from tutor.worker.observe.frames import local_names
from tutor.worker.observe.graph.engine import Engine

_START = """
import hashlib, torch
from torch import nn
import torch.nn.functional as F
torch.set_num_threads(1)
def digest(*tensors):
    h = hashlib.sha256()
    for t in tensors:
        h.update(t.detach().contiguous().view(torch.uint8).numpy().tobytes())
    return h.hexdigest()
"""

TRAINING = (
    _START
    + """
torch.manual_seed(3)
calls = []
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.3), nn.ReLU())
        self.attend = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.rnn = nn.LSTM(16, 4, batch_first=True)
    def forward(self, x):
        calls.append(1)
        h = self.attend(self.body(x))
        return self.rnn(h)[0]
net = Net()
opt = torch.optim.Adam(net.parameters())
for i in range(12):
    opt.zero_grad()
    x = torch.randn(3, 5, 8)
    loss = F.mse_loss(net(x), torch.randn(3, 5, 4))
    loss.backward()
    opt.step()
net.eval()
with torch.no_grad():
    fast = net(torch.randn(3, 5, 8))
grads = [p.grad for p in net.parameters()]
print(digest(*net.parameters(), *grads, fast, torch.get_rng_state()), len(calls))
"""
)

COMPILED = (
    _START
    + """
import torch._dynamo
from torch._dynamo.utils import counters
from torch._dynamo import convert_frame
graphs, ours = [], []
class Noting(convert_frame.ConvertFrameAssert):
    def __call__(self, frame, *args, **kwargs):
        if "/observe/graph/" in frame.f_code.co_filename or "/modules/" in frame.f_code.co_filename:
            ours.append(frame.f_code.co_name)
        return super().__call__(frame, *args, **kwargs)
convert_frame.ConvertFrameAssert = Noting
def backend(module, example):
    graphs.append(1)
    return module.forward
net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
def step(x):
    loss = net(x).sum()
    loss.backward()
    return loss
fast = torch.compile(step, backend=backend)
other = torch.compile(net, backend=backend)
x = torch.randn(3, 4)
for _ in range(4):
    fast(x)
    other(x)
print(len(graphs), counters["stats"]["unique_graphs"], ours)
"""
)

AGAIN = """
for _ in range(4):
    fast(x)
    other(x)
print(len(graphs), counters["stats"]["unique_graphs"], ours)
"""


def alone(source: str) -> str:
    """What `source` prints in a Python of its own, with nobody watching."""
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return done.stdout.strip()


def watched(worker: Child, source: str) -> tuple[str, list[object]]:
    messages = worker.run(source)
    failures = [message for message in messages if isinstance(message, CellFailed)]
    assert not failures, failures
    return worker.output().strip(), messages


def test_training_ends_with_the_same_bits(worker: Child) -> None:
    printed, messages = watched(worker, TRAINING)
    assert any(isinstance(message, GraphSeen) for message in messages)
    assert any(isinstance(message, ModelSeen) for message in messages)
    assert printed == alone(TRAINING)


def test_compiled_code_stays_as_it_is(worker: Child) -> None:
    printed, messages = watched(worker, COMPILED)
    assert any(isinstance(message, ModelUnwatched) for message in messages)
    again, _ = watched(worker, AGAIN)
    assert [printed, again] == alone(COMPILED + AGAIN).split("\n")


LIFETIMES = """
import gc, weakref
gc.disable()
net = nn.Linear(3, 3)
def step():
    x = torch.ones(2, 3)
    h = net(x)
    loss = h.exp().sum()
    refs = [weakref.ref(t) for t in (x, h, loss)]
    loss.backward()
    del x, h
    first = [r() is None for r in refs]
    del loss
    return first, [r() is None for r in refs]
print(step())
top = net(torch.ones(1, 3))
inner = weakref.ref(top)
total = top.sum()
total.backward()
del top, total
model = weakref.ref(net)
del net
print(inner() is None, model() is None)
"""


def test_no_tensor_outlives_its_names(worker: Child) -> None:
    printed, _ = watched(worker, LIFETIMES)
    assert printed.split("\n") == [
        "([True, True, False], [True, True, True])",
        "True True",
    ]


def test_no_tensor_or_model_outlives_its_cell(worker: Child) -> None:
    worker.run(
        "import weakref, gc\nnet = nn.Sequential(nn.Linear(3, 3), nn.ReLU())\n"
        "out = net(torch.ones(2, 3))\nloss = out.sum()\nloss.backward()\n"
        "refs = [weakref.ref(t) for t in (net, net[0].weight, out, loss)]"
    )
    printed, _ = watched(
        worker, "del net, out, loss\ngc.collect()\nprint([r() is None for r in refs])"
    )
    assert printed == "[True, True, True, True]"


def test_reading_a_frame_leaves_no_trace_in_it() -> None:
    class Thing:
        pass

    # Without `assert`: pytest's own would speak of locals().
    def function() -> tuple[bool, bool, dict[str, Any]]:
        thing = Thing()
        alive = weakref.ref(thing)
        found = local_names(sys._getframe())
        right = found["thing"] is thing
        del found, thing
        return right, alive() is None, local_names(sys._getframe())

    def with_locals() -> list[str]:
        a = 1
        mine = locals()
        local_names(sys._getframe())
        return sorted(mine) if a else []

    right, gone, after = function()
    assert right
    assert gone
    assert "thing" not in after
    assert with_locals() == ["a"], "what locals() gave the learner did not change"


def test_torch_is_left_as_it_was_found(worker: Child) -> None:
    worker.run(
        "import torch.autograd.graph as g, torch.nn.modules.module as m\n"
        "print(torch.autograd._engine_run_backward is g._engine_run_backward)\n"
        "a = nn.Linear(2, 2)(torch.ones(1, 2)).sum().backward()"
    )
    printed, _ = watched(worker, "1")
    assert printed == "False", "while a cell runs there is a counter before the engine"
    for model in ("nn.Linear(2, 2)", "net"):
        printed, _ = watched(
            worker,
            "net = nn.Linear(2, 2)\n"
            f"for i in range(30):\n    {model}(torch.ones(1, 2)).sum().backward()\n"
            "print(len(m._global_forward_hooks), len(m._global_forward_pre_hooks))",
        )
        assert printed == "0 0", "the hooks go when nothing new is to be expected"


def test_a_backward_patched_by_the_learner_is_kept(worker: Child) -> None:
    source = (
        "plain = torch.Tensor.backward\nseen = []\n"
        "def mine(self, *args, **kwargs):\n    seen.append(1)\n"
        "    return plain(self, *args, **kwargs)\n"
        "torch.Tensor.backward = mine\n"
        "a = torch.ones(2, requires_grad=True)\na.sum().backward()\n"
    )
    _, messages = watched(worker, source)
    assert any(isinstance(message, GraphSeen) for message in messages)
    printed, messages = watched(worker, "(a * 2).sum().backward()\nprint(len(seen))")
    assert printed == "2"
    assert any(isinstance(message, GraphSeen) for message in messages)


def test_gradients_within_torch_func_are_left_alone(worker: Child) -> None:
    printed, _ = watched(
        worker,
        "from torch.func import grad, vmap\n"
        "print(vmap(grad(lambda x: (x ** 3).sum()))(torch.tensor([1., 2.])).tolist())",
    )
    assert printed == "[3.0, 12.0]"


def test_two_watchers_nest_and_leave_the_engine_as_it_was() -> None:
    autograd: Any = torch.autograd
    plain, enter = autograd._engine_run_backward, saved_tensors_hooks.__enter__
    counts: list[int] = []
    first, second = (Engine(lambda *_: counts.append(1)) for _ in range(2))
    first.install()
    second.install()
    torch.ones(2, requires_grad=True).sum().backward()
    second.remove()
    first.remove()
    assert counts == [1, 1]
    assert autograd._engine_run_backward is plain
    assert saved_tensors_hooks.__enter__ is enter


REHEARSED = """
torch.manual_seed(2)
net = nn.Linear(4, 2)
@torch.compile(backend="aot_eager")
def loss_of(x):
    return net(x).square().mean()
loss = loss_of(torch.ones(3, 4))
loss.backward()
"""


def test_a_compilers_rehearsal_of_a_backward_is_left_alone(worker: Child) -> None:
    """It writes the backward down before any happens; that is not the learner's, nor to be read."""
    messages = worker.run(REHEARSED)
    assert not [it for it in messages if isinstance(it, CellFailed)]
    graphs = [it for it in messages if isinstance(it, GraphSeen)]
    assert [(graph.root, graph.backward) for graph in graphs] == [("loss", 1)]
