"""Cells, exercises and questions: what is shown in each state, and what is asked of the parent."""

from __future__ import annotations

import dataclasses

import pytest
from exhibits import (
    CELL,
    CELL_SOURCE,
    CHOICE,
    CRASHED,
    EXERCISE,
    FAILED,
    MULTI,
    PASSED,
    PREDICT,
    PROBLEM,
    UNKNOWN,
    VALUE,
    a_run,
    answered,
    exercise,
)
from gallery import Host, frame
from textual.message import Message
from textual.widgets import Input

from tutor.course.quiz import judge
from tutor.session.snapshot import CellRun, InputWanted
from tutor.ui.widgets.exercise import ExerciseView
from tutor.ui.widgets.fold import Fold
from tutor.ui.widgets.output import OutputView
from tutor.ui.widgets.quiz import QuizView
from tutor.ui.widgets.quiz_choices import ChoiceList
from tutor.ui.widgets.runnable import CellView, RunnableView


class Listener(Host):
    """Remembers the messages that a screen would handle."""

    def _note(self, event: Message) -> None:
        self.heard.append(event)

    on_runnable_view_run_requested = _note
    on_runnable_view_reset_requested = _note
    on_runnable_view_input_answered = _note
    on_exercise_view_check_requested = _note
    on_exercise_view_hint_requested = _note
    on_exercise_view_solution_requested = _note
    on_quiz_view_answered = _note


@pytest.mark.parametrize(
    ("run", "sign"),
    [
        (None, "○ not run"),
        (a_run("queued"), "◌ queued"),
        (a_run("running", seconds=3.2), "● running 3.2 s"),
        (a_run(), "✓ done 4 ms"),
        (a_run("error"), "✗ error"),
        (a_run("interrupted", seconds=2.0), "◼ interrupted after 2.0 s"),
        (a_run("lost"), "✗ lost: the worker ended"),
        (a_run(stale=True), "! stale: an earlier cell changed"),
        (a_run(source="other"), "! stale: changed since it ran"),
    ],
)
async def test_a_cell_says_its_state_in_the_border(run: CellRun | None, sign: str) -> None:
    view = CellView(CELL, CELL_SOURCE)
    app = Host(view)
    async with app.run_test() as pilot:
        view.run = run
        await pilot.pause()
        assert f" {sign} ─╯" in frame(app) or f" {sign} ━┛" in frame(app)


async def test_typing_after_a_run_makes_the_cell_stale_and_undoing_it_fresh() -> None:
    view = CellView(CELL, CELL_SOURCE)
    app = Host(view)
    async with app.run_test() as pilot:
        view.run = a_run(value=VALUE)
        view.editor.focus()
        await pilot.press("x")
        await pilot.pause()
        assert view.text_changed
        assert "stale: changed since it ran" in frame(app)
        await pilot.press("backspace")
        await pilot.pause()
        assert "✓ done" in frame(app)


async def test_output_value_and_problem_appear_and_go_with_the_run() -> None:
    view = CellView(CELL, CELL_SOURCE)
    app = Host(view)
    async with app.run_test(size=(100, 40)) as pilot:
        view.run = a_run("error", value=VALUE, problem=PROBLEM)
        await pilot.pause()
        text = frame(app)
        assert "→ tensor([[10., 22., 36.]," in text
        assert "✗ RuntimeError" in text
        assert "line 4" in text
        assert "linear.py" not in text
        assert view.editor.error_line == 4
        view.run = a_run("running")
        await pilot.pause()
        assert "RuntimeError" not in frame(app)
        assert view.editor.error_line == 0


async def test_the_traceback_opens_and_folds_library_frames() -> None:
    view = CellView(CELL, CELL_SOURCE)
    app = Host(view)
    async with app.run_test(size=(100, 40)) as pilot:
        view.run = a_run("error", problem=PROBLEM)
        await pilot.pause()
        view.query_one(Fold).focus()
        await pilot.press("enter")
        await pilot.pause()
        text = frame(app)
        assert "return self.fc(h)" in text
        assert "… 2 frames of libraries" in text


async def test_a_waiting_cell_takes_a_line_of_input() -> None:
    view = CellView(CELL, CELL_SOURCE)
    app = Listener(view)
    async with app.run_test() as pilot:
        view.focus()
        view.run = a_run("running")
        view.input_wanted = InputWanted("broadcast", "How many rows? ")
        await pilot.pause()
        assert "? waits for your input" in frame(app)
        assert "How many rows?" in frame(app)
        assert view.query_one(Input).has_focus, "the block had the focus, so typing answers"
        await pilot.press("4", "2", "enter")
        [answer] = app.heard
        assert isinstance(answer, RunnableView.InputAnswered)
        assert answer.text == "42"


async def test_input_is_not_stolen_from_a_learner_who_is_elsewhere() -> None:
    first, second = CellView(CELL, "x"), CellView(CELL, "y")
    async with Host(first, second).run_test() as pilot:
        second.editor.focus()
        await pilot.pause()
        first.input_wanted = InputWanted("broadcast", "")
        await pilot.pause()
        assert second.editor.has_focus


async def test_focus_is_seen_by_the_weight_of_the_border() -> None:
    view, other = CellView(CELL, "x"), CellView(CELL, "y")
    app = Host(view, other)
    async with app.run_test() as pilot:
        view.focus()
        await pilot.pause()
        assert "┏━ cell broadcast" in frame(app)
        assert "╭─ cell broadcast" in frame(app)
        await pilot.press("enter")
        await pilot.pause()
        assert "┏━ cell broadcast" in frame(app)


async def test_requests_carry_the_text_as_it_is_now() -> None:
    view = ExerciseView(EXERCISE, "a")
    app = Listener(view)
    async with app.run_test() as pilot:
        view.editor.focus()
        await pilot.press("end", "b")
        view.request_run()
        view.request_check()
        view.request_reset()
        await pilot.pause()
        run, check, reset = app.heard
        assert (run.source, check.source, reset.block) == ("ab", "ab", "standardise")


async def test_hints_come_one_by_one_and_then_the_solution() -> None:
    view = ExerciseView(EXERCISE, "a")
    app = Listener(view)
    async with app.run_test(size=(80, 50)) as pilot:
        for number in (1, 2, 3):
            view.request_hint()
            await pilot.pause()
            assert type(app.heard[-1]) is ExerciseView.HintRequested
            view.hints_shown = number
            await pilot.pause()
        text = frame(app)
        assert "▸ hint 1 of 3" in text
        assert "▾ hint 3 of 3" in text
        assert "divides by n" in text
        assert "square root of the variance" not in text, "earlier hints are folded"
        view.request_hint()
        await pilot.pause()
        assert type(app.heard[-1]) is ExerciseView.SolutionRequested
        view.solution_shown = True
        await pilot.pause()
        assert "return (x - x.mean(0))" in frame(app)


async def test_a_failed_check_shows_both_grids_and_the_next_step() -> None:
    view = exercise(verdict=FAILED, attempts=3)
    app = Host(view)
    async with app.run_test(size=(100, 50)) as pilot:
        await pilot.pause()
        text = frame(app)
        for part in (
            "✗ Not yet: the shape is right, the numbers are not.",
            "check 2 of 4 · attempt 3",
            "▸ first difference at row 0, column 1",
            "▸-1.1832",
            "▸-0.5916",
            "You divided by the variance; a standard deviation is its square root.",
            "F3 hint 1 of 3",
            "✗ not yet · attempt 3",
        ):
            assert part in text


async def test_a_pass_shows_what_was_learnt_and_editing_keeps_it() -> None:
    view = exercise(verdict=PASSED)
    app = Host(view)
    async with app.run_test(size=(100, 50)) as pilot:
        view.editor.focus()
        await pilot.pause()
        assert "✓ Passed." in frame(app)
        assert "Ctrl+N next" in frame(app)
        assert "broadcasting brings them back" in frame(app)
        await pilot.press("x")
        await pilot.pause()
        assert "✓ passed, changed since" in frame(app)


async def test_a_crash_while_checking_is_shown_as_a_problem() -> None:
    app = Host(exercise(verdict=CRASHED, attempts=1))
    async with app.run_test(size=(100, 50)) as pilot:
        await pilot.pause()
        assert "Your code stopped before it could be checked." in frame(app)
        assert "mat1 and mat2" in frame(app)


async def test_a_choice_is_answered_by_arrows_and_explained_only_when_right() -> None:
    view = QuizView(CHOICE)
    app = Listener(view)
    async with app.run_test(size=(100, 40)) as pilot:
        view.query_one(ChoiceList).focus()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.heard[-1].answer == ("1",)
        assert "That would be x.sum(1)." in frame(app)
        assert "A reduction removes" not in frame(app), "the explanation gives the answer away"
        await pilot.press("1")
        await pilot.pause()
        assert app.heard[-1].answer == ("0",)
        assert "✓ Right." in frame(app)
        assert "A reduction removes" in frame(app)


async def test_several_choices_are_picked_with_space_and_sent_with_enter() -> None:
    view = QuizView(MULTI)
    app = Listener(view)
    async with app.run_test() as pilot:
        view.query_one(ChoiceList).focus()
        await pilot.press("enter")
        assert app.heard == [], "nothing is picked yet"
        await pilot.press("space", "3", "enter")
        await pilot.pause()
        [message] = app.heard
        assert message.answer == ("0", "2")
        assert "✓ right" in frame(app)


async def test_a_typed_answer_is_judged() -> None:
    view = QuizView(PREDICT)
    app = Listener(view)
    async with app.run_test() as pilot:
        view.query_one(Input).focus()
        await pilot.press("enter", "2", "enter")
        await pilot.pause()
        [message] = app.heard
        assert message.answer == ("2",)
        assert view.judgement == judge(PREDICT, ("2",))
        assert "✓ Right." in frame(app)


async def test_a_question_of_the_future_is_named_not_crashed() -> None:
    app = Host(QuizView(UNKNOWN))
    async with app.run_test():
        assert "needs a newer torch-tutor" in frame(app)


async def test_an_answer_that_no_longer_fits_is_left_out() -> None:
    view = answered(CHOICE, "7")
    async with Host(view).run_test() as pilot:
        await pilot.pause()
        assert view.judgement is None or not view.judgement.correct


async def test_output_view_is_reachable_only_when_there_is_more_than_fits() -> None:
    short, long = OutputView(value="1"), OutputView(value="x\n" * 40)
    async with Host(short, long).run_test():
        assert not short.focusable
        assert long.focusable


async def test_a_crash_before_the_check_is_told_once() -> None:
    assert CRASHED.problem is not None
    view = exercise(run=a_run("error", problem=CRASHED.problem), verdict=CRASHED, attempts=1)
    app = Host(view)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        assert frame(app).count(CRASHED.problem.kind) == 1
        view.verdict = None  # as before the check: now the run tells it
        await pilot.pause()
        assert frame(app).count(CRASHED.problem.kind) == 1


async def test_an_error_that_the_lesson_wants_to_show_is_no_mistake() -> None:
    wanted = dataclasses.replace(CELL, expect=PROBLEM.kind)
    for cell, words in ((wanted, f"✓ {PROBLEM.kind}, as intended"), (CELL, "✗ error")):
        view = CellView(cell, CELL_SOURCE)
        view.run = a_run("error", problem=PROBLEM)
        async with Host(view).run_test() as pilot:
            await pilot.pause()
            assert words in str(view.status)
