"""The topics that a pack promises to teach, and the lessons that claim them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor.course.errors import Complaints, LessonError, Level
from tutor.course.model import Lesson, Pack, Place, Prose, Step
from tutor.course.tables import read_table, text_of

TOPICS = "topics.toml"
"""Name of the file: a table for each group of topics, in it `id = "title"`."""
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Topic:
    """One line of the file."""

    id: str
    title: str
    group: str
    line: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A lesson says that it teaches a topic, at best with the step or block where it does."""

    topic: str
    target: str
    lesson: Lesson
    step: Step | None
    """Where `target` is; None when there is no such step or block."""


def read_topics(root: Path) -> tuple[tuple[Topic, ...], list[LessonError]]:
    """The topics of the pack in `root`, none when it has no such file; and what is wrong there."""
    path = root / TOPICS
    if not path.is_file():
        return (), []
    complaints = Complaints(path)
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = text.split("\n")
    found: dict[str, Topic] = {}
    for group, topics in (read_table(text, 0, complaints) or {}).items():
        if not isinstance(topics, dict):
            complaints.add(1, f'`{group}` stands outside a group; expected ["A group"] above it')
            continue
        for name in topics:
            line = next((n for n, row in enumerate(lines, 1) if row.startswith(f"{name} ")), 1)
            title = text_of(topics, name, f"the group “{group}”", line, complaints)
            if name in found:
                complaints.add(line, f"the topic `{name}` stands in two groups")
            found.setdefault(name, Topic(name, title, group, line))
    return tuple(found.values()), complaints.found


def claims_of(lesson: Lesson) -> Iterator[Claim]:
    """In the order of its front matter."""
    for written in lesson.topics:
        topic, _, target = written.partition("#")
        yield Claim(topic.strip(), target.strip(), lesson, _step(lesson, target.strip()))


def topic_findings(pack: Pack, topics: Sequence[Topic]) -> Iterator[LessonError]:
    """What is missing in a whole pack: topics that nobody claims, claims without a place.

    Errors, unless the pack says `topics_complete = false`; then one warning for each.
    """
    if not topics:
        return
    claims = [claim for lesson in pack.lessons() for claim in claims_of(lesson)]
    claimed = {claim.topic for claim in claims}
    path = pack.root / TOPICS
    missing = [topic for topic in topics if topic.id not in claimed]
    if pack.topics_complete:
        for topic in missing:
            yield LessonError(
                Place(path, topic.line), f"no lesson claims {topic.id}, “{topic.title}”"
            )
    elif missing:
        names = ", ".join(topic.id for topic in missing[:_SHOWN])
        more = " …" if len(missing) > _SHOWN else ""
        text = f"{len(missing)} of {len(topics)} topics are claimed by no lesson: {names}{more}"
        yield LessonError(Place(path, 1), text, "warning")
    vague = [claim for claim in claims if not claim.target]
    if vague:
        level: Level = "error" if pack.topics_complete else "warning"
        names = ", ".join(dict.fromkeys(claim.lesson.id for claim in vague))
        yield LessonError(
            Place(path, 1),
            f"{len(vague)} of {len(claims)} claims do not say which step or block teaches the "
            f'topic; expected such as "{vague[0].topic}#some-step". They are in: {names}',
            level,
        )


def topics_line(text: str) -> int:
    """The line of a lesson's file on which its claims stand."""
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"topics\s*:", line):
            return number
    return 1


def _step(lesson: Lesson, target: str) -> Step | None:
    for step in lesson.steps:
        blocks = (block.id for block in step.blocks if not isinstance(block, Prose))
        if target and (target == step.id or target in blocks):
            return step
    return None
