"""Events in, snapshots out: what the learner sees of runs, staleness and lost workers."""

from __future__ import annotations

from tutor.session.live import LiveState
from tutor.wire.messages import CellFailed, Displayed, InputRequested, TensorRow, TensorsChanged


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def make(order: tuple[str, ...] = ("a", "b", "c")) -> tuple[LiveState, Clock]:
    clock = Clock()
    live = LiveState(clock)
    live.lesson_order(order)
    return live, clock


def ran(live: LiveState, block: str, source: str, number: int) -> None:
    live.queued(block, source, number)
    live.started(block, source, number)
    live.finished("done", 0.001)


def test_a_run_tells_its_time_while_it_runs_and_after() -> None:
    live, clock = make()
    live.queued("a", "1+1", 1)
    assert live.snapshot().runs["a"].state == "queued"
    live.started("a", "1+1", 1)
    clock.now = 3.2
    assert live.snapshot().runs["a"].seconds == 3.2
    live.printed(b"hello\n")
    live.displayed(Displayed(1, "2"))
    live.finished("done", 3.5)
    run = live.snapshot().runs["a"]
    assert (run.state, run.seconds, run.value) == ("done", 3.5, "2")
    assert [line.text for line in run.output.lines] == ["hello"]


def test_later_cells_go_stale_only_when_an_earlier_text_changed() -> None:
    live, _ = make()
    ran(live, "a", "x = 1", 1)
    ran(live, "b", "x", 2)
    ran(live, "a", "x = 1", 3)
    assert not live.snapshot().runs["b"].stale
    ran(live, "a", "x = 2", 4)
    assert live.snapshot().runs["b"].stale
    ran(live, "b", "x", 5)
    assert not live.snapshot().runs["b"].stale


def test_a_later_cell_never_makes_an_earlier_one_stale() -> None:
    live, _ = make()
    ran(live, "a", "x = 1", 1)
    ran(live, "c", "y = 1", 2)
    ran(live, "c", "y = 2", 3)
    assert not live.snapshot().runs["a"].stale


def test_a_cancelled_queue_shows_the_last_run_again() -> None:
    live, _ = make()
    ran(live, "b", "old", 1)
    live.queued("a", "boom", 2)
    live.queued("b", "new", 3)
    live.queued("c", "never", 4)
    live.started("a", "boom", 2)
    live.failed(CellFailed(2, "ValueError", "no"))
    live.finished("error")
    live.unqueued()
    runs = live.snapshot().runs
    assert runs["b"].source == "old"
    assert runs["b"].state == "done"
    assert "c" not in runs
    assert live.snapshot().queue == ()


def test_a_lost_worker_keeps_what_was_printed() -> None:
    live, _ = make()
    live.started("a", "os._exit(0)", 1)
    live.printed(b"last words\n")
    live.worker_lost("ended itself with exit code 0")
    snapshot = live.snapshot()
    assert snapshot.lost == "ended itself with exit code 0"
    assert snapshot.runs["a"].state == "lost"
    assert snapshot.runs["a"].output.lines[0].text == "last words"
    assert snapshot.tensors.rows == ()
    live.worker_replaced()
    assert live.snapshot().generation == snapshot.generation + 1
    live.started("b", "1", 2)
    assert live.snapshot().lost == ""


def test_messages_of_another_run_are_ignored() -> None:
    live, _ = make()
    live.started("a", "1", 7)
    live.displayed(Displayed(6, "forged"))
    live.failed(CellFailed(6, "Forged", ""))
    run = live.snapshot().runs["a"]
    assert run.value == ""
    assert run.problem is None


def test_input_is_asked_for_and_echoed() -> None:
    live, _ = make()
    live.started("a", "input('name? ')", 1)
    live.input_requested(InputRequested("name? "))
    wanted = live.snapshot().input_wanted
    assert wanted is not None
    assert wanted.block == "a"
    live.input_answered("Ada")
    assert live.snapshot().input_wanted is None
    assert live.snapshot().runs["a"].output.lines[0].text == "name? Ada"


def test_the_same_question_again_is_a_new_one() -> None:
    """A debugger asks "(Pdb) " each time; the screen must notice, and empty and focus its field."""
    live, _ = make()
    live.started("a", "breakpoint()", 1)
    live.input_requested(InputRequested("(Pdb) "))
    first = live.snapshot().input_wanted
    live.input_answered("n")
    live.input_requested(InputRequested("(Pdb) "))
    assert live.snapshot().input_wanted != first


def test_every_text_of_a_worker_is_safe_to_draw() -> None:
    live, _ = make()
    live.started("a", "1", 1)
    live.displayed(Displayed(1, "\x1b]0;t\x07v"))
    live.failed(CellFailed(1, "E\x1b[2J", "m\x9b2J"))
    live.tensors_changed(TensorsChanged(1, (TensorRow("d['\x1b[2J']", (1,), "float32", "cpu"),)))
    live.finished("error")
    snapshot = live.snapshot()
    run = snapshot.runs["a"]
    assert run.problem is not None
    texts = (run.value, run.problem.kind, run.problem.message, snapshot.tensors.rows[0].path)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in "".join(texts))
