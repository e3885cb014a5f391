"""Shapes that cannot be stretched to each other, and sizes that do not fit their place."""

from __future__ import annotations

import ast
import re

from tutor.wire.explanation import Fix
from tutor.worker.explain import drawing
from tutor.worker.explain.rules.rule import Rules, numbers, shape
from tutor.worker.explain.situation import Draft, Situation, Value

RULES = Rules()
_REDUCED = {"mean", "sum", "std", "var", "amax", "amin", "norm", "prod"}


@RULES.on(
    r"The size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)",
    r"[Ss]hape mismatch: objects cannot be broadcast",
    r"are not broadcastable|not broadcastable to",
)
def _broadcast(situation: Situation, match: re.Match[str]) -> Draft | None:
    pair = _operands(situation)
    title = "Shapes cannot be broadcast together"
    rule = "Shapes are compared from the right: each pair must be equal, or one of them 1."
    if pair is None:
        sizes = " and ".join(filter(None, match.groups()))
        return Draft("broadcast", title, f"{rule} Here {sizes} met." if sizes else rule)
    left, right = pair
    picture = drawing.from_the_right((left.name, left.shape), (right.name, right.shape))
    clash = _clash(left.shape, right.shape)
    why = f"{rule} {clash[0]} and {clash[1]} are neither." if clash else rule
    return Draft("broadcast", title, why, _stretched(situation, left, right), picture)


def _operands(situation: Situation) -> tuple[Value, Value] | None:
    tensors = situation.tensors()
    if len(tensors) > 2:
        tensors = [t for t in tensors if t.shape][:2]  # of torch.where the condition and a value
        if len(tensors) == 2 and _clash(tensors[0].shape, tensors[1].shape) is None:
            return None
    return (tensors[0], tensors[1]) if len(tensors) == 2 else None


def _clash(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, int] | None:
    pairs = zip(reversed(a), reversed(b), strict=False)
    return next(((x, y) for x, y in pairs if x != y and 1 not in (x, y)), None)


def _stretched(situation: Situation, left: Value, right: Value) -> list[Fix | None]:
    fixes: list[Fix | None] = []
    small, big = sorted((left, right), key=lambda value: len(value.shape))
    if len(small.shape) < len(big.shape):
        fixes.append(_kept(situation, small))
        fixes += [
            situation.try_fix(
                f"let `{small.name}` run along dimension {first} of `{big.name}`",
                situation.instead(small, _followed(small, trailing)),
            )
            for first, trailing in _places(small.shape, big.shape)
        ]
    elif len(small.shape) == 2:
        for value in (right, left):
            if value.shape != value.shape[::-1]:
                code = situation.instead(value, f"{value.atom}.T")
                fixes.append(situation.try_fix(f"transpose `{value.name}`", code))
    elif len(small.shape) == 1:
        code = situation.instead(left, f"{left.atom}.unsqueeze(1)")
        fixes.append(situation.try_fix("every element with every other: a table", code))
    return fixes


def _places(small: tuple[int, ...], big: tuple[int, ...]) -> list[tuple[int, int]]:
    """(first dimension, dimensions after it) where `small` stands as it is within `big`."""
    spare = len(big) - len(small)
    return [
        (first, spare - first)
        for first in range(spare)
        if all(a in (b, 1) for a, b in zip(small, big[first:], strict=False))
    ]


def _followed(value: Value, trailing: int) -> str:
    if trailing == 1:
        return f"{value.atom}.unsqueeze(-1)"
    before = ":" if len(value.shape) == 1 else "..."
    return f"{value.atom}[{before}, {', '.join(['None'] * trailing)}]"


def _kept(situation: Situation, value: Value) -> Fix | None:
    """keepdim for an operand that is itself a reduction."""
    call = value.node
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr not in _REDUCED or any(k.arg == "keepdim" for k in call.keywords):
        return None
    if not value.name.endswith(")") or not (call.args or call.keywords):
        return None
    code = situation.instead(value, f"{value.name[:-1]}, keepdim=True)")
    return situation.try_fix("keep the reduced dimension with size 1", code)


@RULES.on(r"output with shape \[(.*?)\] doesn't match the broadcast shape \[(.*?)\]")
def _in_place(situation: Situation, match: re.Match[str]) -> Draft:
    have, need = numbers(match[1]), numbers(match[2])
    pair = _operands(situation)
    names = (pair[0].name, pair[1].name) if pair else ("the tensor", "the result")
    shapes = (pair[0].shape, pair[1].shape) if pair else (have, need)
    fixes: list[Fix | None] = []
    if pair and isinstance(situation.node, ast.AugAssign):
        sign = {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/"}.get(
            type(situation.node.op).__name__, ""
        )
        code = f"{pair[0].name} {sign} {pair[1].atom}"
        fix = situation.try_fix("make a new tensor of the larger shape", code) if sign else None
        fixes.append(fix)
    return Draft(
        "broadcast-in-place",
        "The result does not fit into the tensor on the left",
        f"An in-place operation keeps the shape of its left side, {shape(have)}, "
        f"but the result has shape {shape(need)}. Only the right side is ever stretched.",
        fixes,
        drawing.from_the_right((names[0], shapes[0]), (names[1], shapes[1])),
    )


@RULES.on(
    r"The expanded size of the tensor \((\d+)\) must match the existing size \((\d+)\).*?"
    r"Target sizes: \[(.*?)\]\.\s*Tensor sizes: \[(.*?)\]",
    r"shape mismatch: value tensor of shape \[(.*?)\] cannot be broadcast to indexing result of "
    r"shape \[(.*?)\]",
)
def _expanded(situation: Situation, match: re.Match[str]) -> Draft:
    if "value tensor" in match[0]:
        have, want = numbers(match[1]), numbers(match[2])
    else:
        want, have = numbers(match[3]), numbers(match[4])
    assigned = not isinstance(situation.node, ast.Call)
    source = next((v for v in situation.tensors() if v.shape == have), None)
    name = source.name if source else "the value"
    place = situation.expression if assigned else "the target shape"
    fixes: list[Fix | None] = []
    if source is not None and not assigned:
        code = f"{source.atom}.repeat({_times(have, want)})"
        fixes.append(situation.try_fix("repeat it instead", code))
    return Draft(
        "expand",
        "The value does not fit into its place" if assigned else "expand() only stretches size 1",
        f"The place has shape {shape(want)}, the value has shape {shape(have)}. "
        "Compared from the right, each size of the value must be equal or 1.",
        fixes,
        drawing.from_the_right((place, want), (name, have)),
    )


def _times(have: tuple[int, ...], want: tuple[int, ...]) -> str:
    padded = (1,) * (len(want) - len(have)) + have
    pairs = list(zip(padded, want, strict=False))
    if any(a == 0 or b % a for a, b in pairs):
        return "_"
    return ", ".join(str(b // a) for a, b in pairs)


@RULES.on(
    r"the number of sizes provided \((\d+)\) must be greater or equal to the number of dimensions",
    r"Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor",
)
def _too_few_sizes(situation: Situation, match: re.Match[str]) -> Draft:
    value = next(iter(situation.tensors()), None)
    count = f"`{value.name}` has {len(value.shape)}" if value else "the tensor has more"
    return Draft(
        "expand",
        "Fewer sizes than dimensions",
        f"There must be one size for every dimension; {count}. New ones are added in front.",
    )


@RULES.on(
    r"operands could not be broadcast together with shapes (\(.*?\)) (\(.*?\))",
    r"operands could not be broadcast together with remapped shapes",
    r"could not broadcast input array from shape (\(.*?\)) into shape (\(.*?\))",
)
def _numpy_broadcast(situation: Situation, match: re.Match[str]) -> Draft:
    shapes = [numbers(text) for text in match.groups()]
    names = [value.name for value in situation.operands[:2]]
    picture = None
    if len(shapes) == 2 and len(names) == 2:
        picture = drawing.from_the_right((names[0], shapes[0]), (names[1], shapes[1]))
    return Draft(
        "broadcast",
        "Array shapes cannot be broadcast together",
        "NumPy compares shapes from the right, as torch does: each pair must be equal, or one 1.",
        alignment=picture,
    )


@RULES.on(
    r"matmul: Input operand 1 has a mismatch in its core dimension 0.*size (\d+) is different "
    r"from (\d+)"
)
def _numpy_matmul(situation: Situation, match: re.Match[str]) -> Draft:
    names = [value.atom for value in situation.operands]
    code = f"{names[0]} @ {names[1]}.T" if len(names) == 2 else ""
    return Draft(
        "matmul",
        "Matrix sizes do not line up",
        f"The last dimension of the left array is {match[2]}, the first of the right one is "
        f"{match[1]}; a matrix product needs them equal.",
        [Fix("transpose the right array", code)] if code else [],
    )
