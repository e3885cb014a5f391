"""How large the gradients are, parameter by parameter."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tutor.wire.base import Count, Message, Name

ROWS = 200
"""Parameters in one message."""

GradState = Literal["", "none", "frozen", "nan", "inf", "unread"]


class GradRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter, by the learner's name for it.

    norm: L2 norm of its gradient as the optimizer saw it; weight: of the parameter afterwards;
    update: L2 norm of the last step's change, where it was measured. state: `none` = no gradient,
    `frozen` = `requires_grad` is False, `unread` = of a kind that is not read.
    """

    name: Name
    shape: Annotated[tuple[int, ...], Meta(max_length=16)]
    norm: float | None = None
    weight: float | None = None
    update: float | None = None
    state: GradState = ""


class GradientNorms(Message, frozen=True, tag=True):
    """All parameters of one optimizer (or, without one, all leaves with a gradient), at optimizer
    step `step`; without an optimizer `step` counts backward calls.

    clipped_from: the total norm that `clip_grad_norm_` found before it clipped to `limit`.
    hidden: parameters beyond the limit.
    """

    run: int
    block: Name
    step: Count
    optimizer: Name
    rows: Annotated[tuple[GradRow, ...], Meta(max_length=ROWS)]
    total: float | None = None
    clipped_from: float | None = None
    limit: float | None = None
    hidden: Count = 0
