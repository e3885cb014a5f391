"""A DataLoader with two worker processes feeds a model from a map-style dataset."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Waves(Dataset):
    """Sine waves of one of three frequencies; the frequency is the label."""

    def __len__(self):
        return 192

    def __getitem__(self, index):
        label = index % 3
        time = torch.linspace(0, 6.28, 32)
        return torch.sin((label + 1) * time + index), label


def main():
    torch.manual_seed(8)
    loader = DataLoader(Waves(), batch_size=32, shuffle=True, num_workers=2)
    model = nn.Sequential(
        nn.Unflatten(1, (1, 32)),
        nn.Conv1d(1, 8, 5, padding=2),
        nn.ReLU(),
        nn.AdaptiveMaxPool1d(4),
        nn.Flatten(),
        nn.Linear(32, 3),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(2):
        running = 0.0
        for waves, labels in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(waves), labels)
            loss.backward()
            optimizer.step()
            running += loss.item()
        print(f"epoch {epoch}: {running / len(loader):.3f}")


if __name__ == "__main__":
    main()
