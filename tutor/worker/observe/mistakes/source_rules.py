"""Mistakes that the text of the cell shows, once its run has shown that the model is trained."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from torch import nn

from tutor.worker.observe.mistakes.known import TRAIN_MODE, Mistake
from tutor.worker.observe.mistakes.names_rules import has_modes
from tutor.worker.observe.observer import Run

_MEASURES = re.compile(
    r"(?i)(^|_)(val|valid|validate|validation|test|tests|eval|evaluate|evaluation)(_|$)"
    r"|(^|_)(acc|accuracy|correct)(_|$)"
)
_QUIET = ("no_grad", "inference_mode")


def evaluated_in_training(run: Run, name: str, model: nn.Module) -> Iterator[tuple[Mistake, str]]:
    """`model` is called where no gradients are recorded and something is measured, by a cell in
    which nothing ever switches modes. A teacher, or a generator that makes samples without
    gradients, is left alone: nothing is measured there."""
    modal = has_modes(model)
    if not modal or not model.training:
        return
    tree = ast.parse(run.source)
    if any(_switches(node) for node in ast.walk(tree)):
        return
    called = {name, *_parameters_that_get(tree, name)}
    for block, around in _quiet_blocks(tree):
        nodes = list(ast.walk(block))
        calls = {
            node.func.id
            for node in nodes
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if calls & called and any(map(_MEASURES.search, (around, *_words(nodes)))):
            yield (
                TRAIN_MODE,
                f"{name}.training was True where nothing was recorded, and {name} has {modal}",
            )
            return


def _switches(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("eval", "train", "training")


def _quiet_blocks(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """`with torch.no_grad():` blocks with the name of the function around them, and functions
    with such a decorator."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            if any(map(_is_quiet, node.decorator_list)):
                yield node, node.name
            yield from ((block, node.name) for block in ast.walk(node) if _is_quiet_with(block))
        elif _is_quiet_with(node):
            yield node, ""


def _is_quiet_with(node: ast.AST) -> bool:
    return isinstance(node, ast.With) and any(_is_quiet(item.context_expr) for item in node.items)


def _is_quiet(mark: ast.expr) -> bool:
    return any(quiet in ast.unparse(mark) for quiet in _QUIET)


def _parameters_that_get(tree: ast.AST, name: str) -> Iterator[str]:
    """Names under which functions of this cell know `name`, because it is passed to them."""
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        function = functions.get(node.func.id)
        if function is None:
            continue
        for parameter, value in zip(function.args.args, node.args, strict=False):
            if isinstance(value, ast.Name) and value.id == name:
                yield parameter.arg
        for keyword in node.keywords:
            if isinstance(keyword.value, ast.Name) and keyword.value.id == name and keyword.arg:
                yield keyword.arg


def _words(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.FunctionDef):
            yield node.name
