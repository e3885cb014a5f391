"""Two ranks train one small model with DistributedDataParallel; a cell marked `ranks=2`."""

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


def data():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(64, 8, generator=generator)
    return TensorDataset(x, x.sum(dim=1, keepdim=True).tanh())


def main(rank, world):
    torch.manual_seed(rank)  # DDP gives every rank the weights of rank 0
    model = DistributedDataParallel(nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    dataset = data()
    sampler = DistributedSampler(dataset, shuffle=True, seed=0)
    loader = DataLoader(dataset, batch_size=8, sampler=sampler)
    loss = torch.zeros(())
    for epoch in range(3):
        sampler.set_epoch(epoch)
        for x, y in loader:
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    average = loss.detach().clone()
    dist.all_reduce(average, op=dist.ReduceOp.SUM)
    print(f"loss here {loss.item():.4f}, on average {average.item() / world:.4f}")
    return [parameter.detach() for parameter in model.parameters()]
