"""Static rules over lessons that parse: what an author can be told without running anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tutor.course.errors import LessonError
from tutor.course.model import Lesson, Pack
from tutor.course.recorded import lost_lessons, read_recorded
from tutor.course.rules import code, exercises, links, promises, questions, text, words
from tutor.course.rules.subject import Subject
from tutor.course.topic_table import table_finding
from tutor.course.topics import read_topics, topic_findings

Rule = Callable[[Subject], Iterator[LessonError]]

RULES: tuple[Rule, ...] = (
    text.titles,
    text.objectives,
    text.widths,
    text.step_lengths,
    text.hidden_directives,
    text.unseen,
    words.words,
    links.links,
    promises.claims,
    promises.lasting_ids,
    code.syntax,
    code.checks,
    code.outputs,
    exercises.help_enough,
    exercises.counts,
    exercises.nothing_given_away,
    exercises.attempts_differ,
    questions.questions_explain,
    questions.answers_are_python,
)


def lint_lesson(subject: Subject) -> tuple[LessonError, ...]:
    """Everything that a rule found in one lesson, by line. Pure."""
    found = [finding for rule in RULES for finding in rule(subject)]
    return tuple(sorted(found, key=lambda finding: finding.place.line))


def lint_lessons(pack: Pack, lessons: tuple[Lesson, ...]) -> tuple[LessonError, ...]:
    """`lint_lesson` for some lessons of a pack."""
    files = pack_files(pack)
    topics = {topic.id: topic.title for topic in read_topics(pack.root)[0]}
    recorded = read_recorded(pack.root)
    subjects = (
        Subject(lesson, lesson_text(lesson), files, topics, recorded, pack.trusted)
        for lesson in lessons
    )
    return tuple(finding for subject in subjects for finding in lint_lesson(subject))


def lint_pack(pack: Pack) -> tuple[LessonError, ...]:
    """`lint_lesson` for every lesson of a pack, in its order, and what concerns the whole."""
    return (*lint_lessons(pack, tuple(pack.lessons())), *lint_whole(pack))


def lint_whole(pack: Pack) -> tuple[LessonError, ...]:
    """What can be said only with every lesson at hand: topics, their table, lessons that went."""
    topics, found = read_topics(pack.root)
    found += topic_findings(pack, topics)
    found += lost_lessons(pack, read_recorded(pack.root))
    stale = table_finding(pack, topics)
    return (*found, stale) if stale else tuple(found)


def lesson_text(lesson: Lesson) -> str:
    """The text of its file, with newlines only."""
    text = lesson.path.read_bytes().decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def pack_files(pack: Pack) -> dict[str, frozenset[str]]:
    """Every file of the pack as a path from its root, with the step ids of its lessons."""
    steps = {
        f"{lesson.id}.md": frozenset(step.id for step in lesson.steps) for lesson in pack.lessons()
    }
    return {name: steps.get(name, frozenset()) for name in _names(pack.root)}


def _names(root: Path) -> Iterator[str]:
    return (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
