"""Every promise of a lesson is tried for real: a sound lesson passes, each flaw is found."""

from __future__ import annotations

import pytest
from small_lessons import Prove, cell, said


async def test_a_sound_lesson_passes_and_the_work_is_counted(prove: Prove) -> None:
    proof = await prove(cell("x = torch.ones(2)\nprint('hi')\nx", "hi\ntensor([1., 1.])"))
    assert said(proof) == []
    assert proof.cells == 1
    assert proof.attempts == 2 * 5, "solution, starter, two wrong, one right; two seeds"


CELLS = {
    "other output": (
        cell("1 + 1", "3"),
        "19 error: `a`: the output differs from the reference:\n"
        "    (- expected, + came out)\n    - 3\n    + 2",
    ),
    "other print": (cell("print('a')", "b"), "19 error: `a`: the output differs"),
    "other shape": (
        cell("torch.rand(3)", "tensor([0.1, 0.2])", match="match=shape"),
        "19 error: `a`: the output has another shape",
    ),
    "no match": (
        cell("print('abc')", "a.", match="match=regex"),
        "19 error: `a`: the output does not match the regular expression; it was:\n    abc",
    ),
    "crash": (
        cell("x = 1\n1 / 0", ""),
        "17 error: `a` ended with ZeroDivisionError: division by zero",
    ),
    "no error": (
        cell("1", attributes="expect=ValueError"),
        "15 error: `a` ran without an error; expected ValueError",
    ),
    "other error": (
        cell("int('x')", attributes="expect=TypeError"),
        "16 error: `a` ended with ValueError: invalid literal for int() with base 10: 'x'; "
        "expected TypeError",
    ),
    "no output given": (
        cell("1 + 1"),
        '15 warning: `a` shows something; add a block "```text output for=a"',
    ),
    "too slow": (
        cell("while True: pass", attributes="timeout=0.5"),
        "15 error: `a` ended with Time limit",
    ),
    "package missing": (
        cell("import nowhere", attributes="requires=nowhere"),
        "15 note: `a` was not run: nowhere is not installed here",
    ),
}


@pytest.mark.parametrize(("before", "expected"), CELLS.values(), ids=CELLS.keys())
async def test_a_flaw_of_a_cell_is_found(prove: Prove, before: str, expected: str) -> None:
    found = said(await prove(before, change=None))
    assert len(found) == 1, found
    assert found[0].startswith(expected), found


SOUND = {
    "expected error": cell("1 / 0", "ZeroDivisionError: division by zero", attributes=""
                           "expect=ZeroDivisionError"),
    "error unsaid": cell("1 / 0", attributes="expect=ZeroDivisionError"),
    "shape": cell("torch.rand(2, 2)", "tensor([[0.1, 0.2],\n [0.3, 0.4]])", match="match=shape"),
    "regex": cell("print(torch.rand(1).item())", r"0\.\d+", match="match=regex"),
    "none": cell("torch.rand(2)", "tensor([0.1, 0.2])", match="match=none"),
    "nothing": cell("x = 1"),
}  # fmt: skip


@pytest.mark.parametrize("before", SOUND.values(), ids=SOUND.keys())
async def test_a_sound_cell_passes(prove: Prove, before: str) -> None:
    assert said(await prove(before, change=None)) == []


EXERCISES = {
    "starter passes": (
        ("    ...", "    return x * 2"),
        "17 error: the starter of `double` passes: there is no task left",
    ),
    "starter crashes": (
        ("def double(x):\n    ...", "____"),
        "17 warning: the starter of `double` stops before it can be checked: NameError",
    ),
    "starter fails silently": (
        ("    f = s.function", "    s.expect('None' not in s.source and '...' not in s.source, '')"
         "\n    f = s.function"),
        "27 error: `double`: the starter fails without a word",
    ),
    "solution fails": (
        ("    return 2 * x", "    return 2.5 * x"),
        "22 error: the solution of `double` fails “twice as much” with seed 0: ",
    ),
    "solution crashes": (
        ("    return 2 * x", "    return 2 * y"),
        "22 error: the solution of `double` fails “twice as much” with seed 0: ",
    ),
    "solution does not run": (
        ("def double(x):\n    return 2 * x", "oh no = 1"),
        "22 error: the solution of `double` fails with seed 0: SyntaxError",
    ),
    "unstable check": (
        ("        s.close(out, 2 * x)", "        s.close(x, torch.randn(size, generator="
         "torch.Generator().manual_seed(1)))\n        s.close(out, 2 * x)"),
        "22 error: the solution of `double` fails “twice as much” with seed 1: ",
    ),
    "wrong passes with one seed": (
        ("return 3 * x", "return 2 * torch.randn(\n"
         "        len(x), generator=torch.Generator().manual_seed(1))"),
        "43 error: this wrong answer to `double` passes with seed 0",
    ),
    "wrong passes": (
        ("return 3 * x", "return 2 * x + 0"),
        "43 error: this wrong answer to `double` passes with seed 0",
    ),
    "feedback unread": (
        ("feedback: three times", "feedback: four times"),
        "43 error: with seed 0 the learner does not read “four times as much” but: ",
    ),
    "right fails": (
        ("return x + x", "return x + x + 1"),
        "54 error: this right answer of `double` fails “twice as much” with seed 0: ",
    ),
    "check breaks": (
        ("s.randn(size, seed=1)", "torch.randm(3)"),
        "32 error: the check of `double` broke on the solution: ",
    ),
    "check does not run": (
        ("def check_values(s)", "import nowhere\n\ndef check_values(s)"),
        "28 error: the check of `double` broke on the solution: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), EXERCISES.values(), ids=EXERCISES.keys())
async def test_a_flaw_of_an_exercise_is_found(
    prove: Prove, change: tuple[str, str], expected: str
) -> None:
    found = said(await prove("", change=change, seeds=3))
    assert any(finding.startswith(expected) for finding in found), found


async def test_feedback_is_found_however_it_is_wrapped(prove: Prove) -> None:
    assert said(await prove(change=("feedback: three times", "feedback:   three   times"))) == []


async def test_an_answer_that_ends_the_worker_spoils_nothing_for_the_next(prove: Prove) -> None:
    """The right answer needs a name of a cell above, which died with the worker."""
    text = "    2 * x\n```\n\n```python right for=double\ndef double(x):\n    return x + x"
    killed = (
        "    import os\n    os._exit(1)\n```\n\n"
        "```python right for=double\ndef double(x):\n    return two * x"
    )
    found = said(await prove(cell("two = 2"), change=(text, killed)))
    assert len(found) == 1
    assert "does not read “None” but: Worker lost: While your code was being checked" in found[0]


async def test_a_cell_that_needs_an_exercise_is_advised_against(prove: Prove) -> None:
    proof = await prove(after=cell("double(3)", "6"))
    assert said(proof) == [
        "61 warning: for someone who skipped the exercises above: `a` ended with NameError: "
        "name 'double' is not defined"
    ]


async def test_a_cell_that_an_exercise_spoils_is_found(prove: Prove) -> None:
    """The solution binds a name that the cell below uses."""
    proof = await prove(
        cell("x = 5"),
        change=("    return 2 * x\n", "    return 2 * x\nx = 7\n"),
        after=cell("x", "5").replace("id=a", "id=b").replace("for=a", "for=b"),
    )
    assert [finding for finding in said(proof) if "error: `b`: the output differs" in finding]


async def test_a_fresh_exercise_is_checked_on_the_cells_above_alone(prove: Prove) -> None:
    """Cells that are meant to fail do not stop the replay."""
    before = cell("two = 2\n1 / 0", attributes="expect=ZeroDivisionError")
    before += "\n" + cell("two = 2").replace("id=a", "id=b")
    fresh = ("id=double\ndef double(x):\n    ...", "id=double fresh\ndef double(x):\n    ...")
    assert said(await prove(before, change=fresh)) == []


async def test_what_stands_below_a_crash_is_not_reported_again(prove: Prove) -> None:
    found = said(await prove(cell("oops"), after=cell("1").replace("id=a", "id=b")))
    assert len(found) == 1
    assert "NameError" in found[0]
