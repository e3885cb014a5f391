"""Ranks without an app: run a function on ranks, watched or not, from a program of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from tutor.wire.control import Policy
from tutor.worker.intact import Intact
from tutor.worker.ranks.distributed import Ranks

POLICY = Policy(read=(), write=(), network="loopback")


def train(rank: int, world: int) -> Any:
    """Everything random and everything watched, in a few steps; what a look could change."""
    import random

    import numpy as np
    import torch
    import torch.distributed as dist
    from torch import nn
    from torch.nn.parallel import DistributedDataParallel
    from torch.utils.data import DataLoader, DistributedSampler

    torch.manual_seed(rank)
    np.random.seed(rank)
    random.seed(rank)
    model = nn.Sequential(
        nn.Linear(6, 300), nn.Dropout(0.2), nn.BatchNorm1d(300), nn.Linear(300, 1)
    )
    ddp = DistributedDataParallel(model)
    optimizer = torch.optim.AdamW(ddp.parameters())
    data = torch.randn(48, 6)
    numbers: Any = range(48)
    sampler = DistributedSampler(numbers, shuffle=True)
    loss = torch.zeros(())
    for epoch in range(8):
        sampler.set_epoch(epoch)
        loader = DataLoader(numbers, batch_size=6, sampler=sampler)
        for number, indices in enumerate(loader):
            loss = ddp(data[indices]).square().mean()
            if number % 2:
                with ddp.no_sync():
                    loss.backward()
                continue
            loss.backward()
            nn.utils.clip_grad_norm_(ddp.parameters(), 0.5)
            optimizer.step()
            optimizer.zero_grad()
    total = torch.ones(3) * loss.detach()
    dist.all_reduce(total)
    state = [value.detach().clone() for value in ddp.state_dict().values()]
    return state, total, torch.rand(3), np.random.rand(), random.random()


def memory(rank: int, world: int) -> Any:
    """What is alive after backward and step, once its names are gone."""
    import gc
    import weakref

    import torch
    from torch import nn
    from torch.nn.parallel import DistributedDataParallel

    ddp = DistributedDataParallel(nn.Linear(3, 1))
    optimizer = torch.optim.SGD(ddp.parameters(), lr=0.1)
    x = torch.randn(4, 3, requires_grad=True)
    loss = ddp(x).sum()
    loss.backward()
    optimizer.step()
    kept = [weakref.ref(x), weakref.ref(loss), weakref.ref(ddp.module.weight.grad)]
    optimizer.zero_grad()
    kept += [weakref.ref(ddp.module), weakref.ref(ddp.module.weight)]
    del x, loss, optimizer, ddp
    gc.collect()
    return [reference() is None for reference in kept]


def compiled(rank: int, world: int) -> Any:
    """How often dynamo compiles, and how many pieces it makes, of a function with an exchange."""
    import torch
    import torch.distributed as dist
    from torch._dynamo.testing import CompileCounter

    counter = CompileCounter()

    @torch.compile(backend=counter, fullgraph=True)
    def step(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        dist.all_reduce(y)
        return y + 1

    results = [step(torch.ones(4)) for _ in range(3)]
    return counter.frame_count, counter.op_count, results[-1]


def both(function: Callable[..., Any]) -> tuple[Any, Any]:
    """Its results on two ranks, watched and unwatched. In a program that has started no thread."""
    ranks = Ranks(POLICY, {}, Intact())
    watched = ranks.run(2, function, join_group="init_process_group")
    ranks.watch = False
    return watched, ranks.run(2, function, join_group="init_process_group")


def same(one: Any, other: Any) -> bool:
    """Bit for bit."""
    import torch

    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


if __name__ == "__main__":
    results = both(globals()[sys.argv[1]])
    print("same" if same(*results) else f"different: {results}")
    print(results[0] if sys.argv[1] != "train" else "")
