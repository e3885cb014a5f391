"""Convolutions and pools: number of dimensions, channels, and images that became too small."""

from __future__ import annotations

import math
import re
from typing import Any

import torch

from tutor import raw
from tutor.wire.explanation import Fix
from tutor.worker.explain import drawing
from tutor.worker.explain.peek import own_names, registry
from tutor.worker.explain.rules.rule import Rules, numbers, shape
from tutor.worker.explain.situation import Draft, Situation, Value

RULES = Rules()
_EMPTY: dict[str, Any] = {"_empty": torch.empty}
_ORDERS = {
    2: "[batch, features]",
    3: "[batch, channels, length]",
    4: "[batch, channels, height, width]",
    5: "[batch, channels, depth, height, width]",
}


def _subject(situation: Situation, sizes: tuple[int, ...]) -> tuple[str, list[Value]]:
    """How the input is called, and the operands to show."""
    layer = situation.layer
    origin = situation.origin()
    if layer is None:
        value = next((t for t in situation.tensors() if t.shape == sizes), None)
        return (value.name if value else "the input"), ([value] if value else [])
    shown = [origin] if origin else []
    if origin is None and raw.is_tensor(layer.input):
        shown = [Value("its input", value=layer.input, known=True)]
    return (origin.name if origin else "its input"), [
        *shown,
        Value(layer.path, value=layer.module, known=True),
    ]


@RULES.on(
    r"Expected (\d)D \(unbatched\) or (\d)D \(batched\) input to (\w+), but got input of "
    r"size: \[(.*?)\]",
    r"Expected (\d)-dimensional input for (\d)-dimensional weight .*?, but got "
    r"(\d)-dimensional input of size \[(.*?)\]",
    r"non-empty (\d)D or (\d)D \(batch mode\) tensor expected for (input)",
    r"(?:expected|Expected) (?:input to be )?(\d)D (?:or (\d)D )?(input|tensor)? ?\(?,?(?:but "
    r")?got (\d)D",
)
def _dimensions(situation: Situation, match: re.Match[str]) -> Draft:
    layer = situation.layer
    given = tuple(raw.shape_of(layer.input)) if layer and raw.is_tensor(layer.input) else ()
    if not given:
        listed = re.search(r"input of size:? \[(.*?)\]", situation.message)
        given = numbers(listed[1]) if listed else ()
    origin = situation.origin() or next(iter(situation.tensors()), None)
    if not given and origin is not None:
        given = origin.shape
    name, shown = _subject(situation, given)
    who = f"`{layer.path}`" if layer else "This operation"
    wanted = [int(group) for group in match.groups()[:2] if group and group.isdigit()]
    most = max(wanted, default=4)
    order = _ORDERS.get(most, "")
    fixes: list[Fix | None] = []
    if origin is not None and given:
        fixes = _reshaped(situation, origin, given, most)
    return Draft(
        "input-dims",
        "The input has another number of dimensions than the layer takes",
        f"{who} takes {' or '.join(map(str, wanted))} dimensions, {order}. "
        + (f"`{name}` has {len(given)}: {shape(given)}." if given else ""),
        fixes,
        operands=shown or None,
    )


def _reshaped(
    situation: Situation, origin: Value, given: tuple[int, ...], most: int
) -> list[Fix | None]:
    channels = _channels(situation)
    ways: list[tuple[str, str]] = []
    if most == 4 and len(given) == 2 and channels:
        side = math.isqrt(given[1] // channels) if channels else 0
        if side and channels * side * side == given[1]:
            ways.append((f"rows look like {channels}×{side}×{side} images",
                         f".view(-1, {channels}, {side}, {side})"))  # fmt: skip
    if len(given) == most - 2 and not ways:
        ways.append(("add a batch and a channel dimension", "[None, None]"))
    if len(given) == most - 1:
        ways.append(("add the channel dimension", ".unsqueeze(1)"))
        ways.append(("add a batch of one", ".unsqueeze(0)"))
    if len(given) > most:
        ways.append(("flatten what is too much", f".flatten({most - 1})"))
    return [
        situation.try_fix(text, situation.instead(origin, origin.atom + change))
        or _checked_on_layer(situation, text, origin, change)
        for text, change in ways
    ]


def _checked_on_layer(situation: Situation, text: str, origin: Value, change: str) -> Fix | None:
    if situation.layer is None:
        return None
    code = situation.instead(origin, origin.atom + change)
    return situation.checked_by(
        text,
        code,
        f"_layer(_given{change})",
        _layer=situation.layer.module,
        _given=situation.layer.input,
    )


def _channels(situation: Situation) -> int:
    if situation.layer is None:
        return 0
    found = own_names(situation.layer.module).get("in_channels")
    return found if type(found) is int else 0


@RULES.on(
    r"Given (groups|transposed)=(\d+), weight of size \[(.*?)\], expected input\[(.*?)\] to "
    r"have (\d+) channels, but got (\d+) channels instead"
)
def _other_number(situation: Situation, match: re.Match[str]) -> Draft:
    given, want, got = numbers(match[4]), int(match[5]), int(match[6])
    layer = situation.layer
    origin = situation.origin() or next(
        (t for t in situation.tensors() if t.shape == given), None
    )  # fmt: skip
    name, shown = _subject(situation, given)
    fixes: list[Fix | None] = []
    if origin is not None and len(given) >= 3:
        if given[-1:] == (want,):
            dims = (0, len(given) - 1, *range(1, len(given) - 1)) if len(given) == 4 else (2, 0, 1)
            change = f".permute({', '.join(map(str, dims))})"
            code = situation.instead(origin, origin.atom + change)
            fixes.append(
                situation.try_fix("channels are last: move them in front of the rows", code)
                or _checked_on_layer(situation, "channels are last: move them", origin, change)
            )
        if got == 1 and want > 1 and len(given) == 4:
            code = situation.instead(origin, f"{origin.atom}.expand(-1, {want}, -1, -1)")
            fixes.append(
                situation.try_fix("or repeat the grey channel", code)
                or _checked_on_layer(
                    situation, "or repeat the grey channel", origin, f".expand(-1, {want}, -1, -1)"
                )
            )
    if layer is not None and match[1] == "groups" and given[-1:] != (want,):
        fixes.insert(0, _other_channels(situation, got))
    return Draft(
        "channels",
        "The input has another number of channels than the layer",
        f"`{layer.path if layer else 'The weight'}` takes {want} channels, which stand in "
        f"dimension 1 of [batch, channels, height, width]; `{name}` has {got} there.",
        fixes,
        drawing.wanted((name, given), f"{layer.path if layer else 'weight'} wants",
                       1 if len(given) == 4 or len(given) == 5 else 0, want),
        shown or None,
    )  # fmt: skip


def _other_channels(situation: Situation, count: int) -> Fix | None:
    layer = situation.layer
    if layer is None:
        return None
    facts = own_names(layer.module)
    out, kernel = facts.get("out_channels"), facts.get("kernel_size")
    kind = layer.kind.__name__
    weight = registry(layer.module, "_parameters").get("weight")
    if type(out) is not int or type(kernel) is not tuple or not raw.is_tensor(weight):
        return None
    code = f"nn.{kind}({count}, {out}, kernel_size={kernel})"
    sizes = ", ".join(map(str, (out, count, *kernel)))
    function = {"Conv1d": "conv1d", "Conv2d": "conv2d", "Conv3d": "conv3d"}.get(kind)
    if function is None or facts.get("groups") != 1:
        return None
    return situation.checked_by(
        f"make `{layer.path}` for {count} channel{'s' * (count != 1)}",
        code,
        f"_convolve(_given, _empty({sizes}))",
        _convolve=getattr(torch.nn.functional, function),
        _given=layer.input,
        **_EMPTY,
    )


@RULES.on(
    r"Calculated padded input size per channel: \((.*?)\)\. Kernel size: \((.*?)\)\. Kernel "
    r"size can't be greater",
    r"Given input size: \((.*?)\)\. Calculated output size: \((.*?)\)\. Output size is too small",
    r"[Kk]ernel size can't be greater than actual input size",
)
def _too_small(situation: Situation, match: re.Match[str]) -> Draft:
    layer = situation.layer
    who = f"`{layer.path}`" if layer else "this layer"
    groups = match.groups()
    if groups and "Kernel" in match[0]:
        window, image = shape(numbers(groups[1])), shape(numbers(groups[0]))
        why = f"The window of {who} is {window}, the image only {image}."
    elif groups:
        why = (
            f"{who} was given {shape(numbers(groups[0]))} (channels first) and would leave "
            f"{shape(numbers(groups[1]))}."
        )
    else:
        why = f"The window of {who} is larger than the image."
    _, shown = _subject(situation, ())
    return Draft(
        "too-small",
        "The image is too small for this layer",
        f"{why[:1].upper()}{why[1:]} Each pool or stride before it made the image smaller.",
        [
            Fix("leave out one pool or stride, or start from larger images"),
            Fix("keep the size with padding: nn.Conv2d(…, kernel_size=3, padding=1)"),
            Fix("or end with nn.AdaptiveAvgPool2d(1), which takes every size"),
        ],
        operands=shown or None,
    )


@RULES.on(
    r"(in_channels|out_channels|num_channels)(?: \((\d+)\))? must be divisible by "
    r"(groups|num_groups)(?: \((\d+)\))?",
    r"(embed_dim) must be divisible by (num_heads)",
)
def _divisible(situation: Situation, match: re.Match[str]) -> Draft:
    names = [g for g in match.groups() if g and not g.isdigit()]
    return Draft(
        "sizes",
        f"{names[0]} must be a multiple of {names[-1]}",
        f"The layer splits {names[0]} into equal parts, one for each of {names[-1]}.",
        [Fix(f"choose {names[-1]} so that {names[0]} / {names[-1]} is a whole number")],
    )
