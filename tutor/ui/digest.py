"""What the author wrote in a block, as a digest: tells when a block changed since it was done."""

from __future__ import annotations

import hashlib

from tutor.course.model import Cell, Exercise, Quiz


def block_digest(block: Cell | Exercise | Quiz) -> str:
    """Sixteen hexadecimal digits that change with what the learner has to do."""
    match block:
        case Cell():
            parts = [block.source]
        case Exercise():
            parts = [block.starter, block.checks]
        case Quiz():
            choices = [f"{choice.correct} {choice.text}" for choice in block.choices]
            orders = [str(order) for order in block.orders]
            line = [str(block.line)] if block.line else []
            parts = [block.kind, block.prompt, block.code, *choices, *block.accept]
            parts += [*block.pieces, *orders, *line]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
