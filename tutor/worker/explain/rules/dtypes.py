"""Tensors of two dtypes in one operation, and integers where fractions are needed."""

from __future__ import annotations

import re

import torch

from tutor import raw
from tutor.wire.explanation import Fix
from tutor.worker.explain.peek import registry
from tutor.worker.explain.rules.rule import Rules
from tutor.worker.explain.situation import Draft, Situation, Value, is_float

RULES = Rules()
_SHORT = {
    torch.float32: "float()",
    torch.float64: "double()",
    torch.int64: "long()",
    torch.float16: "half()",
    torch.bfloat16: "bfloat16()",
}


def _name(dtype: torch.dtype | None) -> str:
    return raw.dtype_name(dtype) if dtype is not None else "unknown"


def _as(dtype: torch.dtype) -> str:
    return _SHORT.get(dtype, f"to({dtype})")


@RULES.on(
    r"mat1 and mat2 must have the same dtype",
    r"Input type \((?!torch\.cuda|torch\.mps|\w*CUDA|\w*MPS).*?\) and (?:bias|weight) type "
    r"\(.*?\) should be the same",
    r"RNN input dtype \(.*?\) does not match weight dtype",
    r"expected scalar type (?:Float|Half|Double|BFloat16) but found "
    r"(?:Float|Half|Double|BFloat16|Byte|Long|Int)",
    r"expected m1 and m2 to have the same dtype",
)
def _into_a_layer(situation: Situation, match: re.Match[str]) -> Draft | None:
    layer = situation.layer
    if layer is None or not raw.is_tensor(layer.input):
        return None
    weights = [p for p in registry(layer.module, "_parameters").values() if raw.is_tensor(p)]
    if not weights:
        return None
    given, weight = raw.dtype_of(layer.input), raw.dtype_of(weights[0])
    if given == weight:
        return None
    origin = situation.origin()
    fixes: list[Fix | None] = []
    if origin is not None:
        code = situation.instead(origin, f"{origin.atom}.{_as(weight)}")
        fixes.append(situation.maybe(f"convert the input to {_name(weight)}", code))
    else:
        fixes.append(Fix(f"convert its input with .{_as(weight)}"))
    if is_float(given):
        fixes.append(Fix(f"or convert the whole model with .{_as(given)}"))
    operands = [origin or Value("its input", value=layer.input, known=True)]
    return Draft(
        "dtype-mix",
        "The input has another dtype than the layer",
        f"The weights of `{layer.path}` are {_name(weight)}, its input was "
        f"{_name(given)}.{_hint(given)}",
        fixes,
        operands=[*operands, Value(layer.path, value=layer.module, known=True)],
    )


def _hint(dtype: torch.dtype) -> str:
    if dtype is torch.float64:
        return " NumPy and Python's floats are float64; torch's default is float32."
    if dtype is torch.uint8:
        return " Images are often stored as uint8, from 0 to 255."
    return ""


@RULES.on(
    r"mat1 and mat2 must have the same dtype",
    r"expected m1 and m2 to have the same dtype",
    r"expected both vectors to have same dtype",
    r"expected scalar type (?:Float|Half|Double|BFloat16) but found "
    r"(?:Float|Half|Double|BFloat16|Byte|Long|Int)",
    r"Index put requires the source and destination dtypes match",
    r"self and \w+ (?:must|should|expected to) have the same (?:dtype|scalar type)",
    r"(?:should|must) have the same dtype",
)
def _by_hand(situation: Situation, match: re.Match[str]) -> Draft | None:
    tensors = situation.tensors()
    if len(tensors) < 2:
        return None
    first, second = tensors[0], next(
        (t for t in tensors[1:] if t.dtype != tensors[0].dtype), tensors[1]
    )  # fmt: skip
    if first.dtype is None or second.dtype is None or first.dtype == second.dtype:
        return None
    keep, change = (first, second)
    if not is_float(keep.dtype) and is_float(change.dtype) and "Index put" not in match[0]:
        keep, change = change, keep
    if change.dtype is torch.float32 and is_float(keep.dtype):
        keep, change = change, keep  # torch's own default, wide enough and everywhere supported
    assert keep.dtype is not None
    code = situation.instead(change, f"{change.atom}.{_as(keep.dtype)}")
    return Draft(
        "dtype-mix",
        "The tensors have different dtypes",
        f"`{first.name}` is {_name(first.dtype)}, `{second.name}` is {_name(second.dtype)}; this "
        "operation does not convert.",
        [situation.maybe(f"convert `{change.name}` to {_name(keep.dtype)}", code)],
    )


@RULES.on(
    r"could not infer output dtype. Input dtype must be either a floating point or complex dtype",
    r"std and var only support floating point",
    r"(?:softmax|sigmoid|mean|norm|nll|gelu|silu|tanh|exp|dropout|pool|conv|addmm|baddbmm|grid)"
    r"\w*\" ?not implemented for '(?:Long|Int|Short|Byte|Char|Bool)'",
    r"Expected a floating point or complex tensor as input\. Got",
    r"input dtype should be either floating point or complex",
    r"input tensor must be either float or double dtype",
    r"Input must be floating point or complex|expected a floating[ -]point",
)
def _integers(situation: Situation, match: re.Match[str]) -> Draft:
    value = next((t for t in situation.tensors() if not is_float(t.dtype)), None)
    fixes: list[Fix | None] = []
    subject = "The tensor"
    if value is not None:
        code = situation.instead(value, f"{value.atom}.float()")
        fixes.append(situation.maybe("convert to float32 first", code))
        subject = f"`{value.name}`"
    kind = _name(value.dtype) if value else "an integer dtype"
    return Draft(
        "integer-maths",
        "This needs floating point numbers",
        f"{subject} is {kind}. The result would have fractions, which integers cannot hold, and "
        "torch does not convert by itself.",
        fixes,
    )


@RULES.on(r"[Oo]nly Tensors of floating point(?: and complex)? dtype can require gradients")
def _integer_gradients(situation: Situation, match: re.Match[str]) -> Draft:
    value = next((t for t in situation.tensors() if not is_float(t.dtype)), None)
    code = situation.instead(value, f"{value.atom}.float()") if value else ""
    fixes = [
        Fix("convert first", code) if code
        else Fix("write the numbers with a point (1. instead of 1), or pass dtype=torch.float32")
    ]  # fmt: skip
    return Draft(
        "integer-maths",
        "Integers have no gradient",
        "A gradient says what a tiny step would change, and integers cannot take tiny steps.",
        list(fixes),
    )


@RULES.on(r"result type (\w+) can't be cast to the desired output type (\w+)")
def _result_cast(situation: Situation, match: re.Match[str]) -> Draft:
    left = next(iter(situation.tensors()), None)
    name = f"`{left.name}`" if left else "the tensor"
    return Draft(
        "result-cast",
        "The result does not fit into the dtype of the tensor",
        f"An in-place operation keeps the dtype: {name} is {match[2]}, the result is {match[1]}.",
        [
            Fix("make the tensor float32 where it is created, with dtype=torch.float32"),
            Fix("or make a new tensor: x = x + … instead of x += …"),
        ],
    )


@RULES.on(
    r"bitwise_(\w+?)_?(?:cpu|cuda|mps|xpu)?\" not implemented for '(?:Float|Double|Half)'",
    r"(~) \(operator\.invert\) is only implemented on integer and Boolean",
    r"(lshift|rshift)\w*\" not implemented for '(?:Float|Double|Half)'",
)
def _bits(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "bits",
        "&, |, ^ and ~ work on bits",
        "They are for integers and truth values; these are fractions. Comparisons bind less "
        "tightly than &, so they need parentheses: `(a > 0) & (b > 0)`.",
        [Fix("compare first, each comparison in parentheses"), Fix("powers are written **")],
    )


@RULES.on(r"Subtraction, the `-` operator, with (?:two|a) bool tensors?")
def _minus_bool(situation: Situation, match: re.Match[str]) -> Draft:
    tensors = situation.tensors()
    code = f"{tensors[0].atom} ^ {tensors[1].atom}" if len(tensors) == 2 else ""
    return Draft(
        "bits",
        "Truth values cannot be subtracted",
        "`-` has no meaning for True and False; convert them to numbers, or ask where they differ.",
        [situation.maybe("where they differ", code)] if code else [],
    )


@RULES.on(
    r"(?:where expected condition to be a boolean tensor|masked_fill_? only supports boolean masks"
    r"|masked_select: expected BoolTensor for mask)"
)
def _not_a_mask(situation: Situation, match: re.Match[str]) -> Draft:
    value = next((t for t in situation.tensors() if t.dtype is not torch.bool), None)
    masks = [t for t in situation.tensors() if t.dtype is not torch.bool]
    if "masked" in match[0] and len(masks) > 1:
        value = masks[1]
    code = situation.instead(value, f"{value.atom} > 0") if value else ""
    alternative = situation.instead(value, f"{value.atom}.bool()") if value else ""
    return Draft(
        "mask-dtype",
        "A mask holds truth values",
        f"`{value.name if value else 'The mask'}` is {_name(value.dtype) if value else 'no bool'}; "
        "a comparison such as `x > 0` makes a mask.",
        [
            situation.maybe("everything that is not 0", alternative),
            situation.maybe("compare", code),
        ],
    )


@RULES.on(
    r"can't convert np\.ndarray of type numpy\.(\w+)",
    r"too many dimensions '(str)'",
    r"new\(\): invalid data type '(str)'",
    r"Could not infer dtype of (\w+)",
    r"invalid data type '(\w+)'",
)
def _not_numbers(situation: Situation, match: re.Match[str]) -> Draft:
    kind = match[1]
    advice = {
        "str": "Give every word a number first, for example with a dict.",
        "object_": "An array of objects often means rows of different lengths, or texts among "
        "the numbers.",
        "NoneType": "A None is among the values: a missing number, or a function without return.",
        "dict": "Take its values: list(d.values()).",
    }.get(kind, "Tensors hold numbers of one dtype.")
    return Draft(
        "not-numbers",
        "A tensor can only hold numbers",
        f"It was given {'None' if kind == 'NoneType' else kind}. {advice}",
        [Fix("look at the values", "type(x), x")] if kind == "object_" else [],
    )


@RULES.on(r"(?:Cannot|cannot|doesn't) .*MPS.*float64|MPS framework doesn't support float64")
def _no_doubles(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "dtype-mix",
        "Apple's GPU has no float64",
        "The tensor is float64, often because it came from NumPy; the MPS device only knows "
        "smaller floats.",
        [Fix("convert before moving: .float().to(device)")],
    )


@RULES.on(r"argument 'dtype' must be torch\.dtype, not (\w+)")
def _dtype_as_text(situation: Situation, match: re.Match[str]) -> Draft:
    value = situation.argument(99, "dtype")
    name = value.value if value is not None and type(value.value) is str else ""
    known = hasattr(torch, name) and type(getattr(torch, name)) is torch.dtype if name else False
    code = situation.instead(value, f"torch.{name}") if value is not None and known else ""
    return Draft(
        "dtype-name",
        "A dtype is an object, not a text",
        f"The argument was {match[1]}; torch's dtypes are written torch.float32, torch.int64, …",
        [situation.maybe("use torch's own", code)] if code else [],
    )
