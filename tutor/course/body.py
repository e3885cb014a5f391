"""A lesson's text cut into headings, directives and the prose between them; nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from tutor.course.directives import Fence, read_info
from tutor.course.errors import Complaints


@dataclass(frozen=True, slots=True)
class Heading:
    """`## Title {#id}`: level 2, the title without markup, the id or ""."""

    level: int
    title: str
    id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """Prose: the lines from `start` up to but not including `end`, counted from 0."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Body:
    """What stands in the file, in order. `front` is the front matter and its first line."""

    front: str | None
    front_line: int
    pieces: tuple[Heading | Span | Fence, ...]
    lines: tuple[str | None, ...]
    """The text by line; None for lines that the app leaves out."""

    def text(self, start: int, end: int) -> str:
        """The source of these lines, without blank lines around it."""
        kept = [line for line in self.lines[start:end] if line is not None]
        while kept and not kept[0].strip():
            del kept[0]
        return "\n".join(kept).rstrip()

    def first_line(self, start: int, end: int) -> int:
        """Number of the first line there that has text, counted from 1."""
        for index in range(start, end):
            if (self.lines[index] or "").strip():
                return index + 1
        return start + 1


FOLD_TAG = re.compile(
    r"\s*(?:</?details(?:\s[^>]*)?>|<summary>.*?</summary>|</?summary>|\s)+\s*", re.IGNORECASE
)
"""A line of nothing but `<details>` and `<summary>` tags: for code hosts, dropped by the app."""

_EXPLICIT_ID = re.compile(r"\s*\{#([^}]*)\}\s*$")


def split(text: str, complaints: Complaints) -> Body:
    """Cut `text`, whose lines end in newlines only; complains of what cannot be read."""
    lines = text.split("\n")
    dropped = _fold_lines(text, lines)
    if dropped:
        text = "\n".join("" if i in dropped else line for i, line in enumerate(lines))
    front, front_line, start = None, 1, 0
    pieces: list[Heading | Span | Fence] = []

    def prose(end: int) -> None:
        if any(lines[i].strip() for i in range(start, end) if i not in dropped):
            pieces.append(Span(start, end))

    tokens = _markdown().parse(text)
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.level or token.map is None:
            continue
        first, last = token.map
        piece: Any = None
        match token.type:
            case "front_matter":
                front, front_line, start = token.content, first + 2, last
                continue
            case "heading_open":
                if not token.markup.startswith("#"):
                    complaints.add(
                        last,
                        f"a line of `{token.markup}` below text makes a heading of it: leave a "
                        "blank line above, or write the heading with #",
                    )
                    continue
                piece = _heading(token, following, complaints)
            case "fence":
                _complain_if_open(token, lines, complaints)
                piece = read_info(token.info, token.content.rstrip("\n"), first + 1, complaints)
                if piece is None:
                    continue
            case "html_block" if _is_comment(token.content):
                dropped.update(range(first, last))
                continue
            case _:
                continue
        prose(first)
        pieces.append(piece)
        start = last
    prose(len(lines))
    kept = tuple(None if i in dropped else line for i, line in enumerate(lines))
    return Body(front, front_line, tuple(pieces), kept)


def plain(markdown: str) -> str:
    """Inline Markdown without its markup: `` the `view` trap `` → `the view trap`."""
    tokens = _inline().parseInline(markdown)
    children = [child for token in tokens for child in token.children or ()]
    return "".join(child.content for child in children).strip()


@cache
def _markdown() -> MarkdownIt:
    """Blocks only: what stands inside a paragraph is drawn later, by whoever shows it."""
    markdown = MarkdownIt("commonmark").enable("table").use(front_matter_plugin)
    return markdown.disable(["inline", "text_join"], ignoreInvalid=True)


@cache
def _inline() -> MarkdownIt:
    return MarkdownIt("commonmark")


@cache
def _without_html() -> MarkdownIt:
    return MarkdownIt("commonmark").disable(["html_block", "inline"]).use(front_matter_plugin)


def _fold_lines(text: str, lines: list[str]) -> set[int]:
    """Indices of the lines of tags to drop: those that do not stand inside a fence."""
    found = {i for i, line in enumerate(lines) if "<" in line and FOLD_TAG.fullmatch(line)}
    if found:
        for token in _without_html().parse(text):
            if token.type in ("fence", "code_block") and token.map:
                found.difference_update(range(*token.map))
    return found


def _heading(token: Token, inline: Token | None, complaints: Complaints) -> Heading:
    assert token.map is not None
    source = inline.content if inline is not None and inline.type == "inline" else ""
    explicit = _EXPLICIT_ID.search(source)
    if explicit:
        source = source[: explicit.start()]
    title = plain(source)
    if not title:
        complaints.add(token.map[0] + 1, "this heading has no text; expected `## A few words`")
    return Heading(int(token.tag[1]), title, explicit[1] if explicit else "", *token.map)


def _complain_if_open(token: Token, lines: list[str], complaints: Complaints) -> None:
    assert token.map is not None
    first, last = token.map
    closing = lines[last - 1].strip() if last - 1 > first else ""
    mark = token.markup[0]
    if len(closing) < len(token.markup) or closing.strip(mark):
        complaints.add(
            first + 1, f"this fence is never closed: add a line `{token.markup}` after its code"
        )


def _is_comment(html: str) -> bool:
    html = html.strip()
    return html.startswith("<!--") and html.endswith("-->") and html.count("-->") == 1


def nested_directives(text: str) -> Iterator[tuple[int, str]]:
    """Line and info string of fences in lists or quotes that look like directives."""
    for token in _markdown().parse(text):
        if token.type == "fence" and token.level and token.map and len(token.info.split()) > 1:
            yield token.map[0] + 1, token.info
