"""The check vocabulary, judged by a real grader against a real worker: passes and plain words."""

# ruff: noqa: E501  (one line a case reads best)

from __future__ import annotations

from typing import Any

import pytest

from tests.worker.children import Child, Template, judge
from tutor.wire.messages import CellFinished, Failure, Judged


@pytest.fixture
def verdict(template: Template, worker: Child) -> Any:
    """Run `attempt`, then judge it with the body of one check."""

    def run(attempt: str, *lines: str, **fields: Any) -> Judged:
        if attempt:
            finished = worker.run(attempt, "ex")[-1]
            assert isinstance(finished, CellFinished)
            assert finished.ok, "the attempt itself must run"
        body = "\n".join(f"    {line}" for text in lines for line in text.splitlines())
        return judge(template, worker, f"def check(s):\n{body}", attempt, **fields)

    return run


def failed(judged: Judged) -> Failure:
    assert not judged.broken, judged.broken
    assert not judged.passed
    assert judged.failure is not None
    return judged.failure


DOUBLE = "def double(x):\n    return 2 * x"
USE = 'f = s.function("double", args=1)\nx = s.randn(2, 3)\ns.close(f(x), 2 * x)'


def test_a_right_answer_passes(verdict: Any) -> None:
    judged = verdict(DOUBLE, USE)
    assert (judged.passed, judged.check, judged.checks) == (True, 1, 1)


# ------------------------------------------------------------------ words for wrong answers


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        ("pass", "There is no function called double yet."),
        ("double = 3", "`double` is the number 3, expected a function."),
        ("def double(): pass", "`double` should take 1 argument; yours takes 0."),
        ("def double(x, y): pass", "`double` should take 1 argument; yours takes 2."),
        ("def double(x): x * 2", "Your function returned None. Is there a `return`?"),
        ("def double(x): return x.T", "Shape 3×2, expected 2×3."),
        ("def double(x): return x.sum()", "Shape () (a single number), expected 2×3."),
        ("def double(x): return 2 * x.double()", "dtype float64, expected float32."),
        ("def double(x): return 3 * x", "The shape is right, the numbers are not."),
        ("def double(x): return x / 0 * 0", "there is NaN where a number should be"),
        (
            "def double(x): return (2 * x).tolist()",
            "A list of 2 items came back, expected a tensor",
        ),
        ("def double(x): return 3.5", "The number 3.5 came back, expected a tensor 2×3."),
        ("def double(x): return (2 * x).numpy()", "A NumPy array 2×3 float32 came back"),
        ("def double(x): return 'no'", "The text 'no' came back, expected a tensor 2×3."),
        ("def double(x): return nn.ReLU()", "A ReLU came back, expected a tensor 2×3."),
        ("def double(x): return double", "A function came back, expected a tensor 2×3."),
        ("def double(x): return (2 * x).to('meta')", "holds no data"),
        ("def double(x): return x.mul_(2)", "Your function changed its argument `x`."),
        ("def double(x): return x @ x", "Your code raised RuntimeError: mat1 and mat2"),
        ("def double(x): return double(x)", "Your code raised RecursionError"),
        ("import sys\ndef double(x): sys.exit(0)", "asked Python to exit"),
        ("def double(x): raise KeyboardInterrupt", "was stopped while it was being checked"),
        ("def double(x): return input()", "Your code raised EOFError: no input was given"),
        ("def double(x): return torch.zeros(3000, 3000)", "more than a check can look at"),
    ],
)
def test_wrong_answers_are_told_in_plain_words(verdict: Any, attempt: str, message: str) -> None:
    assert message in failed(verdict(attempt, USE)).message


def test_a_wrong_number_shows_both_grids_with_the_place_marked(verdict: Any) -> None:
    failure = failed(verdict("def double(x):\n    y = 2 * x\n    y[1, 2] = 9\n    return y", USE))
    assert failure.case == "double(x) with x 2×3"
    assert failure.expected is not None
    assert failure.got is not None
    assert failure.expected.about == failure.got.about == "2×3 float32"
    assert failure.got.cells[1][2] == "9.0"
    assert failure.expected.marked == failure.got.marked == ((1, 2),)
    assert "row 1, column 2: 9.0, expected" in failure.difference
    assert "(1 of 6 differ)" in failure.difference
    assert [grid.title for grid in failure.inputs] == ["x"]


def test_the_line_of_the_learners_error_is_told(verdict: Any) -> None:
    failure = failed(verdict("def double(x):\n    y = x\n    return y @ y", USE))
    assert failure.line == 3


def test_an_armed_misconception_is_shown_only_when_the_case_fails(verdict: Any) -> None:
    check = (
        'f = s.function("double", args=1)',
        "for n in (1, 2):",
        "    x = s.randn(n, 3, seed=n)",
        "    out = f(x)",
        '    s.hint_if(n == 1, "one", "about one")',
        '    s.hint_if(s.same(out, 3 * x), "triple", "You tripled.")',
        '    s.hint_if(True, "later", "never the first")',
        "    s.close(out, 2 * x)",
    )
    assert verdict(DOUBLE, *check).passed
    wrong = "def double(x): return 2 * x if len(x) == 1 else 3 * x"
    failure = failed(verdict(wrong, *check))
    assert (failure.misconception, failure.feedback) == ("triple", "You tripled.")


def test_grading_stops_at_the_first_failure_in_file_order(
    template: Template, worker: Child
) -> None:
    worker.run("a = 1")
    checks = (
        'def check_b(s):\n    """first in the file"""\n    s.value("a")\n'
        'def check_a(s):\n    """a is two"""\n    s.equal(s.value("a"), 2)\n'
        "def check_c(s):\n    1 / 0\n"
    )
    judged = judge(template, worker, checks)
    assert (judged.check, judged.checks, judged.title) == (2, 3, "a is two")
    assert failed(judged).message == "1 came back, expected 2."


# ------------------------------------------------------------------ each call of the vocabulary


@pytest.mark.parametrize(
    ("attempt", "check"),
    [
        ("w = torch.ones(3)", 's.close(s.tensor("w"), torch.ones(3))'),
        ("lr = 0.1", 's.close(s.value("lr", float), 0.1)'),
        ("names = ['a', 'b']", 's.equal(s.value("names", list), ["a", "b"])'),
        ("d = {'loss': 0.5, 2: (1, None)}", 's.equal(s.value("d"), {"loss": 0.5, 2: (1, None)})'),
        ("big = 10**50", 's.equal(s.value("big"), 10**50)'),
        ("x = float('nan')", 's.equal(s.value("x"), math.nan)'),
        ("a = np.arange(6).reshape(2, 3)", 's.close(s.value("a"), np.arange(6).reshape(2, 3))'),
        ("n = np.float32(0.5)", 's.close(s.value("n"), 0.5)'),
        ("t = torch.tensor(2.5)", 's.close(s.value("t"), 2.5)'),
        ("b = torch.ones(2).bfloat16()", 's.close(s.tensor("b"), torch.ones(2).bfloat16())'),
        ("c = torch.ones(2) * 1j", 's.close(s.tensor("c"), torch.ones(2) * 1j)'),
        ("m = torch.tensor([True])", 's.close(s.tensor("m"), torch.tensor([True]))'),
        ("e = torch.empty(0, 3)", 's.shape(s.tensor("e"), (0, 3))'),
        ("t = torch.zeros(2, 3).T", 'm = s.meta(s.tensor("t"))\nassert not m.contiguous'),
        ("t = torch.zeros(2, 3).T", 's.equal(s.meta(s.tensor("t")).stride, (1, 3))'),
        ("t = torch.ones(2, requires_grad=True)", 's.requires_grad(s.tensor("t"), True)'),
        (
            "t = torch.ones(2, requires_grad=True) * 2",
            'm = s.meta(s.tensor("t"))\nassert m.grad_fn == "MulBackward0" and not m.is_leaf',
        ),
        (
            "t = torch.ones(2)",
            's.dtype(s.tensor("t"), torch.float32)\ns.device(s.tensor("t"), "cpu")',
        ),
        ("d = torch.float64", 's.equal(s.value("d"), torch.float64)'),
        (
            "w = torch.ones(2, requires_grad=True)\nw.sum().backward()",
            's.close(s.tensor("w").grad, torch.ones(2))',
        ),
        ("model = nn.Linear(3, 2)", 'm = s.value("model", nn.Module)\ns.shape(m.weight, (2, 3))'),
        ("model = nn.Linear(3, 2)", 's.equal(s.type_name(s.value("model", "Linear")), "Linear")'),
        (
            "model = nn.Linear(3, 2)",
            's.equal(list(s.value("model").state_dict()), ["weight", "bias"])',
        ),
        ("model = nn.Linear(3, 2)", 's.shape(s.value("model")(s.randn(5, 3)), (5, 2))'),
        (
            "model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())",
            'm = s.value("model")\nassert len(m) == 2 and s.type_name(m[1]) == "ReLU"',
        ),
        (
            "model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())",
            's.equal([s.type_name(x) for x in s.value("model")], ["Linear", "ReLU"])',
        ),
        (
            "opt = torch.optim.SGD([torch.ones(2)], lr=0.5)",
            'o = s.value("opt")\no.zero_grad()\ns.equal(o.param_groups[0]["lr"], 0.5)',
        ),
        (
            "def apply(f, x): return f(x)",
            'f = s.function("apply", args=2)\ns.close(f(s.make("lambda t: t ** 3"), torch.tensor(2.)), torch.tensor(8.))',
        ),
        (
            "class Net(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n        self.n = n",
            'net = s.function("Net", args=1)(4)\ns.equal(net.n, 4)',
        ),
        ("def f(x, /, *rest): return x", 's.equal(s.function("f", args=3)(1, 2, 3), 1)'),
        ("def f(x, scale=1): return x * scale", 's.equal(s.function("f", args=1)(2, scale=3), 6)'),
        (
            "def grow(l): l.append(1)",
            'f = s.function("grow")\ns.call(f, [5], keep=False, allow_none=True)\ns.equal(s.after, [[5, 1]])',
        ),
        (
            "def f(x):\n    (x ** 2).sum().backward()\n    return x.grad",
            'x = torch.ones(2, requires_grad=True)\ns.close(s.function("f")(x), 2 * torch.ones(2))\ns.close(s.after[0].grad, 2 * torch.ones(2))',
        ),
        (
            "def f(a, n, b): return (a * n).sum()",
            'g = s.grads(s.function("f"), torch.ones(2), 3, torch.ones(1))\ns.close(g[0], 3 * torch.ones(2))\nassert g[1] is None and len(g) == 2',
        ),
        ("def f(x): return x.detach()", 's.equal(s.grads(s.function("f"), torch.ones(2)), [None])'),
        (
            "def f(x): raise IndexError('bad index 3')",
            's.raises(s.function("f"), 1, error="IndexError", message="index 3")',
        ),
        ("def f(x): raise IndexError('x')", 's.raises(s.function("f"), 1, error="LookupError")'),
        ("a = [1]\nb = a", 's.equal(s.probe("answer = a is b"), True)'),
        (
            "def f(x): return x + 1",
            's.equal(s.probe("answer = [f(n) for n in given]", given=[1, 2]), [2, 3])',
        ),
        ("for i in range(2): pass", 's.forbid("while", "comprehension", "@")\ns.require("for")'),
        ("print('hello')", 's.expect("hello" in s.output, "no hello")'),
        ("x = torch.eye(2).to_sparse()", 's.close(s.tensor("x"), torch.eye(2))'),
        (
            "l = [torch.ones(2), {'a': torch.zeros(1)}]",
            's.close(s.value("l"), [torch.ones(2), {"a": torch.zeros(1)}])',
        ),
        ("r = torch.ones(2).max(dim=0)", 's.close(s.value("r")[0], torch.tensor(1.))'),
        ("def f(x): return x.is_contiguous()", 's.equal(s.function("f")(s.randn(2, 3).T), False)'),
        ("def f(x): return x", 'x = torch.tensor([math.nan, 1.])\ns.close(s.function("f")(x), x)'),
        ("def f(i): return i.dtype", 's.equal(s.function("f")(s.randint(0, 5, 3)), torch.int64)'),
        (
            "def gen():\n    yield 1\n    yield 2",
            's.equal(list(s.function("gen", args=0)()), [1, 2])',
        ),
        ("torch.set_default_device('meta')", "s.value('device')"),
        (
            "m = nn.Linear(2, 1)\nm(torch.ones(1, 2)).sum().backward()",
            'p = s.params(s.value("m"))\ns.equal(list(p), ["weight", "bias"])\ns.close(p["weight"].grad, torch.ones(1, 2))',
        ),
        ("a = 1", 's.equal(s.probe("""\n    b = a + 1\n    answer = b\n"""), 2)'),
        (
            "def f(x): raise IndexError('x')",
            's.raises(s.function("f"), 1, error="IndexError", feedback="no")',
        ),
        ("def f(x): return x", 's.shape(s.function("f")(s.randn()), ())\ns.shape(s.rand(), ())'),
    ],
)
def test_the_vocabulary_lets_right_attempts_pass(verdict: Any, attempt: str, check: str) -> None:
    judged = verdict(attempt, check, output="hello\n")
    assert judged.passed, (judged.failure, judged.broken)


@pytest.mark.parametrize(
    ("attempt", "check", "message"),
    [
        ("pass", 's.value("w")', "There is no variable called w yet."),
        ("w = [1]", 's.tensor("w")', "`w` is a list of 1 item, expected a tensor."),
        ("w = True", 's.value("w", int)', "`w` is the bool True, expected an int."),
        ("m = nn.ReLU()", 's.value("m", nn.Linear)', "`m` is a ReLU, expected a Linear."),
        ("x = 1", 's.equal(s.value("x"), True)', "The number 1 came back, expected the bool True."),
        ("x = 0.1", 's.close(s.value("x"), 0.2)', "0.1 came back, expected 0.2."),
        ("x = 1.0000001", 's.equal(s.value("x"), 1.0)', "1.0000001 came back, expected 1.0."),
        ("x = torch.ones(2)", 's.close(s.value("x"), 2.0)', "A tensor (2,) float32 came back, expected a single number."),
        ("x = 2.0", 's.close(s.value("x"), torch.tensor(2.0))', "Leave out `.item()`"),
        ("x = torch.tensor(1.5)", 's.close(s.value("x"), torch.tensor(2.0))', "1.5 came back, expected 2.0."),
        ("x = [1, 2]", 's.equal(s.value("x"), [1, 2, 3])', "The list has 2 items, expected 3."),
        ("x = [1, 5]", 's.equal(s.value("x"), [1, 2])', "item [1]: 5 came back, expected 2."),
        ("x = {'a': 1}", 's.equal(s.value("x"), {"b": 1})', "The key 'b' is missing."),
        ("x = torch.ones(2)", 's.requires_grad(s.value("x"), True)', "requires_grad is False, expected True."),
        ("x = torch.ones(2)", 's.device(s.value("x"), "cuda")', "The tensor is on cpu, expected cuda."),
        ("x = torch.ones(2)", 's.dtype(s.value("x"), torch.int64, "x")', "x: dtype float32, expected int64."),
        ("m = nn.ReLU()", 's.value("m").weight', "`m` (a ReLU) has no attribute `weight`."),
        ("m = nn.Sequential()", 's.value("m")[3]', "raised IndexError"),
        ("def f(x): return x", 's.raises(s.function("f"), 1)', "No error was raised, expected ValueError."),
        ("def f(x): return x", 's.raises(s.function("f"), 1, feedback="Refuse it.")', "Refuse it."),
        ("m = [1]", 's.params(s.value("m"))', "A list of 1 item came back, expected a module."),
        ("def f(x): return x[0]", 's.raises(s.function("f"), 1)', "TypeError was raised"),
        ("def f(x): raise ValueError('no')", 's.raises(s.function("f"), 1, message="shape")', "The message of the ValueError was 'no', expected 'shape' in it."),
        ("x = 1\nfor i in []: pass", 's.forbid("for", why="Broadcast.")', "Please solve this without `for`. Broadcast."),
        ("x = 1", 's.require("@")', "Your code does not use `@` yet."),
        ("def f(x): return 'a'", 's.grads(s.function("f"), torch.ones(1))', "Your function returned a str, expected a tensor."),
        ("x = 1", 's.expect(s.value("x") == 2, "x must be 2")', "x must be 2"),
        ("x = 1", 'assert s.value("x") == 2, "x must be 2"', "x must be 2"),
        ("x = 3.5", 's.value("x").sum()', "The number 3.5 came back"),
        ("def f(n): return [n]", 'out = s.function("f")(3)\nm = out.mean()', "A list of 1 item came back, and it could not be used"),
        ("def f(n): return n", 'out = s.function("f")(3)\nfor r in out:\n    pass', "The number 3 came back"),
        ("def f(n): return n", 'a, b = s.function("f")(3)', "What came back could not be used"),
        ("def f(n): return n", 'out = s.function("f")(3)\nhalf = torch.tensor(out)\nhalf.T[0][0]', "could not be used"),
    ],
)  # fmt: skip
def test_the_vocabulary_tells_what_is_wrong(
    verdict: Any, attempt: str, check: str, message: str
) -> None:
    assert message in failed(verdict(attempt, check)).message


def test_a_probe_can_name_its_case(verdict: Any) -> None:
    check = 's.probe("answer = 1", label="hooks, counted")\ns.fail("Too many hooks.")'
    failure = failed(verdict("a = 1", check))
    assert (failure.case, failure.message) == ("hooks, counted", "Too many hooks.")
    error = failed(verdict("a = 1", 's.probe("answer = 1 / 0", label="one by none")'))
    assert error.case == "one by none"


# ------------------------------------------------------------------ the author's mistakes


@pytest.mark.parametrize(
    ("checks", "word"),
    [
        ("def check(s:", "SyntaxError"),
        ("x = 1", "No function whose name starts with `check`"),
        ("1 / 0", "ZeroDivisionError"),
        ("def check(s):\n    nonsense", "NameError"),
        ("def check(s):\n    s.clsoe(s.value('a'), 1)", "AttributeError"),
        (
            "def check(s):\n    torch.ones(2) @ torch.ones(3)",
            "line 2: torch.ones(2) @ torch.ones(3)",
        ),
        ("def check(s):\n    s.call(len, 3)", "not the learner's"),
        ("def check(s):\n    s.probe('x = 1')", "did not set `answer`"),
        ("def check(s):\n    s.probe('answer = (')", "does not parse"),
        ("def check(s):\n    s.call(s.make('abs'), object())", "cannot be sent"),
        ("def check(s):\n    s.call(s.make('abs'), torch.zeros(3000, 3000))", "too large"),
        ("import sys\ndef check(s):\n    sys.exit()", "SystemExit"),
        ("def check(s):\n    s.close(1, object())", "s.close cannot compare"),
    ],
)
def test_a_broken_check_is_never_the_learners_fault(
    template: Template, worker: Child, checks: str, word: str
) -> None:
    worker.run("a = 1")
    judged = judge(template, worker, checks, "a = 1")
    assert word in judged.broken
    assert not judged.passed
    assert judged.failure is None


def test_another_seed_gives_other_inputs_and_the_same_seed_the_same(verdict: Any) -> None:
    check = 'x = s.randn(3, seed=1)\ns.fail(" ".join(map(str, x.tolist())))'
    first, again, other = (failed(verdict("", check, seed=n)).message for n in (0, 0, 7))
    assert first == again
    assert first != other


def test_the_grader_is_fast(verdict: Any) -> None:
    """Not a benchmark: a second per check would mean that something waits for a timeout."""
    assert verdict(DOUBLE, USE).seconds < 1.0
