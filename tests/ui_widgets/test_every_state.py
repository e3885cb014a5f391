"""Every widget in every state at every width: it draws, fits, and lets no control code through."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from exhibits import CELL, CHOICE, EXERCISE, FAILED, PROBLEM, ROWS, SMALL_DETAIL
from gallery import Gallery, Host, frame
from textual.app import App
from textual.widget import Widget

from tutor.course.model import Choice, Quiz
from tutor.session.snapshot import (
    CellRun,
    InputWanted,
    Output,
    OutputLine,
    Problem,
    TensorTable,
    Verdict,
)
from tutor.ui.widgets.exercise import ExerciseView
from tutor.ui.widgets.fold import Fold
from tutor.ui.widgets.prose import ProseView
from tutor.ui.widgets.quiz import QuizView
from tutor.ui.widgets.runnable import CellView
from tutor.ui.widgets.stepbar import StepBar, StepMark
from tutor.ui.widgets.tensor_view import TensorView
from tutor.ui.widgets.tensors import TensorsPanel
from tutor.wire.messages import Failure, Grid

BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def drawn_texts(app: App[Any]) -> Iterator[str]:
    """The text of every segment on the screen, with the titles that borders carry."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if not segment.control:
                yield segment.text


def assert_harmless(app: App[Any]) -> None:
    for text in drawn_texts(app):
        bad = [c for c in text if unicodedata.category(c) == "Cc" or c in BIDI]
        assert not bad, f"{bad!r} would reach the terminal in {text!r}"


@pytest.mark.parametrize("width", [36, 80, 120])
async def test_every_state_draws_within_its_width(width: int) -> None:
    app = Gallery()
    async with app.run_test(size=(width, 40)) as pilot:
        await pilot.pause()
        assert_harmless(app)
        scroller = app.screen.children[0]
        assert scroller.max_scroll_x == 0
        for exhibit in app.query(".exhibit > *").results(Widget):
            assert exhibit.region.width <= width, exhibit
        while scroller.scroll_y < scroller.max_scroll_y:
            scroller.scroll_relative(y=40, animate=False)
            await pilot.pause()
            assert max(map(len, frame(app).split("\n"))) <= width


@pytest.mark.parametrize("theme", ["tutor-light", "ansi-dark"])
async def test_every_state_draws_in_other_themes(theme: str) -> None:
    app = Gallery()
    async with app.run_test(size=(100, 40)) as pilot:
        if theme not in app.available_themes:
            pytest.skip(f"this Textual has no theme {theme}")
        app.theme = theme
        await pilot.pause()
        assert_harmless(app)


async def test_without_colours_states_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Gallery("cell done", "cell error", "cell stale", "exercise passed", "tensors")
    async with app.run_test(size=(80, 80)) as pilot:
        await pilot.pause()
        text = frame(app)
        for word in ("✓ done", "✗ error", "! stale", "✓ passed", "~ changed in place"):
            assert word in text


NASTY = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "\x90q\x9c",
    "\x07\x08\x00\x7f",
    "\u202egnp.exe",
    "[/b][red]x[/red][@click=app.quit]q[/]",
    "tab\tand\rreturn",
    "漢字 é 👩‍👩‍👧",
    "a\u0301\u0302",
    "x" * 300,
    "two\nlines",
    "",
)


def nasty(rng: random.Random) -> str:
    return " ".join(rng.choice(NASTY) for _ in range(rng.randint(1, 3)))


def hostile_widgets(rng: random.Random) -> list[Widget]:
    """One of each widget with nasty text in every field that others write."""
    n = lambda: nasty(rng)  # noqa: E731
    frames = tuple(
        msgspec.structs.replace(f, file=n(), function=n(), code=n()) for f in PROBLEM.frames
    )
    problem = Problem(n(), n(), frames, 1, n())
    # Output is sanitised by the session before; what else a worker names is not.
    output = Output((OutputLine("fine"),), 1)
    run = CellRun("b", "error", n(), 1, output=output, value=n(), problem=problem)
    grid = Grid(n(), n(), ((n(), n()), (n(), n())), ((0, 0),), n())
    assert FAILED.failure
    failure = Failure(n(), n(), (grid,), grid, grid, n(), "", n())
    cell = CellView(msgspec_cell(n()), n())
    cell.run = run
    cell.input_wanted = InputWanted("b", n())
    task = ExerciseView(
        type(EXERCISE)(
            id=n(), title=n(), starter=n(), checks="", checks_place=EXERCISE.checks_place,
            solution=n(), learnt=n(), hints=(n(), n()), place=EXERCISE.place,
        ),
        n(),
    )  # fmt: skip
    task.verdict = Verdict(False, True, 1, 2, n(), failure, problem)
    task.hints_shown = 2
    task.solution_shown = True
    broken = ExerciseView(EXERCISE, n())
    broken.verdict = Verdict(False, True, broken=n())
    question = QuizView(
        type(CHOICE)(
            "q", "choice", n(), CHOICE.place, n(),
            tuple(type(c)(n(), c.correct, n()) for c in CHOICE.choices), explain=n(),
        )
    )  # fmt: skip
    question.call_after_refresh(question.show_answer, ("0",))
    told = (Choice(n(), True, n()), Choice(n(), False, n()))
    blank = QuizView(
        Quiz("q", "blank", n(), CHOICE.place, f"{n()}____{n()}", accept=(n(),), wrong={n(): n()})
    )
    ordered = QuizView(
        Quiz(
            "q",
            "parsons",
            n(),
            CHOICE.place,
            lines=(n(), n()),
            orders=((0, 1),),
            distractors=told,
            wrong={"2 before 1": n()},
        )
    )
    ordered.call_after_refresh(ordered.show_answer, ("2", "1", "0"))
    fixed = QuizView(Quiz("q", "fix", n(), CHOICE.place, f"{n()}\n{n()}", choices=told, line=1))
    fixed.call_after_refresh(fixed.show_answer, ("1", "1"))
    row = msgspec.structs.replace(
        ROWS[6], path=n(), dtype=n(), device=n(), grad_fn=n(), alias_of=n(), shares=(n(), n()),
        note=n(),
    )  # fmt: skip
    detail = msgspec.structs.replace(
        SMALL_DETAIL, path=n(), row=row, slice_note=n(), values=((n(),) * 3, (n(),) * 3)
    )
    tensors = TensorsPanel(TensorTable((row, row), removed=(n(),)))
    tensors.styles.height = 8
    view = TensorView(detail)
    view.styles.height = 16
    return [
        cell, task, broken, question, blank, ordered, fixed, tensors, view,
        ProseView(n() + "\n\n```\n" + n() + "\n```\n"),
        StepBar((StepMark(n(), current=True),)), Fold(n(), lambda width: []),
    ]  # fmt: skip


def msgspec_cell(name: str) -> Any:
    return type(CELL)(name, "", CELL.place)


@pytest.mark.parametrize("seed", range(6))
async def test_no_control_code_reaches_the_screen_whatever_the_texts_hold(seed: int) -> None:
    app = Host(*hostile_widgets(random.Random(seed)))
    async with app.run_test(size=(random.Random(seed).choice((40, 80, 120)), 200)) as pilot:
        await pilot.pause()
        for fold in app.query(Fold):
            fold.expanded = True
        await pilot.pause()
        assert_harmless(app)
        assert app.is_running, "[@click=app.quit] is text"
