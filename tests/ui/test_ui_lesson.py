"""A learner works through real lessons with a real worker."""

from __future__ import annotations

from tests.ui.conftest import Open
from tutor.course.model import Quiz
from tutor.course.quizzes.choices import shown_order
from tutor.progress.store import ProgressStore
from tutor.session.session import Session
from tutor.ui.screens.dialogs import Choose, Confirm
from tutor.ui.screens.history import HistoryScreen
from tutor.ui.screens.tensor import TensorScreen
from tutor.ui.widgets.exercise import ExerciseView
from tutor.ui.widgets.stepbar import StepBar
from tutor.ui.widgets.tensors import TensorsPanel

CREATE = "tensors/create"
RIGHT = "def scoreboard(players, rounds):\n    return torch.full((players, rounds), -1.0)\n"
WRONG = "def scoreboard(players, rounds):\n    return torch.full((players, rounds), -1)\n"


async def test_a_cell_runs_and_shows_its_output_and_its_tensors(
    open_app: Open, session: Session, store: ProgressStore
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.shows("Rain on a roof", "not run")
        await driver.press("f5")
        await driver.shows("✓ done", "tensor([80., 10., 50.])")
        await driver.until(
            lambda: [r.path for r in driver.one(TensorsPanel).table.rows] == ["rain"]
        )
        await driver.until(lambda: driver.one(StepBar).steps[0].state == "done")
        assert store.lesson(CREATE).of("first").state == "done"


async def test_output_appears_while_the_cell_still_runs(open_app: Open, session: Session) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.press("enter", "f7")
        await driver.type("print('first words', flush=True)\nwhile True: pass")
        await driver.press("ctrl+r")
        await driver.shows("first words", "● running")
        await driver.press("ctrl+g")
        await driver.shows("interrupted after")


async def test_a_stopped_loop_leaves_names_and_worker(open_app: Open, session: Session) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.press("f5")
        await driver.shows("✓ done")
        generation = driver.app.snapshot.generation
        await driver.press("enter", "f7")
        await driver.type("while True: pass")
        await driver.press("f5")
        await driver.shows("● running")
        await driver.press("ctrl+c")
        await driver.shows("interrupted after")
        await driver.press("f7")
        await driver.type("print('sum', float(rain.sum()))")
        await driver.press("f5")
        await driver.shows("sum 7.0")
        assert driver.app.snapshot.generation == generation


async def test_ctrl_c_with_a_selection_copies_and_stops_nothing(
    open_app: Open, session: Session
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.press("enter", "f7", "ctrl+c")
        await driver.until(lambda: driver.app.clipboard.startswith("print(len("))
        await driver.press("escape", "ctrl+c")
        await driver.shows("Nothing is running")


async def test_a_failing_exercise_says_why_then_hints_then_it_passes(
    open_app: Open, session: Session, store: ProgressStore
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.step("a-blank-scoreboard")
        await driver.press("enter", "f7")
        await driver.type(WRONG)
        await driver.press("f8")
        await driver.shows("✗ Not yet", "whole ones (int64)", "attempt 1", "F3 hint 1 of")
        await driver.press("f3")
        await driver.shows("▾ hint 1 of")
        await driver.press("ctrl+f")
        await driver.shows("▸ hint 1 of", "▾ hint 2 of")
        await driver.press("f7")
        await driver.type(RIGHT)
        await driver.press("ctrl+s")
        await driver.shows("✓ Passed.", "Ctrl+N next")
        done = store.lesson(CREATE).of("scoreboard")
        assert (done.state, done.attempts, done.hints, done.solution_seen) == ("done", 2, 2, False)
        await driver.press("f3")
        await driver.shows("the author's solution")
        await driver.press("ctrl+n")
        await driver.shows("Ticks on an axis")


async def test_the_solution_before_the_pass_is_asked_for_and_noted(
    open_app: Open, session: Session, store: ProgressStore
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.step("a-blank-scoreboard")
        hints = len(driver.lesson.step_view.exercises[0].exercise.hints)
        await driver.press(*["f3"] * (hints + 1))
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        await driver.press("escape")
        await driver.pilot.pause()
        view = driver.block("scoreboard")
        assert isinstance(view, ExerciseView)
        assert not view.solution_shown
        await driver.press("f3")
        await driver.press("tab", "enter")
        await driver.shows("the author's solution", "full takes its dtype")
        assert store.lesson(CREATE).of("scoreboard").solution_seen


async def test_a_crash_in_an_exercise_is_content_not_an_error_of_the_app(
    open_app: Open, session: Session
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.step("a-blank-scoreboard")
        await driver.press("enter", "f7")
        await driver.type("def scoreboard(players, rounds):\n    return torch.full(players, -1.0)")
        await driver.press("f8")
        await driver.shows("✗", "TypeError")


async def test_a_question_is_answered_by_keyboard(
    open_app: Open, session: Session, store: ProgressStore
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.step("check-one-bracket-more")
        await driver.press(*"(3, 2)", "enter")
        await driver.shows("✗ Not yet", "that 1 counts as a dimension")
        assert store.lesson(CREATE).of("brackets").state == "tried"
        await driver.press("ctrl+u", *"(1,3,2)", "enter")
        await driver.shows("✓ Right.", "a batch of one example")
        assert store.lesson(CREATE).of("brackets").state == "done"
        await driver.step("check-what-is-taken-over")
        question = driver.lesson.bench.lesson.block("taken-over")
        assert isinstance(question, Quiz)
        right = (
            n for n, place in enumerate(shown_order(question), 1) if question.choices[place].correct
        )
        await driver.press(*map(str, right), "enter")
        await driver.until(lambda: store.lesson(CREATE).of("taken-over").state == "done")


async def test_code_and_place_are_there_when_the_learner_comes_back(
    open_app: Open, session: Session, store: ProgressStore
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.step("count-the-brackets")
        await driver.press("enter", "f7")
        await driver.type("mine = torch.arange(7)\nmine")
        await driver.press("ctrl+q")
    async with open_app(session) as driver:
        await driver.shows("Continue", "step 2 of 17: Count the brackets · ranks")
        await driver.press("enter")
        await driver.shows("mine = torch.arange(7)")
        focused = driver.lesson.focused_block()
        assert focused is not None
        assert focused.block_id == "ranks"
        await driver.press("f5")
        await driver.shows("tensor([0, 1, 2, 3, 4, 5, 6])")
        await driver.press("f2")
        await driver.shows("Continue")
        await driver.press("enter")
        await driver.shows("mine = torch.arange(7)", "✓ done")


async def test_typed_text_is_saved_without_leaving(
    open_app: Open, session: Session, store: ProgressStore
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.press("enter", "f7")
        await driver.type("x = 1")
        await driver.until(lambda: store.code(CREATE, "first") == "x = 1", timeout=2)


async def test_reset_brings_the_authors_text_and_history_brings_mine_back(
    open_app: Open, session: Session, store: ProgressStore
) -> None:
    async with open_app(session, CREATE) as driver:
        author = driver.block("first").text
        await driver.press("enter", "f7")
        await driver.type("my_own = 3")
        await driver.press("f9")
        await driver.until(lambda: driver.block("first").text == author)
        await driver.until(lambda: store.code(CREATE, "first") in (None, author))
        await driver.press("f9")
        await driver.until(lambda: isinstance(driver.app.screen, HistoryScreen))
        await driver.shows("my_own = 3")
        await driver.press("enter")
        await driver.until(lambda: driver.block("first").text == "my_own = 3")
        assert driver.app.focused is driver.block("first").editor


async def test_editing_an_earlier_cell_marks_the_later_ones(
    open_app: Open, session: Session
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.press("f5")
        await driver.shows("✓ done")
        await driver.press("ctrl+n", "f5")
        await driver.until(lambda: "✓ done" in driver.text and "Count the brackets" in driver.text)
        await driver.press("ctrl+b", "tab", "enter", "f7")
        await driver.type("rain = torch.zeros(3)")
        await driver.shows("stale: changed since it ran")
        await driver.press("ctrl+n")
        await driver.shows("stale: an earlier cell changed")


async def test_a_lost_worker_is_said_plainly_and_run_all_above_restores(
    open_app: Open, session: Session
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.press("f5")
        await driver.shows("✓ done")
        await driver.press("ctrl+n", "enter", "f7")
        await driver.type("import os; os._exit(3)")
        await driver.press("f5")
        await driver.shows("! The worker was lost: it ended itself with exit code 3", "F10")
        await driver.until(lambda: driver.app.snapshot.phase == "ready")
        assert not driver.app.snapshot.tensors.rows
        await driver.press("f10")
        await driver.until(lambda: [r.path for r in driver.app.snapshot.tensors.rows] == ["rain"])
        await driver.until(lambda: "The worker was lost" not in driver.text)


async def test_a_restart_asks_once_there_is_something_to_forget(
    open_app: Open, session: Session
) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.press("f5")
        await driver.shows("✓ done", "rain")
        generation = driver.app.snapshot.generation
        await driver.press("ctrl+l")
        await driver.until(lambda: isinstance(driver.app.screen, Choose))
        await driver.press("enter")
        await driver.until(lambda: driver.app.snapshot.generation > generation)
        await driver.shows("○ not run", "● ready")
        assert driver.app.focused is driver.block("first")
        assert not driver.app.snapshot.tensors.rows


async def test_a_tensor_opens_full_screen_and_closes_again(
    open_app: Open, session: Session
) -> None:
    async with open_app(session, CREATE, size=(80, 24)) as driver:
        await driver.press("f5")
        await driver.shows("✓ done")
        focused = driver.app.focused
        await driver.press("f4")
        await driver.shows("Tensors", "rain", "f32")
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, TensorScreen))
        await driver.shows("rain", "float32", "0.5")
        await driver.press("escape", "escape")
        await driver.until(lambda: driver.app.focused is focused)
        assert not driver.lesson.query_one("Inspector").display


async def test_input_is_asked_for_in_the_cell(open_app: Open, session: Session) -> None:
    async with open_app(session, CREATE) as driver:
        await driver.press("enter", "f7")
        await driver.type("name = input('who? ')\nprint('hello', name)")
        await driver.press("f5")
        await driver.shows("? who?")
        await driver.press(*"Ada", "enter")
        await driver.shows("hello Ada", "✓ done")
