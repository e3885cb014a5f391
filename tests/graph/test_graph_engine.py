"""The graph of real backwards in the real worker: names, shapes, lines, modules, memory."""

from __future__ import annotations

from typing import Any

from tests.worker.children import Child
from tutor.wire.messages import CellFailed, Displayed
from tutor.wire.observed.graph import GraphNode, GraphSeen


def graphs(messages: list[Any]) -> list[GraphSeen]:
    failures = [message for message in messages if isinstance(message, CellFailed)]
    assert not failures, failures
    return [message for message in messages if isinstance(message, GraphSeen)]


def last(worker: Child, source: str) -> GraphSeen:
    return graphs(worker.run(source))[-1]


def value(messages: list[Any]) -> str:
    return [message.text for message in messages if isinstance(message, Displayed)][-1]


def named(graph: GraphSeen, name: str) -> GraphNode:
    return next(node for node in graph.nodes if node.name == name)


MLP = """
net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
xb, yb = torch.randn(64, 784), torch.randint(0, 10, (64,))
logits = net(xb)
loss = F.cross_entropy(logits, yb)
loss.backward()
"""


def test_a_small_network_in_the_learners_own_names(worker: Child) -> None:
    graph = last(worker, MLP)
    assert (graph.root, graph.how, graph.backward) == ("loss", "backward", 1)
    assert (graph.operations, graph.leaves) == (7, 4)
    assert [node.op for node in graph.nodes if node.kind == "op"] == [
        "nll_loss", "log_softmax", "addmm", "relu", "transpose", "addmm", "transpose",
    ]  # fmt: skip
    loss, logits = named(graph, "loss"), named(graph, "logits")
    assert (loss.line, logits.line) == (5, 4)
    assert (loss.shape, logits.shape) == ((), (64, 10))
    leaves = {node.name: node.shape for node in graph.nodes if node.arrives}
    assert leaves == {
        "net.2.bias": (10,), "net.2.weight": (10, 128),
        "net.0.bias": (128,), "net.0.weight": (128, 784),
    }  # fmt: skip


def test_what_is_kept_for_the_backward_is_counted_once_and_without_parameters(
    worker: Child,
) -> None:
    graph = last(worker, MLP)
    first = next(n for n in graph.nodes if n.op == "addmm" and n.shape == (64, 128))
    assert [(s.what, s.name, s.bytes) for s in first.saved] == [("mat1", "xb", 64 * 784 * 4)]
    second = named(graph, "logits")
    weight = next(saved for saved in second.saved if saved.what == "mat2")
    assert weight.parameter
    assert weight.name == "net.2.weight"
    # relu's result is kept by relu and by the layer after it: once in the sum.
    log_softmax, targets, total_weight = 64 * 10 * 4, 64 * 8, 4
    whole = 64 * 784 * 4 + 64 * 128 * 4 + log_softmax + targets + total_weight
    assert graph.saved_bytes == whole


def test_each_operation_knows_the_module_that_made_it(worker: Child) -> None:
    graph = last(worker, MLP)
    where = [graph.calls[node.call].path if node.call >= 0 else "" for node in graph.nodes]
    by_op = {node.shape: path for node, path in zip(graph.nodes, where, strict=True)}
    assert by_op[(64, 10)] == "net.2"
    assert [p for n, p in zip(graph.nodes, where, strict=True) if n.op == "relu"] == ["net.1"]
    assert {call.kind for call in graph.calls} == {"Sequential", "Linear", "ReLU"}


def test_modules_are_known_in_a_later_step_of_a_loop_and_from_an_earlier_cell(
    worker: Child,
) -> None:
    worker.run("net = nn.Sequential(nn.Linear(3, 3), nn.ReLU())\nout = net(torch.ones(2, 3))")
    later = last(worker, "out.sum().backward()")
    relu = next(node for node in later.nodes if node.op == "relu")
    assert later.calls[relu.call].path == "net.1"
    loop = last(worker, "for _ in range(20):\n    net(torch.ones(2, 3)).sum().backward()")
    relu = next(node for node in loop.nodes if node.op == "relu")
    assert loop.calls[relu.call].path == "net.1"
    assert loop.backward == 16


def test_every_early_backward_of_a_cell_is_seen_and_the_last_one_stays(worker: Child) -> None:
    seen = graphs(
        worker.run(
            "w = torch.ones(3, requires_grad=True)\n"
            "first = (w * 2).sum()\nfirst.backward()\n"
            "second = (w.exp() * 2).sum()\nsecond.backward()\n"
        )
    )
    assert [(graph.root, graph.backward) for graph in seen] == [("first", 1), ("second", 2)]


def test_names_of_a_function_s_own_variables(worker: Child) -> None:
    graph = last(
        worker,
        "w = torch.ones(3, requires_grad=True)\n"
        "def step(x):\n"
        "    hidden = x * w\n"
        "    total = hidden.sum()\n"
        "    total.backward()\n"
        "step(torch.ones(3))\n",
    )
    assert graph.root == "total"
    assert (named(graph, "hidden").line, named(graph, "total").line) == (3, 4)
    assert [saved.name for saved in named(graph, "hidden").saved] == ["x"]


def test_names_inside_a_forward_come_from_its_lines(worker: Child) -> None:
    graph = last(
        worker,
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(3, 3)\n"
        "    def forward(self, x):\n"
        "        inner = self.fc(x)\n"
        "        return inner.tanh()\n"
        "net = Net()\n"
        "net(torch.ones(2, 3)).sum().backward()\n",
    )
    assert named(graph, "inner").line == 6


def test_without_a_backward_the_newest_tensor_is_shown(worker: Child) -> None:
    graph = last(worker, "a = torch.ones(3, requires_grad=True)\nb = a.exp()\nc = b * b")
    assert (graph.root, graph.how) == ("c", "none")
    assert graph.nodes[0].inputs == (1, 1), "both factors are the same node"
    assert not graphs(worker.run("print(c)")), "nothing new was made"


def test_a_saved_tensor_changed_in_place_is_told(worker: Child) -> None:
    graph = last(
        worker,
        "a = torch.ones(3, requires_grad=True)\nb = a.exp()\nc = b.sin()\nb.add_(1)\n"
        "try:\n    c.sum().backward()\nexcept RuntimeError:\n    pass",
    )
    assert [saved.state for saved in named(graph, "c").saved] == ["changed"]


def test_a_graph_that_was_used_up_says_so(worker: Child) -> None:
    messages = worker.run(
        "a = torch.ones(3, requires_grad=True)\nb = (a * a).sum()\nb.backward()\n"
        "try:\n    b.backward()\nexcept RuntimeError:\n    pass"
    )
    first, second = graphs(messages)
    product = next(node for node in second.nodes if node.op == "mul")
    assert {saved.state for saved in product.saved} == {"freed"}
    assert first.saved_bytes == 12


def test_double_backward(worker: Child) -> None:
    seen = graphs(
        worker.run(
            "x = torch.tensor([1., 2.], requires_grad=True)\n"
            "g, = torch.autograd.grad((x ** 3).sum(), x, create_graph=True)\n"
            "g.sum().backward()\n"
        )
    )
    assert [graph.how for graph in seen] == ["grad", "backward"]
    assert named(seen[1], "g").op == "mul"
    assert [node.name for node in seen[1].nodes if node.arrives] == ["x"]


def test_gradients_asked_for_at_some_inputs_alone(worker: Child) -> None:
    graph = last(
        worker,
        "a = torch.ones(2, requires_grad=True)\nb = torch.ones(2, requires_grad=True)\n"
        "m = a * b\nl = m.sum()\nl.backward(inputs=[a])",
    )
    assert [node.name for node in graph.nodes if node.arrives] == ["a"]
    graph = last(worker, "m = a * b\nm.retain_grad()\nm.sum().backward()")
    assert {node.name for node in graph.nodes if node.arrives} == {"a", "b", "m"}


def test_torch_autograd_backward_counts_too(worker: Child) -> None:
    graph = last(
        worker,
        "a = torch.ones(2, requires_grad=True)\nb = a * 2\nc = a * 3\n"
        "torch.autograd.backward([b.sum(), c.sum()])",
    )
    assert (graph.how, graph.roots) == ("backward", 2)


def test_shared_weights_are_one_leaf(worker: Child) -> None:
    graph = last(
        worker,
        "w = torch.ones(2, 2, requires_grad=True)\nout = (torch.ones(1, 2) @ w @ w).sum()\n"
        "out.backward()",
    )
    assert [node.name for node in graph.nodes if node.kind == "leaf"] == ["w"]
    leaf = graph.nodes.index(named(graph, "w"))
    assert sum(node.inputs.count(leaf) for node in graph.nodes) == 2


def test_checkpoints_are_not_run_again_by_looking(worker: Child) -> None:
    messages = worker.run(
        "from torch.utils.checkpoint import checkpoint\n"
        "a = torch.ones(3, requires_grad=True)\ncalls = []\n"
        "def block(x):\n    calls.append(1)\n    return x.sin().cos()\n"
        "out = checkpoint(block, a, use_reentrant=False)\n"
        "out.sum().backward()\nlen(calls)"
    )
    assert value(messages) == "2"  # the forward, and the one that the backward itself needs
    graph = graphs(messages)[-1]
    states = {saved.state for node in graph.nodes for saved in node.saved}
    assert states == {"packed"}
    assert graph.packed


def test_hooks_on_saved_tensors_are_not_run_by_looking(worker: Child) -> None:
    messages = worker.run(
        "a = torch.ones(3, requires_grad=True)\nunpacked = []\n"
        "def unpack(x):\n    unpacked.append(1)\n    return x\n"
        "with torch.autograd.graph.saved_tensors_hooks(lambda x: x, unpack):\n    b = a.exp()\n"
        "len(unpacked)"
    )
    assert value(messages) == "0"
    assert [saved.state for saved in graphs(messages)[-1].nodes[0].saved] == ["packed"]


def test_a_function_of_the_learners_own(worker: Child) -> None:
    graph = last(
        worker,
        "class Square(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x):\n        ctx.save_for_backward(x)\n        return x * x\n"
        "    @staticmethod\n"
        "    def backward(ctx, g):\n        (x,) = ctx.saved_tensors\n        return 2 * x * g\n"
        "a = torch.ones(3, requires_grad=True)\nz = Square.apply(a)\nz.sum().backward()\n",
    )
    node = named(graph, "z")
    assert (node.op, node.shape) == ("square", (3,))
    assert [(saved.name, saved.bytes) for saved in node.saved] == [("a", 12)]


def test_operations_with_several_results(worker: Child) -> None:
    graph = last(
        worker,
        "x = torch.ones(3, 4, requires_grad=True)\nu, v, w = torch.unbind(x)\nl = (u * v).sum()\n"
        "l.backward()",
    )
    node = next(node for node in graph.nodes if node.op == "unbind")
    assert (node.outputs, node.shape, node.name) == (3, (4,), "u, v, w")


def test_lstm_and_convolutions(worker: Child) -> None:
    graph = last(
        worker,
        "rnn = nn.LSTM(5, 7, 2, batch_first=True)\no, _ = rnn(torch.randn(2, 6, 5))\n"
        "o.sum().backward()",
    )
    names = {node.name for node in graph.nodes if node.arrives}
    assert names == {
        f"rnn.{part}_l{layer}"
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        for layer in (0, 1)
    }
    graph = last(
        worker,
        "cnn = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),\n"
        "    nn.Linear(4 * 13 * 13, 10))\ncnn(torch.randn(2, 1, 28, 28)).sum().backward()",
    )
    ops = [node.op for node in graph.nodes]
    assert {"convolution", "max_pool2d", "view", "relu"} <= set(ops)


def test_five_thousand_operations_in_a_row(worker: Child) -> None:
    graph = last(
        worker,
        "a = torch.ones(3, requires_grad=True)\nv = a\nfor _ in range(5000):\n    v = v + 1\n"
        "v.sum().backward()",
    )
    assert graph.operations == 5001
    assert sum(node.count for node in graph.nodes if node.kind != "leaf") == 5001
    assert [node.kind for node in graph.nodes if node.count > 1] == ["chain"]
    assert graph.hidden == 0


def test_a_large_network_is_sent_as_modules(worker: Child) -> None:
    graph = last(
        worker,
        "m = nn.Sequential(*[nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)\n"
        "    for _ in range(12)])\nm(torch.randn(2, 5, 16)).sum().backward()",
    )
    assert graph.operations > 600
    assert len(graph.nodes) <= 400
    assert "MultiheadAttention" in {node.op for node in graph.nodes if node.kind == "module"}
    assert graph.hidden == 0
