"""Four small batches make one step: gradients accumulate, then their norm is clipped."""

import torch
import torch.nn as nn
import torch.nn.functional as F

ACCUMULATE = 4
LIMIT = 0.5


class Regressor(nn.Module):
    def __init__(self, features=10, hidden=24):
        super().__init__()
        self.fc1 = nn.Linear(features, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.fc2 = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.fc2(F.gelu(self.norm(self.fc1(x)))).squeeze(-1)


def batches(count, size):
    weights = torch.arange(10.0) / 5
    for _ in range(count):
        x = torch.randn(size, 10)
        yield x, x @ weights


def main() -> None:
    torch.manual_seed(11)
    net = Regressor()
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    opt.zero_grad()
    for index, (x, target) in enumerate(batches(160, 8), start=1):
        loss = F.smooth_l1_loss(net(x), target)
        (loss / ACCUMULATE).backward()
        if index % ACCUMULATE:
            continue
        total_norm = nn.utils.clip_grad_norm_(net.parameters(), LIMIT)
        opt.step()
        opt.zero_grad()
        if index % 40 == 0:
            print(f"batch {index}: loss {loss.item():.3f}, gradient norm {total_norm:.2f}")


if __name__ == "__main__":
    main()
