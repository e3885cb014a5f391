"""Watching changes nothing: results, random state, memory, compiled code, hooks, children."""

from __future__ import annotations

import pytest

from tests.training.cells import OFF, watch
from tests.worker.children import Child, Template
from tutor.wire.messages import CellFinished
from tutor.wire.observed.training import TrainingTick

TRAINING = """
from torch.utils.data import DataLoader, TensorDataset
import hashlib, random
import numpy as np
torch.manual_seed(3); random.seed(3); np.random.seed(3)
net = nn.Sequential(nn.Linear(20, 16), nn.Dropout(0.2), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
loader = DataLoader(TensorDataset(torch.randn(512, 20), torch.randint(0, 3, (512,))), 16, True)
for epoch in range(6):
    for xb, yb in loader:
        loss = F.cross_entropy(net(xb), yb)
        opt.zero_grad(); loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5); opt.step()
digest = hashlib.sha256()
for p in [*net.parameters(), *(p.grad for p in net.parameters()), torch.get_rng_state(), loss]:
    digest.update(p.detach().numpy().tobytes())
digest.update(repr((random.getstate(), np.random.get_state()[1].tolist())).encode())
print(digest.hexdigest())
"""


def test_results_and_random_states_are_the_same_to_the_last_bit(
    training_template: Template,
) -> None:
    digests = []
    for prefix in ("", OFF):
        child = training_template.start("worker")
        try:
            seen = watch(child, prefix + TRAINING)
            assert bool(seen.ticks) != bool(prefix)
            digests.append(child.output())
        finally:
            child.close()
    assert digests[0] == digests[1]
    assert len(digests[0]) > 60


def test_no_tensor_of_a_loop_outlives_its_turn(learner: Child) -> None:
    seen = watch(
        learner,
        """
import gc, weakref
def fit():
    net = nn.Linear(8, 8); opt = torch.optim.SGD(net.parameters(), lr=0.1)
    most, seen = 0, []
    gc.collect(); gc.disable()
    for i in range(400):
        hidden = net(torch.ones(2, 8)); loss = hidden.pow(2).mean()
        opt.zero_grad(); loss.backward(); opt.step()
        seen += [weakref.ref(hidden), weakref.ref(loss)]
        seen = [r for r in seen if r() is not None]
        most = max(most, len(seen))
    gc.enable()
    return most, [weakref.ref(p) for p in net.parameters()]
most, parameters = fit()
gc.collect()
print(most)
""",
    )
    assert len(seen.ticks) >= 2
    assert seen.norms
    assert int(learner.output()) == 2, "a hidden or loss of an earlier turn was kept alive"
    watch(learner, "print([r() is None for r in parameters])", "b")
    assert learner.output() == "[True, True]\n"


def test_gradients_read_twice_are_not_touched(learner: Child) -> None:
    seen = watch(
        learner,
        """
w = torch.ones(4, requires_grad=True); opt = torch.optim.SGD([w], lr=0.0)
versions = set()
for i in range(200):
    (w * 2).sum().backward(); opt.step(); versions.add((w.grad._version, w.grad.requires_grad))
    w.grad = None
print(versions, w._version)
""",
    )
    assert seen.norms
    assert learner.output() == "{(0, False)} 200\n"


def test_hooks_are_gone_after_the_run_and_the_learners_own_stay(learner: Child) -> None:
    check = (
        "from torch.optim.optimizer import _global_optimizer_post_hooks as _hooks\n"
        "from torch.utils.data import dataloader as _d\n"
        "print(len(_hooks), ['tutor' in f.__code__.co_filename for f in (torch.autograd.backward, "
        "nn.utils.clip_grad_norm_, _d._BaseDataLoaderIter.__next__)])"
    )
    assert _printed(learner, check) == "1 [True, True, True]\n"
    assert _printed(learner, OFF + check) == "0 [False, False, False]\n"
    own = (
        "_theirs = torch.autograd.backward\n"
        "calls = 0\n"
        "def counted(*a, **k):\n"
        "    global calls; calls += 1\n"
        "    return _theirs(*a, **k)\n"
        "torch.autograd.backward = counted\n"
    )
    watch(learner, own)
    seen = watch(
        learner,
        "w = torch.ones(2, requires_grad=True)\n"
        "for i in range(30): (w ** 2).sum().backward()\n"
        "print(calls, torch.autograd.backward is counted)",
    )
    assert learner.output() == "30 True\n"
    assert seen.training.backwards == 30


def test_a_failing_or_interrupted_run_leaves_nothing_behind(learner: Child) -> None:
    loop = "w = torch.ones(2, requires_grad=True)\nfor i in range(20): w.sum().backward()\n"
    assert watch(learner, loop + "1 / 0", fails=True).training.over
    learner.begin("while True: w.sum().backward()\n")
    learner.until(TrainingTick)
    learner.interrupt()
    assert learner.until(CellFinished)[-1].interrupted
    assert watch(learner, loop).training.backwards == 20


def test_forked_children_stay_silent(learner: Child) -> None:
    seen = watch(
        learner,
        """
import os
from torch.utils.data import DataLoader
class Squares(torch.utils.data.Dataset):
    def __len__(self): return 64
    def __getitem__(self, i):
        w = torch.tensor(float(i), requires_grad=True); (w * w).backward(); return w.grad
total = 0.0
for batch in DataLoader(Squares(), batch_size=8, num_workers=1): total += batch.sum().item()
pid = os.fork()
if not pid:
    w = torch.ones(2, requires_grad=True)
    for i in range(50): w.sum().backward()
    os._exit("tutor" in torch.autograd.backward.__code__.co_filename)
print(os.waitpid(pid, 0)[1], total)
""",
    )
    assert learner.output() == "0 4032.0\n"
    assert not seen.ticks


def test_the_learners_profile_shows_only_what_the_learner_ran(learner: Child) -> None:
    source = """
from torch.profiler import profile, ProfilerActivity
w = torch.ones(4, requires_grad=True); opt = torch.optim.SGD([w], lr=0.1)
with profile(activities=[ProfilerActivity.CPU]) as p:
    for i in range(40): (w ** 2).sum().backward(); opt.step()
print(sorted((e.key, e.count) for e in p.key_averages() if e.key.startswith("aten::")))
"""
    watched = _printed(learner, source)
    assert watched == _printed(learner, OFF + source)
    assert "aten::pow" in watched


def test_modes_of_the_learner_see_no_call_of_ours(learner: Child) -> None:
    source = """
from torch.utils._python_dispatch import TorchDispatchMode
names = set()
class Spy(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        names.add(str(func)); return func(*args, **(kwargs or {}))
w = torch.ones(4, requires_grad=True); opt = torch.optim.SGD([w], lr=0.1)
with Spy():
    for i in range(40): (w ** 2).sum().backward(); opt.step()
print(sorted(names))
"""
    watched = _printed(learner, source)
    assert watched == _printed(learner, OFF + source)


COMPILED = """
import torch._dynamo as dynamo
from torch._dynamo.utils import counters
dynamo.reset(); counters.clear()
torch.manual_seed(0)
net = nn.Linear(10, 1); opt = torch.optim.SGD(net.parameters(), 1e-2, momentum=0.9)
"""
STEPS = {
    "model": """
model = torch.compile(net, backend="eager")
def step():
    loss = model(torch.ones(8, 10)).pow(2).mean()
    opt.zero_grad(); loss.backward(); opt.step()
""",
    "whole step": """
@torch.compile(backend="eager")
def step():
    loss = net(torch.ones(8, 10)).pow(2).mean(); loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0); opt.step(); opt.zero_grad()
""",
    "optimizer": """
@torch.compile(backend="eager")
def update(): opt.step()
def step():
    net(torch.ones(8, 10)).pow(2).mean().backward(); update(); opt.zero_grad()
""",
}
COUNTED = """
for i in range(20): step()
print(counters["stats"]["unique_graphs"], counters["stats"]["calls_captured"],
      sum(counters["graph_break"].values()), net.weight.sum().item())
"""


@pytest.mark.parametrize("kind", list(STEPS))
def test_compiled_code_has_the_same_graphs_in_every_run(
    training_template: Template, kind: str
) -> None:
    counts = []
    for prefix in ("", OFF):
        child = training_template.start("worker")
        try:
            watch(child, prefix + COMPILED + STEPS[kind] + COUNTED)
            first = child.output().splitlines()[-1]
            again = "counters.clear()\n" + COUNTED + 'print(counters["frames"]["total"])'
            watch(child, prefix + again, "again")
            second = child.output().splitlines()
            counts.append((first, second[-2]))
            assert second[-1] == "0", "a second run compiles nothing anew"
        finally:
            child.close()
    assert counts[0] == counts[1]


def test_a_compiled_model_is_watched(learner: Child) -> None:
    seen = watch(learner, COMPILED + STEPS["model"] + "for i in range(40): step()\n")
    assert seen.training.steps == 40
    assert len(seen.curve("loss").series) == 40
    assert [row.name for row in seen.gradients.groups[0].rows] == ["net.weight", "net.bias"]


def test_broken_builtins_break_neither_run_nor_worker(learner: Child) -> None:
    source = """
import builtins
w = torch.ones(2, requires_grad=True)
builtins.max = builtins.min = builtins.map = builtins.enumerate = builtins.float = None
for i in range(50):
    loss = (w ** 2).sum(); loss.backward()
    with torch.no_grad(): w -= 0.1 * w.grad
print(w.sum().item())
"""
    watched = _printed(learner, source)
    assert watched == _printed(learner, OFF + source)


def test_threads_of_the_learner_see_no_thread_of_ours(learner: Child) -> None:
    source = "import threading\nprint(threading.active_count(), threading.enumerate())"
    assert _printed(learner, source).startswith("1 [<_MainThread")


def test_no_more_than_thirty_messages_a_second(learner: Child) -> None:
    seen = watch(
        learner,
        """
import time
net = nn.Linear(10, 10); opt = torch.optim.SGD(net.parameters(), lr=0.1)
until = time.monotonic() + 2
i = 0
while time.monotonic() < until:
    loss = net(torch.ones(4, 10)).pow(2).mean()
    loss.backward(); opt.step(); opt.zero_grad()
    i += 1
""",
    )
    ours = len(seen.ticks) + len(seen.norms) + len(seen.pulses)
    assert ours / seen.ticks[-1].seconds < 30
    assert len(seen.ticks) > 5


def _printed(learner: Child, source: str) -> str:
    watch(learner, source)
    return learner.output()
