"""Mistakes that show in the learner's names once a training run is over."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from tutor import raw
from tutor.worker.observe.mistakes.known import (
    DEAD_LAYER,
    EVAL_MODE,
    GRAPH_KEPT,
    NEVER_REACHED,
    PLAIN_LIST,
    Mistake,
)
from tutor.worker.observe.mistakes.optimizers import Stepped

KEPT = 3
"""Losses with a graph in one list, before it is called a mistake."""
_MODAL = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._BatchNorm)


def models_in(names: Mapping[str, Any]) -> dict[str, nn.Module]:
    """The learner's models: modules among the names that are no part of another one."""
    found = {
        name: value
        for name, value in names.items()
        if not name.startswith("_") and isinstance(value, nn.Module)
    }
    parts = {id(part) for model in found.values() for part in model.modules() if part is not model}
    return {name: model for name, model in found.items() if id(model) not in parts}


def hidden_layers(name: str, model: nn.Module) -> Iterator[tuple[Mistake, str]]:
    """Layers that sit in a plain list, tuple or dict of a module."""
    known = {id(parameter) for parameter in model.parameters()}
    for path, part in model.named_modules():
        for attribute, value in vars(part).items():
            if attribute.startswith("_") or not isinstance(value, list | tuple | dict):
                continue
            items = value.values() if isinstance(value, dict) else value
            lost = [
                item
                for item in items
                if isinstance(item, nn.Module)
                and any(id(parameter) not in known for parameter in item.parameters())
            ]
            if lost:
                where = ".".join(filter(None, (name, path, attribute)))
                count = sum(p.numel() for item in lost for p in item.parameters())
                yield (
                    PLAIN_LIST,
                    f"{where} holds {len(lost)} layers with {count:,} numbers that "
                    f"{name}.parameters() does not list",
                )


def has_modes(model: nn.Module) -> str:
    """Class name of a layer that works differently in training and evaluation, "" for none."""
    return next((type(part).__name__ for part in model.modules() if isinstance(part, _MODAL)), "")


def in_eval_mode(name: str, model: nn.Module) -> Iterator[tuple[Mistake, str]]:
    """A model whose steps were made while its dropout or batch norm was switched off."""
    if modal := has_modes(model):
        yield EVAL_MODE, f"{name}.training was False during the steps, and {name} has {modal}"


def untrained_layers(
    name: str, model: nn.Module, stepped: Stepped
) -> Iterator[tuple[Mistake, str]]:
    """Layers whose parameters the optimizer holds, and that its gradients never reached, or
    reached as zeros, while others of the same model learnt."""
    mine = {id(p): p for p in model.parameters() if id(p) in stepped.parameters}
    if not mine.keys() & stepped.alive:
        return
    never, dead = [], []
    for path, part in model.named_modules():
        wanted = [
            id(p) for p in part.parameters(recurse=False) if p.requires_grad and id(p) in mine
        ]
        if not wanted:
            continue
        where = f"{name}.{path}" if path else name
        if not any(key in stepped.reached for key in wanted):
            never.append(where)
        elif not any(key in stepped.alive for key in wanted):
            dead.append(where)
    if never:
        yield NEVER_REACHED, f"no gradient reached {_listed(never)} in {stepped.steps} steps"
    if dead:
        yield DEAD_LAYER, f"every gradient of {_listed(dead)} was 0 in {stepped.steps} steps"


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def kept_graphs(names: Mapping[str, Any], roots: Collection[int]) -> Iterator[tuple[Mistake, str]]:
    """Losses that went through a backward of their own (`roots` holds the numbers of the nodes
    that backwards began at), kept with their graphs. Losses kept for one sum are fine."""
    for name, value in names.items():
        if name.startswith("_"):
            continue
        if type(value) is list:
            kept = sum(1 for item in value if _is_loss(item) and number_of(item) in roots)
            if kept >= KEPT:
                yield GRAPH_KEPT, f"{name} holds {len(value)} losses with their graphs"
        elif _is_loss(value) and _parts_in(raw.grad_fn_of(value), roots) >= KEPT:
            yield GRAPH_KEPT, f"{name} is a sum that still holds the graphs of its parts"


def number_of(loss: Any) -> int:
    """The number under which autograd made the loss's node, -1 where this torch tells none."""
    return _number(raw.grad_fn_of(loss))


def _is_loss(value: Any) -> bool:
    return (
        raw.is_tensor(value)
        and raw.shape_of(value) == torch.Size(())
        and raw.grad_fn_of(value) is not None
    )


def _parts_in(node: Any, roots: Collection[int], most: int = 10_000) -> int:
    """How many parts of a running total went through a backward of their own."""
    count = 0
    for _ in range(most):
        if node is None or not node.name().startswith("AddBackward"):
            break
        parts = [below for below, _ in node.next_functions if below is not None]
        count += sum(1 for part in parts if _number(part) in roots)
        adding = [part for part in parts if part.name().startswith("AddBackward")]
        node = adding[0] if adding else None
    return count


def _number(node: Any) -> int:
    return node._sequence_nr() if hasattr(node, "_sequence_nr") else -1


Gradients = dict[int, tuple[int, int]]
"""Which gradient each parameter has, and how often it was written to, by parameter id."""


def gradients_of(model: nn.Module) -> Gradients:
    """The gradients that a model has now; keeps none of them alive."""
    found: Gradients = {}
    for parameter in model.parameters():
        gradient = raw.gradient_of(parameter)
        if gradient is not None:
            found[id(parameter)] = id(gradient), raw.version_of(gradient)
    return found


def untouched(model: nn.Module, before: Gradients, owned: Collection[int]) -> bool:
    """The model received gradients in this run (`before` are those it came with), and none of
    its parameters is in `owned`."""
    now = gradients_of(model)
    reached = any(before.get(key) != gradient for key, gradient in now.items())
    return reached and not any(id(parameter) in owned for parameter in model.parameters())
