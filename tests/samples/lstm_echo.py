"""An LSTM learns to repeat the bit it saw three steps before."""

import torch
from torch import nn

DELAY = 3


class Echo(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, sequence):
        states, (last, _) = self.lstm(sequence)
        return self.out(states)


def sample(batch, length):
    bits = torch.randint(0, 2, (batch, length, 1)).float()
    return bits, torch.roll(bits, DELAY, dims=1)


def main():
    torch.manual_seed(4)
    net = Echo()
    opt = torch.optim.RMSprop(net.parameters(), lr=0.01)
    criterion = nn.BCEWithLogitsLoss()
    step = 0
    while step < 60:
        bits, wanted = sample(32, 12)
        error = criterion(net(bits)[:, DELAY:], wanted[:, DELAY:])
        opt.zero_grad()
        error.backward()
        nn.utils.clip_grad_value_(net.parameters(), 1.0)
        opt.step()
        step += 1
        if step % 20 == 0:
            print("step", step, "error", round(error.item(), 3))


main()
