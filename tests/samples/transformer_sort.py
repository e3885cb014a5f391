"""A small transformer learns to sort five digits; token and position embeddings, two layers."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass
class Config:
    vocabulary: int = 10
    length: int = 5
    width: int = 32
    heads: int = 4
    layers: int = 2
    steps: int = 50


class Sorter(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.tokens = nn.Embedding(config.vocabulary, config.width)
        self.places = nn.Parameter(0.02 * torch.randn(config.length, config.width))
        layer = nn.TransformerEncoderLayer(
            config.width, config.heads, 2 * config.width, dropout=0.0, batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.unembed = nn.Linear(config.width, config.vocabulary)

    def forward(self, digits: Tensor) -> Tensor:
        return self.unembed(self.encoder(self.tokens(digits) + self.places))


class Trainer:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.model = Sorter(config)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=3e-3)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, config.steps)

    def step(self) -> float:
        digits = torch.randint(0, self.config.vocabulary, (64, self.config.length))
        logits = self.model(digits)
        loss = F.cross_entropy(logits.flatten(0, 1), digits.sort(dim=1).values.flatten())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        return loss.item()

    def fit(self) -> None:
        for number in range(self.config.steps):
            loss = self.step()
            if number % 10 == 0:
                print(f"{number:3d} {loss:.3f}")


if __name__ == "__main__":
    torch.manual_seed(6)
    Trainer(Config()).fit()
