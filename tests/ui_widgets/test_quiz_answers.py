"""blank, parsons and fix on the screen: answered by keys alone, by mouse, told in words."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from exhibits import BLANK, CHOICE, FIX, MULTI, ORDER, PARSONS, answered
from gallery import Host, frame
from textual.containers import VerticalScroll
from textual.geometry import Offset
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from tutor.course.model import Choice, Quiz
from tutor.course.quiz import judge
from tutor.course.quizzes.parsons import shuffled
from tutor.ui.digest import block_digest
from tutor.ui.widgets.quiz import QuizView, feedback_lines
from tutor.ui.widgets.quiz_arrangement import Arrangement
from tutor.ui.widgets.quiz_choices import ChoiceList
from tutor.ui.widgets.quiz_fix import LineList
from tutor.ui.widgets.quiz_order import OrderList
from tutor.ui.widgets.quiz_rows import RowList


class Listener(Host):
    """Remembers what was answered."""

    def on_quiz_view_answered(self, event: Message) -> None:
        self.heard.append(event)

    @property
    def answers(self) -> list[tuple[str, ...]]:
        return [event.answer for event in self.heard]


def rows(app: Host) -> list[str]:
    """What stands in the box, one text a line, without its border."""
    return [line.strip("│┃ ").rstrip() for line in frame(app).split("\n")]


async def carry_right(pilot: Pilot[None], order: OrderList, wanted: tuple[int, ...]) -> None:
    """Bring the lines in the `wanted` order, by keys alone; what is left is put aside."""
    for target, piece in enumerate(wanted):
        await pilot.press(str(order.arrangement.order.index(piece) + 1), "space")
        await pilot.press(*["up"] * (order.cursor - target), "space")
    while order.arrangement.placed > len(wanted):
        await pilot.press(str(len(wanted) + 1), "x")


# ------------------------------------------------------------------ multi


async def test_enter_with_nothing_ticked_says_how_to_tick() -> None:
    app = Listener(QuizView(MULTI))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.query_one(ChoiceList).focus()
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == []
        assert [str(toast.render()) for toast in app.screen.query("Toast")] == [
            "No answer was ticked yet. Space ticks one."
        ]
        await pilot.press("space", "enter")
        assert len(app.answers) == 1


# ------------------------------------------------------------------ blank


async def test_a_blank_shows_what_is_typed_in_its_place() -> None:
    app = Listener(QuizView(BLANK))
    async with app.run_test(size=(80, 24)) as pilot:
        assert 'torch.load(path, ____="cpu")' in frame(app)
        app.query_one(Input).focus()
        await pilot.press(*"device")
        await pilot.pause()
        assert 'torch.load(path, device="cpu")' in frame(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [("device",)]
        assert "✗ Not yet. Try another answer." in frame(app)
        assert "device: torch.load has no argument of that name." in frame(app)
        await pilot.press("ctrl+u", *"map_location", "enter")
        await pilot.pause()
        assert app.answers[-1] == ("map_location",)
        assert "✓ Right." in frame(app)
        assert "Tensors are moved while they are read." in frame(app)


async def test_code_in_an_answer_is_not_read_as_markdown() -> None:
    quiz = dataclasses.replace(BLANK, wrong={"__init__ `a` *b*": "No."})
    app = Host(answered(quiz, "__init__ `a` *b*"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "__init__ `a` *b*: No." in frame(app)


# ------------------------------------------------------------------ parsons


async def test_lines_are_put_in_order_by_keys_alone() -> None:
    view = QuizView(PARSONS)
    app = Listener(view)
    async with app.run_test(size=(80, 24)) as pilot:
        order = view.query_one(OrderList)
        assert order.arrangement.order == shuffled(PARSONS)
        order.focus()
        await carry_right(pilot, order, (1, 0, 3, 2))
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [("1", "0", "3", "2")]
        assert "optimizer.step(): The step used gradients" in frame(app)
        await carry_right(pilot, order, (1, 0, 2, 3))
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers[-1] == ("1", "0", "2", "3")
        assert "✓ right" in frame(app)
        assert "Gradients come before the step" in frame(app)
        listed = [row for row in rows(app) if row[:1] in "›1234–" and "()" in row]
        assert [row.split()[-1] for row in listed if "step()" in row] == [
            "optimizer.step()",
            "loss.step()",
        ]


async def test_a_distractor_in_place_is_explained() -> None:
    view = answered(PARSONS, "0", "1", "2", "3", "4")
    app = Host(view)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "loss.step(): A loss has no step." in frame(app)


async def test_a_line_taken_up_says_so_and_enter_puts_it_down_first() -> None:
    view = QuizView(PARSONS)
    app = Listener(view)
    async with app.run_test(size=(80, 24)) as pilot:
        view.query_one(OrderList).focus()
        await pilot.press("space")
        await pilot.pause()
        assert "› ⇅ 1" in frame(app)
        assert "Taken up: ↑ ↓ carry the line, Space puts it down." in frame(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == []
        assert "Space takes a line up, ↑ ↓ carry it. X puts it aside. Enter answers." in frame(app)
        await pilot.press("space", "escape", "enter")
        await pilot.pause()
        assert app.answers == [tuple(map(str, shuffled(PARSONS)))]


async def test_alt_and_arrows_carry_without_taking_up() -> None:
    view = QuizView(ORDER)
    app = Host(view)
    async with app.run_test(size=(80, 24)) as pilot:
        order = view.query_one(OrderList)
        order.focus()
        first = order.arrangement.order[0]
        await pilot.press("alt+down", "shift+down", "alt+down")
        assert order.arrangement.order[-1] == first
        await pilot.press("alt+up")
        assert order.arrangement.order[1] == first
        assert order.cursor == 1


async def test_nothing_is_put_aside_where_every_line_belongs() -> None:
    view = QuizView(ORDER)
    app = Host(view)
    async with app.run_test(size=(80, 24)) as pilot:
        order = view.query_one(OrderList)
        order.focus()
        await pilot.press("x", "j", "j", "j", "space", "down", "down")
        assert order.arrangement.placed == 3
        assert "aside" not in frame(app)


async def test_no_answer_without_a_line_in_place() -> None:
    view = QuizView(PARSONS)
    app = Listener(view)
    async with app.run_test(size=(80, 24)) as pilot:
        view.query_one(OrderList).focus()
        await pilot.press("x", "x", "x", "x", "x", "enter")
        await pilot.pause()
        assert app.answers == []


async def test_a_line_is_dragged_and_clicked_with_the_mouse() -> None:
    view = QuizView(PARSONS)
    app = Listener(view)
    async with app.run_test(size=(80, 24)) as pilot:
        order = view.query_one(OrderList)
        start = order.arrangement.order
        at = [Offset(8, row) for row in range(len(start))]
        await pilot.mouse_down(order, offset=at[0])
        await pilot.hover(order, offset=at[1])
        await pilot.hover(order, offset=at[2])
        await pilot.mouse_up(order, offset=at[2])
        assert order.arrangement.order == (start[1], start[2], start[0], *start[3:])
        assert not order.held
        await pilot.click(order, offset=at[2])
        assert order.held
        await pilot.click(order, offset=at[0])
        assert order.arrangement.order == start
        assert not order.held
        nothing = Offset(8, len(start) + 1)
        await pilot.mouse_down(order, offset=at[1])
        await pilot.hover(order, offset=nothing)
        await pilot.mouse_up(order, offset=nothing)
        assert order.arrangement.answer == (start[0], *start[2:])
        assert app.answers == []


async def test_an_answer_from_before_is_shown_again() -> None:
    for answer in (("1", "0", "2", "3"), ("4", "0")):
        view = answered(PARSONS, *answer)
        async with Host(view).run_test() as pilot:
            await pilot.pause()
            assert view.query_one(OrderList).arrangement.answer == tuple(map(int, answer))
            assert view.judgement == judge(PARSONS, answer)


@pytest.mark.parametrize(
    ("quiz", "answer"),
    [(PARSONS, ("9",)), (PARSONS, ("0", "0")), (FIX, ("9", "1")), (FIX, ("2", "7")), (FIX, ("x",))],
)
async def test_an_answer_that_no_longer_fits_leaves_the_question_new(
    quiz: Quiz, answer: tuple[str, ...]
) -> None:
    view = answered(quiz, *answer)
    app = Host(view)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "○ not answered" in frame(app)


def test_carrying_goes_through_the_gap_between_in_place_and_aside() -> None:
    all_placed = Arrangement((0, 1, 2), 3)
    aside, row = all_placed.carried(2, True, aside=True)
    assert (aside, row) == (Arrangement((0, 1, 2), 2), 2)
    assert aside.carried(2, True, aside=True) == (aside, 2)
    assert aside.carried(2, False, aside=True) == (all_placed, 2)
    assert all_placed.carried(2, True, aside=False) == (all_placed, 2)
    assert aside.carried(1, False, aside=True) == (Arrangement((1, 0, 2), 2), 0)
    assert aside.carried_to(0, 2) == (Arrangement((1, 2, 0), 1), 2)
    assert aside.carried_to(2, 0) == (Arrangement((2, 0, 1), 3), 0)
    assert aside.switched(0) == (Arrangement((1, 0, 2), 1), 1)
    assert aside.switched(2) == (all_placed, 2)


@pytest.mark.parametrize(
    ("quiz", "change"),
    [
        (PARSONS, {"lines": PARSONS.lines[::-1]}),
        (PARSONS, {"orders": PARSONS.orders[:1]}),
        (PARSONS, {"distractors": ()}),
        (FIX, {"line": 1}),
    ],
)
def test_a_changed_question_is_told_to_those_who_answered_it(
    quiz: Quiz, change: dict[str, Any]
) -> None:
    assert block_digest(dataclasses.replace(quiz, **change)) != block_digest(quiz)


# ------------------------------------------------------------------ fix


async def test_a_line_is_found_and_replaced_by_keys_alone() -> None:
    view = QuizView(FIX)
    app = Listener(view)
    async with app.run_test(size=(80, 30)) as pilot:
        assert "argmax" not in frame(app), "the replacements would give the line away"
        view.query_one(LineList).focus()
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == [("1",)]
        assert "optimizer.zero_grad(): Clearing belongs there." in frame(app)
        assert "✗ 1 " in frame(app)
        await pilot.press("down", "space")
        await pilot.pause()
        assert app.answers == [("1",)], "half an answer is none"
        assert "Clearing belongs there." not in frame(app)
        assert "✓ Line 2 is the wrong one. What should it be?" in frame(app)
        assert "✓ 2 " in frame(app)
        assert app.focused is view.query_one(ChoiceList)
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers[-1] == ("2", "0")
        assert "argmax(1), y): argmax has no gradient." in frame(app)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.answers[-1] == ("2", "1")
        assert "✓ Right." in frame(app)
        assert "It normalises raw scores itself." in frame(app)
        assert "Two softmaxes in a row" in frame(app)


async def test_an_empty_line_cannot_be_wrong() -> None:
    view = QuizView(FIX)
    app = Listener(view)
    async with app.run_test(size=(80, 30)) as pilot:
        view.query_one(LineList).focus()
        await pilot.press("3", "enter")
        await pilot.pause()
        assert app.answers == []


async def test_a_fix_from_before_is_shown_again() -> None:
    view = answered(FIX, "2", "0")
    app = Host(view)
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.pause()
        assert "● 1  loss = loss_fn(model(x).argmax(1), y)" in frame(app)
        assert "✗ not yet: try again" in frame(app)
    view = answered(FIX, "1")
    app = Host(view)
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.pause()
        assert "✗ 1 " in frame(app)
        assert "argmax" not in frame(app)


async def test_a_fix_is_answered_with_the_mouse() -> None:
    view = QuizView(FIX)
    app = Listener(view)
    async with app.run_test(size=(80, 30)) as pilot:
        await pilot.click(LineList, offset=(10, 1))
        await pilot.pause()
        await pilot.click(ChoiceList, offset=(10, 1))
        await pilot.pause()
        assert app.answers == [("2", "1")]


# ------------------------------------------------------------------ lists in general


async def test_choices_are_picked_with_the_mouse() -> None:
    one, many = QuizView(CHOICE), QuizView(MULTI)
    app = Listener(one, many)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.click(one.query_one(ChoiceList), offset=(8, 1))
        await pilot.pause()
        assert app.answers == [("1",)]
        await pilot.click(many.query_one(ChoiceList), offset=(8, 0))
        await pilot.click(many.query_one(ChoiceList), offset=(8, 2))
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers[-1] == ("0", "2")


async def test_the_row_under_the_cursor_is_scrolled_into_sight() -> None:
    many = tuple(Choice(f"choice {n}", n == 0, "w") for n in range(30))
    view = QuizView(dataclasses.replace(CHOICE, choices=many))
    app = Host(VerticalScroll(view))
    async with app.run_test(size=(80, 12)) as pilot:
        view.query_one(ChoiceList).focus()
        for _ in range(25):
            await pilot.press("down")
        await pilot.pause()
        await pilot.pause()
        assert "choice 25" in frame(app)
        for _ in range(24):
            await pilot.press("up")
        await pilot.pause()
        await pilot.pause()
        assert any(row.endswith("choice 1") for row in rows(app))


@pytest.mark.parametrize("quiz", [BLANK, PARSONS, ORDER, FIX], ids=lambda quiz: quiz.id)
async def test_a_question_fits_80_columns_and_is_told_without_colours(
    quiz: Quiz, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    view = QuizView(quiz)
    app = Host(view)
    async with app.run_test(size=(80, 24)) as pilot:
        for target in view.query("*").results(Widget):
            if target.focusable:
                target.focus()
                break
        await pilot.pause()
        assert view.region.bottom <= 24
        if list(view.query(RowList)):
            assert "› " in frame(app)


def test_a_choice_that_is_a_sentence_is_named_without_its_full_stop() -> None:
    quiz = dataclasses.replace(
        MULTI,
        choices=(
            Choice("It grows.", correct=True, why="It does."),
            Choice("It may differ.", correct=True, why="It may."),
            Choice("It never ends.", correct=False, why="It ends."),
        ),
    )
    lines = feedback_lines(judge(quiz, ("0", "1")), 60, code=False)
    assert [line.plain for line in lines[2:4]] == [
        "  It grows: It does.",
        "  It may differ: It may.",
    ]


async def test_a_number_and_enter_pick_the_line_and_leave_its_replacement_open() -> None:
    view = QuizView(FIX)
    app = Listener(view)
    async with app.run_test(size=(80, 24)) as pilot:
        view.query_one(LineList).focus()
        await pilot.press("2", "enter")
        await pilot.pause()
        assert app.answers == []
        assert "Line 2 is the wrong one" in frame(app)
