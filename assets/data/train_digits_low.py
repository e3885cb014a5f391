"""Train the reader of the digits 0 to 4 that a lesson takes over, and save its weights.

    python assets/data/train_digits_low.py

It writes `digits_low.pt` beside this file in about a second. Only digits of the course's training
part take part, so that the validation and the test part stay unseen. The seed is fixed; another
processor or version of PyTorch may round otherwise and change the last digits of the weights.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

HERE = Path(__file__).parent
CLASSES = [0, 1, 2, 3, 4]
SCALE = 16.0
EPOCHS = 20


class Reader(nn.Module):
    """A body that turns digits into 512 features, and a head that turns these into scores."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.head = nn.Linear(512, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


def main() -> None:
    """Train, measure, and write the file."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    images, labels, train, valid = low_digits()
    model = Reader(len(CLASSES))
    fit(model, images[train], labels[train])
    with torch.no_grad():
        right = model.eval()(images[valid]).argmax(1) == labels[valid]
    print(f"{right.float().mean():.1%} of {len(valid)} validation digits were right")
    torch.save(
        {"model": model.state_dict(), "classes": CLASSES, "scale": SCALE}, HERE / "digits_low.pt"
    )


def low_digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """All images and labels, and which of them are low digits to train with and to check with."""
    with np.load(HERE / "digits.npz") as file:
        images = torch.tensor(file["images"]).float()[:, None] / SCALE
        labels = torch.tensor(file["labels"])
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
    train, valid, _ = (part[labels[part] < 5] for part in order.split([1257, 270, 270]))
    return images, labels, train, valid


def fit(model: nn.Module, images: Tensor, labels: Tensor) -> None:
    """Train on batches of 64 in an order that is new in each epoch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(64):
            loss = cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    main()
