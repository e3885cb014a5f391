"""Models as their first forward shows them, in the real worker."""

from __future__ import annotations

from typing import Any

import pytest

from tests.worker.children import Child
from tutor.wire.messages import CellFailed, Displayed
from tutor.wire.observed.model import LayerRow, ModelSeen, ModelUnwatched


def models(messages: list[Any]) -> list[ModelSeen]:
    return [message for message in messages if isinstance(message, ModelSeen)]


def one(worker: Child, source: str) -> ModelSeen:
    (model,) = models(worker.run(source))
    return model


def table(model: ModelSeen) -> list[tuple[str, str, str, str]]:
    return [(row.path, row.kind, row.inputs, row.outputs) for row in model.rows]


def row(model: ModelSeen, path: str) -> LayerRow:
    return next(row for row in model.rows if row.path == path)


MLP = """
net = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
out = net(torch.randn(64, 1, 28, 28))
"""


def test_shapes_sizes_and_time_of_a_small_network(worker: Child) -> None:
    model = one(worker, MLP)
    assert (model.name, model.kind, model.training) == ("net", "Sequential", True)
    assert table(model) == [
        ("", "Sequential", "64×1×28×28", "64×10"),
        ("0", "Flatten", "64×1×28×28", "64×784"),
        ("1", "Linear", "64×784", "64×128"),
        ("2", "ReLU", "64×128", "64×128"),
        ("3", "Linear", "64×128", "64×10"),
    ]
    assert [r.parameters for r in model.rows] == [101_770, 0, 100_480, 0, 1_290]
    assert model.trainable == model.parameters == 101_770
    shares = [r.share for r in model.rows]
    assert shares[0] == pytest.approx(1.0)
    assert 0 < sum(shares[1:]) <= 1.0


def test_the_same_cell_twice_tells_it_twice_and_a_loop_once(worker: Child) -> None:
    assert table(one(worker, MLP)) == table(one(worker, MLP))
    assert len(models(worker.run("for _ in range(50):\n    net(torch.randn(2, 1, 28, 28))"))) == 1


def test_the_forward_runs_no_more_often_than_the_learner_calls_it(worker: Child) -> None:
    messages = worker.run(
        "calls = []\n"
        "class Net(nn.Module):\n"
        "    def forward(self, x):\n        calls.append(1)\n        return x\n"
        "Net()(torch.ones(2))\nlen(calls)"
    )
    assert [m.text for m in messages if isinstance(m, Displayed)] == ["1"]


def test_a_trace_of_a_model_is_the_same_as_without_a_look(worker: Child) -> None:
    """torch.jit.trace runs twice and compares; TensorBoard's add_graph rests on it."""
    messages = worker.run(
        "import warnings\nwarnings.simplefilter('ignore')\n"
        "net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))\n"
        "traced = torch.jit.trace(net, torch.ones(1, 4))\n"
        "'Size' in str(traced.inlined_graph) or 'aten::size' in str(traced.inlined_graph)"
    )
    assert not [m for m in messages if isinstance(m, CellFailed)]
    assert [m.text for m in messages if isinstance(m, Displayed)] == ["False"]


CRASH = """
net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(100, 10), nn.ReLU())
net(torch.randn(2, 1, 28, 28))
"""


def test_a_crash_shows_how_far_the_data_came(worker: Child) -> None:
    messages = worker.run(CRASH)
    assert any(isinstance(message, CellFailed) for message in messages)
    (model,) = models(messages)
    assert [r.state for r in model.rows] == ["open", "ok", "ok", "ok", "failed", "waiting"]
    assert row(model, "3").inputs == "2×5408"
    assert model.error.startswith("RuntimeError: mat1 and mat2 shapes cannot be multiplied")


def test_a_crash_that_the_code_catches_and_a_second_try(worker: Child) -> None:
    messages = worker.run(
        "net = nn.Linear(3, 2)\n"
        "try:\n    net(torch.ones(1, 4))\nexcept RuntimeError:\n    pass\n"
        "other = nn.ReLU()\nother(torch.ones(2))\nnet(torch.ones(1, 3))"
    )
    failed, relu, good = models(messages)
    assert (failed.rows[0].state, failed.name) == ("failed", "net")
    assert (relu.name, len(relu.rows)) == ("other", 1)
    assert (good.rows[0].state, good.name, good.error) == ("ok", "net", "")


def test_layers_that_are_used_again_say_which_call_it_is(worker: Child) -> None:
    model = one(
        worker,
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(8, 8)\n"
        "        self.unused = nn.Linear(3, 3)\n"
        "        self.many = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])\n"
        "    def forward(self, x, scale=None):\n"
        "        for _ in range(100):\n            x = self.fc(x)\n"
        "        for layer in self.many:\n            x = layer(x)\n"
        "        return {'out': x, 'first': x[:, :1], 'ids': x.argmax(1)}\n"
        "net = Net()\n"
        "net(torch.ones(4, 8), scale=torch.ones(1))\n",
    )
    top = model.rows[0]
    assert (top.inputs, top.outputs) == ("4×8, scale=1", "{out: 4×8, first: 4×1, ids: 4 i64}")
    calls = [(r.call, r.more) for r in model.rows if r.path == "fc"]
    assert calls == [(1, 0), (2, 0), (3, 0), (4, 96)]
    assert row(model, "many.1").state == "ok"
    assert row(model, "unused").state == "unused"


def test_lstm_gives_nested_shapes(worker: Child) -> None:
    model = one(worker, "rnn = nn.LSTM(5, 7, batch_first=True)\n_ = rnn(torch.randn(2, 6, 5))")
    assert model.rows[0].outputs == "(2×6×7, (1×2×7, 1×2×7))"


TRANSFORMER = """
enc = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 2)
x = torch.randn(2, 6, 16)
"""


def test_the_fast_path_of_a_transformer_is_told_as_fused(worker: Child) -> None:
    worker.run(TRANSFORMER)
    trained = one(worker, "_ = enc(x)")
    assert row(trained, "layers.0.linear1").outputs == "2×6×32"
    assert "out_proj" not in " ".join(r.path for r in trained.rows), "used, though not called"
    fast = one(worker, "_ = enc.eval()\nwith torch.no_grad():\n    _ = enc(x)")
    assert [r.state for r in fast.rows] == ["ok", "fused", "fused"]
    assert not fast.training


def test_lazy_layers_have_their_size_afterwards(worker: Child) -> None:
    model = one(
        worker, "net = nn.Sequential(nn.LazyLinear(12), nn.ReLU())\n_ = net(torch.ones(2, 9))"
    )
    assert (row(model, "0").kind, row(model, "0").parameters) == ("Linear", 120)


def test_frozen_layers_shared_parameters_and_modes(worker: Child) -> None:
    model = one(
        worker,
        "layer = lambda: nn.Linear(4, 4, bias=False)\n"
        "net = nn.Sequential(layer(), nn.Dropout(), layer())\n"
        "net[2].weight = net[0].weight\nnet[0].weight.requires_grad_(False)\nnet[1].eval()\n"
        "_ = net(torch.ones(1, 4))",
    )
    assert (model.parameters, model.trainable) == (16, 0)
    assert (row(model, "1").training, row(model, "0").training) == (False, True)


def test_a_model_has_the_name_it_is_known_by(worker: Child) -> None:
    seen = models(
        worker.run(
            "def use(part):\n    return part(torch.ones(1, 2))\n"
            "use(nn.Linear(2, 2))\n"
            "class Trainer:\n    pass\n"
            "nn.Linear(2, 3)(torch.ones(1, 2))"
        )
    )
    assert [model.name for model in seen] == ["part", ""]


def test_a_loss_is_not_a_model(worker: Child) -> None:
    assert not models(worker.run("_ = nn.MSELoss()(torch.ones(2), torch.ones(2))"))


def test_a_checkpoint_runs_its_layers_once_in_the_table(worker: Child) -> None:
    model = one(
        worker,
        "from torch.utils.checkpoint import checkpoint\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(3, 3)\n"
        "    def forward(self, x):\n        return checkpoint(self.a, x, use_reentrant=False)\n"
        "net = Net()\nnet(torch.ones(2, 3, requires_grad=True)).sum().backward()",
    )
    assert [r.path for r in model.rows] == ["", "a"]


def test_after_torch_compile_models_are_left_alone_and_it_is_said(worker: Child) -> None:
    messages = worker.run("net = nn.Linear(2, 2)\nfast = torch.compile(net, backend='eager')")
    assert [type(m) for m in messages if isinstance(m, ModelSeen | ModelUnwatched)] == [
        ModelUnwatched
    ]
    messages = worker.run("net(torch.ones(1, 2))")
    assert any(isinstance(message, ModelUnwatched) for message in messages)
    assert not models(messages)


def test_re_compile_is_not_torch_compile(worker: Child) -> None:
    assert models(worker.run("import re\nre.compile('a')\n_ = nn.Linear(2, 2)(torch.ones(1, 2))"))


def test_a_module_without_its_init_is_no_reason_to_fail(worker: Child) -> None:
    messages = worker.run(
        "class Bad(nn.Module):\n    def __init__(self):\n        pass\n"
        "    def forward(self, x):\n        return x\nBad()(torch.ones(2))"
    )
    (failure,) = [m for m in messages if isinstance(m, CellFailed)]
    assert failure.kind == "AttributeError"
    assert models(worker.run("_ = nn.Linear(2, 2)(torch.ones(1, 2))"))
