"""What the editor's keys do to Python text, as pure functions over lines."""

from __future__ import annotations

import re

INDENT = "    "
_ENDS_BLOCK = re.compile(r"\s*(return|pass|break|continue|raise)\b")
_STRING_OR_COMMENT = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(#.*)$""")


def indent_after(line: str) -> str:
    """The white space that a new line begins with when Enter is pressed at the end of `line`."""
    blank = line[: len(line) - len(line.lstrip())]
    code = _STRING_OR_COMMENT.sub(lambda match: "" if match[1] else "''", line).rstrip()
    if code.endswith((":", "(", "[", "{")):
        return blank + INDENT
    if _ENDS_BLOCK.match(code):
        return blank.removesuffix(INDENT) if blank.endswith(INDENT) else ""
    return blank


def indented(lines: list[str]) -> list[str]:
    """Every line that has text moved right by one level."""
    return [INDENT + line if line.strip() else line for line in lines]


def dedented(lines: list[str]) -> list[str]:
    """Every line moved left by up to one level."""
    return [line[_leading(line) :] for line in lines]


def commented(lines: list[str]) -> list[str]:
    """Comments toggled: off when all lines with text are comments, else on, in one column."""
    filled = [line for line in lines if line.strip()]
    if filled and all(line.lstrip().startswith("#") for line in filled):
        return [re.sub(r"^(\s*)# ?", r"\1", line) for line in lines]
    if not filled:
        return [line + "# " for line in lines]
    column = min(len(line) - len(line.lstrip()) for line in filled)
    return [f"{line[:column]}# {line[column:]}" if line.strip() else line for line in lines]


def _leading(line: str) -> int:
    blank = len(line) - len(line.lstrip(" "))
    return min(blank, len(INDENT))
