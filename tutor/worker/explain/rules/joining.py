"""cat, stack, batches of a DataLoader, and nested lists with rows of different lengths."""

from __future__ import annotations

import ast
import re

from tutor import raw
from tutor.wire.explanation import Fix
from tutor.worker.explain import drawing
from tutor.worker.explain.rules.rule import Rules, article, numbers, shape
from tutor.worker.explain.situation import Draft, Situation, Value

RULES = Rules()
_MOST = 6


@RULES.on(
    r"Sizes of tensors must match except in dimension (-?\d+)\. "
    r"(?:Expected size (\d+) but got size (\d+) for tensor number (\d+)|Got (\d+) and (\d+))",
    r"Tensors must have same number of dimensions: got (\d+) and (\d+)",
)
def _cat(situation: Situation, match: re.Match[str]) -> Draft:
    parts = _parts(situation)
    if "same number" in match[0]:
        return _other_count(situation, match, parts)
    dim = int(match[1])
    got = f" Tensor {match[4]} has {match[3]} where {match[2]} was expected." if match[2] else ""
    fixes: list[Fix | None] = []
    if len(parts) > 1:
        first = parts[0].shape
        for other in range(len(first)):
            if other != dim:
                code = _call(situation, f"dim={other}")
                fixes.append(situation.try_fix(f"join along dimension {other}", code))
    return Draft(
        "cat",
        "cat needs equal sizes in all dimensions but one",
        f"The tensors were joined along dimension {dim}; everywhere else they must agree.{got}",
        fixes,
        drawing.from_the_left(*((p.name, p.shape) for p in parts[:_MOST]), free=dim),
        parts or None,
    )


def _other_count(situation: Situation, match: re.Match[str], parts: list[Value]) -> Draft:
    fixes: list[Fix | None] = []
    most = max((len(part.shape) for part in parts), default=0)
    for part in parts:
        if len(part.shape) == most - 1:
            for dim in (0, 1, -1):
                code = situation.instead(part, f"{part.atom}.unsqueeze({dim})")
                fixes.append(situation.try_fix(f"give `{part.name}` a dimension of size 1", code))
    return Draft(
        "cat",
        "cat needs tensors with equally many dimensions",
        f"One has {match[1]} dimensions, another {match[2]}. Joining adds none.",
        [fix for fix in fixes if fix][:1],
        drawing.from_the_right(*((p.name, p.shape) for p in parts[:_MOST])),
        parts or None,
    )


@RULES.on(r"zero-dimensional tensor \(at position (\d+)\) cannot be concatenated")
def _numbers_joined(situation: Situation, match: re.Match[str]) -> Draft:
    parts = _parts(situation)
    code = _call(situation, "", "torch.stack")
    return Draft(
        "cat",
        "cat cannot join single numbers",
        "A scalar has no dimension to join along. stack makes a new one.",
        [situation.maybe("stack them", code)],
        operands=parts or None,
    )


@RULES.on(
    r"stack expects each tensor to be equal size, but got \[(.*?)\] at entry 0 and \[(.*?)\] at "
    r"entry (\d+)",
    r"each element in list of batch should be of equal size",
)
def _stack(situation: Situation, match: re.Match[str]) -> Draft:
    sizes = match.groups()
    if _is_collating(situation):
        told = (
            f"Sample 0 of a batch has shape {shape(numbers(sizes[0]))}, sample {sizes[2]} has "
            f"shape {shape(numbers(sizes[1]))}."
            if sizes
            else "Two samples of a batch have different lengths."
        )
        return Draft(
            "collate",
            "The DataLoader cannot make a batch of samples with different shapes",
            f"It stacks the samples of a batch into one tensor. {told}",
            [
                Fix("crop or pad each sample to one size in the Dataset"),
                Fix(
                    "pad within the batch: pass a collate_fn that uses "
                    "torch.nn.utils.rnn.pad_sequence"
                ),
            ],
        )
    parts = _parts(situation)
    return Draft(
        "stack",
        "stack needs tensors of one shape",
        f"Entry 0 has shape {shape(numbers(sizes[0]))}, entry {sizes[2]} has shape "
        f"{shape(numbers(sizes[1]))}."
        if sizes
        else "The tensors have different shapes.",
        [
            situation.try_fix("join end to end instead", _call(situation, "", "torch.cat")),
            Fix("pad them to one length: torch.nn.utils.rnn.pad_sequence"),
        ],
        drawing.from_the_left(*((p.name, p.shape) for p in parts[:_MOST])),
        parts or None,
    )


@RULES.on(
    r"expected a non-empty list of Tensors",
    r"expects a non-empty TensorList",
    r"received an empty list of sequences",
)
def _nothing(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "cat",
        "There was nothing to join",
        "The list of tensors is empty; perhaps the loop that fills it never ran.",
    )


@RULES.on(
    r"expected Tensor as element (\d+) in argument (\d+), but got (\w+)",
    r"(cat|stack)\(\): argument 'tensors' \(position 1\) must be tuple of Tensors, not (\w+)",
)
def _not_tensors(situation: Situation, match: re.Match[str]) -> Draft:
    node = situation.node
    if "must be tuple" in match[0] and match[2] == "Tensor" and isinstance(node, ast.Call):
        inside = ", ".join(operand.name for operand in situation.tensors())
        code = f"torch.{match[1]}([{inside}])"
        return Draft(
            "cat",
            f"{match[1]} takes one list of tensors",
            "The tensors were passed one by one; the second argument is the dimension.",
            [situation.maybe("put them into a list", code)],
        )
    what = match[3] if "element" in match[0] else match[2]
    where = f"Element {match[1]} of the list" if "element" in match[0] else "The argument"
    return Draft(
        "not-a-tensor",
        "Only tensors can be joined",
        f"{where} is {article(what)}.",
        [Fix("make it a tensor first: torch.tensor(…)")],
    )


@RULES.on(
    r"expected sequence of length (\d+) at dim (\d+) \(got (\d+)\)",
    r"setting an array element with a sequence.*inhomogeneous",
    r"^not a sequence$",
)
def _ragged(situation: Situation, match: re.Match[str]) -> Draft:
    found = match.groups()
    why = "A tensor is a full box of numbers: every row must be equally long."
    if found:
        why += f" In dimension {found[1]} a row of {found[0]} was followed by one of {found[2]}."
    return Draft(
        "ragged",
        "The rows have different lengths",
        why,
        [
            Fix("pad the short rows, or keep a list of tensors"),
            Fix("torch.nn.utils.rnn.pad_sequence pads a list of 1-D tensors"),
        ],
    )


@RULES.on(
    r"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
    r"<class '([\w.]+)'>"
)
def _uncollatable(situation: Situation, match: re.Match[str]) -> Draft:
    kind = match[1].rpartition(".")[2]
    none = kind == "NoneType"
    return Draft(
        "collate",
        "The DataLoader cannot put these samples into a batch",
        f"A sample holds {article(kind)}; batches are made of tensors, arrays, numbers, texts, "
        "and lists or dicts of them."
        + (" Does `__getitem__` of the Dataset return something?" if none else ""),
        [Fix("return tensors from the Dataset, for images with transforms.ToTensor()")]
        if not none
        else [Fix("add the missing `return` in __getitem__")],
    )


@RULES.on(
    r"split_with_sizes expects split_sizes to sum exactly to (\d+) .*split_sizes=\[(.*?)\]",
    r"chunk expects `chunks` to be greater than 0",
)
def _split(situation: Situation, match: re.Match[str]) -> Draft:
    if not match.groups():
        return Draft("split", "There must be at least one chunk", "chunk(0) makes no pieces.")
    total = sum(numbers(match[2]))
    return Draft(
        "split",
        "The pieces do not add up",
        f"The dimension has size {match[1]}; the sizes [{match[2]}] add up to {total}. "
        "One number, as in split(3), makes pieces of that size instead.",
    )


def _parts(situation: Situation) -> list[Value]:
    """The tensors that are joined, also when they are the items of a list with a name."""
    tensors = situation.tensors()
    if tensors:
        return tensors
    for operand in situation.operands:
        if operand.known and type(operand.value) in (list, tuple):
            items = operand.value[:_MOST]
            if items and all(raw.is_tensor(item) for item in items):
                return [
                    Value(f"{operand.name}[{i}]", None, item, True, operand.inferred)
                    for i, item in enumerate(items)
                ]
    return []


def _call(situation: Situation, dim: str, function: str = "") -> str:
    node, place = situation.node, situation.place
    if not isinstance(node, ast.Call) or place is None or not node.args:
        return ""
    name = function or place.text(node.func)
    return f"{name}({', '.join(filter(None, (place.text(node.args[0]), dim)))})"


def _is_collating(situation: Situation) -> bool:
    return any("collate" in step.tb_frame.f_code.co_filename for step in situation.steps)
