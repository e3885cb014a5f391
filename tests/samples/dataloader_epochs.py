"""Epochs over a DataLoader with a validation set, in functions, with a scheduler and options."""

import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def make_data(count: int = 640) -> TensorDataset:
    generator = torch.Generator().manual_seed(7)
    inputs = torch.randn(count, 12, generator=generator)
    labels = (inputs[:, :3].sum(dim=1) > 0).long() + 2 * (inputs[:, 3] > 0).long()
    return TensorDataset(inputs, labels)


class Classifier(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(12, width), nn.ReLU(), nn.Dropout(0.1))
        self.head = nn.Linear(width, 4)

    def forward(self, inputs):
        return self.head(self.body(inputs))


def train_epoch(model, loader, criterion, optimizer):
    model.train()
    for inputs, labels in loader:
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model, loader, criterion):
    model.eval()
    total, right, count = 0.0, 0, 0
    for inputs, labels in loader:
        logits = model(inputs)
        total += criterion(logits, labels).item() * len(labels)
        right += (logits.argmax(dim=1) == labels).sum().item()
        count += len(labels)
    return total / count, right / count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--width", type=int, default=48)
    options = parser.parse_args()

    torch.manual_seed(0)
    train_set, val_set = random_split(make_data(), [512, 128])
    train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=64)
    model = Classifier(options.width)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)

    for epoch in range(options.epochs):
        train_epoch(model, train_loader, criterion, optimizer)
        val_loss, accuracy = evaluate(model, val_loader, criterion)
        scheduler.step()
        print(f"epoch {epoch}: val_loss {val_loss:.3f}, accuracy {accuracy:.2f}")


if __name__ == "__main__":
    main()
