"""Train `tiny_gpt.pt`, the small transformer that the lessons on text load, on the course's text.

    python assets/data/train_tiny_gpt.py

Four to six minutes on one thread. The names of the parts are those of the lesson
`architectures/tiny-gpt`, whose model opens the file. Dropout has no weights, so the lesson's
model needs none.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

HERE = Path(__file__).parent
CONFIG = {"width": 64, "heads": 4, "depth": 3, "context": 64}
LEARN = 180_000  # characters; the rest is for judging
STEPS, BATCH, WARM_UP, RATE, DROPOUT = 5000, 24, 100, 3e-3, 0.1


def main() -> None:
    """Train, report the loss on the text that was held back, write the weights."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    text = (HERE / "shakespeare.txt").read_text("ascii")
    chars = sorted(set(text))
    ids = torch.tensor([chars.index(char) for char in text])
    learn, judge = ids[:LEARN], ids[LEARN:]
    model = TinyGPT(len(chars), **CONFIG)
    train(model, learn)
    print(f"learnt {loss_on(model, learn):.3f}, held back {loss_on(model, judge):.3f}")
    # Sixteen bits are enough for weights that are only used, and halve the file.
    state = {name: value.half() for name, value in model.state_dict().items()}
    torch.save({"config": CONFIG, "chars": "".join(chars), "state": state}, HERE / "tiny_gpt.pt")


class Attention(nn.Module):
    """Every place looks at itself and at those before it, with several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, places, width) in and out."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention, then a small network for each place, each added to its input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, places, width) in and out."""
        x = x + self.drop(self.attention(self.norm1(x)))
        return x + self.drop(self.mlp(self.norm2(x)))


class TinyGPT(nn.Module):
    """Scores for the next character at every place of a text."""

    def __init__(self, vocab: int, width: int, heads: int, depth: int, context: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocab, width)
        self.places = nn.Embedding(context, width)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocab)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (batch, places) to scores (batch, places, vocab)."""
        x = self.tokens(ids) + self.places(torch.arange(ids.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def train(model: TinyGPT, ids: Tensor) -> None:
    """AdamW with a warm-up and a rate that falls along half a cosine."""
    context = CONFIG["context"]
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate_factor)
    for step in range(STEPS):
        starts = torch.randint(len(ids) - context, (BATCH, 1))
        chunk = ids[starts + torch.arange(context + 1)]
        loss = cross_entropy(model(chunk[:, :-1]).flatten(0, 1), chunk[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            print(f"{step:5} {loss.item():.3f}", flush=True)


def rate_factor(step: int) -> float:
    """The share of the full learning rate in this step."""
    if step < WARM_UP:
        return (step + 1) / WARM_UP
    return 0.02 + 0.98 * (1 + math.cos(math.pi * step / STEPS)) / 2


@torch.no_grad()
def loss_on(model: TinyGPT, ids: Tensor) -> float:
    """Mean loss over blocks that follow each other."""
    context = CONFIG["context"]
    blocks = (len(ids) - 1) // context
    x = ids[: blocks * context].view(blocks, context)
    y = ids[1 : blocks * context + 1].view(blocks, context)
    was_training = model.training
    model.eval()
    losses = [
        cross_entropy(model(a).flatten(0, 1), b.flatten(), reduction="sum").item()
        for a, b in zip(x.split(64), y.split(64), strict=True)
    ]
    model.train(was_training)
    return sum(losses) / y.numel()


if __name__ == "__main__":
    main()
