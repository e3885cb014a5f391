"""The forward and the loss go through torch.compile; the eager backend needs no compiler."""

import torch
from torch import nn

torch.manual_seed(2)

model = nn.Sequential(nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, 8))
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
inputs = torch.randn(128, 16)
targets = inputs[:, :8] * inputs[:, 8:]


@torch.compile(backend="aot_eager")
def loss_of(batch, wanted):
    return nn.functional.mse_loss(model(batch), wanted)


for step in range(40):
    loss = loss_of(inputs, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print(f"step {step}: {loss.item():.4f}")
print(f"done: {loss.item():.4f}")
