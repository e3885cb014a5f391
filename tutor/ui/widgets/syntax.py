"""Colours for Python source: one tree-sitter query, compiled once, and what its captures mean."""

from __future__ import annotations

from functools import lru_cache

import tree_sitter_python
from textual.content import Content, Span
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from tutor.text import sanitize

ROLES: dict[str, tuple[str, str]] = {
    "argument": ("$text-secondary", "none"),
    "function": ("$text-primary", "none"),
    "type": ("$text-secondary", "bold"),
    "constant": ("$text-warning", "none"),
    "number": ("$text-warning", "none"),
    "keyword": ("$text-accent", "none"),
    "string": ("$text-success", "none"),
    "escape": ("$text-warning", "none"),
    "decorator": ("$text-accent", "italic"),
    "comment": ("$text-muted", "italic"),
}
"""Role → (theme colour, text style). Later roles are drawn over earlier ones."""

_QUERY = """
(comment) @comment
(string) @string
(escape_sequence) @escape
(interpolation "{" @escape "}" @escape)
[(integer) (float)] @number
[(true) (false) (none)] @constant
((identifier) @constant (#match? @constant "^[A-Z][A-Z0-9_]+$"))
((identifier) @type (#match? @type "^[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$"))
(function_definition name: (identifier) @function)
(call function: (identifier) @function)
(call function: (attribute attribute: (identifier) @function))
(keyword_argument name: (identifier) @argument)
(type (identifier) @type)
(decorator) @decorator
["and" "as" "assert" "async" "await" "break" "class" "continue" "def" "del" "elif" "else"
 "except" "finally" "for" "from" "global" "if" "import" "in" "is" "lambda" "nonlocal" "not"
 "or" "pass" "raise" "return" "try" "while" "with" "yield" "match" "case"] @keyword
"""

LineSpans = tuple[tuple[int, int, str], ...]
"""(start column, end column, role) in code points, in drawing order."""


def css(selector: str) -> str:
    """CSS rules that give `selector` a component class `code--<role>` for every role."""
    return "\n".join(
        f"{selector} .code--{role} {{ color: {colour}; text-style: {style}; }}"
        for role, (colour, style) in ROLES.items()
    )


def component_classes() -> set[str]:
    """The names that `css` styles."""
    return {f"code--{role}" for role in ROLES}


@lru_cache(maxsize=64)
def line_spans(source: str) -> tuple[LineSpans, ...]:
    """What to colour on each line of `source` (lines as split at "\\n")."""
    lines = source.split("\n")
    spans: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    captures = _captures(source)
    for role in ROLES:
        for node in captures.get(role, ()):
            (first, start), (last, end) = node.start_point, node.end_point
            for row in range(first, min(last, len(lines) - 1) + 1):
                line = lines[row]
                left = _column(line, start) if row == first else 0
                right = _column(line, end) if row == last else len(line)
                if left < right:
                    spans[row].append((left, right, role))
    return tuple(map(tuple, spans))


def highlight(source: str) -> list[Content]:
    """`source` as coloured lines; it is sanitised first, tabs become four spaces."""
    source = sanitize(source).expandtabs(4)
    return [
        Content(line, spans=[Span(start, end, _style(role)) for start, end, role in spans])
        for line, spans in zip(source.split("\n"), line_spans(source), strict=True)
    ]


def _style(role: str) -> str:
    colour, text_style = ROLES[role]
    return colour if text_style == "none" else f"{colour} {text_style}"


def _captures(source: str) -> dict[str, list[Node]]:
    language, query = _compiled()
    tree = Parser(language).parse(source.encode("utf-8", "surrogatepass"))
    return QueryCursor(query).captures(tree.root_node)


@lru_cache(maxsize=1)
def _compiled() -> tuple[Language, Query]:
    language = Language(tree_sitter_python.language())
    return language, Query(language, _QUERY)


def _column(line: str, byte: int) -> int:
    """The code point column at `byte` of the line's UTF-8 form."""
    if line.isascii():
        return min(byte, len(line))
    return len(line.encode("utf-8", "surrogatepass")[:byte].decode("utf-8", "ignore"))
