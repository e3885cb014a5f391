"""Rules for the text: widths, tabs, lengths of steps, and what the app could not show."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin

from tutor.course.body import Heading, nested_directives
from tutor.course.errors import LessonError
from tutor.course.model import Block, Cell, Exercise, Prose, Quiz, Step
from tutor.course.parts import FEEDBACK
from tutor.course.rules.subject import Subject

COLUMNS = 72
TABLE_COLUMNS = 78
STEP_LINES = 45
"""A step longer than this is hard to keep in view; over a third more it is an error."""


def widths(subject: Subject) -> Iterator[LessonError]:
    """Code and prose fit 72 columns, tables 78. TOML, which the app wraps, is free."""
    free, code = _fenced(subject)
    for number, line in enumerate(subject.body.lines, 1):
        if line is None or number in free:
            continue
        if "\t" in line and number in code:
            yield subject.at(number, "a tab in code; expected spaces")
        table = line.lstrip().startswith("|") and number not in code
        limit = TABLE_COLUMNS if table else COLUMNS
        width = columns(line)
        unbreakable = number not in code and len(line.split()) == 1
        if width > limit and not unbreakable:
            yield subject.at(number, f"{width} columns; expected at most {limit}")


def columns(line: str) -> int:
    """Width of a line in a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in line)
    marks = sum(unicodedata.combining(c) != 0 for c in line)
    return len(line.expandtabs(4)) + wide - marks


def step_lengths(subject: Subject) -> Iterator[LessonError]:
    """A step is shown alone, and fits about one screen."""
    for step in subject.lesson.steps:
        length = step_lines(step)
        if length > STEP_LINES:
            level = "error" if length > STEP_LINES * 4 / 3 else "warning"
            yield subject.at(
                step.place.line,
                f"the step “{step.title}” has {length} lines; expected about {STEP_LINES} at most: "
                "divide it with another `##`",
                level,
            )


def step_lines(step: Step) -> int:
    """How many lines the learner sees of a step before doing anything, borders left out."""
    return 1 + sum(map(_lines, step.blocks))


def titles(subject: Subject) -> Iterator[LessonError]:
    """The `#` heading and the title of the front matter are the same words."""
    for piece in subject.body.pieces:
        if isinstance(piece, Heading) and piece.level == 1:
            if piece.title != subject.lesson.title:
                yield subject.at(
                    piece.start + 1,
                    f"the heading is “{piece.title}”, the front matter says "
                    f"“{subject.lesson.title}”; expected the same",
                )
            return


def objectives(subject: Subject) -> Iterator[LessonError]:
    """One to five objectives."""
    count = len(subject.lesson.objectives)
    if not 1 <= count <= 5:
        yield subject.at(1, f"{count} objectives; expected 1 to 5")


def hidden_directives(subject: Subject) -> Iterator[LessonError]:
    """A directive in a list or a quote is plain text to the app, which no author wants."""
    for line, info in nested_directives("\n".join(line or "" for line in subject.body.lines)):
        yield subject.at(
            line, f"`{info}` stands inside a list or a quote, where it is not run; move it out"
        )


def unseen(subject: Subject) -> Iterator[LessonError]:
    """HTML and link definitions are not shown, since each step is drawn for itself."""
    for _, block in subject.lesson.blocks():
        if not isinstance(block, Prose):
            continue
        env: dict[str, dict[str, object]] = {}
        for token in MarkdownIt("commonmark").parse(block.text, env):
            if token.type == "html_block" and token.map:
                line = block.place.line + token.map[0]
                yield subject.at(line, "HTML is not shown by the app; write Markdown", "warning")
        if env.get("references"):
            yield subject.at(
                block.place.line,
                "a link definition `[name]: target` reaches only its own paragraph group; "
                "expected `[text](target)`",
            )


def _fenced(subject: Subject) -> tuple[set[int], set[int]]:
    """Line numbers that may have any width, and those of code."""
    markdown = MarkdownIt("commonmark").use(front_matter_plugin).disable("inline")
    text = "\n".join(line or "" for line in subject.body.lines)
    free: set[int] = set()
    code: set[int] = set()
    for token in markdown.parse(text):
        if token.map is None or token.type not in ("fence", "front_matter", "code_block"):
            continue
        first, last = token.map
        inside = range(first + 2, last)
        if token.type == "front_matter" or token.info.startswith("toml"):
            free.update(range(first + 1, last + 1))
        elif token.type == "code_block":
            code.update(range(first + 1, last + 1))
        else:
            free.update((first + 1, last))
            code.update(inside)
            if token.content.lstrip().startswith(FEEDBACK):
                free.add(first + 2)
    return free, code


def _lines(block: Block) -> int:
    match block:
        case Prose():
            return block.text.count("\n") + 2
        case Cell():
            output = block.output.text.count("\n") + 1 if block.output else 0
            return block.source.count("\n") + 2 + output
        case Exercise():
            return block.starter.count("\n") + 3
        case Quiz():
            code = block.code.count("\n") + 1 if block.code else 0
            answers = max(1, len(block.choices), len(block.pieces))
            return len(block.prompt) // COLUMNS + 2 + code + answers
