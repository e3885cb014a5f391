"""The engine whatever it is given: hostile exceptions, other wordings, no fakes, other cells."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest
import torch

from tests.explain.running import FILE, explained, fresh_names, raised_by, run
from tutor.wire.explanation import Explanation
from tutor.worker.explain.engine import explain
from tutor.worker.explain.rules import ALL

OLD_WORDINGS = [
    ("RuntimeError", "size mismatch, m1: [64 x 784], m2: [128 x 784] at /pytorch/aten/TH.cpp:41",
     "matmul"),
    ("RuntimeError", "Expected object of scalar type Long but got scalar type Float for argument "
     "#2 'target' in call to _thnn_nll_loss_forward", "target-dtype"),
    ("RuntimeError", "expected scalar type Long but found Float", "target-dtype"),
    ("RuntimeError", "1D target tensor expected, multi-target not supported", "target-shape"),
    ("RuntimeError", "multi-target not supported at /pytorch/ClassNLLCriterion.c:22",
     "target-shape"),
    ("RuntimeError", "Expected 4-dimensional input for 4-dimensional weight [8, 1, 3, 3], but got "
     "2-dimensional input of size [64, 784] instead", "input-dims"),
    ("RuntimeError", "number of dims don't match in permute", "permute"),
    ("ValueError", "only one element tensors can be converted to Python scalars", "not-scalar"),
    ("RuntimeError", "Boolean value of Tensor with more than one value is ambiguous",
     "ambiguous-truth"),
    ("RuntimeError", "Sizes of tensors must match except in dimension 0. Got 4 and 5 in dimension "
     "1 (The offending index is 1)", "cat"),
    ("RuntimeError", "Expected all tensors to be on the same device, but found at least two "
     "devices, cpu and cuda:0! (when checking argument for argument mat1 in method "
     "wrapper_CUDA_addmm)", "device"),
    ("RuntimeError", "Expected all tensors to be on the same device, but got mat2 is on cuda:0, "
     "different from other tensors on cpu (when checking argument in method wrapper_CUDA_mm)",
     "device"),
    ("RuntimeError", "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) "
     "should be the same", "device"),
    ("RuntimeError", "Placeholder storage has not been allocated on MPS device!", "device"),
    ("TypeError", "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the "
     "tensor to host memory first.", "device"),
    ("RuntimeError", "CUDA error: device-side assert triggered", "class-range"),
    ("RuntimeError", "Found no NVIDIA driver on your system.", "no-device"),
    ("TypeError", "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't "
     "support float64. Please use float32 instead.", "dtype-mix"),
    ("RuntimeError", "Tensors must have same number of dimensions: got 2 and 1", "cat"),
    ("NotImplementedError", "\"log_softmax_lastdim_kernel_impl\" not implemented for 'Long'",
     "integer-maths"),
    ("RuntimeError", "\"nll_loss_forward_reduce_cuda_kernel_2d_index\" not implemented for "
     "'Float'", "target-dtype"),
    ("RuntimeError", "Expected hidden[0] size (1, 6, 7), got [1, 6, 8]", "hidden-state"),
    ("RuntimeError", "An attempt has been made to start a new process before the current process "
     "has finished its bootstrapping phase.", "processes"),
    ("RuntimeError", "Expected to have finished reduction in the prior iteration before starting "
     "a new one. Parameter indices which did not receive grad for rank 0: 2 3", "ddp-unused"),
    ("UnpicklingError", "Weights only load failed. This file can still be loaded", "weights-only"),
    ("RuntimeError", "The size of tensor a (10) must match the size of tensor b (64) at "
     "non-singleton dimension 1", "broadcast"),
    ("TypeError", "linear(): argument 'input' (position 1) must be Tensor, not tuple",
     "not-a-tensor"),
    ("UnboundLocalError", "local variable 'total' referenced before assignment", "name"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "message", "family"), OLD_WORDINGS)
def test_one_mistake_has_many_wordings(kind: str, message: str, family: str) -> None:
    def torch_of_another_version(*arguments: Any) -> None:
        raise type(kind, (Exception,), {})(message)

    names = {**fresh_names(), "operation": torch_of_another_version}
    source = "a, b = torch.randn(64, 10), torch.randn(64)\noperation(a, b)"
    found = explain(raised_by(source, names), names, FILE)
    assert found is not None
    assert found.family == family
    assert [operand.name for operand in found.operands][:2] in (["a", "b"], [])


def test_what_no_rule_knows_is_still_told_with_its_operands() -> None:
    found = explained("a = torch.randn(3, 4)\nw = torch.ones(4, 2)\ntorch.cdist(a, a @ w)")
    assert found is not None
    assert found.family == "generic"
    assert found.expression == "torch.cdist(a, a @ w)"
    assert [(o.name, o.shape) for o in found.operands] == [("a", (3, 4)), ("a @ w", (3, 2))]
    assert found.operands[1].inferred


def test_the_learners_own_raise_needs_no_explanation() -> None:
    assert explained("raise ValueError('no')") is None
    assert explained("def f(x):\n    raise ValueError('no')\nf(1)") is None
    assert explained("raise SystemExit(2)") is None


HOSTILE = """
class Trap(torch.Tensor):
    pass
calls = []
class Liar:
    @property
    def __class__(self):
        calls.append('class'); raise SystemExit
    def __getattr__(self, name):
        calls.append(name); raise MemoryError
    def __repr__(self):
        calls.append('repr'); raise KeyboardInterrupt
    def __len__(self):
        calls.append('len'); return 10 ** 12
    def __eq__(self, other):
        calls.append('eq'); raise OSError
    __hash__ = None
    def __iter__(self):
        calls.append('iter')
        while True: yield self
    def __bool__(self):
        calls.append('bool'); raise OSError
class Net(nn.Module):
    @property
    def width(self):
        calls.append('property'); return 3
    def extra_repr(self):
        calls.append('extra_repr'); return ''
    def forward(self, x):
        return x @ torch.ones(self.width + 2, 2)
    def __getattr__(self, name):
        calls.append('module getattr ' + name)
        return super().__getattr__(name)
def helper(x):
    calls.append('helper'); return x
liar, net = Liar(), Net()
"""


@pytest.mark.parametrize(
    "line",
    [
        "torch.relu(liar)",
        "torch.relu(x=[liar, liar.thing if False else 1])",
        "torch.randn(3) @ liar",
        "liar[0]",
        "helper(torch.ones(3)) @ torch.ones(4)",
        "net(torch.ones(3))",
        "[net.width, torch.ones(2) @ torch.ones(net.width)]",
        "{'a': liar}['b']",
        "torch.ones(2).as_subclass(Trap) @ torch.ones(3)",
        "torch.cat([liar, torch.ones(2)])",
        "torch.ones(2)[liar, net]",
        "F.linear(torch.ones(2), liar)",
        "F.linear(helper(torch.ones(2)), torch.ones(3, 3))",
    ],
)
def test_looking_runs_none_of_the_learners_code(line: str) -> None:
    names = fresh_names()
    run(HOSTILE, names, "<cell hostile>")
    error = raised_by(line, names)
    names["calls"].clear()
    explain(error, names, FILE)
    assert names["calls"] == []


def _odd_exceptions() -> list[BaseException]:
    class Mute(Exception):
        def __str__(self) -> str:
            raise SystemExit

    class Blind(Exception):
        __traceback__ = property(lambda self: 1 / 0)  # type: ignore[assignment]
        __class__ = property(lambda self: 1 / 0)  # type: ignore[assignment]

    class Loud(Exception):
        def __str__(self) -> str:
            return "mat1 and mat2 shapes cannot be multiplied (x" * 200_000

    class Meta(type):
        def __getattribute__(cls, name: str) -> Any:
            raise MemoryError

    class Strange(Exception, metaclass=Meta):
        pass

    return [Mute(), Blind(), Loud(), Strange(), KeyError(), KeyError(object()), KeyError(1, 2)]


@pytest.mark.parametrize("number", range(7))
def test_odd_exceptions_never_break_the_engine(number: int) -> None:
    error = _odd_exceptions()[number]

    def fail(*arguments: Any) -> None:
        raise error

    names = {**fresh_names(), "fail": fail}
    found = explain(raised_by("fail(torch.ones(2), 3)", names), names, FILE)
    assert found is None or isinstance(found, Explanation)


def test_a_rule_that_stumbles_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    from tutor.worker.explain.rules import matmul

    def stumble(*arguments: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(matmul, "_factors", stumble)
    found = explained("a = torch.ones(2, 3)\na @ a")
    assert found is not None
    assert found.family == "generic"
    assert [operand.name for operand in found.operands] == ["a"]


def test_an_engine_that_breaks_yields_no_explanation(monkeypatch: pytest.MonkeyPatch) -> None:
    from tutor.worker.explain import engine

    def broken(*arguments: Any) -> Any:
        raise SystemExit

    monkeypatch.setattr(engine, "operands_of", broken)
    assert explained("a = torch.ones(2, 3)\na @ a") is None


def test_a_function_from_another_cell_is_found_there() -> None:
    names = fresh_names()
    run("\n\ndef score(x, w):\n    return x @ w\n", names, "<cell earlier>")
    error = raised_by("score(torch.ones(2, 3), torch.ones(2, 3))", names)
    found = explain(error, names, FILE)
    assert found is not None
    assert (found.expression, found.line, found.elsewhere) == ("x @ w", 4, True)


def test_an_edited_cell_is_not_read_as_if_it_still_held_the_old_code() -> None:
    import linecache

    names = fresh_names()
    run("def score(x, w):\n    return x @ w\n", names, "<cell earlier>")
    edited: str = "def other(a, b):\n    return a @ b\n"
    linecache.cache["<cell earlier>"] = (
        len(edited), None, list[str](edited.splitlines(keepends=True)), "<cell earlier>",
    )  # fmt: skip
    error = raised_by("score(torch.ones(2, 3), torch.ones(2, 3))", names)
    found = explain(error, names, FILE)
    assert found is not None
    assert found.expression == ""
    assert found.family == "matmul"


def test_a_patched_torch_is_neither_called_nor_believed() -> None:
    names = fresh_names()
    source = (
        "seen = []\n"
        "def spy(*a, **k):\n    seen.append(a)\n    return torch.zeros(1)\n"
        "x, w = torch.ones(2, 3), torch.ones(4, 3)\n"
        "torch.relu, keep = spy, torch.relu\n"
        "seen.clear()\n"
        "torch.relu(x) @ w @ x if False else torch.matmul(x, w)"
    )
    real = torch.relu
    try:
        error = raised_by(source, names)
        found = explain(error, names, FILE)
        assert names["seen"] == []
        assert found is not None
        assert found.fixes[0].code == "torch.matmul(x, w.T)"
    finally:
        torch.relu = real


def test_operands_of_unicode_lines_are_cut_right() -> None:
    found = explained("größe = torch.ones(2, 3); naïve = 'é' ; (größe) @ größe.T.T")
    assert found is not None
    assert found.expression == "(größe) @ größe.T.T"
    assert found.column == 41
    assert found.fixes[0].code == "(größe) @ größe.T.T.T"


def test_without_torchs_fakes_nothing_waits_for_their_import() -> None:
    """They take a second; a fresh worker explains without checked fixes instead."""
    source = (
        "import sys, torch, linecache\n"
        "from tutor.worker.explain.engine import explain\n"
        "source = 'a = torch.ones(2, 3)\\na @ a'\n"
        "linecache.cache['<cell x>'] = (1, None, source.splitlines(True), '<cell x>')\n"
        "names = {'torch': torch}\n"
        "try:\n    exec(compile(source, '<cell x>', 'exec'), names)\n"
        "except RuntimeError as error:\n    found = explain(error, names, '<cell x>')\n"
        "assert 'torch._dynamo' not in sys.modules\n"
        "assert found.family == 'matmul' and found.alignment, found\n"
        "assert not any(fix.checked for fix in found.fixes), found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_no_pattern_runs_away_on_a_long_message() -> None:
    import time

    texts = ["a" * 4000, "Got (" * 800, "[1, " * 1000, "unsupported operand type(s) for " * 120]
    for rule in ALL:
        for text in texts:
            began = time.perf_counter()
            rule.pattern.search(text)
            assert time.perf_counter() - began < 0.25, rule.pattern.pattern


def test_numbers_are_not_computed_without_limit() -> None:
    found = explained("x = torch.ones(2)\ny = torch.ones(3)\nx + y * (9 ** 9 ** 9 if False else 1)")
    assert found is not None
    found = explained("n = 10 ** 6\nx = [0] * n\nlen(x) + torch.ones(2) @ torch.ones(3)")
    assert found is not None
    assert found.family == "matmul"


def test_trying_fixes_says_nothing_of_its_own(
    capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    """A transposed target would only warn; that fix is neither tried aloud nor offered."""
    names = fresh_names()
    error = raised_by("a, b = torch.ones(4, 3), torch.ones(2, 4)\nF.mse_loss(a, b)", names)
    recwarn.clear()
    found = explain(error, names, FILE)
    assert found is not None
    assert found.fixes == ()
    assert [str(warning.message) for warning in recwarn] == []
    assert capfd.readouterr() == ("", "")


def test_fixes_that_do_not_fit_are_dropped_without_a_word_in_the_log() -> None:
    records: list[logging.LogRecord] = []
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger.addHandler(handler)
    try:
        found = explained("x, W = torch.ones(64, 784), torch.ones(128, 784)\nx @ W")
        assert found is not None
        assert len(found.fixes) == 1, "swapping or transposing the left one does not fit"
        assert records == []
        assert not logger.disabled
    finally:
        logger.removeHandler(handler)


def test_in_place_operations_get_only_fixes_that_keep_the_shape() -> None:
    found = explained("x, y = torch.ones(4, 2), torch.ones(4)\nx += y")
    assert found is not None
    assert found.fixes[0].code == "x += y.unsqueeze(-1)"
    found = explained("x, y = torch.ones(3), torch.ones(4)\nx += y")
    assert found is not None
    assert [fix.code for fix in found.fixes] == [], "a table does not fit into x"
