"""Mistakes that can be read off the autograd graph of a loss, right before its backward."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tutor.worker.observe.graph.nodes import walk
from tutor.worker.observe.mistakes.known import (
    PAIRS_WITH_ALL,
    SIGMOID_TWICE,
    SOFTMAX_TWICE,
    Mistake,
)

NEAR = 16
"""Nodes looked at, nearest to the loss first: a loss function is only a few nodes."""


def read_loss(root: Any) -> Iterator[tuple[Mistake, str]]:
    """Each mistake that the graph behind the loss's `grad_fn` shows, with its evidence."""
    walked = walk([root], limit=NEAR)
    names = [node.name() for node in walked.nodes]
    children: list[list[int]] = [*walked.inputs, *([[]] * (len(names) - len(walked.inputs)))]
    cross_entropy = {
        child
        for parent, name in enumerate(names)
        if name.startswith("NllLoss")
        for child in children[parent]
    }
    for index, name in enumerate(names):
        below = {names[child] for child in children[index] if child >= 0}
        if (
            name.startswith("LogSoftmaxBackward")
            and index in cross_entropy
            and any(child.startswith("SoftmaxBackward") for child in below)
        ):
            yield SOFTMAX_TWICE, "what cross_entropy received came out of a softmax"
        if name.startswith("BinaryCrossEntropyWithLogits") and any(
            child.startswith("SigmoidBackward") for child in below
        ):
            yield SIGMOID_TWICE, "what the loss received came out of a sigmoid"
        if name.startswith(("SubBackward", "ExpandBackward")):
            evidence = _square_from_column(walked.nodes[index])
            if evidence:
                yield PAIRS_WITH_ALL, evidence


def _square_from_column(node: Any) -> str:
    """Evidence when an (N, 1) or (N,) became (N, N), N > 1."""
    made = _shape(node, 0)
    if len(made) != 2 or made[0] != made[1] or made[0] < 2:
        return ""
    count = made[0]
    for below, slot in node.next_functions:
        shape = _shape(below, slot) if below is not None else ()
        if shape in ((count, 1), (count,)):
            given = f"({count}, 1)" if len(shape) == 2 else f"({count},)"
            return f"{given} became ({count}, {count}) on the way to the loss"
    return ""


def _shape(node: Any, slot: int) -> tuple[int, ...]:
    """Shape of output `slot` of a node, () where this torch does not tell."""
    metadata = getattr(node, "_input_metadata", ())
    return tuple(metadata[slot].shape) if slot < len(metadata) else ()
