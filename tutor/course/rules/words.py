"""Rule for words: what is easy for the author need not be for the reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt

from tutor.course.errors import LessonError
from tutor.course.model import Prose
from tutor.course.rules.subject import Subject

_BELITTLING = re.compile(r"\b(just|simply|obviously)\b", re.IGNORECASE)


def words(subject: Subject) -> Iterator[LessonError]:
    """Prose says none of "just", "simply" and "obviously"; code may."""
    markdown = MarkdownIt("commonmark").enable("table")
    for _, block in subject.lesson.blocks():
        if not isinstance(block, Prose):
            continue
        for token in markdown.parse(block.text):
            if token.type != "inline" or token.map is None:
                continue
            line = block.place.line + token.map[0]
            for child in token.children or ():
                if child.type in ("softbreak", "hardbreak"):
                    line += 1
                for word in _BELITTLING.findall(child.content if child.type == "text" else ""):
                    yield subject.at(
                        line, f"“{word}” belittles the reader; leave it out", "warning"
                    )
