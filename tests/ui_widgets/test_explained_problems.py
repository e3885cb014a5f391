"""An explained problem on the screen: complete at every width, told apart without colours."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from explanations import FLATTEN, NO_RULE
from gallery import Host, frame
from test_every_state import assert_harmless, nasty

from tutor.session.snapshot import Problem
from tutor.ui.widgets.explanation import alignment_lines, explanation_lines, fix_lines
from tutor.ui.widgets.fold import Fold
from tutor.ui.widgets.problem import ProblemCard
from tutor.wire.explanation import AlignedRow, Alignment, Explanation, Fix, Operand

WIDTHS = (36, 44, 60, 80, 120)


async def drawn(problem: Problem, width: int) -> str:
    app = Host(ProblemCard(problem))
    async with app.run_test(size=(width, 60)) as pilot:
        await pilot.pause()
        assert_harmless(app)
        assert app.screen.max_scroll_x == 0
        return frame(app)


async def test_all_parts_stand_in_their_order() -> None:
    text = await drawn(FLATTEN, 100)
    parts = [
        "✗ Matrix sizes do not line up",
        "self.fc(h)   in net.fc",
        "4  8  26    26  f32  cpu",
        "net.fc wants  ·  ·   ·  5408  Linear(in_features=5408, out_features=10)",
        "✗",
        "net.fc multiplies the last dimension of its input",
        "self.fc(h.flatten(1))",
        "gives 4×10 ✓",
        "keep the batch, flatten the rest",
        "look where net.fc is made",
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied",
        "▸ traceback (2 lines of yours, 2 of libraries)",
    ]
    place = -1
    for part in parts:
        place = text.find(part, place + 1)
        assert place >= 0, f"{part!r} is missing or stands too early in\n{text}"
    assert text.split("\n")[0].endswith("line 8")


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_disagreeing_sizes_are_never_cut(width: int) -> None:
    text = await drawn(FLATTEN, width)
    lines = text.split("\n")
    above = next(line for line in lines if "·  ·" in line)
    below = lines[lines.index(above) + 1]
    assert "5408" in above
    assert above.index("5408") + 3 == below.index("✗")
    assert "gives 4×10 ✓" in text
    assert max(map(len, lines)) <= width


def test_a_disagreeing_column_is_marked_without_colour() -> None:
    drawing = Alignment((AlignedRow("a", ("2", "3")), AlignedRow("b", ("", "4"))), (1,))
    lines = alignment_lines(drawing, 40)
    assert [line.plain for line in lines] == ["a  2  3", "b  ·  4", "      ✗"]
    reversed_at = [(s.start, s.end) for s in lines[0].spans if "reverse" in str(s.style)]
    assert reversed_at == [(6, 7)]


def test_only_what_was_checked_claims_to_fit() -> None:
    assert "✓" in "".join(line.plain for line in fix_lines(Fix("t", "x.T", "2×3", True), 60))
    assert "✓" not in "".join(line.plain for line in fix_lines(Fix("t", "x.T"), 60))
    found = FLATTEN.explanation
    assert found is not None
    unchecked = msgspec.structs.replace(found, fixes=(Fix("t", "x.T"),))
    told = "\n".join(line.plain for line in explanation_lines(FLATTEN, unchecked, 80))
    assert "the shapes fit" not in told
    told = "\n".join(line.plain for line in explanation_lines(FLATTEN, found, 80))
    assert "Whether it is what you mean, only you can say." in told


async def test_the_generic_card_shows_operands_and_the_whole_message() -> None:
    text = await drawn(NO_RULE, 90)
    parts = (
        "✗ RuntimeError",
        "torch.cdist(a, a @ w)   line 3 of another cell",
        "3×4  f32  cuda:0",
        "worked out",
        "f(x)",
        "X1 and X2 must have",
        "second line",
        "→ Restart the worker.",
        "▸ traceback (1 line of yours)",
    )
    for part in parts:
        assert part in text


async def test_a_new_problem_replaces_the_explanation() -> None:
    card = ProblemCard(FLATTEN)
    app = Host(card)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.pause()
        card.problem = Problem("ValueError", "no rows")
        await pilot.pause()
        text = frame(app)
        assert "✗ ValueError" in text
        assert "no rows" in text
        assert "Matrix" not in text
        assert "net.fc" not in text
        assert "traceback" not in text
        card.problem = NO_RULE
        await pilot.pause()
        assert "torch.cdist" in frame(app)


async def test_the_traceback_opens_below_the_explanation() -> None:
    app = Host(ProblemCard(FLATTEN))
    async with app.run_test(size=(80, 50)) as pilot:
        app.query_one(Fold).focus()
        await pilot.press("enter")
        await pilot.pause()
        text = frame(app)
        assert (
            text.index("✗ Matrix") < text.index("▾ traceback") < text.index("line 11 in <module>")
        )


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_the_texts_hold_nothing_reaches_the_terminal(seed: int) -> None:
    rng = random.Random(seed)
    n: Any = lambda: nasty(rng)  # noqa: E731
    hostile = Explanation(
        n(), n(), n() + " `" + n() + "`", n(), 1, 1, n(), True,
        operands=(Operand(n(), "tensor", (1, 2), n()[:300], n()[:300], n(), True),
                  Operand(n(), "layer", about=n())),
        alignment=Alignment(
            (AlignedRow(n(), (n()[:300], "")), AlignedRow(n(), (n()[:300], "2", "3"))), (0, 1, 9)
        ),
        fixes=(Fix(n(), n(), n()[:300], True), Fix(n()), Fix(n(), n())),
    )  # fmt: skip
    await drawn(replace(FLATTEN, explanation=hostile), rng.choice((36, 80, 120)))
    generic = msgspec.structs.replace(hostile, family="generic")
    await drawn(replace(FLATTEN, explanation=generic, message=n()), 50)
