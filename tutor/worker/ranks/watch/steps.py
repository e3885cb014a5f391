"""Backward calls and optimizer steps of a rank: counted, and looked at when it is time."""

from __future__ import annotations

import functools
import time
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from tutor import raw
from tutor.worker.ranks.watch.gradients import GradientWatch
from tutor.worker.ranks.watch.tally import BACKWARD, Tally, loss_text

_clock, _compiling = time.perf_counter, torch.compiler.is_dynamo_compiling


def watch_steps(tally: Tally, gradients: GradientWatch) -> None:
    """Hook backward calls and steps, for this process."""
    original = torch.autograd.backward

    @functools.wraps(original)
    def backward(*arguments: Any, **keywords: Any) -> Any:
        if _compiling() or tally.op:
            return original(*arguments, **keywords)
        tally.backwards += 1
        tally.op_since = _clock()
        tally.op = BACKWARD
        try:
            result = original(*arguments, **keywords)
        except BaseException:
            tally.broke = BACKWARD
            raise
        finally:
            tally.op = ""
        if tally.looks:
            tally.loss = _loss(arguments[0] if arguments else keywords.get("tensors")) or tally.loss
        if gradients.look():
            tally.due = False
        return result

    def stepped(optimizer: Any, arguments: Any, keywords: Any) -> None:
        tally.steps += 1

    torch.autograd.backward = backward  # type: ignore[assignment]
    register_optimizer_step_post_hook(stepped)


def _loss(loss: Any) -> str:
    if type(loss) in (tuple, list) and len(loss) == 1:
        loss = loss[0]
    try:
        with raw.below_everything():
            if raw.is_tensor(loss) and loss.numel() == 1:
                return loss_text(float(raw.bare(loss).item()))
    except Exception:
        pass
    return ""
