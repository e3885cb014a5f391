"""Rules on the text of an attempt: words that it must not use, and words that it must."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

_STATEMENTS: dict[str, tuple[type[ast.AST], ...]] = {
    "for": (ast.For, ast.AsyncFor),
    "while": (ast.While,),
    "comprehension": (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    "lambda": (ast.Lambda,),
    "if": (ast.If, ast.IfExp),
    "try": (ast.Try,),
    "with": (ast.With, ast.AsyncWith),
    "class": (ast.ClassDef,),
    "def": (ast.FunctionDef, ast.AsyncFunctionDef),
    "import": (ast.Import, ast.ImportFrom),
    "global": (ast.Global,),
    "yield": (ast.Yield, ast.YieldFrom),
}
_OPERATORS: dict[str, type[ast.AST]] = {
    "@": ast.MatMult,
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
    "<<": ast.LShift,
    ">>": ast.RShift,
}
_KNOWN = {"nn": "torch.nn", "F": "torch.nn.functional", "np": "numpy"}


@dataclass(slots=True)
class Words:
    """Every word that a text uses, with the first line where it does."""

    lines: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=lambda: dict(_KNOWN))

    def line_of(self, word: str) -> int:
        """The first line that uses `word`, 0 when none does.

        A word is a statement ("for", "comprehension", …), an operator ("@"), a name or attribute
        ("cdist"), or a dotted name ("torch.softmax"), which is also found under an alias.
        """
        if "." in word:
            word = self.full(word)
        return self.lines.get(word, 0)

    def full(self, dotted: str) -> str:
        """The dotted name with its first part replaced by what it was imported as."""
        first, dot, rest = dotted.partition(".")
        return self.aliases.get(first, first) + dot + rest

    def note(self, word: str, node: ast.AST) -> None:
        line = getattr(node, "lineno", 1)
        self.lines[word] = min(line, self.lines.get(word, line))


def words_in(source: str) -> Words:
    """The words of `source`; comments, strings and definitions of names do not count.

    Raises:
        SyntaxError: it is not Python.
    """
    tree = ast.parse(source)
    words = Words()
    nodes = list(ast.walk(tree))
    for node in nodes:
        _imports(node, words)
    for node in nodes:
        _statement(node, words)
        if isinstance(node, ast.BinOp | ast.AugAssign):
            for sign, operator in _OPERATORS.items():
                if isinstance(node.op, operator):
                    words.note(sign, node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            words.note(node.id, node)
            target = words.aliases.get(node.id, "")
            if "." in target:
                words.note(target, node)
                words.note(target.rpartition(".")[2], node)
        elif isinstance(node, ast.Attribute):
            words.note(node.attr, node)
            dotted = _dotted(node)
            if dotted:
                words.note(words.full(dotted), node)
        elif isinstance(node, ast.Call):
            _getattr(node, words)
    return words


def _imports(node: ast.AST, words: Words) -> None:
    if isinstance(node, ast.Import):
        for name in node.names:
            if name.asname:
                words.aliases[name.asname] = name.name
    elif isinstance(node, ast.ImportFrom) and node.module:
        for name in node.names:
            words.aliases[name.asname or name.name] = f"{node.module}.{name.name}"


def _statement(node: ast.AST, words: Words) -> None:
    for word, kinds in _STATEMENTS.items():
        if isinstance(node, kinds):
            words.note(word, node)


def _getattr(node: ast.Call, words: Words) -> None:
    """`getattr(torch, "softmax")` uses `softmax`, too."""
    if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) > 1:
        name = node.args[1]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            words.note(name.value, node)
            owner = _dotted(node.args[0])
            if owner:
                words.note(words.full(f"{owner}.{name.value}"), node)


def _dotted(node: ast.AST) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])
