"""Which wrong versions of a solution are made, and which are not. Nothing runs here."""

from __future__ import annotations

import ast

import pytest

from tutor.lint.mutants import MOST, Mutant, mutants_of

ALL = 1000


def made(solution: str, kind: str = "") -> list[str]:
    """The lines that mutants put in place of others."""
    return [m.after.strip("`") for m in mutants_of(solution, most=ALL) if kind in ("", m.kind)]


def function(*lines: str) -> str:
    return "\n".join(("def f(x, y):", *(f"    {line}" for line in lines)))


KINDS = {
    "dropped call": [
        ("return x.relu()", "return x"),
        ("return F.relu(x)", "return x"),
        ("return self.layer(x)", "return x"),
        ("return torch.nn.functional.relu(x)", "return x"),
        ("return (x + y).mean()", "return (x + y)"),
    ],
    "swapped dims": [
        ("return x.sum(dim=0)", "return x.sum(dim=1)"),
        ("return x.sum(1)", "return x.sum(0)"),
        ("return x.softmax(-1)", "return x.softmax(-2)"),
        ("return torch.sum(x, 0)", "return torch.sum(x, 1)"),
    ],
    "off by one": [
        ("return x[3]", "return x[4]"),
        ("return x[-1]", "return x[-2]"),
        ("return x[:y]", "return x[:y - 1]"),
        ("return x[y:]", "return x[y + 1:]"),
        ("return x[1:]", "return x[2:]"),
        ("return x + 1", "return x + 2"),
        ("return list(range(y))", "return list(range(y - 1))"),
        ("return torch.zeros(2, y)", "return torch.zeros(3, y)"),
    ],
    "flipped comparison": [
        ("return x < y", "return x > y"),
        ("return x == y", "return x != y"),
        ("return x is None", "return x is not None"),
    ],
    "dropped keyword": [
        ("return x.mean(0, keepdim=True)", "return x.mean(0)"),
        ("return torch.zeros(2, dtype=torch.int64)", "return torch.zeros(2)"),
    ],
    "dropped gradient care": [
        ("return x.detach()", "return x"),
        ("x.zero_grad()", "pass"),
        ("x.grad = None", "pass"),
        ("with torch.no_grad(): x += y", "if True: x += y"),
    ],
    "swapped operator": [
        ("return x + y", "return x - y"),
        ("return x @ y", "return x * y"),
        ("return x ** 2", "return x * 2"),
        ("return -x", "return x"),
        ("return x and y", "return x or y"),
        ("x -= y", "x += y"),
    ],
    "swapped arguments": [
        ("return torch.cat(x, y)", "return torch.cat(y, x)"),
        ("return x / y", "return y / x"),
        ("return x @ y", "return y @ x"),
    ],
    "dropped statement": [
        ("x.backward()", "pass"),
        ("x *= y", "pass"),
        ("x = x - y", "pass"),
        ("x[0] = y", "pass"),
        ("if x: raise ValueError", "no check of its inputs"),
    ],
    "zeros": [("return x + y", "zeros of its shape")],
    "one number": [("return x + y", "one number for all")],
    "hard-coded": [("return x + y", "its first answer again, whatever it is given")],
}
CASES = [(kind, line, after) for kind, pairs in KINDS.items() for line, after in pairs]


@pytest.mark.parametrize(("kind", "line", "after"), CASES, ids=[f"{k}: {c}" for k, c, _ in CASES])
def test_each_kind_of_mistake_is_made(kind: str, line: str, after: str) -> None:
    assert after in made(function(line), kind)


NOT_MADE = {
    "commutes": ("return torch.maximum(x, y)", "swapped arguments"),
    "symmetric": ("return x.transpose(0, 1)", "swapped arguments"),
    "a setting": ("return fit(x, steps=500)", "off by one"),
    "a seed": ("torch.manual_seed(1)", "off by one"),
    "the unknown size": ("return x.reshape(-1, 2 * y)", "swapped dims"),
    "device": ("return x.to(device)", "dropped call"),
    "device keyword": ("return torch.zeros(y, device=x.device)", "dropped keyword"),
    "contiguous": ("return x.contiguous()", "dropped call"),
    "words of an error": ("raise ValueError('a' + x)", "swapped operator"),
    "printed": ("print(x + y)", "swapped operator"),
    "formatted": ("return f'{x + y}'", "swapped operator"),
    "text": ("return 'words'", "zeros"),
    "no tensor": ("return x.item()", "one number"),
}


@pytest.mark.parametrize(("line", "kind"), NOT_MADE.values(), ids=NOT_MADE.keys())
def test_what_changes_nothing_or_words_only_is_not_made(line: str, kind: str) -> None:
    assert made(function(line), kind) == []


WHOLE = '''\
def f(x, y):
    """Add 1 to 2."""
    # A comment with (parentheses).
    total = x.sum(dim=1, keepdim=True)  # over rows
    if total.min() < 0:
        raise ValueError("no")
    return (x / total)[:, 1:] + y
'''


def test_mutants_differ_from_the_solution_and_from_each_other_and_parse() -> None:
    mutants = mutants_of(WHOLE, most=ALL)
    shapes = {ast.dump(ast.parse(m.source)) for m in mutants}
    assert len(shapes) == len(mutants) > MOST
    assert ast.dump(ast.parse(WHOLE)) not in shapes


def test_the_line_and_both_texts_are_named() -> None:
    (mutant,) = [m for m in mutants_of(WHOLE, most=ALL) if m.kind == "swapped dims"]
    assert mutant.line == 4
    assert mutant.change == (
        "`total = x.sum(dim=1, keepdim=True)` → `total = x.sum(dim=0, keepdim=True)`"
    )
    assert "# over rows" in mutant.source, "the rest of the text stays"


def test_few_are_chosen_of_many_kinds_and_always_the_same() -> None:
    chosen = mutants_of(WHOLE)
    assert len(chosen) == MOST
    every = {m.kind for m in mutants_of(WHOLE, most=ALL)}
    assert {m.kind for m in chosen} == every
    assert chosen == mutants_of(WHOLE)
    assert len(mutants_of(WHOLE, most=3)) == 3


def test_answers_that_are_tried_anyway_are_left_out() -> None:
    known = function("return x -  y  # wrong")
    kinds = [m.kind for m in mutants_of(function("return x + y"), [known], most=ALL)]
    assert "swapped operator" not in kinds
    assert "zeros" in kinds


@pytest.mark.parametrize(
    ("comment", "exempt"),
    [("# same: equal rows", True), ("# same:", False), ("# the same: x", False), ("", False)],
)
def test_an_author_can_say_that_a_line_makes_no_difference(comment: str, exempt: bool) -> None:
    lines = {m.line for m in mutants_of(function("x = x + 1", f"return x * y  {comment}"))}
    assert 2 in lines
    assert (3 not in lines) is exempt


def test_code_outside_functions_has_a_result_too() -> None:
    mutants = mutants_of("a = 1\nb = a + x", most=ALL)
    assert [m.source for m in mutants if m.kind == "zeros"] == ["a = 1\nb = (a + x) * 0"]


def test_a_class_repeats_the_first_answer_of_forward() -> None:
    source = "class Net(nn.Module):\n    def forward(self, x):\n        return x + 1"
    assert [m.line for m in hard_coded(source)] == [2]
    assert hard_coded("class Net:\n    def size(self):\n        return 1") == []
    assert hard_coded("def f():\n    return 1") == [], "it has one answer only"


def hard_coded(source: str) -> list[Mutant]:
    return [m for m in mutants_of(source, most=ALL) if m.kind == "hard-coded"]


def test_the_repeated_answer_is_the_first_one() -> None:
    (mutant,) = hard_coded("def f(x):\n    return x + 1")
    names: dict[str, object] = {}
    exec(mutant.source, names)
    f = names["f"]
    assert callable(f)
    assert [f(1), f(5)] == [2, 2]


def test_what_is_no_python_has_no_mutants() -> None:
    assert mutants_of("def f(:") == ()


def test_letters_of_several_bytes_do_not_shift_the_change() -> None:
    source = 'def f(x):\n    é = "über"; return x.sum(0)'
    (mutant,) = [m for m in mutants_of(source, most=ALL) if m.kind == "swapped dims"]
    assert mutant.source == source.replace("sum(0)", "sum(1)")
