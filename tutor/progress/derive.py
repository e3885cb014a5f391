"""What follows from the events, without a database: blocks, places, drafts and days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tutor.progress import events as kinds
from tutor.progress.events import Event
from tutor.progress.model import BlockProgress, Day, LessonProgress

Key = tuple[str, str, str]
"""Pack, lesson, block."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the learner last stood in one lesson."""

    step: str
    block: str
    at: float
    event: int
    """The latest place of a pack is the one with the highest event."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The learner's latest text of a block, by its digest."""

    digest: str
    at: float
    window: str


@dataclass(slots=True)
class Derived:
    """Everything that the log says, of all packs."""

    blocks: dict[Key, BlockProgress] = field(default_factory=dict)
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    days: dict[Key, Day] = field(default_factory=dict)
    """By pack, lesson and calendar day."""
    drafts: dict[Key, Draft] = field(default_factory=dict)


def derive(log: Iterable[Event]) -> Derived:
    """Fold the whole log, in its order."""
    derived = Derived()
    for event in log:
        key = (event.pack, event.lesson, event.block)
        block = block_after(derived.blocks.get(key), event)
        if block is not None:
            derived.blocks[key] = block
        place = place_of(event)
        if place is not None:
            derived.places[event.pack, event.lesson] = place
        day_key = (event.pack, event.lesson, event.day)
        day = day_after(derived.days.get(day_key), event)
        if day is not None:
            derived.days[day_key] = day
        if event.kind == kinds.CODE_SAVED:
            derived.drafts[key] = draft_of(event)
        elif event.kind == kinds.CODE_RESET:
            derived.drafts.pop(key, None)
    return derived


def lesson_progress(log: Iterable[Event], pack: str, lesson: str) -> LessonProgress:
    """One lesson's progress, from nothing but the log."""
    derived = derive(event for event in log if (event.pack, event.lesson) == (pack, lesson))
    place = derived.places.get((pack, lesson))
    return LessonProgress(
        lesson,
        blocks={block: progress for (_, _, block), progress in derived.blocks.items()},
        step=place.step if place else "",
        block=place.block if place else "",
        seconds=sum(day.seconds for _, day in sorted(derived.days.items())),
    )


def block_after(before: BlockProgress | None, event: Event) -> BlockProgress | None:
    """A block's progress after one more event; None while nothing was done with it.

    Done stays done: a cell that fails later, or an answer that is tried again, takes nothing
    away. The digest is that of the text which was solved last.
    """
    said = event.payload
    block = before or BlockProgress(event.block)
    match event.kind:
        case kinds.CELL_RAN:
            return _attempted(block, _true(said, "ok"), _text(said, "digest"))
        case kinds.EXERCISE_CHECKED:
            return _attempted(block, _true(said, "passed"), _text(said, "digest"))
        case kinds.QUIZ_ANSWERED:
            given = said.get("answer")
            answer = tuple(map(str, given)) if isinstance(given, list | tuple) else ()
            block = replace(block, answer=answer)
            return _attempted(block, _true(said, "correct"), _text(said, "digest"))
        case kinds.HINT_OPENED:
            number = said.get("number")
            return replace(block, hints=max(block.hints, number if isinstance(number, int) else 0))
        case kinds.SOLUTION_OPENED:
            before_the_pass = block.state != "done" and not _true(said, "passed")
            return replace(block, solution_seen=block.solution_seen or before_the_pass)
        case _:
            return before


def place_of(event: Event) -> Place | None:
    """Where the event says the learner stands."""
    if event.kind != kinds.STOOD:
        return None
    return Place(_text(event.payload, "step"), event.block, event.at, event.id)


def day_after(before: Day | None, event: Event) -> Day | None:
    """One day of one lesson after one more event; None while nothing happened on it."""
    day = before or Day()
    if event.kind == kinds.TIME_SPENT:
        seconds = event.payload.get("seconds")
        return replace(day, seconds=day.seconds + _seconds(seconds))
    if event.kind in kinds.DEEDS:
        return replace(day, deeds=day.deeds + 1)
    return before


def draft_of(event: Event) -> Draft:
    """The draft that a `code_saved` event speaks of."""
    return Draft(_text(event.payload, "digest"), event.at, event.window)


def _attempted(block: BlockProgress, success: bool, digest: str) -> BlockProgress:
    if success:
        return replace(block, attempts=block.attempts + 1, state="done", digest=digest)
    state = "done" if block.state == "done" else "tried"
    return replace(block, attempts=block.attempts + 1, state=state)


def _true(payload: Any, name: str) -> bool:
    return payload.get(name) is True


def _text(payload: Any, name: str) -> str:
    value = payload.get(name, "")
    return value if isinstance(value, str) else ""


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and 0 < value < 86_400 else 0.0
