"""Mutants meet real checks: what a weak check lets pass is named, a strong one stays quiet."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_lessons import Prove, cell, said

from tutor.course.model import Exercise, Place
from tutor.course.parse import parse_lesson
from tutor.lint.bench import Bench, Proof
from tutor.lint.running import run_code
from tutor.lint.survival import runs_by_itself, too_many, try_mutants
from tutor.session.api import Code
from tutor.session.session import Session

ONE_CASE = ("for size in (3, 2):", "for size in (3,):")


async def test_a_check_with_two_cases_fails_every_mutant(prove: Prove) -> None:
    proof = await prove(mutants=12)
    assert said(proof) == []
    assert proof.mutants >= 4
    assert proof.survivors == 0


async def test_a_check_of_one_example_lets_the_hard_coded_answer_pass(prove: Prove) -> None:
    proof = await prove(change=ONE_CASE, mutants=12)
    assert said(proof) == [
        "23 note: survived in `double`: line 1 `def double(x):` → its first answer again, "
        "whatever it is given"
    ]
    assert proof.survivors == 1


async def test_a_comment_exempts_its_line(prove: Prove) -> None:
    """With a check that looks at the sign alone, any factor passes."""
    weak = ("        s.close(out, 2 * x)", "        s.close(out.sign(), x.sign())")
    survivors = (await prove(change=weak, mutants=12, seeds=1)).survivors
    assert survivors >= 1

    text = "    return 2 * x\n```\n\n```python check"
    exempt = (text, text.replace("2 * x", "2 * x  # same: the sign is all that counts"))
    proof = await prove(change=exempt, mutants=12, seeds=1)
    assert proof.mutants == 1, "only the repeated first answer is left"


async def test_a_mutant_that_never_ends_is_stopped_and_has_failed(prove: Prove) -> None:
    loop = "    y, n = 0 * x, 2\n    while n > 0:\n        y += x\n        n -= 1\n    return y\n"
    proof = await prove(change=("    return 2 * x\n```\n\n```python check", f"{loop}```\n\n"
                                "```python check"), mutants=20, seeds=1)  # fmt: skip
    assert proof.mutants > 5
    assert not [finding for finding in said(proof) if "error" in finding]


async def test_a_check_that_breaks_on_a_mutant_is_warned_of(prove: Prove) -> None:
    """A mistake of the learner's must not end in “this was not your fault”."""
    line = "        s.close(out, 2 * x)"
    crash = "if (abs(out) < 1e-9).all(): raise KeyError('no zeros please')"
    fragile = (line, f"        {crash}\n{line}")
    found = said(await prove(change=fragile, mutants=12, seeds=1))
    (warned,) = [finding for finding in found if "warning" in finding]
    assert warned.startswith("24 warning: the check of `double` broke on line 2 `return 2 * x` → ")
    assert warned.endswith("KeyError: 'no zeros please'")


async def test_names_that_mutants_spoil_are_there_again_afterwards(
    bench_session: Session, front: str, exercise: str
) -> None:
    by_itself = exercise.replace("def double(x):\n    return 2 * x", SPOILS)
    lesson = parse_lesson(f"{front}{cell('total = torch.zeros(1)')}\n{by_itself}", Path("one.md"))
    bench = Bench(bench_session, lesson, Proof())
    above, task = lesson.runnables()
    assert isinstance(task, Exercise)
    await bench.clear()
    await bench.run(above)
    await try_mutants(bench, task, 0, 12)
    assert bench.proof.mutants > 3
    assert (await run_code(bench_session, Code("a", "total"))).value == "tensor([0.])"


SPOILS = "total += 1\ndef double(x):\n    return 2 * x"


@pytest.mark.parametrize(
    ("tried", "survivors", "refused"),
    [(100, 5, False), (100, 6, True), (0, 0, False), (9, 1, True)],
)
def test_nearly_all_mutants_of_a_course_must_fail(
    tried: int, survivors: int, refused: bool
) -> None:
    finding = too_many(tried, survivors, Place(Path("pack.toml"), 1))
    assert (finding is not None) is refused
    if finding:
        assert finding.level == "error"
        assert f"failed {tried - survivors} of {tried} mutants" in finding.text


def test_definitions_alone_change_no_names_above() -> None:
    assert not runs_by_itself("import math\ndef f():\n    return 1\nclass A:\n    pass")
    assert runs_by_itself("x = 1")
