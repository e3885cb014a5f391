"""Markdown of a prose block → coloured lines for a given width; a pure function."""

from __future__ import annotations

from functools import lru_cache
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from textual.content import Content
from textual.style import Style

from tutor.text import sanitize
from tutor.ui.widgets import syntax
from tutor.ui.widgets.flow import cut_content, indented

CALLOUTS = {
    "NOTE": ("ℹ Note", "$text-primary"),
    "TIP": ("✓ Tip", "$text-success"),
    "IMPORTANT": ("● Important", "$text-accent"),
    "WARNING": ("! Warning", "$text-warning"),
    "CAUTION": ("! Caution", "$text-error"),
}
"""GitHub's callouts: the word they begin with, and its colour."""

_WHOLE = 24
"""Code in a sentence up to this length stays on one line: `2 * t` never ends as `2`."""
_GLUE = "\ue000"
"""Stands for a space in such code until the lines are broken; no font has a letter there."""
_BULLETS = "•◦▪"
_PYTHON = ("python", "py", "python3", "")


def prose_lines(text: str, width: int) -> list[Content]:
    """`text` (CommonMark with tables and callouts) laid out in `width` columns."""
    return _blocks(_parse(text).children, max(8, width))


@lru_cache(maxsize=128)
def _parse(text: str) -> SyntaxTreeNode:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return SyntaxTreeNode(parser.parse(sanitize(text)))


def _blocks(
    nodes: list[SyntaxTreeNode], width: int, tight: bool = False, depth: int = 0
) -> list[Content]:
    lines: list[Content] = []
    after_heading = True
    for node in nodes:
        block = _block(node, width, depth)
        if not block:
            continue
        if lines and not after_heading and not tight:
            lines.append(Content(""))
        lines += block
        after_heading = node.type == "heading"
    return lines


def _block(node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
    match node.type:
        case "heading":
            style = "bold $text-primary" if node.tag in ("h1", "h2", "h3") else "bold"
            return _wrapped(_inline(node, style), width)
        case "paragraph":
            return _wrapped(_inline(node), width)
        case "fence" | "code_block":
            return code_lines(
                node.content.rstrip("\n"), node.info.split(" ")[0] if node.info else "", width
            )
        case "bullet_list" | "ordered_list":
            return _list(node, width, depth)
        case "blockquote":
            return _quote(node, width, depth)
        case "table":
            return _table(node, width)
        case "hr":
            return [Content.styled("─" * width, "$text-muted")]
        case "html_block":
            return _html(node.content, width)
    return _blocks(node.children, width, depth=depth)


def code_lines(source: str, language: str, width: int) -> list[Content]:
    """Code on its own ground; a line that is too long goes on after "↪"."""
    if language in _PYTHON:
        lines = syntax.highlight(source)
    else:
        lines = [Content(line) for line in sanitize(source).expandtabs(4).split("\n")]
    room = max(4, width - 2)
    drawn: list[Content] = []
    for line in lines:
        drawn += _broken(line, room) if line.cell_length > room else [line]
    return [
        (Content(" ") + line).pad_right(width - 1 - line.cell_length).stylize_before("on $surface")
        for line in drawn
    ]


def _broken(line: Content, room: int) -> list[Content]:
    """A long line of code in parts, at spaces where there are some."""
    first = line.wrap(room)[0].rstrip()
    rest = line[len(first.plain) :]
    rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    arrow = Content.styled("↪ ", "$text-muted")
    return [first, *(arrow + part.rstrip() for part in rest.wrap(max(2, room - 2)))]


def _list(node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
    tight = all(
        child.hidden
        for item in node.children
        for child in item.children
        if child.type == "paragraph"
    )
    start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else 0
    digits = len(str(start + len(node.children) - 1))
    lines: list[Content] = []
    for number, item in enumerate(node.children):
        if start or node.type == "ordered_list":
            mark = f"{start + number:>{digits}}. "
        else:
            mark = f"{_BULLETS[depth % len(_BULLETS)]} "
        body = _blocks(item.children, width - len(mark), tight, depth + 1) or [Content("")]
        if lines and not tight:
            lines.append(Content(""))
        lines += indented(body, " " * len(mark), Content.styled(mark, "$text-muted"))
    return lines


def _quote(node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
    body = _blocks(node.children, width - 2, depth=depth)
    first = body[0].plain if body else ""
    kind = first[2:].partition("]")[0].upper() if first.startswith("[!") else ""
    if kind not in CALLOUTS:
        return indented(body, Content.styled("│ ", "$text-muted"))
    word, colour = CALLOUTS[kind]
    text = _callout_text(node, width - 2, depth)
    bar = Content.styled("▌ ", colour)
    return indented([Content.styled(word, f"bold {colour}"), *text], bar)


def _callout_text(node: SyntaxTreeNode, width: int, depth: int) -> list[Content]:
    """The quote without its "[!KIND]" line."""
    first, *rest = node.children
    content = _inline(first)
    end = content.plain.index("]") + 1
    content = content[end:]
    content = content[len(content.plain) - len(content.plain.lstrip()) :]
    lines = _wrapped(content, width) if content.plain else []
    more = _blocks(rest, width, depth=depth)
    return [*lines, *([Content("")] if lines and more else []), *more]


def _table(node: SyntaxTreeNode, width: int) -> list[Content]:
    rows = [
        [_inline(cell, "bold" if part.type == "thead" else "") for cell in row.children]
        for part in node.children
        for row in part.children
    ]
    widths = fit_columns([[cell.cell_length for cell in row] for row in rows], width)
    lines: list[Content] = []
    for number, row in enumerate(rows):
        cells = [
            _wrapped(cell, columns) if cell.plain else [Content("")]
            for cell, columns in zip(row, widths, strict=False)
        ]
        for parts in zip_longest(*cells):
            line = Content("")
            for part, columns in zip(parts, widths, strict=False):
                shown = part if part is not None else Content("")
                line += shown.pad_right(columns - shown.cell_length + 2)
            lines.append(cut_content(line.rstrip(), width))
        if number == 0:
            rule = "  ".join("─" * columns for columns in widths)
            lines.append(Content.styled(rule[:width], "$text-muted"))
    return lines


def fit_columns(lengths: list[list[int]], width: int) -> list[int]:
    """Column widths, two apart, that fit `width`: the widest columns give way first."""
    columns = max(map(len, lengths))
    widths = [
        max((row[i] for row in lengths if i < len(row)), default=1) or 1 for i in range(columns)
    ]
    room = max(columns, width - 2 * (columns - 1))
    while sum(widths) > room:
        widest = max(range(columns), key=widths.__getitem__)
        if widths[widest] <= 1:
            break
        widths[widest] -= 1
    return widths


def _html(text: str, width: int) -> list[Content]:
    """Tags that fold things on code hosts mean nothing here; their own text does."""
    for tag in ("<details>", "</details>", "<summary>", "</summary>", "<details open>"):
        text = text.replace(tag, "")
    text = text.strip()
    if text.startswith("<!--") or not text:
        return []
    return [line for part in Content(text).split("\n") for line in part.wrap(width)]


def _wrapped(content: Content, width: int) -> list[Content]:
    lines = [line for part in content.split("\n") for line in part.wrap(width)]
    return [Content(line.plain.replace(_GLUE, " "), spans=list(line.spans)) for line in lines]


def _inline(node: SyntaxTreeNode, style: str = "") -> Content:
    """The inline text of a block node as one Content; a hard break is a newline."""
    return Content("").join([part for child in node.children for part in _spans(child, style)])


def _spans(node: SyntaxTreeNode, style: str | Style) -> list[Content]:
    def inner(extra: str) -> list[Content]:
        return [part.stylize(extra) for child in node.children for part in _spans(child, "")]

    def styled(parts: list[Content]) -> list[Content]:
        return [part.stylize_before(style) for part in parts] if style else parts

    match node.type:
        case "inline":
            return styled([part for child in node.children for part in _spans(child, "")])
        case "text" | "html_inline":
            return styled([Content(node.content)])
        case "code_inline":
            code = node.content
            if len(code) <= _WHOLE:
                code = code.replace(" ", _GLUE)
            return styled([Content.styled(code, "$text-accent on $surface")])
        case "strong":
            return styled(inner("bold"))
        case "em":
            return styled(inner("italic"))
        case "s":
            return styled(inner("strike"))
        case "softbreak":
            return [Content(" ")]
        case "hardbreak":
            return [Content("\n")]
        case "link":
            return styled(_link(node))
        case "image":
            return styled([Content(f"[picture: {node.content or node.attrs.get('alt', '')}]")])
    return styled(inner(""))


def _link(node: SyntaxTreeNode) -> list[Content]:
    """The words, underlined; a web address becomes a link that the terminal itself may offer."""
    href = str(node.attrs.get("href", ""))
    parts = [part for child in node.children for part in _spans(child, "")]
    style = Style(underline=True)
    if href.startswith(("https://", "http://")) and href.isascii() and href.isprintable():
        style += Style(link=href)
    return [part.stylize(style) for part in parts]
