"""Fits a small network to y = sin(x) with a loop at the top level of the file, nothing more."""

import math

import torch

torch.manual_seed(0)

x = torch.linspace(-math.pi, math.pi, 256).unsqueeze(1)
y = torch.sin(x)

model = torch.nn.Sequential(
    torch.nn.Linear(1, 32),
    torch.nn.Tanh(),
    torch.nn.Linear(32, 1),
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

for step in range(200):
    loss = torch.nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"step {step:3d}  loss {loss.item():.4f}")

print(f"final loss {loss.item():.4f}")
