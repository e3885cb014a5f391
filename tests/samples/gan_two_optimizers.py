"""A generator learns to draw points on a ring; two networks, two optimizers, two losses."""

import torch
from torch import nn

torch.manual_seed(3)
NOISE, BATCH = 8, 64


def real_points(count):
    angle = torch.rand(count) * 2 * torch.pi
    return torch.stack([angle.cos(), angle.sin()], dim=1) + 0.05 * torch.randn(count, 2)


generator = nn.Sequential(nn.Linear(NOISE, 32), nn.LeakyReLU(0.2), nn.Linear(32, 2))
discriminator = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

for step in range(120):
    fake = generator(torch.randn(BATCH, NOISE))

    d_loss = bce(discriminator(real_points(BATCH)), ones)
    d_loss = d_loss + bce(discriminator(fake.detach()), zeros)
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    g_loss = bce(discriminator(fake), ones)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()

    if step % 40 == 0:
        print(f"step {step}: discriminator {d_loss.item():.3f}, generator {g_loss.item():.3f}")

radius = generator(torch.randn(256, NOISE)).norm(dim=1).mean()
print(f"mean radius {radius.item():.2f}")
