"""Everything that a rule may look at: the exception, its place, the values, the layer."""

from __future__ import annotations

import ast
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tutor import raw
from tutor.text import shape_text
from tutor.wire.explanation import Alignment, Fix
from tutor.worker.explain.layers import Layer
from tutor.worker.explain.peek import Names, Unknown, peek
from tutor.worker.explain.place import Place, locals_of
from tutor.worker.explain.shapes import Shapes

_SIGNS = {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "MatMult": "@"}
_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.Tuple, ast.List)


@dataclass(slots=True)
class Value:
    """One operand while it is looked at. `value` is None where nothing is known of it."""

    name: str
    node: ast.AST | None = None
    value: Any = None
    known: bool = False
    inferred: bool = False
    """Worked out from shapes; the tensor then holds no data."""

    @property
    def tensor(self) -> torch.Tensor | None:
        return self.value if self.known and raw.is_tensor(self.value) else None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a tensor, () otherwise."""
        return tuple(raw.shape_of(self.value)) if self.tensor is not None else ()

    @property
    def dtype(self) -> torch.dtype | None:
        return raw.dtype_of(self.value) if self.tensor is not None else None

    @property
    def atom(self) -> str:
        """The name as it can stand before a dot: in parentheses where it needs them."""
        return self.name if self.node is None or isinstance(self.node, _ATOMS) else f"({self.name})"


@dataclass(slots=True)
class Draft:
    """What a rule has to say; the engine fills in the rest. `operands` None = those found."""

    family: str
    title: str
    why: str = ""
    fixes: Sequence[Fix | None] = ()
    alignment: Alignment | None = None
    operands: list[Value] | None = None


@dataclass(slots=True)
class Situation:
    """`steps` is the traceback; `own` its innermost step in a cell."""

    kind: str
    message: str
    error: BaseException
    place: Place | None
    layer: Layer | None
    operands: list[Value]
    shapes: Shapes
    names: Names
    main: dict[str, Any]
    steps: list[types.TracebackType]
    own: types.TracebackType | None

    # -------------------------------------------------------------- looking

    @property
    def node(self) -> ast.AST | None:
        return self.place.node if self.place else None

    @property
    def expression(self) -> str:
        return self.place.text(self.node) if self.place else ""

    def tensors(self) -> list[Value]:
        """The operands that are tensors, in their order."""
        return [operand for operand in self.operands if operand.tensor is not None]

    def pair(self) -> tuple[Value, Value] | None:
        """The two tensors of the expression, when there are exactly two."""
        found = self.tensors()
        return (found[0], found[1]) if len(found) == 2 else None

    def value(self, node: ast.AST | None) -> Value:
        """What stands in memory for `node`, or what its shape would be."""
        text = self.place.text(node) if self.place else ""
        try:
            return Value(text, node, peek(node, self.names), known=True)
        except Unknown:
            pass
        try:
            return Value(text, node, self.shapes.of(node), known=True, inferred=True)
        except Unknown:
            return Value(text, node)

    def library(self, *names: str) -> Any:
        """A local of torch's own frames below the learner's code, the innermost first."""
        inside = False
        below = []
        for step in self.steps:
            if inside:
                below.append(step)
            inside = inside or step is self.own
        for step in reversed(below):
            local = locals_of(step.tb_frame)
            for name in names:
                if name in local:
                    return local[name]
        return None

    def direct_layer(self) -> bool:
        """True when the failing expression is itself the call of the layer that failed."""
        node = self.node
        if self.layer is None or not isinstance(node, ast.Call):
            return False
        try:
            return peek(node.func, self.names) is self.layer.module
        except Unknown:
            return self.layer.module is self.layer.root

    def argument(self, place: int, name: str = "") -> Value | None:
        """The `place`-th positional argument of the failing call, or the one called `name`."""
        node = self.node
        if not isinstance(node, ast.Call):
            return None
        found = next((keyword.value for keyword in node.keywords if keyword.arg == name), None)
        if found is None and place < len(node.args):
            found = node.args[place]
        if found is None or isinstance(found, ast.Starred):
            return None
        return next((o for o in self.operands if o.node is found), None) or self.value(found)

    def origin(self) -> Value | None:
        """The operand that reached the failed layer as its input."""
        if self.layer is None:
            return None
        if self.direct_layer():
            return self.argument(0)
        given = self.layer.input
        same = next((o for o in self.tensors() if o.value is given and not o.inferred), None)
        return same or self._only_argument(given)

    def _only_argument(self, given: Any) -> Value | None:
        """The one argument of the model's call when its shape is that of the layer's input."""
        node = self.node
        if not isinstance(node, ast.Call) or len(node.args) != 1 or not raw.is_tensor(given):
            return None
        argument = self.argument(0)
        if argument is None or argument.tensor is None or not argument.inferred:
            return None
        same = argument.shape == tuple(raw.shape_of(given))
        return argument if same and self.value(node.func).value is self.layer_root() else None

    def layer_root(self) -> Any:
        """The model that was called, None outside of models."""
        return self.layer.root if self.layer else None

    # -------------------------------------------------------------- proposing

    def instead(self, operand: Value, text: str) -> str:
        """The failing expression with `text` where `operand` stands, "" when that is unknown."""
        if self.place is None or operand.node is None:
            return ""
        return self.place.with_part(operand.node, text)

    def try_fix(self, text: str, code: str, **extra: Any) -> Fix | None:
        """`code` as a fix when its shapes and dtypes work out, otherwise None."""
        if isinstance(self.node, ast.AugAssign):
            return self._in_place(self.node, text, code)
        return self.checked_by(text, code, code, **extra)

    def _in_place(self, node: ast.AugAssign, text: str, code: str) -> Fix | None:
        """A fix of `x += y`, which must give the shape that `x` has."""
        target = self.value(node.target)
        sign = _SIGNS.get(type(node.op).__name__, "")
        check = code.replace(f"{sign}=", sign, 1) if sign else ""
        fix = self.checked_by(text, code, check)
        keeps = fix is not None and fix.gives == shape_text(target.shape)
        return fix if keeps or f"{sign}=" not in code else None

    def checked_by(self, text: str, code: str, check: str, **extra: Any) -> Fix | None:
        """`code` as a fix when the expression `check` works out; `extra` are more names for it."""
        if not code:
            return None
        try:
            return Fix(text, code, gives(self.shapes.code(check, **extra)), checked=True)
        except Unknown:
            return None

    def maybe(self, text: str, code: str) -> Fix | None:
        """Like `try_fix`, but unchecked where nothing is known rather than left out."""
        return self.try_fix(text, code) or (Fix(text, code) if code else Fix(text))


def gives(result: Any) -> str:
    """The shape of what a check gave, "" when it is not a tensor."""
    if raw.is_tensor(result):
        return shape_text(tuple(raw.shape_of(result)))
    if type(result) is tuple and result and all(raw.is_tensor(part) for part in result):
        return ", ".join(shape_text(tuple(raw.shape_of(part))) for part in result[:3])
    return ""


def is_module(value: Any) -> bool:
    """True for layers and models, whatever `__class__` claims."""
    return issubclass(type(value), nn.Module)


def is_float(dtype: torch.dtype | None) -> bool:
    """True for real and complex floating point."""
    return dtype is not None and (dtype.is_floating_point or dtype.is_complex)
