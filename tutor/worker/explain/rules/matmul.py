"""Matrix products whose sizes do not line up, by hand or inside a linear layer."""

from __future__ import annotations

import ast
import math
import re
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from tutor import raw
from tutor.wire.explanation import Fix
from tutor.worker.explain import drawing
from tutor.worker.explain.peek import Unknown, peek, registry
from tutor.worker.explain.rules.rule import Rules, numbers, shape, told
from tutor.worker.explain.situation import Draft, Situation, Value

RULES = Rules()
_TITLE = "Matrix sizes do not line up"
_NEW_LAYER: dict[str, Any] = {"_linear": F.linear, "_empty": torch.empty}


@RULES.on(
    r"mat1 and mat2 shapes cannot be multiplied",
    r"size mismatch, m1: \[",
    r"mat1 dim 1 must match mat2 dim 0",
    r"size mismatch, got input \(",
    r"mat[12]? and vec.*size mismatch",
    r"input has inconsistent input_size",
)
def _of_a_layer(situation: Situation, match: re.Match[str]) -> Draft | None:
    layer = situation.layer
    if layer is None or not issubclass(layer.kind, nn.Linear) or not raw.is_tensor(layer.input):
        return None
    weight = registry(layer.module, "_parameters").get("weight")
    if not raw.is_tensor(weight):
        return None
    given = tuple(raw.shape_of(layer.input))
    out, into = raw.shape_of(weight)
    origin = situation.origin()
    name = origin.name if origin else "its input"
    fixes = _reshaped(situation, origin, layer.input, given, into) if origin else []
    fixes += _other_layer(situation, given, out, into)
    return Draft(
        "matmul",
        _TITLE,
        f"`{layer.path}` multiplies the last dimension of its input, so that must be {into}. "
        f"It received {given[-1] if given else 'a scalar'}.",
        fixes,
        alignment=drawing.wanted((name, given), f"{layer.path} wants", -1, into),
        operands=[
            origin or Value(name, value=layer.input, known=True),
            Value(layer.path, value=layer.module, known=True),
        ],
    )


def _reshaped(
    situation: Situation, origin: Value, given: Any, sizes: tuple[int, ...], into: int
) -> list[Fix | None]:
    ways = []
    if len(sizes) > 2 and math.prod(sizes[1:]) == into:
        ways.append(("keep the batch, flatten the rest", ".flatten(1)"))
    if len(sizes) > 1 and math.prod(sizes) == into:
        ways.append(("flatten this one sample", ".flatten()"))
    if len(sizes) > 1 and sizes[-2] == into:
        ways.append(("transpose the input", ".T" if len(sizes) == 2 else ".transpose(-2, -1)"))
    if len(sizes) == 1 and into == 1:
        ways.append(("make each number a row of its own", ".unsqueeze(1)"))
    weight = _weight(situation)
    fixes = []
    for text, change in ways:
        code = situation.instead(origin, origin.atom + change)
        names = {"_given": given, "_weight": weight, **_NEW_LAYER}
        fixes.append(
            situation.try_fix(text, code)
            or situation.checked_by(text, code, f"_linear(_given{change}, _weight)", **names)
        )
    return fixes


def _other_layer(
    situation: Situation, given: tuple[int, ...], out: int, into: int
) -> list[Fix | None]:
    layer = situation.layer
    if layer is None or not given:
        return []
    bias = "" if registry(layer.module, "_parameters").get("bias") is not None else ", bias=False"
    path = f"`{layer.path}`"
    sizes = [(given[-1], out, f"make {path} for {given[-1]} features")]
    if given[-1] == out != into:
        sizes.insert(0, (out, into, f"the two sizes of {path} look swapped"))
    return [
        situation.checked_by(
            text,
            f"nn.Linear({first}, {second}{bias})",
            f"_linear(_given, _empty({second}, {first}, dtype=_weight.dtype))",
            _given=layer.input,
            _weight=_weight(situation),
            **_NEW_LAYER,
        )
        for first, second, text in sizes
    ]


def _weight(situation: Situation) -> Any:
    assert situation.layer is not None
    return registry(situation.layer.module, "_parameters")["weight"]


@RULES.on(
    r"mat1 and mat2 shapes cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)",
    r"size mismatch, m1: \[(\d+) x (\d+)\], m2: \[(\d+) x (\d+)\]",
    r"size mismatch, got (?:input \(\d+\)|\d+), (?:mat \()?(\d+)x(\d+)\)?, (?:vec \()?(\d+)",
    r"inconsistent tensor size, expected tensor \[(\d+)\] and src \[(\d+)\]",
    r"mat1 dim 1 must match mat2 dim 0",
)
def _by_hand(situation: Situation, match: re.Match[str]) -> Draft | None:
    pair = _factors(situation)
    if pair is None:
        sizes = " and ".join(
            "×".join(pair) for pair in zip(*[iter(match.groups())] * 2, strict=False)
        )
        why = f"The sizes were {sizes}. " if sizes else ""
        return Draft(
            "matmul",
            _TITLE,
            f"{why}In a matrix product the last dimension of the left factor must equal the first "
            "of the right one.",
        )
    left, right = pair
    return Draft("matmul", _TITLE, _reason(left, right), _products(situation, left, right),
                 drawing.product((left.name, left.shape), (right.name, right.shape)))  # fmt: skip


@RULES.on(
    r"Expected size for first two dimensions of batch2 tensor to be: \[(.*?)\] but got: \[(.*?)\]",
    r"batch1 and batch2 must have same number of batches, got (\d+) and (\d+)",
    r"equal number of batches|batch1 dim 2 must match batch2 dim 1",
    r"The size of tensor a \((\d+)\) must match the size of tensor b",
)
def _batched(situation: Situation, match: re.Match[str]) -> Draft | None:
    pair = _factors(situation)
    if pair is None or ("tensor a" in match[0] and not _is_product(situation)):
        return None
    left, right = pair
    return Draft(
        "matmul",
        "Batches of matrices do not line up",
        _reason(left, right),
        _products(situation, left, right),
        drawing.product((left.name, left.shape), (right.name, right.shape)),
    )


@RULES.on(
    r"(?:self|input|mat1|mat2|batch1|batch2|vec) must be a (?:matrix|vector|2-?D|3-?D)",
    r"1D tensors expected",
    r"vector \+ matrix @ vector expected",
    r"both arguments to (?:linear|matmul) need to be at least 1D",
    r"Expected (?:2|3)-dimensional tensor, but got",
    r"dot: Expected 1-D argument",
)
def _dimensions(situation: Situation, match: re.Match[str]) -> Draft | None:
    pair = _factors(situation)
    if pair is None:
        return None
    left, right = pair
    scalar = not left.shape or not right.shape
    why = f"{told(left)} and {told(right)}. "
    fixes = []
    if scalar:
        why += "A number is no matrix: multiply with `*`."
        fixes = [situation.try_fix("multiply element by element", f"{left.atom} * {right.atom}")]
    else:
        why += (
            "`mm` wants two matrices, `bmm` two batches of matrices, `mv` a matrix and a vector, "
            "`dot` two vectors; `@` takes them all."
        )
        fixes = [situation.try_fix("use @, which fits all of them", f"{left.atom} @ {right.atom}")]
        if "1D" in match[0] or "1-D" in match[0]:
            code = f"({left.atom} * {right.atom}).sum()"
            fixes.append(situation.try_fix("sum of the products", code))
    return Draft("matmul", "This product wants another number of dimensions", why, fixes)


@RULES.on(r"t\(\) expects a tensor with <= 2 dimensions, but self is (\d+)D")
def _too_many_to_transpose(situation: Situation, match: re.Match[str]) -> Draft | None:
    operand = next(iter(situation.tensors()), None)
    if operand is None:
        return None
    return Draft(
        "permute",
        "t() is for matrices only",
        f"{told(operand)}: with {match[1]} dimensions it must be said which two change places.",
        [situation.try_fix("swap the last two", f"{operand.atom}.transpose(-2, -1)")],
    )


def _is_product(situation: Situation) -> bool:
    node = situation.node
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.MatMult)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("matmul", "bmm")
    return False


def _factors(situation: Situation) -> tuple[Value, Value] | None:
    """The two factors of the product, in the order in which they are multiplied."""
    tensors = situation.tensors()
    if len(tensors) == 3 and _called(situation) in (F.linear, torch.addmm, torch.baddbmm):
        return (
            (tensors[0], tensors[1]) if _called(situation) is F.linear else (tensors[1], tensors[2])
        )
    return situation.pair()


def _called(situation: Situation) -> Any:
    node = situation.node
    try:
        return peek(node.func, situation.names) if isinstance(node, ast.Call) else None
    except Unknown:
        return None


def _reason(left: Value, right: Value) -> str:
    start = f"{told(left)} and {told(right)}. "
    if not left.shape or not right.shape:
        return start
    inner = right.shape[-2:][0]
    if left.shape[-1] != inner:
        place = "first" if len(right.shape) < 3 else "second to last"
        return (
            f"{start}The last dimension of the left factor ({left.shape[-1]}) must equal the "
            f"{place} of the right one ({inner})."
        )
    return f"{start}The sizes in front, which count the matrices, must be equal or 1."


def _products(situation: Situation, left: Value, right: Value) -> list[Fix | None]:
    def turned(value: Value) -> str:
        return f"{value.atom}.T" if len(value.shape) == 2 else f"{value.atom}.transpose(-2, -1)"

    fixes: list[Fix | None] = []
    if len(right.shape) > 1:
        code = situation.instead(right, turned(right))
        fixes.append(situation.try_fix("transpose the right factor", code))
    if len(left.shape) > 1:
        code = situation.instead(left, turned(left))
        fixes.append(situation.try_fix("transpose the left factor", code))
    if len(left.shape) > 2 and right.shape[:1] == (math.prod(left.shape[1:]),):
        code = situation.instead(left, f"{left.atom}.flatten(1)")
        fixes.insert(0, situation.try_fix("keep the batch, flatten the rest", code))
    if isinstance(situation.node, ast.BinOp):
        fixes.append(situation.try_fix("swap the factors", f"{right.atom} @ {left.atom}"))
    return fixes


@RULES.on(r"einsum\(\)?:? ?(.*)")
def _einsum(situation: Situation, match: re.Match[str]) -> Draft | None:
    equation = _equation(situation)
    tensors = situation.tensors()
    clash = _clash(equation, tensors)
    if clash is None:
        return Draft("einsum", "einsum could not follow the equation", _sentence(match[1]))
    letter, (first, one), (second, other) = clash
    return Draft(
        "einsum",
        "einsum letters disagree",
        f"In `{equation}` every letter stands for one size, but `{letter}` is {one} in "
        f"`{first}` and {other} in `{second}`.",
    )


def _equation(situation: Situation) -> str:
    node = situation.node
    first = node.args[0] if isinstance(node, ast.Call) and node.args else None
    found = situation.value(first).value if first is not None else ""
    return found if type(found) is str else ""


def _clash(
    equation: str, tensors: list[Value]
) -> tuple[str, tuple[str, int], tuple[str, int]] | None:
    inputs = equation.replace(" ", "").split("->")[0].split(",")
    if "." in equation or len(inputs) != len(tensors):
        return None
    seen: dict[str, tuple[str, int]] = {}
    for letters, tensor in zip(inputs, tensors, strict=True):
        for letter, size in zip(letters, tensor.shape, strict=False):
            before = seen.setdefault(letter, (tensor.name, size))
            if before[1] != size:
                return letter, before, (tensor.name, size)
    return None


def _sentence(text: str) -> str:
    line = text.strip().split("\n")[0].strip()
    return line[:1].upper() + line[1:] + ("" if line.endswith(".") else ".")


@RULES.on(
    r"linalg\.(\w+): A must be batches of square matrices, but they are (\d+) by (\d+)",
    r"linalg\.(\w+): Incompatible shapes of A and B",
)
def _square(situation: Situation, match: re.Match[str]) -> Draft | None:
    tensors = situation.tensors()
    shapes = " and ".join(f"`{value.name}` ({shape(value)})" for value in tensors)
    if "square" in match[0]:
        why = f"`{match[1]}` is defined for square matrices; it was given {shapes or 'another'}."
        fixes = [
            situation.try_fix(
                "the pseudo-inverse exists for every shape", f"torch.linalg.pinv({tensors[0].name})"
            )
            or Fix("the pseudo-inverse torch.linalg.pinv exists for every shape")
        ] if match[1] == "inv" and tensors else []  # fmt: skip
        return Draft("square", "The matrix is not square", why, list(fixes))
    sizes = numbers(situation.message)
    why = f"The rows of A and B must be equally many; the sizes were {shapes or sizes}."
    return Draft("square", "The equation does not fit together", why)


@RULES.on(
    r"linalg\.(\w+): The (?:diagonal element|factorization|input).*(singular|positive-definite)"
)
def _singular(situation: Situation, match: re.Match[str]) -> Draft | None:
    if match[2] == "singular":
        why = "One row or column is a combination of others, so there is no inverse."
    else:
        why = "Cholesky wants a symmetric matrix with positive eigenvalues; this one is not."
    return Draft(
        "singular",
        "The matrix has no such factorisation",
        why,
        [Fix("add a small multiple of torch.eye(n) to the matrix, or use torch.linalg.pinv")],
    )
