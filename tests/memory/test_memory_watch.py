"""What is measured: every storage once, by name and kind; growth by statement; nothing kept."""

from __future__ import annotations

import ast
import weakref
from typing import Any

import pytest
import torch
from torch import nn

from tutor.wire.observed.memory import Held, MemoryMeasured
from tutor.worker.observe.memory.holdings import holdings
from tutor.worker.observe.memory.marks import MARK, marked
from tutor.worker.observe.memory.process import Resident, peak_bytes
from tutor.worker.observe.memory.watch import MemoryWatch
from tutor.worker.observe.observer import Run


class Bench:
    """Cells in this process, watched as in a worker."""

    def __init__(self) -> None:
        self.watch = MemoryWatch()
        self.names: dict[str, Any] = {"torch": torch, "nn": nn}
        self.sent: list[Any] = []

    def run(self, source: str) -> MemoryMeasured:
        run = Run(1, "a", source, "<cell a>", self.names, self.sent.append)
        code = compile(self.watch.rewrite(run, ast.parse(source)), run.file, "exec")
        self.watch.begin(run)
        try:
            exec(code, self.names)
        except ZeroDivisionError:
            pass
        finally:
            self.watch.end(run)
        return self.sent[-1]


def row(measured: MemoryMeasured, path: str) -> Held:
    return next(row for row in measured.rows if row.path == path)


def test_a_storage_counts_once_under_its_first_name() -> None:
    measured = Bench().run("x = torch.zeros(1000)\nview = x[:10]\nsame = x\nflat = x.view(10, 100)")
    assert [(r.path, r.bytes, r.also) for r in measured.rows] == [
        ("x", 4000, ("view", "same", "flat"))
    ]
    assert [(k.kind, k.bytes, k.count) for k in measured.kinds] == [("tensor", 4000, 1)]


def test_gradients_and_optimizer_state_are_groups_of_their_own() -> None:
    measured = Bench().run(
        "net = nn.Linear(100, 10)\nnet.register_buffer('b', torch.ones(5))\n"
        "opt = torch.optim.Adam(net.parameters())\n"
        "net(torch.ones(1, 100)).sum().backward()\nopt.step()\n"
    )
    kinds = {kind.kind: (kind.bytes, kind.count) for kind in measured.kinds}
    assert kinds == {
        "parameter": (4040, 2),
        "buffer": (20, 1),
        "gradient": (4040, 2),
        "optimizer": (8088, 6),  # two moments of each number, and a step of each parameter
    }
    assert row(measured, "opt.state").count == 6
    assert row(measured, "net.weight.grad").kind == "gradient"


def test_state_that_has_a_name_is_counted_under_it() -> None:
    measured = Bench().run(
        "w = torch.ones(100, requires_grad=True)\nopt = torch.optim.Adam([w])\n"
        "w.sum().backward()\nopt.step()\nmoment = opt.state[w]['exp_avg']\n"
    )
    assert row(measured, "moment").bytes == 400
    assert row(measured, "opt.state").bytes == 404


def test_a_gradient_that_has_a_name_is_not_counted_twice() -> None:
    measured = Bench().run(
        "w = torch.ones(4, requires_grad=True)\nw.sum().backward()\ng = w.grad\n"
    )
    assert [(r.path, r.also) for r in measured.rows] == [("w", ()), ("g", ("w.grad",))]


def test_what_a_run_left_behind_is_told_by_name() -> None:
    bench = Bench()
    bench.run("x = torch.zeros(1000)\ny = torch.zeros(10)\n")
    measured = bench.run("view = x[:1]\ndel x\nz = torch.ones(50)\ny = torch.zeros(20)\n")
    assert {(c.name, c.before, c.after) for c in measured.changed} == {
        ("x", 4000, 0),
        ("view", 0, 4000),  # one element keeps all thousand
        ("z", 0, 200),
        ("y", 40, 80),
    }
    assert bench.run("pass").changed == ()


def test_growth_is_told_by_statement() -> None:
    measured = Bench().run("a = 1\nbig = torch.ones(4000, 1000)\nb = 2\n")
    growth = {line.line: line.process for line in measured.lines}
    assert 15 << 20 < growth[2] < 24 << 20
    assert abs(growth[1]) < 2 << 20
    assert measured.process - measured.before > 14 << 20
    assert measured.peak >= measured.process


def test_memory_that_was_given_back_shows_as_a_peak() -> None:
    megabytes = 1 + (peak_bytes() >> 20)
    source = f"a = 1\ntorch.ones({megabytes}, 1 << 18).sum()\nb = 1\n"
    measured = Bench().run(source)
    line = measured.lines[1]
    assert line.peak > 1 << 20
    assert line.process < line.peak
    assert measured.peak > measured.peak_before


def test_a_run_that_fails_is_measured_to_its_failure() -> None:
    measured = Bench().run("x = torch.ones(10)\n1 / 0\ny = x\n")
    assert [line.line for line in measured.lines] == [1, 2]
    assert measured.rows[0].path == "x"


def test_no_tensor_outlives_its_name() -> None:
    bench = Bench()
    bench.names["weakref"] = weakref
    bench.run("x = torch.ones(3)\nr = weakref.ref(x)\n")
    del bench.names["x"]
    assert bench.names["r"]() is None


def test_odd_tensors_are_left_out_without_harm() -> None:
    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(cls, *args: Any, **kw: Any) -> Any:
            raise SystemExit("asked")

    names = {
        "liar": torch.ones(3).as_subclass(Liar),
        "sparse": torch.eye(3).to_sparse(),
        "meta": torch.ones(3, device="meta"),
        "wide": torch.ones(1).expand(1000),
        "x": torch.ones(2),
    }
    held = holdings(names, {})
    assert {r.path: r.bytes for r in held.rows} == {"liar": 12, "wide": 4, "x": 8}


def test_a_look_that_takes_too_long_ends_and_blames_no_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    assert bench.run("x = [torch.ones(1) for _ in range(60)]").complete
    monkeypatch.setattr("tutor.worker.observe.memory.holdings.SECONDS", -1.0)
    measured = bench.run("y = 1")
    assert not measured.complete
    assert measured.changed == ()


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('"""Text."""\nfrom __future__ import annotations\nx = 1\ny = 2\n', (3, 4)),
        ("x = 1\n", (1,)),
        ("", ()),
        ("'only text'\n", (1,)),
        ("x = 1\nfor i in range(3):\n    y = i\nx\n", (1, 2, 4)),
    ],
)
def test_marks_stand_between_statements(source: str, lines: tuple[int, ...]) -> None:
    tree = ast.parse(source)
    before = ast.dump(tree)
    changed, found = marked(tree)
    assert found == lines
    assert ast.dump(tree) == before
    assert ast.unparse(changed).count(f"{MARK}()") == max(0, len(lines) - 1)
    if tree.body:
        assert ast.dump(changed.body[-1]) == ast.dump(tree.body[-1])
    compile(changed, "f", "exec")


def test_the_resident_size_follows_a_large_allocation() -> None:
    resident = Resident()
    before = resident.bytes()
    block = bytearray(b"x") * (32 << 20)
    assert resident.bytes() - before > 30 << 20
    assert peak_bytes() > 32 << 20
    del block
    resident.close()
