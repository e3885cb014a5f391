"""What follows from events, without a database."""

from __future__ import annotations

import pytest

from tutor.progress import events as kinds
from tutor.progress.derive import block_after, derive, lesson_progress
from tutor.progress.events import Event, decode, encode
from tutor.progress.model import BlockProgress


def event(kind: str, **payload: object) -> Event:
    return Event(kind, "a/b", "x", payload, "p", day="2026-01-01")


def test_done_stays_done_and_remembers_what_was_solved() -> None:
    block = block_after(None, event(kinds.EXERCISE_CHECKED, passed=True, digest="v1"))
    block = block_after(block, event(kinds.EXERCISE_CHECKED, passed=False, digest="v2"))
    assert block == BlockProgress("x", "done", 2, digest="v1")
    block = block_after(block, event(kinds.EXERCISE_CHECKED, passed=True, digest="v2"))
    assert block == BlockProgress("x", "done", 3, digest="v2")


@pytest.mark.parametrize(("passed_first", "seen"), [(True, False), (False, True)])
def test_a_solution_counts_as_seen_only_before_the_pass(passed_first: bool, seen: bool) -> None:
    log = [
        event(kinds.EXERCISE_CHECKED, passed=True),
        event(kinds.SOLUTION_OPENED, passed=passed_first),
    ]
    progress = lesson_progress(log if passed_first else log[::-1], "p", "a/b")
    assert progress.of("x").solution_seen is seen
    assert progress.of("x").state == "done"


@pytest.mark.parametrize(
    "payload",
    [{}, {"passed": "yes"}, {"ok": 1, "seconds": "x", "number": None, "answer": 3, "digest": 4}],
)
def test_a_payload_of_another_make_is_passed_over(payload: dict[str, object]) -> None:
    names = [name for name in vars(kinds) if name.isupper() and isinstance(vars(kinds)[name], str)]
    log = [Event(vars(kinds)[name], "a/b", "x", payload, "p") for name in names]
    assert lesson_progress(log, "p", "a/b").of("x").state != "done"
    assert derive(log).days[("p", "a/b", "")].seconds == 0


def test_payloads_survive_writing_down() -> None:
    payload = {"answer": ["ü", "\ud800"], "n": 1.5, "yes": True}
    assert decode(encode(payload)) == payload
    assert decode("[1]") == decode("not json") == {}
