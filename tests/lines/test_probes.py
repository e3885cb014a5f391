"""What probes see, and that nothing can be told by them: no number, no graph, no lifetime."""

from __future__ import annotations

import ast
import itertools
import pickle
import threading
import time
import weakref
from typing import Any

import pytest
import torch

from tests.lines.watching import Bench, sizes
from tutor.worker.observe.labels import LINE_KEY, line_of
from tutor.worker.observe.lines.probe import LOOKS, MORE_LOOKS
from tutor.worker.observe.observer import Run

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 4)
        self.scale = nn.Parameter(torch.ones(3))
    def forward(self, x):
        h = torch.relu(self.fc1(x))
        return h[:, :3] * self.scale
"""


def test_every_way_to_bind_a_name_is_seen() -> None:
    source = """x = torch.ones(2, 3)
a, (b, *c) = torch.ones(4), [torch.ones(5), torch.ones(6), torch.ones(6)]
x += 1
y: torch.Tensor = x.T
for i, row in enumerate(x):
    z = row
with torch.profiler.record_function("f") as _, open("/dev/null") as f:
    w = x.int()
if (m := x.sum()) > 0:
    pass
match [x, y]:
    case [p, *q]:
        r = p
parts = x.split(1)
"""
    seen = Bench().run(source).shapes()
    assert seen[1, "x"] == seen[3, "x"] == (sizes(2, 3),)
    assert seen[2, "a"] == (sizes(4),)
    assert seen[2, "b"] == (sizes(5),)
    assert seen[2, "c"] == (sizes(6),)
    assert seen[4, "y"] == (sizes(3, 2),)
    assert seen[5, "row"] == seen[6, "z"] == (sizes(3),)
    assert seen[8, "w"] == (sizes(2, 3),)
    assert seen[9, "m"] == ((),)
    assert seen[12, "p"] == (sizes(2, 3),)
    assert seen[12, "q"] == (sizes(3, 2),)
    assert seen[14, "parts"] == (sizes(1, 3),)


def test_dtype_items_and_arrays_are_told() -> None:
    bench = Bench().run("import numpy as np\na = np.zeros((2, 3))\nm = torch.ones(4, 5).max(1)\n")
    values = bench.values()
    assert values[2, "a"].array
    assert values[2, "a"].dtypes == ("float64",)
    assert values[3, "m"].items == (2, 2)
    assert values[3, "m"].dtypes == ("float32", "int64")


def test_sizes_that_vary_become_ranges_to_the_last_round() -> None:
    source = (
        "h = torch.zeros(0, 10)\nfor i in range(500):\n    h = torch.cat([h, h.new_ones(1, 10)])\n"
    )
    seen = Bench().run(source).shapes()
    assert seen[1, "h"] == (sizes(0, 10),)
    assert seen[3, "h"] == (sizes((1, 500), 10),)


def test_a_last_smaller_batch_is_seen() -> None:
    seen = Bench().run("for xb in torch.ones(100, 3).split(16):\n    y = xb * 2\n").shapes()
    assert seen[1, "xb"] == (sizes((4, 16), 3),)
    assert seen[2, "y"] == (sizes((4, 16), 3),)


def test_functions_of_an_earlier_cell_report_for_it() -> None:
    bench = Bench().run(NET, "a").run("net = Net()\nout = net(torch.ones(5, 8))\n", "b")
    assert bench.shapes("a") == {
        (6, "self.scale"): (sizes(3),),
        (7, "x"): (sizes(5, 8),),
        (8, "h"): (sizes(5, 4),),
        (9, "return"): (sizes(5, 3),),
    }
    assert bench.shapes("b") == {(2, "out"): (sizes(5, 3),)}
    bench.run("net(torch.ones(2, 8))", "b")
    assert bench.shapes("a")[8, "h"] == (sizes((2, 5), 4),)


def test_functions_of_a_replaced_text_are_silent() -> None:
    bench = Bench().run("def f(x):\n    return x + 1\n", "a").run("old = f\n", "b")
    bench.run("def f(x, y):\n    z = x - y\n    return z + 1\n", "a")
    bench.run("old(torch.ones(3))\n", "b")
    assert bench.shapes("a") == {}


def test_between_runs_nothing_is_seen() -> None:
    bench = Bench().run("def f(x):\n    return x + 1\n")
    told = len(bench.sent)
    bench.names["f"](torch.ones(3))
    assert set(bench.names["__tt_n__"]) == {0}
    bench.run("pass\n", "b")
    assert len(bench.sent) == told


def test_a_site_looks_a_few_times_and_more_only_while_shapes_differ() -> None:
    calls: list[int] = []
    bench = Bench()
    bench.run("def f(x):\n    y = x * 1\n    return\n")
    record = bench.names["__tt__"]
    bench.names["__tt__"] = lambda site, *values: calls.append(site) or record(site, *values)
    bench.watch.begin(run_of(bench))
    for _ in range(100):
        bench.names["f"](torch.ones(2))
    assert len(calls) == 2 * (1 + LOOKS)  # parameter and line; the first look was news
    calls.clear()
    for n in range(1000):
        bench.names["f"](torch.ones(n + 3))
    assert len(calls) <= 2 * (LOOKS + MORE_LOOKS)
    bench.watch.end(run_of(bench))


def run_of(bench: Bench) -> Any:
    return Run(bench.runs, "a", "", "<cell a>", bench.names, bench.sent.append)


TRAINING = (
    NET
    + """
torch.manual_seed(0)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for i in range(20):
    x = torch.randn(4, 8)
    d = torch.dropout(x, 0.5, True)
    loss = net(d).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
"""
)


def test_training_gives_the_same_bits_and_leaves_the_same_random_state() -> None:
    results = []
    for probes in (False, True):
        names = Bench(probes).run(TRAINING).names
        results.append((names["net"].state_dict(), torch.get_rng_state()))
    (bare, bare_state), (watched, watched_state) = results
    assert all(torch.equal(bare[key], watched[key]) for key in bare)
    assert torch.equal(bare_state, watched_state)


def test_no_tensor_outlives_its_name() -> None:
    bench = Bench()
    bench.names["weakref"] = weakref
    bench.run(
        "def f(x):\n    h = x * 2\n    return h + 1\n"
        "x = torch.ones(3)\nr = weakref.ref(x)\ny = f(x)\ns = weakref.ref(y)\n"
        "del x, y\ngone = r() is None and s() is None\n"
    )
    assert bench.names["gone"]


def test_nodes_carry_the_names_of_lines() -> None:
    bench = Bench().run(NET, "a").run("out = Net()(torch.ones(5, 8))\nsame = out\n", "b")
    node = bench.names["out"].grad_fn
    assert line_of(node) == ("return", 9)
    times, _ = node.next_functions[0]
    assert LINE_KEY not in times.metadata  # h[:, :3] has no name
    labels = []
    left = [node]
    while left:
        node = left.pop()
        labels.append(line_of(node))
        left += [n for n, _ in node.next_functions if n is not None]
    assert ("h", 8) in labels


def test_odd_objects_are_left_alone() -> None:
    source = """
class Liar:
    def __getattr__(self, name): raise SystemExit("asked for " + name)
    __class__ = torch.Tensor
class Sub(torch.Tensor):
    @classmethod
    def __torch_function__(cls, f, types, args=(), kwargs=None): raise SystemExit(f)
liar = Liar()
liar.x = liar
sub = torch.ones(3).as_subclass(Sub)
sparse = torch.eye(3).to_sparse()
nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
meta = torch.ones(3, device="meta")
class List(list):
    def __getitem__(self, i): raise SystemExit("item")
    def __len__(self): raise SystemExit("len")
odd = List([torch.ones(3)])
"""
    seen = Bench().run(source).shapes()
    assert seen[10, "sub"] == (sizes(3),)
    assert seen[11, "sparse"] == (sizes(3, 3),)


def test_modes_of_the_learner_do_not_see_the_probes() -> None:
    source = """
from torch.overrides import TorchFunctionMode
class Log(TorchFunctionMode):
    def __torch_function__(self, f, types, args=(), kwargs=None):
        calls.append(f)
        return f(*args, **(kwargs or {}))
calls = []
with Log():
    x = torch.ones(2)
    y = x + 1
"""
    counts = [len(Bench(probes).run(source).names["calls"]) for probes in (False, True)]
    assert counts[0] == counts[1] > 0


def test_probed_functions_pickle_their_parts() -> None:
    names = Bench().run("def f(x):\n    return x + 1\n").names
    for name in ("__tt_c__", "__tt__", "__tt_n__"):
        assert pickle.loads(pickle.dumps(names[name])) is not None


def test_while_a_cell_runs_news_comes_at_most_five_times_a_second() -> None:
    bench = Bench()
    told = threading.Event()
    times: list[float] = []

    def emit(message: Any) -> None:
        times.append(time.monotonic())
        bench.sent.append(message)
        if len(times) == 4:
            told.set()

    bench.names["told"] = told
    source = "n = 1\nwhile not told.is_set():\n    x = torch.ones(n, 2)\n    n += 1\n"
    run = Run(1, "a", source, "<cell a>", bench.names, emit)
    code = compile(bench.watch.rewrite(run, ast.parse(source)), "<cell a>", "exec")
    bench.watch.begin(run)
    try:
        exec(code, bench.names)
    finally:
        bench.watch.end(run)
    running = times[:4]
    assert all(b - a >= 0.19 for a, b in itertools.pairwise(running))
    low, high = bench.shapes()[3, "x"][0][0]
    assert low == 1
    assert high > MORE_LOOKS  # looks went on, and the last value is the end of the range


@pytest.fixture
def _fresh_dynamo() -> Any:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


COMPILED = """
def f(x, y):
    a = x @ y
    b = a.relu()
    for part in b.split(2):
        c = part.sum()
    return b.sum() + c
"""


@pytest.mark.usefixtures("_fresh_dynamo")
def test_torch_compile_sees_the_same_graphs_breaks_and_recompilations() -> None:
    results = []
    for probes in (False, True):
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        graphs: list[str] = []

        def backend(graph: Any, inputs: Any, graphs: list[str] = graphs) -> Any:
            graphs.append(str(graph.code))
            return graph.forward

        bench = Bench(probes)
        bench.names["backend"] = backend
        bench.run(COMPILED, "a")
        bench.run("g = torch.compile(f, backend=backend, fullgraph=True)\n", "b")
        # An ordinary call between compiled ones spends the probes: no guard may depend on them.
        bench.run(
            "x, y = torch.ones(4, 3), torch.ones(3, 4)\n"
            "for i in range(5):\n    u = g(x, y)\n    v = f(x, y)\n",
            "c",
        )
        bench.run("w = g(x, y)\n", "d")  # counters are armed anew in every run
        counters = torch._dynamo.utils.counters
        results.append((graphs, dict(counters["graph_break"]), dict(counters["stats"])))
        assert bench.names["u"] == bench.names["v"] == bench.names["w"]
    assert results[0] == results[1]
    assert len(results[1][0]) == 1
    assert ("a" in {name for _, name in bench.shapes("a")}) is True


def traced(bench: Bench, *inputs: torch.Tensor) -> tuple[str, Any]:
    function: Any = torch.jit.trace(bench.names["f"], inputs)
    return str(function.graph), function


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_script_vmap_grad_trace_and_fx_work_on_probed_code() -> None:
    source = "def f(x, y):\n    a = x @ y\n    b = a.relu()\n    return b.sum() * 2\n"
    bench, bare = Bench().run(source), Bench(probes=False).run(source)
    f, counters = bench.names["f"], bench.names["__tt_n__"]
    x, y = torch.ones(2, 3), torch.ones(3, 2)
    expected = bare.names["f"](x, y)

    def rearmed() -> Any:  # as while a cell runs
        counters[:] = [LOOKS] * len(counters)
        return f

    assert rearmed()(x, y) == expected
    assert torch.vmap(rearmed())(torch.ones(5, 2, 3), torch.ones(5, 3, 2)).shape == (5,)
    assert torch.equal(torch.func.grad(rearmed())(x, y), torch.full((2, 3), 4.0))
    assert torch.fx.symbolic_trace(rearmed())(x, y) == expected
    rearmed()
    graph, function = traced(bench, x, y)
    assert graph == traced(bare, x, y)[0]
    assert function(x, y) == expected
    assert torch.jit.script(rearmed())(x, y) == expected
