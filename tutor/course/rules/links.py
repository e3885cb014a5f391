"""Rule for links: what they point to is in the pack, or on the web."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tutor.course.errors import LessonError, suggestion
from tutor.course.model import Prose
from tutor.course.rules.subject import Subject

_WEB = ("https", "http", "mailto")


def links(subject: Subject) -> Iterator[LessonError]:
    """Relative links name a file of the pack, and `#…` a step in it; images are not shown."""
    markdown = MarkdownIt("commonmark").enable("table")
    markdown.validateLink = lambda url: True  # what a browser would refuse is to be reported
    for _, block in subject.lesson.blocks():
        if not isinstance(block, Prose):
            continue
        line = 0
        for token in markdown.parse(block.text):
            line = token.map[0] if token.map else line
            for child in token.children or ():
                problem = _problem(subject, child)
                if problem:
                    yield subject.at(block.place.line + line, problem)


def _problem(subject: Subject, token: Token) -> str:
    if token.type == "image":
        return f"the image `{token.attrGet('src')}` is not shown in a terminal; describe it"
    if token.type != "link_open":
        return ""
    href = str(token.attrGet("href") or "")
    try:
        parts = urlsplit(href)
    except ValueError:
        return f"the link `{href}` cannot be read"
    if parts.scheme or parts.netloc:
        known = parts.scheme in _WEB
        return "" if known else f"the link `{href}` leads neither to the web nor into the pack"
    here = f"{subject.lesson.id}.md"
    path = unquote(parts.path)
    target = posixpath.normpath(posixpath.join(posixpath.dirname(here), path)) if path else here
    if path.startswith("/") or target.startswith("../"):
        return f"the link `{href}` leads out of the pack"
    ids = subject.files.get(target)
    if ids is None:
        return f"the link `{href}` leads to {target}, which the pack lacks"
    if parts.fragment and target.endswith(".md") and parts.fragment not in ids:
        near = suggestion(parts.fragment, ids)
        return f"the link `{href}`: {target} has no step `{parts.fragment}`; {near}"
    return ""
