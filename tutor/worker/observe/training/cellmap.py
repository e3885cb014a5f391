"""Where the loops of a cell are, read from its source: which lines, which variables, over what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

MODULE = 0
"""Scope of code outside all functions."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Loop:
    """One `for` or `while`. `first` to `last` are the lines of its body; `scope` is the first
    line of the function around it. `kept` are the names assigned inside, loop variables apart."""

    line: int
    first: int
    last: int
    scope: int
    target: str
    """The variable that counts or names the turn; "" where there is none."""
    over: ast.expr | None
    """What a `for` goes through."""
    test: ast.expr | None
    """What a `while` asks."""
    kept: tuple[str, ...]
    reads: tuple[str, ...]
    """Names that say where the loop stands: its variable and all in `over` and `test`."""


@dataclass(frozen=True, slots=True)
class CellMap:
    """The loops of one source, outermost first, and its calls by place."""

    loops: tuple[Loop, ...] = ()
    functions: dict[tuple[str, int], ast.FunctionDef] = field(default_factory=dict)
    """By name and first line, as code objects carry them."""
    calls: dict[tuple[int, int, int, int], ast.Call] = field(default_factory=dict)
    """By line, column, end line, end column."""

    def around(self, line: int, scope: int) -> list[Loop]:
        """The loops of `scope` in whose body `line` lies, outermost first."""
        return [
            loop for loop in self.loops if loop.scope == scope and loop.first <= line <= loop.last
        ]


def map_of(tree: ast.Module) -> CellMap:
    """The map of a parsed cell."""
    loops: list[Loop] = []
    functions: dict[tuple[str, int], ast.FunctionDef] = {}
    calls: dict[tuple[int, int, int, int], ast.Call] = {}
    left: list[tuple[ast.AST, int]] = [(tree, MODULE)]
    while left:
        node, scope = left.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            scope = min([node.lineno, *(item.lineno for item in node.decorator_list)])
            if isinstance(node, ast.FunctionDef):
                functions[node.name, scope] = node
        elif isinstance(node, ast.Lambda):
            scope = node.lineno
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            loops.append(_loop(node, scope))
        elif isinstance(node, ast.Call):
            place = (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
            calls[place] = node
        left += [(child, scope) for child in ast.iter_child_nodes(node)]
    loops.sort(key=lambda loop: (loop.first, -loop.last))
    return CellMap(tuple(loops), functions, calls)


def _loop(node: ast.For | ast.AsyncFor | ast.While, scope: int) -> Loop:
    first = node.body[0].lineno
    last = max(statement.end_lineno or statement.lineno for statement in node.body)
    if isinstance(node, ast.While):
        target, over, test = _compared(node.test), None, node.test
    else:
        target, over, test = _counted(node.target, node.iter), node.iter, None
    turning = {name for inner in _scope(node) for name in _targets(inner)}
    kept = [name for inner in _scope(node) for name in _assigned(inner) if name not in turning]
    asked = over if over is not None else test
    reads = {item.id for item in ast.walk(asked) if isinstance(item, ast.Name)} if asked else set()
    return Loop(
        node.lineno,
        first,
        last,
        scope,
        target,
        over,
        test,
        tuple(dict.fromkeys(kept)),
        tuple(reads | {target} - {""}),
    )


def _counted(target: ast.expr, over: ast.expr) -> str:
    """`i` of `for i, x in enumerate(…)` and of `for i in …`; "" for anything else."""
    if isinstance(target, ast.Tuple) and target.elts and counting(over) is not None:
        target = target.elts[0]
    return target.id if isinstance(target, ast.Name) else ""


def counting(over: ast.expr) -> ast.Call | None:
    """The `enumerate(…)` in `over`, also inside one more call such as `tqdm(enumerate(…))`."""
    for _ in range(2):
        if not isinstance(over, ast.Call):
            return None
        if isinstance(over.func, ast.Name) and over.func.id == "enumerate" and over.args:
            return over
        if not over.args:
            return None
        over = over.args[0]
    return None


def _compared(test: ast.expr) -> str:
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and len(test.ops) == 1:
        return test.left.id
    return ""


def _scope(loop: ast.AST) -> Iterator[ast.AST]:
    """`loop` and everything in it in source order, without functions and classes defined there."""
    yield loop
    for child in ast.iter_child_nodes(loop):
        if not isinstance(child, (*_Function.__args__, ast.ClassDef)):  # type: ignore[attr-defined]
            yield from _scope(child)


def _targets(node: ast.AST) -> list[str]:
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return [inner.id for inner in ast.walk(node.target) if isinstance(inner, ast.Name)]
    return []


def _assigned(node: ast.AST) -> list[str]:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.NamedExpr)):
        targets = [node.target]
    names = []
    for target in targets:
        elements = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
        names += [item.id for item in elements if isinstance(item, ast.Name)]
    return names
