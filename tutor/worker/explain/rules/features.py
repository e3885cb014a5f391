"""Layers that were given another number of features: norms, recurrent layers, attention."""

from __future__ import annotations

import re
from typing import Any

import torch

from tutor import raw
from tutor.wire.explanation import Fix
from tutor.worker.explain import drawing
from tutor.worker.explain.peek import own_names
from tutor.worker.explain.rules.rule import Rules, numbers, shape
from tutor.worker.explain.situation import Draft, Situation, Value

RULES = Rules()


def _shown(situation: Situation) -> list[Value] | None:
    layer = situation.layer
    if layer is None:
        return None
    origin = situation.origin()
    given = origin or Value("its input", value=layer.input, known=raw.is_tensor(layer.input))
    return [given, Value(layer.path, value=layer.module, known=True)]


def _drawn(situation: Situation, column: int, want: int) -> Any:
    layer = situation.layer
    if layer is None or not raw.is_tensor(layer.input):
        return None
    origin = situation.origin()
    name = origin.name if origin else "its input"
    given = (name, tuple(raw.shape_of(layer.input)))
    return drawing.wanted(given, f"{layer.path} wants", column, want)


def _path(situation: Situation) -> str:
    return f"`{situation.layer.path}`" if situation.layer else "The layer"


@RULES.on(
    r"Given normalized_shape=\[(.*?)\], expected input with shape \[\*, (.*?)\], but got "
    r"input of size ?\[(.*?)\]"
)
def _layer_norm(situation: Situation, match: re.Match[str]) -> Draft:
    want, given = numbers(match[1]), numbers(match[3])
    fix = None
    if len(want) == 1:
        fix = situation.checked_by(
            f"make {_path(situation)} for {given[-1]} features",
            f"nn.LayerNorm({given[-1]})",
            f"_norm(_given, ({given[-1]},))",
            _norm=torch.nn.functional.layer_norm,
            _given=situation.layer.input if situation.layer else None,
        )
    return Draft(
        "features",
        "The input has another number of features than the layer",
        f"{_path(situation)} normalises the last {'dimension' if len(want) == 1 else 'dimensions'}"
        f", which must be {shape(want)}; the input is {shape(given)}.",
        [fix],
        _drawn(situation, -1, want[-1]),
        _shown(situation),
    )


@RULES.on(
    r"running_mean should contain (\d+) elements not (\d+)",
    r"Expected weight to be a vector of size equal to the number of channels in input, but got "
    r"weight of shape \[(\d+)\] and input of shape \[(.*?)\]",
)
def _channel_norm(situation: Situation, match: re.Match[str]) -> Draft:
    if "running" in match[0]:
        got, want = int(match[1]), int(match[2])
    else:
        want, got = int(match[1]), numbers(match[2])[1]
    kind = situation.layer.kind.__name__ if situation.layer else "BatchNorm"
    code = f"nn.{kind}({got})" if kind.startswith("BatchNorm") else ""
    return Draft(
        "features",
        "The input has another number of channels than the layer",
        f"{_path(situation)} keeps statistics for {want} channels (dimension 1); the input has "
        f"{got}.",
        [Fix(f"make it for {got} channels", code)],
        _drawn(situation, 1, want),
        _shown(situation),
    )


@RULES.on(
    r"input\.size\(-1\) must be equal to input_size\. Expected (\d+), got (\d+)",
    r"was expecting embedding dimension of (\d+), but got (\d+)",
    r"bilinear\(\): input\d size does not match weight size: got (\d+) but expected (\d+)",
)
def _width(situation: Situation, match: re.Match[str]) -> Draft:
    want, got = int(match[1]), int(match[2])
    if "bilinear" in match[0]:
        want, got = got, want
    return Draft(
        "features",
        "The input has another number of features than the layer",
        f"{_path(situation)} takes {want} features in the last dimension; it was given {got}.",
        [Fix(f"make the layer for {got} features, or the layer before it for {want}")],
        _drawn(situation, -1, want),
        _shown(situation),
    )


@RULES.on(
    r"(?:\w+: )?Expected input to be 2D or 3D, got (\d)D",
    r"input must have (\d) dimensions, got (\d)",
)
def _recurrent_dimensions(situation: Situation, match: re.Match[str]) -> Draft:
    layer = situation.layer
    first = layer is not None and own_names(layer.module).get("batch_first") is True
    order = "[batch, time, features]" if first else "[time, batch, features]"
    got = match.groups()[-1]
    origin = situation.origin()
    fixes: list[Fix | None] = []
    if origin is not None and got == "4":
        code = situation.instead(origin, f"{origin.atom}.flatten(2)")
        fixes.append(situation.maybe("put the last two dimensions into one", code))
    return Draft(
        "input-dims",
        "A recurrent layer takes sequences",
        f"{_path(situation)} takes {order} (batch_first={first}), or one sequence without a batch; "
        f"it was given {got} dimensions.",
        fixes,
        operands=_shown(situation),
    )


@RULES.on(
    r"Expected hidden(?:\[\d\])? size \((.*?)\), got \[(.*?)\]",
    r"For (?:un)?batched \d-D input, hx (?:and cx )?should also be",
)
def _hidden(situation: Situation, match: re.Match[str]) -> Draft:
    layer = situation.layer
    facts = own_names(layer.module) if layer else {}
    why = (
        f"The first state of {_path(situation)} is [layers, batch, hidden] = "
        f"[{facts.get('num_layers', 1)}, batch, {facts.get('hidden_size', 'hidden')}]."
    )
    picture = None
    fixes: list[Fix | None] = []
    if match.groups() and match[1]:
        want, got = numbers(match[1]), numbers(match[2])
        why += f" It must be {shape(want)}, and was {shape(got)}."
        picture = drawing.from_the_left(("needed", want), ("given", got))
        if (
            len(want) == 3
            and facts.get("batch_first") is False
            and raw.is_tensor(_input(situation))
        ):
            sizes = tuple(raw.shape_of(_input(situation)))
            if sizes[:1] == got[1:2]:
                fixes.append(Fix("the batch looks first: make the layer with batch_first=True"))
    fixes.append(Fix("or leave it out: it then starts with zeros"))
    return Draft("hidden-state", "The hidden state has another shape", why, fixes, picture,
                 _shown(situation))  # fmt: skip


def _input(situation: Situation) -> Any:
    return situation.layer.input if situation.layer else None


@RULES.on(
    r"Expected more than 1 (?:value|spatial element) per channel when training, got input "
    r"size (?:torch\.Size\()?\[?(.*?)\]"
)
def _one_sample(situation: Situation, match: re.Match[str]) -> Draft:
    root = situation.place.text(getattr(situation.node, "func", None)) if situation.place else ""
    return Draft(
        "batch-of-one",
        "Batch normalisation cannot learn from one sample",
        f"In training {_path(situation)} normalises with the mean and deviation of the batch; one "
        "value has no deviation.",
        [
            Fix("to predict: switch to evaluation first", f"{root or 'model'}.eval()"),
            Fix("to train: larger batches, and drop_last=True in the DataLoader"),
        ],
        operands=_shown(situation),
    )


@RULES.on(r"The shape of the (\w+) attn_mask is torch\.Size\(\[(.*?)\]\), but should be \((.*?)\)")
def _attention_mask(situation: Situation, match: re.Match[str]) -> Draft:
    got, want = numbers(match[2]), numbers(match[3])
    return Draft(
        "mask-shape",
        "The attention mask has another shape",
        f"It says for each query which keys it may see, so it must be {shape(want)} "
        f"[queries, keys]; it is {shape(got)}. Without batch_first=True the first dimension of "
        "the input is time, not batch.",
        [],
        drawing.from_the_left(("needed", want), ("attn_mask", got)),
    )


@RULES.on(r"dropout probability has to be between 0 and 1, but got (\S+)")
def _dropout(situation: Situation, match: re.Match[str]) -> Draft:
    fixes: list[Fix | None] = []
    try:
        share = float(match[1]) / 100
    except ValueError:
        share = -1.0
    if 0 <= share <= 1 and float(match[1]) > 1:
        fixes.append(Fix(f"for {match[1]} %: {share:g}", f"nn.Dropout({share:g})"))
    return Draft(
        "range",
        "A probability lies between 0 and 1",
        f"p is the share of the elements that are set to 0; it was {match[1]}.",
        fixes,
    )


@RULES.on(
    r"(\w+)\(\): argument '(\w+)' \(position \d+\) must be (?:Tensor|tuple of Tensors|list of "
    r"Tensors), not ([\w.]+)",
    r"expected np\.ndarray \(got ([\w.]+)\)",
)
def _not_a_tensor(situation: Situation, match: re.Match[str]) -> Draft | None:
    kind = match.groups()[-1]
    bad = _of_kind(situation, kind)
    if kind == "NoneType":
        return None
    fixes: list[Fix | None] = []
    why = f"It was given a {kind}."
    if bad is not None:
        why = f"`{bad.name}` is a {kind}."
        if type(bad.value) is tuple and bad.value and raw.is_tensor(bad.value[0]):
            code = situation.instead(bad, f"{bad.atom}[0]")
            fixes.append(situation.maybe("take the first of its parts", code))
            why += " Recurrent layers return (outputs, state); attention returns (output, weights)."
        elif kind in ("list", "int", "float", "ndarray", "numpy.ndarray"):
            change = "torch.as_tensor" if "ndarray" in kind else "torch.tensor"
            code = situation.instead(bad, f"{change}({bad.name})")
            fixes.append(situation.maybe("make it a tensor first", code))
    elif kind == "tuple":
        why += " Recurrent layers return (outputs, state): unpack it, out, h = rnn(x)."
    title = (
        "A NumPy array is needed here" if "np.ndarray" in match[0] else "A tensor is needed here"
    )
    return Draft("not-a-tensor", title, why, fixes)


def _of_kind(situation: Situation, kind: str) -> Value | None:
    word = kind.rpartition(".")[2]
    return next(
        (o for o in situation.operands if o.known and type(o.value).__name__ == word), None
    )  # fmt: skip


@RULES.on(
    r"'tuple' object has no attribute '(\w+)'",
    r"'torch\.return_types\.(\w+)' object has no attribute '(\w+)'",
    r"can only concatenate tuple \(not \"(\w+)\"\) to tuple",
    r"unsupported operand type\(s\) for .*'torch\.return_types\.(\w+)'",
    r"'tuple' and '(\w+)'|'(\w+)' and 'tuple'",
)
def _several_results(situation: Situation, match: re.Match[str]) -> Draft | None:
    bad = next((o for o in situation.operands if isinstance(o.value, tuple) and o.known), None)
    if bad is None:
        return None
    fixes: list[Fix | None] = []
    if type(bad.value).__module__ == "torch.return_types":
        why = (
            f"`{bad.name}` holds both the values and their indices: max, min, sort and topk along "
            "a dimension give two tensors."
        )
        for name, text in (("values", "the values"), ("indices", "or where they are")):
            fixes.append(situation.maybe(text, situation.instead(bad, f"{bad.atom}.{name}")))
    else:
        size = tuple.__len__(bad.value)
        why = f"`{bad.name}` is a tuple of {size}. A comma at the end of a line makes one too."
        if bad.value and raw.is_tensor(bad.value[0]):
            why = (
                f"`{bad.name}` is a tuple of {len(bad.value)}; recurrent layers return "
                "(outputs, state)."
            )
            code = situation.instead(bad, f"{bad.atom}[0]")
            fixes.append(situation.maybe("take the first of its parts", code))
    return Draft("two-results", "Several results are still together", why, fixes)
