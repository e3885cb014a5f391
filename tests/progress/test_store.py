"""What a learner did is there when they come back, and nothing they typed is lost."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.progress.living import Clock, live_a_little
from tutor.progress.derive import lesson_progress
from tutor.progress.model import BlockProgress
from tutor.progress.store import CHECKPOINT, ProgressStore

Window = Callable[[], ProgressStore]
LESSON = "tensors/create"


def all_tables(file: Path) -> dict[str, list[tuple]]:
    tables = ("blocks", "places", "days", "drafts", "texts")
    with sqlite3.connect(file) as connection:
        return {t: sorted(connection.execute(f"SELECT * FROM {t}").fetchall()) for t in tables}


def test_a_new_learner_has_done_nothing(store: ProgressStore) -> None:
    assert store.position() is None
    assert store.lesson(LESSON).state(("a",)) == "new"
    assert store.code(LESSON, "a") is None
    assert store.history(LESSON, "a") == ()
    assert (store.lessons(), store.days(), store.notice) == ({}, {}, "")


def test_everything_is_there_after_coming_back(window: Window, clock: Clock) -> None:
    first = window()
    first.stand_at(LESSON, "ones", "c1")
    first.cell_ran(LESSON, "c1", ok=True, digest="d1")
    first.cell_ran(LESSON, "c2", ok=False, digest="d2")
    first.exercise_checked(LESSON, "ex", passed=False, misconception="shape", digest="d3")
    first.hint_opened(LESSON, "ex", 2)
    first.hint_opened(LESSON, "ex", 1)
    first.solution_opened(LESSON, "ex", passed=False)
    first.exercise_checked(LESSON, "ex", passed=True, misconception="", digest="d3")
    first.quiz_answered(LESSON, "q", answer=("1", "3"), correct=False, digest="d4")
    first.time_spent(LESSON, 61.5)
    first.save_code(LESSON, "c1", "torch.ones(3)")
    first.close()

    again = window()
    lesson = again.lesson(LESSON)
    assert dict(lesson.blocks) == {
        "c1": BlockProgress("c1", "done", 1, digest="d1"),
        "c2": BlockProgress("c2", "tried", 1),
        "ex": BlockProgress("ex", "done", 2, hints=2, solution_seen=True, digest="d3"),
        "q": BlockProgress("q", "tried", 1, answer=("1", "3")),
    }
    assert (lesson.step, lesson.block, lesson.seconds) == ("ones", "c1", 61.5)
    position = again.position()
    assert position is not None
    assert (position.lesson, position.step, position.block) == (LESSON, "ones", "c1")
    assert position.at == clock.now
    assert again.code(LESSON, "c1") == "torch.ones(3)"
    day = again.days()[datetime.fromtimestamp(clock.now).date().isoformat()]
    assert (day.seconds, day.deeds) == (61.5, 5)


def test_continue_goes_where_the_learner_stood_last_even_if_the_clock_went_back(
    store: ProgressStore, clock: Clock
) -> None:
    store.stand_at(LESSON, "a", "")
    clock.now -= 10_000
    store.stand_at("tensors/index", "b", "")
    position = store.position()
    assert position is not None
    assert position.lesson == "tensors/index"


def test_packs_do_not_mix(store: ProgressStore, file: Path) -> None:
    store.cell_ran(LESSON, "c", ok=True, digest="")
    other = ProgressStore(file, "other")
    assert other.lessons() == {}
    assert other.days() == {}
    other.close()


def test_standing_still_is_written_once(store: ProgressStore) -> None:
    for _ in range(5):
        store.stand_at(LESSON, "a", "b")
    assert len(list(store.events())) == 1


@pytest.mark.parametrize("text", ["", "x = '☃ é 🎉'", "a\0b", "\ud800 pasted", "y\n" * 20_000])
def test_any_text_comes_back(store: ProgressStore, text: str) -> None:
    store.save_code(LESSON, "c", text)
    assert store.code(LESSON, "c") == text.replace("\ud800", "?")


def test_the_author_code_comes_back_and_the_own_text_stays_reachable(
    store: ProgressStore, clock: Clock
) -> None:
    store.save_code(LESSON, "c", "mine, first")
    store.restore_author_code(LESSON, "c")
    clock.now += 5
    store.save_code(LESSON, "c", "mine, second")
    store.restore_author_code(LESSON, "c")
    assert store.code(LESSON, "c") is None
    texts = store.history(LESSON, "c")
    assert [saved.text for saved in texts] == ["mine, second", "mine, first"]
    assert texts[0].at == texts[1].at + 5
    assert texts[0].reason == "the author's code was restored"

    store.save_code(LESSON, "c", texts[1].text)
    assert store.code(LESSON, "c") == "mine, first"


def test_taking_an_earlier_text_back_puts_the_present_one_away(store: ProgressStore) -> None:
    store.save_code(LESSON, "c", "old")
    store.restore_author_code(LESSON, "c")
    store.save_code(LESSON, "c", "new")
    store.save_code(LESSON, "c", "old")
    assert [saved.text for saved in store.history(LESSON, "c")] == ["new", "old"]


def test_restoring_what_was_never_changed_does_nothing(store: ProgressStore) -> None:
    store.restore_author_code(LESSON, "c")
    assert list(store.events()) == []


def test_of_two_windows_the_last_writer_wins_and_the_other_text_is_kept(window: Window) -> None:
    one, two = window(), window()
    one.save_code(LESSON, "c", "from one")
    two.save_code(LESSON, "c", "from two")
    assert one.code(LESSON, "c") == "from two"
    saved = two.history(LESSON, "c")
    assert [(text.text, text.reason) for text in saved] == [
        ("from one", "another window changed it")
    ]
    one.save_code(LESSON, "c", "from one, who has read two")
    assert len(one.history(LESSON, "c")) == 1


def test_coming_back_and_typing_on_is_no_conflict(window: Window) -> None:
    first = window()
    first.save_code(LESSON, "c", "yesterday")
    first.close()
    second = window()
    assert second.code(LESSON, "c") == "yesterday"
    second.save_code(LESSON, "c", "today")
    assert second.history(LESSON, "c") == ()


def test_typing_writes_an_event_a_minute_not_one_a_key(
    store: ProgressStore, clock: Clock, window: Window
) -> None:
    for number in range(600):
        clock.now += 1
        store.save_code(LESSON, "c", "x" * number)
    saved = [event for event in store.events() if event.kind == "code_saved"]
    assert 600 / CHECKPOINT - 1 <= len(saved) <= 600 / CHECKPOINT + 1
    assert window().code(LESSON, "c") == "x" * 599


def test_rebuilt_is_the_same_as_incremental(
    window: Window, store: ProgressStore, clock: Clock, file: Path
) -> None:
    live_a_little(store, clock)
    other = window()
    other.save_code("tensors/create", "b0", "from another window")
    live_a_little(other, clock, 7)
    lessons, days, position = store.lessons(), store.days(), store.position()
    code = {b: store.code("tensors/create", b) for b in ("b0", "b1", "b2", "b3", "b4")}
    store.rebuild()
    rebuilt_once = all_tables(file)
    assert (store.lessons(), store.days(), store.position()) == (lessons, days, position)
    assert {b: store.code("tensors/create", b) for b in code} == code

    with sqlite3.connect(file) as connection:  # whatever stood there, the log decides
        connection.execute("UPDATE blocks SET attempts = 99, state = 'new'")
        for table in ("places", "days", "drafts"):
            connection.execute(f"DELETE FROM {table}")
    assert store.lessons() != lessons
    store.rebuild()
    assert all_tables(file) == rebuilt_once
    assert (store.lessons(), store.days(), store.position()) == (lessons, days, position)


def test_the_pure_derivation_agrees_with_the_tables(store: ProgressStore, clock: Clock) -> None:
    live_a_little(store, clock)
    log = list(store.events())
    for lesson in ("tensors/create", "tensors/index"):
        assert lesson_progress(log, "pytorch", lesson) == store.lesson(lesson)


def test_other_kinds_of_events_are_kept_and_change_nothing(store: ProgressStore) -> None:
    store.record("review_done", LESSON, "card", grade=3, misconceptions=["transposed"])
    (event,) = store.events()
    assert (event.kind, event.payload) == (
        "review_done",
        {"grade": 3, "misconceptions": ["transposed"]},
    )
    assert store.lessons() == {}


def test_the_log_cannot_be_changed(store: ProgressStore, file: Path) -> None:
    store.cell_ran(LESSON, "c", ok=True, digest="")
    with sqlite3.connect(file) as connection:
        for statement in ("DELETE FROM events", "UPDATE events SET kind = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)


def test_every_call_is_fast_with_years_of_history(store: ProgressStore, clock: Clock) -> None:
    for _ in range(10):
        live_a_little(store, clock, 60)
    calls: list[Callable[[], object]] = [
        lambda: store.lesson(LESSON),
        lambda: store.lessons(),
        lambda: store.days(),
        lambda: store.position(),
        lambda: store.stand_at(LESSON, str(time.perf_counter()), "b"),
        lambda: store.cell_ran(LESSON, "b1", ok=True, digest="d"),
        lambda: store.save_code(LESSON, "b1", f"x = {time.perf_counter()}" * 50),
        lambda: store.code(LESSON, "b1"),
        lambda: store.history(LESSON, "b0"),
        lambda: store.time_spent(LESSON, 15),
    ]
    for call in calls:
        took = []
        for _ in range(50):
            began = time.perf_counter()
            call()
            took.append(time.perf_counter() - began)
        assert statistics.median(took) < 0.005


def test_closing_twice_is_fine(store: ProgressStore) -> None:
    store.close()
    store.close()
