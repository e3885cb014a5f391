"""Static rules over lessons that parse: what an author can be told without running anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tutor.course.errors import LessonError
from tutor.course.model import Lesson, Pack
from tutor.course.rules import code, exercises, links, questions, text
from tutor.course.rules.subject import Subject

Rule = Callable[[Subject], Iterator[LessonError]]

RULES: tuple[Rule, ...] = (
    text.titles,
    text.objectives,
    text.widths,
    text.step_lengths,
    text.hidden_directives,
    text.unseen,
    links.links,
    code.syntax,
    code.checks,
    code.outputs,
    exercises.help_enough,
    exercises.nothing_given_away,
    exercises.attempts_differ,
    questions.questions_explain,
    questions.answers_are_python,
)


def lint_lesson(subject: Subject) -> tuple[LessonError, ...]:
    """Everything that a rule found in one lesson, by line. Pure."""
    found = [finding for rule in RULES for finding in rule(subject)]
    return tuple(sorted(found, key=lambda finding: finding.place.line))


def lint_pack(pack: Pack) -> tuple[LessonError, ...]:
    """`lint_lesson` for every lesson of a pack, in its order."""
    files = pack_files(pack)
    return tuple(
        finding
        for lesson in pack.lessons()
        for finding in lint_lesson(Subject(lesson, lesson_text(lesson), files))
    )


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
