"""Rules for what a lesson promises: topics that it teaches, ids that stay."""

from __future__ import annotations

from collections.abc import Iterator

from tutor.course.errors import LessonError, suggestion
from tutor.course.recorded import lost_blocks
from tutor.course.rules.subject import Subject
from tutor.course.topics import claims_of, topics_line


def claims(subject: Subject) -> Iterator[LessonError]:
    """Topics exist, when the pack lists them, and `#…` names a step or block of the lesson."""
    line = topics_line(subject.text)
    for claim in claims_of(subject.lesson):
        if subject.topics and claim.topic not in subject.topics:
            near = suggestion(claim.topic, subject.topics) if len(subject.topics) < 20 else ""
            yield subject.at(line, f"the pack has no topic `{claim.topic}`; {near}".rstrip("; "))
        if claim.target and claim.step is None:
            ids = {step.id for step in subject.lesson.steps} | set(subject.lesson.tasks)
            yield subject.at(
                line,
                f"`{claim.topic}#{claim.target}`: the lesson has no such step or block; "
                f"{suggestion(claim.target, ids)}",
            )


def lasting_ids(subject: Subject) -> Iterator[LessonError]:
    """Ids that were recorded are still there."""
    yield from lost_blocks(subject.lesson, subject.recorded)
