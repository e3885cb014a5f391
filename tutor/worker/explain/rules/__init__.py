"""All rules, in the order in which they are asked: the special before the general."""

from __future__ import annotations

from tutor.worker.explain.rules import (
    autograd,
    broadcast,
    calls,
    containers,
    data,
    devices,
    dtypes,
    features,
    images,
    indexing,
    joining,
    losses,
    matmul,
    models,
    names,
    reshaping,
    scalars,
)
from tutor.worker.explain.rules.rule import Rule

ALL: tuple[Rule, ...] = (
    *devices.RULES,
    *matmul.RULES,
    *broadcast.RULES,
    *joining.RULES,
    *reshaping.RULES,
    *losses.RULES,
    *autograd.RULES,
    *models.RULES,
    *scalars.RULES,
    *images.RULES,
    *features.RULES,
    *indexing.RULES,
    *dtypes.RULES,
    *data.RULES,
    *names.RULES,
    *calls.RULES,
    *containers.RULES,
)
"""Torch's own before Python's: both may speak of a missing attribute."""
