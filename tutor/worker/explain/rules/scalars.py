"""Tensors where Python wants one number or one truth value, and tensors on the way to NumPy."""

from __future__ import annotations

import ast
import re

from tutor.wire.explanation import Fix
from tutor.worker.explain.rules.rule import Rules, told
from tutor.worker.explain.situation import Draft, Situation, Value

RULES = Rules()


def _first(situation: Situation) -> Value | None:
    return next(iter(situation.tensors()), None)


@RULES.on(
    r"a Tensor with (\d+) elements cannot be converted to Scalar",
    r"only (?:one element|length-1|integer) (?:tensors|arrays)(?: of a single element)? can be",
    r"only 0-dimensional arrays can be converted",
)
def _not_one_number(situation: Situation, match: re.Match[str]) -> Draft:
    value = _first(situation)
    fixes: list[Fix | None] = []
    if value is not None:
        fixes = [
            situation.try_fix(
                "their mean, if one number should stand for all", f"{value.atom}.mean()"
            ),
            Fix("all of them as a Python list", f"{value.atom}.tolist()"),
        ]
    elif isinstance(situation.node, ast.Call) and situation.expression.startswith("torch.tensor"):
        fixes = [Fix("join tensors with torch.stack(…), not torch.tensor(…)")]
    count = f" {told(value)}." if value else ""
    return Draft(
        "not-scalar",
        "Only a tensor with one element can become a number",
        f"Python's numbers hold one value each.{count}",
        fixes,
    )


@RULES.on(r"Boolean value of Tensor with (more than one value|no values) is ambiguous",
          r"truth value of an array with more than one element is ambiguous")  # fmt: skip
def _not_one_truth(situation: Situation, match: re.Match[str]) -> Draft:
    if "__init__" in _library_functions(situation):
        return Draft(
            "call-order",
            "The loss was made with tensors instead of being called",
            "The parentheses after the class make the loss; a second pair calls it: "
            "`nn.MSELoss()(prediction, target)`.",
            [Fix("make it first", _twice(situation))],
        )
    value = _tested(situation)
    fixes = []
    if value is not None and "no values" not in match[0]:
        fixes = [
            situation.try_fix("true when all are", f"{value.atom}.all()"),
            situation.try_fix("true when any is", f"{value.atom}.any()"),
        ]
    empty = "no values" in match[0]
    return Draft(
        "ambiguous-truth",
        "A tensor of several values is neither true nor false" if not empty
        else "An empty tensor is neither true nor false",
        "`if`, `while`, `and`, `or` and `not` need one truth value; this gave one for every "
        "element." if not empty else "Ask for its size instead: `x.numel() > 0`.",
        fixes,
    )  # fmt: skip


def _tested(situation: Situation) -> Value | None:
    """The expression whose truth was asked for."""
    node = situation.node
    if isinstance(node, ast.expr):
        value = situation.value(node)
        if value.tensor is not None:
            return value
    return _first(situation)


def _library_functions(situation: Situation) -> list[str]:
    return [
        step.tb_frame.f_code.co_name
        for step in situation.steps
        if "torch" in step.tb_frame.f_code.co_filename and step is not situation.own
    ]


def _twice(situation: Situation) -> str:
    node, place = situation.node, situation.place
    if not isinstance(node, ast.Call) or place is None:
        return ""
    arguments = ", ".join(place.text(argument) for argument in node.args)
    return f"{place.text(node.func)}()({arguments})"


@RULES.on(r"Can't call numpy\(\) on Tensor that requires grad")
def _numpy_grad(situation: Situation, match: re.Match[str]) -> Draft:
    value = _first(situation)
    fix = Fix("leave the graph first", f"{value.atom}.detach().numpy()") if value else Fix(
        "leave the graph first: .detach()"
    )  # fmt: skip
    return Draft(
        "numpy-grad",
        "NumPy cannot follow gradients",
        "This tensor is part of a graph for gradients; an array would silently cut it off, so the "
        "cut must be written.",
        [fix],
    )


@RULES.on(r"can't convert (\S+) device type tensor to numpy")
def _numpy_device(situation: Situation, match: re.Match[str]) -> Draft:
    value = _first(situation)
    name = value.atom if value else "x"
    if match[1].startswith("meta"):
        return Draft("meta", "A meta tensor has no data",
                     "Meta tensors only know their shape; there is nothing to copy.")  # fmt: skip
    return Draft(
        "device",
        "NumPy only sees the computer's own memory",
        f"The tensor lies on {match[1]}; it must be copied to the CPU first.",
        [Fix("copy it to the CPU", f"{name}.detach().cpu().numpy()")],
    )


@RULES.on(r"Cannot copy out of meta tensor; no data")
def _meta(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "meta",
        "A meta tensor has no data",
        "Meta tensors only know their shape; there is nothing to copy.",
        [Fix("for a model, use model.to_empty(device=…) and load its weights")],
    )
