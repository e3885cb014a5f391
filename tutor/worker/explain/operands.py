"""The values that took part in a failing expression, and how they travel to the screen."""

from __future__ import annotations

import ast
from typing import Any

from tutor import raw
from tutor.plain import LINE, NAME, clip
from tutor.text import shape_text
from tutor.wire.explanation import Operand
from tutor.worker.explain.layers import described
from tutor.worker.explain.peek import Unknown, is_plain, peek
from tutor.worker.explain.situation import Situation, Value, is_module

MOST = 8
_TEXT = 60
_PATH = 120


def operands_of(situation: Situation) -> list[Value]:
    """Operands of the failing expression in the order in which they are written."""
    values = [situation.value(node) for node in _nodes(situation)]
    return values[: MOST * 2]


def _nodes(situation: Situation) -> list[ast.AST]:
    node = situation.node
    match node:
        case ast.BinOp(left, _, right):
            return [left, right]
        case ast.AugAssign(target, _, value):
            return [target, value]
        case ast.Compare(left, _, others):
            return [left, *others]
        case ast.Subscript(base, index):
            return [base, *_indices(index), *_assigned(situation)]
        case ast.Attribute(base):
            return [base, *_assigned(situation)]
        case ast.UnaryOp(_, operand):
            return [operand]
        case ast.For(_, iterable):
            return [iterable]
        case ast.Call():
            return _of_call(situation, node)
        case ast.Tuple() | ast.List() if _assigned(situation):
            return _assigned(situation)
        case ast.Name() | ast.BoolOp():
            return [node]
    return []


def _indices(index: ast.expr) -> list[ast.AST]:
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return [part for part in parts if not isinstance(part, (ast.Constant, ast.Slice))]


def _assigned(situation: Situation) -> list[ast.AST]:
    """What is being assigned, where the failing expression is the target."""
    statement = situation.place.statement if situation.place else None
    if isinstance(statement, ast.Assign) and situation.node in statement.targets:
        return [statement.value]
    return []


def _of_call(situation: Situation, call: ast.Call) -> list[ast.AST]:
    nodes: list[ast.AST] = []
    try:
        called = peek(call.func, situation.names)
    except Unknown:
        called = None
    if is_module(called):
        nodes.append(call.func)
    elif isinstance(call.func, ast.Attribute):
        base = situation.value(call.func.value)
        if base.known and not _is_namespace(base.value):
            nodes.append(call.func.value)
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        if isinstance(argument, (ast.List, ast.Tuple)) and any(
            not isinstance(part, ast.Constant) for part in argument.elts
        ):
            nodes += argument.elts
        elif isinstance(argument, ast.Starred):
            nodes.append(argument.value)
        elif not isinstance(argument, ast.Constant):
            nodes.append(argument)
    return nodes


def _is_namespace(value: Any) -> bool:
    return type(value).__name__ in ("module", "type") or issubclass(type(value), type)


def to_wire(values: list[Value]) -> tuple[Operand, ...]:
    """Bounded texts only: nothing in the result keeps a tensor alive."""
    shown: list[Operand] = []
    seen: set[str] = set()
    several = len(values) > 1
    for value in values:
        if several and _is_literal(value.node):
            continue  # it can be read in the expression
        operand = _operand(value)
        if operand.name not in seen:
            seen.add(operand.name)
            shown.append(operand)
    return tuple(shown[:MOST])


def _is_literal(node: ast.AST | None) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)


def _operand(value: Value) -> Operand:
    name = clip(value.name, _PATH)
    if not value.known:
        return Operand(name)
    if value.tensor is not None:
        return Operand(
            name,
            "tensor",
            tuple(value.shape[:64]),
            clip(raw.dtype_name(raw.dtype_of(value.value)), NAME),
            clip(raw.device_of(value.value), NAME),
            inferred=value.inferred,
        )
    if is_module(value.value):
        return Operand(name, "layer", about=clip(described(value.value), LINE))
    return Operand(name, about=clip(about(value.value), LINE), inferred=value.inferred)


def about(value: Any) -> str:
    """A few words on anything; nothing of a learner's class is called."""
    kind = type(value)
    if is_plain(value):
        return _literal(value)
    name = str(type.__getattribute__(kind, "__name__"))
    if kind in (list, tuple):
        shapes = [shape_text(tuple(raw.shape_of(v))) for v in value[:4] if raw.is_tensor(v)]
        more = "" if len(value) <= 4 else ", …"
        inside = f": {', '.join(shapes)}{more}" if shapes else ""
        return f"{name} of {len(value)}{inside}"
    if kind is dict:
        return f"dict of {len(value)}"
    if issubclass(kind, type):
        return f"class {type.__getattribute__(value, '__name__')}"
    if name == "ndarray" and type.__getattribute__(kind, "__module__") == "numpy":
        return f"NumPy array {shape_text(tuple(value.shape))} {value.dtype}"
    if name == "Size":
        return f"torch.Size({list(value)})"
    return name


def _literal(value: Any) -> str:
    if type(value) in (str, bytes):
        return clip(repr(value[:_TEXT]), _TEXT)
    if type(value) is int and value.bit_length() > 100:
        return f"an int of {value.bit_length()} bits"
    return clip(repr(value), _TEXT)
