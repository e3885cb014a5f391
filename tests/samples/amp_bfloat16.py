"""A convolutional network trained under bfloat16 autocast on the CPU; weights stay float32."""

import torch
from torch import nn


class Digits(nn.Module):
    """Two convolutions and a linear layer on 12×12 pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.classify = nn.Linear(16 * 3 * 3, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classify(self.features(images).flatten(1))


def quadrants(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise with a bright square in one of four corners; which corner is the label."""
    labels = torch.randint(0, 4, (count,))
    images = 0.3 * torch.randn(count, 1, 12, 12)
    for image, label in zip(images, labels.tolist()):
        row, column = divmod(label, 2)
        image[0, 6 * row : 6 * row + 6, 6 * column : 6 * column + 6] += 1.0
    return images, labels


if __name__ == "__main__":
    torch.manual_seed(1)
    images, labels = quadrants(256)
    model = Digits()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(4):
        order = torch.randperm(len(images))
        for batch in order.split(32):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(images[batch])
                loss = nn.functional.cross_entropy(logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}: loss {loss.item():.3f}, logits are {logits.dtype}")
