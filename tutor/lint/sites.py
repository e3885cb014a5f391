"""Where in a piece of Python an expression stands, and the text with another in its place. Pure."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Dict)
_SAME = "same:"


@dataclass(frozen=True, slots=True)
class Site:
    """A node with everything around it, the innermost first."""

    node: ast.AST
    around: tuple[ast.AST, ...] = ()

    @property
    def parent(self) -> ast.AST | None:
        return self.around[0] if self.around else None


@dataclass(frozen=True, slots=True)
class Edit:
    """Text to put in place of what stands between two nodes, both included."""

    first: ast.AST
    text: str
    last: ast.AST | None = None
    """None = `first` alone."""
    said: str = ""
    """What the change amounts to, where its text would not tell."""


class Code:
    """Source that parses. Raises SyntaxError, ValueError."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tree = ast.parse(source)
        self._lines = source.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def sites(self) -> Iterator[Site]:
        """Every node that decides what the code does, in the order of the text.

        Left out: docstrings, annotations, f-strings, and what is raised, asserted or printed,
        where a change is a matter of words.
        """
        yield from _below(self.tree, ())

    def edited(self, edit: Edit) -> str:
        """The source with `edit` made."""
        start = self._offset(edit.first.lineno, edit.first.col_offset)  # type: ignore[attr-defined]
        last = edit.last or edit.first
        end = self._offset(last.end_lineno, last.end_col_offset)  # type: ignore[attr-defined]
        return self.source[:start] + edit.text + self.source[end:]

    def line(self, number: int) -> str:
        """Line `number`, counted from 1, without its indentation and comment."""
        return bare(self._lines[number - 1])

    def exempt(self) -> frozenset[int]:
        """Lines that end with a comment `# same: reason`: changing them changes nothing."""
        found: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.source).readline):
            said = token.string.lstrip("# ")
            is_said = token.type == tokenize.COMMENT and said.startswith(_SAME)
            if is_said and said.removeprefix(_SAME).strip():
                found.add(token.start[0])
        return frozenset(found)

    def _offset(self, line: int, column: int) -> int:
        inside = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(inside)


def bare(line: str) -> str:
    """A line of code without indentation and comment; `#` in a text stays when two spaces
    do not stand before it."""
    return line.partition("  #")[0].strip()


def atom(node: ast.AST) -> str:
    """`node` as text that may stand anywhere, in parentheses where it needs them."""
    text = ast.unparse(node)
    return text if isinstance(node, _ATOMS) else f"({text})"


def called(node: ast.AST) -> str:
    """The last word of what a call calls: `sum` for `x.sum()` and `torch.sum(x)`; else ""."""
    if not isinstance(node, ast.Call):
        return ""
    match node.func:
        case ast.Attribute():
            return node.func.attr
        case ast.Name():
            return node.func.id
        case _:
            return ""


def _below(node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Site]:
    inside = (node, *around)
    for child in _children(node):
        yield Site(child, inside)
        yield from _below(child, inside)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr | ast.Raise | ast.Assert) or called(node) == "print":
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params", "decorator_list", "ctx", "op", "ops"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_text(child):
                yield child


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
