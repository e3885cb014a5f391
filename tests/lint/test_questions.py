"""A question marked `run = true` is run, and an answer that is not what comes out is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_lessons import Prove, cell, said

from tutor.course.model import Place, Quiz
from tutor.lint.questions import measured, trials

ABOVE = cell("import torch\nx = torch.ones(2, 3)", attributes="")


def question(kind: str, code: str, answer: str, more: str = "run = true") -> str:
    return (
        f"```toml quiz id=q kind={kind}\nprompt = 'p'\nexplain = 'e'\n"
        f"code = '''\n{code}'''\nanswer = '''{answer}'''\n{more}\n```\n"
    )


PARSONS = "```toml quiz id=q kind=parsons\nprompt='p'\nexplain='e'\nrun=true\n"
FIX = (
    "```toml quiz id=q kind=fix\nprompt='p'\nrun=true\nline=2\n"
    "code='''\nfor n in range(2):\n    print(n + y)'''\n"
)

SOUND = {
    "printed": question("predict", "print(x.sum().item())", "6.0"),
    "shown": question("predict", "x.sum()", "tensor(6.)"),
    "printed on two lines": question("predict", "print(1)\nprint(2)", "1 2"),
    "raised": question("predict", "x @ x", "RuntimeError"),
    "shape of the value": question("shape", "x.sum(0)", "(3,)"),
    "shape of a name": question("shape", "y = x.t()", "3x2"),
    "shape of nothing": question("shape", "x.sum()", "()"),
    "shape given": question("shape", "x.t().shape", "(3, 2)"),
    "shape printed": question("shape", "print(x.t().shape)", "(3, 2)"),
    "shape error": question("shape", "x @ x", "error"),
    "blank": question("blank", "x.sum(____=0)", "dim", "accept = ['axis']\nrun = true"),
    "fix": FIX + "choices=[{text='print(n)',correct=true,why='w'},{text='p(n)',why='w'}]\n```\n",
    "parsons": PARSONS + "lines=['a = x', 'b = 1', 'print(a + b)']\norders=[[2, 1, 3]]\n```\n",
    "not marked": question("predict", "print(1)", "2", ""),
}  # fmt: skip


@pytest.mark.parametrize("body", SOUND.values(), ids=SOUND.keys())
async def test_a_true_answer_passes(prove: Prove, body: str) -> None:
    assert said(await prove(ABOVE, change=None, after=body)) == []


FALSE = {
    "printed": (
        question("predict", "print(1 + 1)", "3"),
        "`q`: its code gives `2`, but its answer is `3`",
    ),
    "raised": (
        question("predict", "print(1)\n1 / 0", "1"),
        "`q`: its code gives `ZeroDivisionError: division by zero`, but its answer is `1`",
    ),
    "shape": (
        question("shape", "x.sum(1)", "(3,)"),
        "`q`: its code gives `(2,)`, but its answer is `(3,)`",
    ),
    "no shape": (
        question("shape", "x.sum().item()", "()"),
        "`q`: its code gives `6.0`, but its answer is `()`",
    ),
    "no error": (
        question("shape", "x @ x.t()", "error"),
        "`q`: its code gives `(2, 2)`, but its answer is `error`",
    ),
    "error": (
        question("shape", "x @ x", "(2, 2)"),
        "`q`: its code gives `RuntimeError: mat1 and mat2",
    ),
    "blank": (
        question("blank", "x.sum(____=0)", "dim", "accept = ['axes']\nrun = true"),
        "`q`: with `axes` in the blank the code ends with TypeError: ",
    ),
    "fix": (
        FIX + "choices=[{text='p(n)',correct=true,why='w'},{text='print(n)',why='w'}]\n```\n",
        "`q`: with the right replacement the code ends with NameError: name 'p' is not defined",
    ),
    "parsons": (
        PARSONS + "lines=['a = x', 'b = a', 'print(b)']\norders=[[2, 1, 3]]\n```\n",
        "`q`: in the order 2, 1, 3 the code ends with NameError: name 'a' is not defined",
    ),
}


@pytest.mark.parametrize(("body", "expected"), FALSE.values(), ids=FALSE.keys())
async def test_a_false_answer_is_found(prove: Prove, body: str, expected: str) -> None:
    [found] = said(await prove(ABOVE, change=None, after=body))
    assert found.partition(" error: ")[2].startswith(expected), found


async def test_a_question_stands_after_what_is_above_it_and_no_more(prove: Prove) -> None:
    """Solved exercises count, cells below and other questions do not."""
    asked = question("predict", "double = double(2)\nprint(double, 'z' in globals())", "4 False")
    again = asked.replace("id=q", "id=r")
    below = "```python cell id=z\nz = 1\n```\n"
    proof = await prove(ABOVE, after=f"{asked}\n{again}\n{below}", seeds=1)
    assert said(proof) == []


def test_only_marked_questions_are_run() -> None:
    quiz = Quiz("q", "predict", "?", Place(Path("a.md"), 1), "print(1)", accept=("1",))
    assert list(trials(quiz)) == []


@pytest.mark.parametrize("code", ["x = = 1", "", "def f(): pass", "a, b = 1, 2"])
def test_code_without_a_last_value_is_left_as_it_is(code: str) -> None:
    assert measured(code) == code
