"""Losses: predictions and targets of other shapes, dtypes, or ranges than they need."""

from __future__ import annotations

import re

from tutor import raw
from tutor.wire.explanation import Fix
from tutor.worker.explain import drawing
from tutor.worker.explain.rules.rule import Rules, numbers, shape, told
from tutor.worker.explain.situation import Draft, Situation, Value, is_float

RULES = Rules()


def _sides(situation: Situation) -> tuple[Value, Value] | None:
    """Prediction and target of the loss: operands where they are tensors, else torch's locals."""
    tensors = situation.tensors()
    if len(tensors) >= 2:
        return tensors[0], tensors[1]
    found = situation.library("input"), situation.library("target")
    if all(map(raw.is_tensor, found)):
        names = ("prediction", "target")
        return tuple(Value(n, None, v, True) for n, v in zip(names, found, strict=True))  # type: ignore[return-value]
    return None


@RULES.on(
    r"expected target dtype to be Long or Byte, but got (\w+)",
    r"expected scalar type Long but found (\w+)",
    r"Expected object of scalar type (?:torch\.)?Long(?:Tensor)? but got (?:scalar )?type "
    r"(?:torch\.)?(\w+)",
    r"nll_loss\w*\" not implemented for '(\w+)'",
    r"Expected floating point type for target with class probabilities, got (\w+)",
)
def _class_targets(situation: Situation, match: re.Match[str]) -> Draft:
    sides = _sides(situation)
    why = (
        "The target is either one class number for each sample (int64), or one probability for "
        "each class (float, in the shape of the prediction)."
    )
    fixes: list[Fix | None] = []
    if sides is not None:
        prediction, target = sides
        kind = raw.dtype_name(target.dtype) if target.dtype else match[1]
        why = f"`{target.name}` is {kind} of shape {shape(target)}. {why}"
        if is_float(target.dtype) or target.shape != prediction.shape:
            code = situation.instead(target, f"{target.atom}.long()")
            fixes.append(situation.maybe("if it holds class numbers: make them int64", code))
        if not is_float(target.dtype) and target.shape == prediction.shape:
            code = situation.instead(target, f"{target.atom}.float()")
            fixes.append(situation.maybe("if it is one-hot: make it floating point", code))
            code = situation.instead(target, f"{target.atom}.argmax(1)")
            if len(target.shape) > 1:
                fixes.append(situation.try_fix("or take its class numbers", code))
    return Draft("target-dtype", "The target has the wrong dtype for this loss", why, fixes)


@RULES.on(
    r"result type (?:Float|Double) can't be cast to the desired output type (?:Long|Int|Bool)",
    r"Found dtype (?:Long|Int|Bool|Double) but expected (?:Float|Double)",
)
def _number_targets(situation: Situation, match: re.Match[str]) -> Draft | None:
    if "Found dtype" not in match[0] and not _is_loss(situation):
        return None
    sides = _sides(situation)
    fixes: list[Fix | None] = []
    name = "The target"
    if sides is not None:
        target = sides[1]
        name = f"`{target.name}`"
        code = situation.instead(target, f"{target.atom}.float()")
        fixes.append(situation.maybe("make the target floating point", code))
    else:
        fixes.append(Fix("make the target floating point with .float()"))
    return Draft(
        "target-dtype",
        "The target has the wrong dtype for this loss",
        f"This loss compares numbers with numbers, so both must be floating point of one dtype. "
        f"{name} is not.",
        fixes,
    )


def _is_loss(situation: Situation) -> bool:
    text = situation.expression
    if "loss" in text.lower() or "cross_entropy" in text:
        return True
    return situation.layer is not None and "Loss" in situation.layer.kind.__name__


@RULES.on(
    r"Target (-?\d+) is out of bounds",
    r"device-side assert triggered",
    r"Assertion `t >= 0 && t < n_classes` failed",
)
def _class_range(situation: Situation, match: re.Match[str]) -> Draft:
    if not match.groups():
        return Draft(
            "class-range",
            "The GPU stopped at an index out of range",
            "This message hides what it was: nearly always a class label or a token number that "
            "is negative or too large. After it, the GPU is unusable until the worker restarts.",
            [Fix("run the cell on the CPU: there the message names the number")],
        )
    label = int(match[1])
    sides = _sides(situation)
    count = sides[0].shape[1] if sides and len(sides[0].shape) > 1 else None
    why = "Labels are numbered from 0."
    if count is not None and sides:
        why = (
            f"`{sides[0].name}` scores {count} classes, so the labels are 0 to {count - 1}; "
            f"`{sides[1].name}` holds {label}."
        )
    fixes: list[Fix | None] = []
    if sides and count == label:
        code = situation.instead(sides[1], f"{sides[1].atom} - 1")
        fixes.append(situation.maybe("if the labels count from 1: subtract 1", code))
    if label >= 0:
        fixes.append(Fix(f"if there are more classes: let the last layer give {label + 1} or more"))
    return Draft("class-range", f"Label {label} is not one of the classes", why, fixes)


@RULES.on(r"Expected input batch_size \((\d+)\) to match target batch_size \((\d+)\)")
def _batch_sizes(situation: Situation, match: re.Match[str]) -> Draft:
    rows, labels = int(match[1]), int(match[2])
    sides = _sides(situation)
    picture = None
    fixes: list[Fix | None] = []
    if sides is not None:
        prediction, target = sides
        picture = drawing.from_the_left((prediction.name, prediction.shape[:1]),
                                        (target.name, target.shape[:1]))  # fmt: skip
        if len(target.shape) == 2 and target.shape[0] * target.shape[1] == rows:
            code = situation.instead(target, f"{target.atom}.flatten()")
            fixes.append(situation.try_fix("flatten the target too", code))
        if len(prediction.shape) == 2 and prediction.shape == target.shape[::-1] != target.shape:
            code = situation.instead(prediction, f"{prediction.atom}.T")
            fixes.append(situation.try_fix("transpose the prediction", code))
    fixes.append(Fix("look for a reshape before this line that moved batch entries elsewhere"))
    return Draft(
        "batch-size",
        "Predictions and targets are not equally many",
        f"There are {rows} predictions and {labels} targets. A `view(-1, …)` with a wrong size "
        "moves parts of one sample into the batch.",
        fixes,
        picture,
    )


@RULES.on(
    r"(?:0D or )?1D target tensor expected, multi-target not supported",
    r"multi-target not supported at",
    r"Expected target size \[(.*?)\], got \[(.*?)\]",
    r"only batches of spatial targets supported",
    r"input and target batch or spatial sizes don't match",
    r"size mismatch \(got input: .*target: ",
)
def _class_shapes(situation: Situation, match: re.Match[str]) -> Draft:
    sides = _sides(situation)
    why = (
        "For a prediction of [N, classes] the target is [N]; with more dimensions the classes "
        "stand second: [N, classes, d] goes with [N, d]."
    )
    fixes: list[Fix | None] = []
    if sides is not None:
        prediction, target = sides
        why = f"{told(prediction)}, {told(target)}. {why}"
        fixes = _fitting(situation, prediction, target)
    return Draft("target-shape", "The target has the wrong shape for this loss", why, fixes)


def _fitting(situation: Situation, prediction: Value, target: Value) -> list[Fix | None]:
    p, t = prediction.shape, target.shape
    fixes: list[Fix | None] = []
    if len(t) == 2 and t[1] == 1:
        code = situation.instead(target, f"{target.atom}.squeeze(1)")
        fixes.append(situation.try_fix("drop the dimension of size 1", code))
    if len(p) == len(t) + 1 and p[:-1] == t and len(p) > 2:
        flat = f"{prediction.atom}.flatten(0, {len(p) - 2})"
        code = situation.instead(prediction, flat)
        code = _second(situation, code, target, f"{target.atom}.flatten()")
        fixes.append(situation.try_fix("one row a token: flatten both", code))
        order = ", ".join(map(str, (0, len(p) - 1, *range(1, len(p) - 1))))
        moved = (
            f"{prediction.atom}.transpose(1, 2)"
            if len(p) == 3
            else f"{prediction.atom}.permute({order})"
        )
        code = situation.instead(prediction, moved)
        fixes.append(situation.try_fix("or move the classes to second place", code))
    if p == t and len(t) == 2:
        code = situation.instead(target, f"{target.atom}.argmax(1)")
        fixes.append(situation.try_fix("if it is one-hot: take its class numbers", code))
    return fixes


def _second(situation: Situation, code: str, value: Value, text: str) -> str:
    """Replace the last occurrence of an operand in code where the first one is already changed."""
    head, found, tail = code.rpartition(value.name)
    return head + text + tail if found else ""


@RULES.on(
    r"Target size \(torch\.Size\(\[(.*?)\]\)\) must be the same as input size "
    r"\(torch\.Size\(\[(.*?)\]\)\)",
    r"Using a target size \(torch\.Size\(\[(.*?)\]\)\) that is different to the input size "
    r"\(torch\.Size\(\[(.*?)\]\)\)",
)
def _same_shapes(situation: Situation, match: re.Match[str]) -> Draft:
    target_size, input_size = numbers(match[1]), numbers(match[2])
    sides = _sides(situation)
    fixes: list[Fix | None] = []
    names = ("prediction", "target")
    if sides is not None:
        prediction, target = sides
        names = (prediction.name, target.name)
        if len(input_size) == len(target_size) + 1 and input_size[-1] == 1:
            code = situation.instead(prediction, f"{prediction.atom}.squeeze(-1)")
            fixes.append(situation.try_fix("drop the dimension of size 1", code))
            code = situation.instead(target, f"{target.atom}.unsqueeze(-1)")
            fixes.append(situation.try_fix("or give the target one", code))
        elif len(target_size) == len(input_size) + 1 and target_size[-1] == 1:
            code = situation.instead(target, f"{target.atom}.squeeze(-1)")
            fixes.append(situation.try_fix("drop the dimension of size 1", code))
    return Draft(
        "target-shape",
        "Prediction and target have different shapes",
        "This loss compares element with element, so the shapes must be equal.",
        fixes,
        drawing.from_the_left((names[0], input_size), (names[1], target_size)),
    )


@RULES.on(
    r"all elements of (?:input|target) should be between 0 and 1",
    r"Assertion `(?:input_val|x) >= zero && (?:input_val|x) <= one` failed",
)
def _probabilities(situation: Situation, match: re.Match[str]) -> Draft:
    sides = _sides(situation)
    fixes: list[Fix | None] = []
    if sides is not None:
        code = situation.instead(sides[0], f"torch.sigmoid({sides[0].name})")
        fixes.append(situation.maybe("turn scores into probabilities first", code))
    fixes.append(Fix("or use binary_cross_entropy_with_logits, which takes raw scores"))
    return Draft(
        "probability-range",
        "binary_cross_entropy wants probabilities",
        "A value below 0 or above 1 came in: these are raw scores (logits), or NaN.",
        fixes,
    )


@RULES.on(
    r"weight tensor should be defined either for all (\d+) classes or no classes but got "
    r"weight tensor of shape: \[(.*?)\]"
)
def _class_weights(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "target-shape",
        "The class weights are not one a class",
        f"The prediction has {match[1]} classes, the weights {match[2]}.",
    )


@RULES.on(r"cross_entropy\w*\(\): argument 'target' \(position 2\) must be Tensor, not ([\w.]+)",
          r"argument 'target' \(position \d+\) must be Tensor, not ([\w.]+)")  # fmt: skip
def _target_is_no_tensor(situation: Situation, match: re.Match[str]) -> Draft | None:
    if match[1] == "NoneType":
        return None
    target = situation.argument(1, "target")
    code = situation.instead(target, f"torch.as_tensor({target.name})") if target else ""
    return Draft(
        "not-a-tensor",
        "The target must be a tensor",
        f"It was given a {match[1]}.",
        [situation.maybe("make it a tensor", code)] if code else [],
    )
