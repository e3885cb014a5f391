"""Mistakes written down before the rules were, against rules that fit only their own examples."""

from __future__ import annotations

from tests.explain.cases import Case

# fmt: off
HELD_OUT = [
    Case(
        "attention scores without a transpose",
        """
        class Attention(nn.Module):
            def __init__(self):
                super().__init__()
                self.q, self.k, self.v = (nn.Linear(16, 16) for _ in range(3))
            def forward(self, x):
                q, k, v = self.q(x), self.k(x), self.v(x)
                return torch.softmax(q @ k / 4, -1) @ v
        Attention()(torch.randn(2, 5, 16))
        """,
        "matmul", "q @ k", ("q 2×5×16", "k 2×5×16"), "q @ k.transpose(-2, -1)",
    ),
    Case(
        "image batch into an MLP",
        """
        net = nn.Sequential(nn.Linear(28 * 28, 64), nn.ReLU(), nn.Linear(64, 10))
        images = torch.rand(32, 1, 28, 28)
        logits = net(images)
        """,
        "matmul", "net(images)", ("images 32×1×28×28",), "net(images.flatten(1))",
    ),
    Case(
        "weights and features swapped",
        """
        features, weights = torch.randn(100, 3), torch.randn(1, 3)
        prediction = torch.matmul(features, weights)
        """,
        "matmul", "torch.matmul(features, weights)", ("features 100×3", "weights 1×3"),
        "torch.matmul(features, weights.T)",
    ),
    Case(
        "subtract a per-row mean",
        """
        x = torch.randn(6, 4)
        centred = x - x.mean(1)
        """,
        "broadcast", "x - x.mean(1)", ("x 6×4", "x.mean(1) 6"), "x - x.mean(1, keepdim=True)",
    ),
    Case(
        "scale channels of an image",
        """
        def scale(img, gain):
            return img * gain
        scale(torch.rand(3, 32, 48), torch.tensor([1.0, 0.5, 2.0]))
        """,
        "broadcast", "img * gain", ("img 3×32×48", "gain 3"), "img * gain[:, None, None]",
    ),
    Case(
        "accumulate into a smaller buffer",
        """
        total = torch.zeros(4)
        total += torch.ones(3, 4)
        """,
        "broadcast-in-place", "total += torch.ones(3, 4)", ("total 4",), "",
    ),
    Case(
        "row of the wrong length assigned",
        """
        table = torch.zeros(5, 3)
        table[2] = torch.tensor([1.0, 2.0])
        """,
        "expand", "table[2]", ("table 5×3",), "",
    ),
    Case(
        "positional encoding joined on the wrong dim",
        """
        tokens, positions = torch.randn(2, 7, 8), torch.randn(2, 7, 4)
        both = torch.cat((tokens, positions), 1)
        """,
        "cat", "torch.cat((tokens, positions), 1)", ("tokens 2×7×8", "positions 2×7×4"),
        "torch.cat((tokens, positions), dim=2)",
    ),
    Case(
        "cat of matrix and row",
        """
        m, row = torch.zeros(2, 3), torch.ones(3)
        torch.cat([m, row])
        """,
        "cat", "torch.cat([m, row])", ("m 2×3", "row 3"), "torch.cat([m, row.unsqueeze(0)])",
    ),
    Case(
        "heads split off a wrong size",
        """
        x = torch.randn(2, 5, 30)
        heads = x.view(2, 5, 4, 8)
        """,
        "view-size", "x.view(2, 5, 4, 8)", ("x 2×5×30",), "",
    ),
    Case(
        "heads merged after a transpose",
        """
        x = torch.randn(2, 4, 5, 8)
        merged = x.transpose(1, 2).view(2, 5, 32)
        """,
        "view-stride", "x.transpose(1, 2).view(2, 5, 32)", ("x.transpose(1, 2) 2×5×4×8",),
        "x.transpose(1, 2).reshape(2, 5, 32)",
    ),
    Case(
        "permute forgets the batch",
        """
        batch = torch.rand(8, 32, 32, 3)
        x = batch.permute(2, 0, 1)
        """,
        "permute", "batch.permute(2, 0, 1)", ("batch 8×32×32×3",), "batch.permute(0, 3, 1, 2)",
    ),
    Case(
        "mean over a dimension that is not there",
        """
        pooled = torch.randn(8, 64).mean(dim=(2, 3))
        """,
        "dim-range", "torch.randn(8, 64).mean(dim=(2, 3))", ("torch.randn(8, 64) 8×64",), "",
    ),
    Case(
        "one-hot of floats",
        """
        labels = torch.tensor([0.0, 2.0, 1.0])
        F.one_hot(labels, 3)
        """,
        "index-dtype", "F.one_hot(labels, 3)", ("labels 3",), "F.one_hot(labels.long(), 3)",
    ),
    Case(
        "mask of the columns used on rows",
        """
        x = torch.randn(3, 5)
        keep = x.sum(0) > 0
        x[keep]
        """,
        "mask-shape", "x[keep]", ("x 3×5", "keep 5"), "x[:, keep]",
    ),
    Case(
        "picking the class probabilities",
        """
        probs, y = torch.rand(4, 3).softmax(1), torch.tensor([0, 2, 1, 1])
        probs.gather(1, y)
        """,
        "gather", "probs.gather(1, y)", ("probs 4×3", "y 4"), "probs.gather(1, y.unsqueeze(1))",
    ),
    Case(
        "regression targets as integers, MSE backward",
        """
        model = nn.Linear(2, 1)
        y = torch.tensor([[1], [2], [3]])
        loss = F.binary_cross_entropy_with_logits(model(torch.ones(3, 2)), y)
        """,
        "target-dtype", "F.binary_cross_entropy_with_logits(model(torch.ones(3, 2)), y)",
        ("y 3×1",), "F.binary_cross_entropy_with_logits(model(torch.ones(3, 2)), y.float())",
    ),
    Case(
        "labels as a column",
        """
        loss_fn = nn.CrossEntropyLoss()
        logits, labels = torch.randn(16, 4), torch.randint(0, 4, (16, 1))
        loss = loss_fn(logits, labels)
        """,
        "target-shape", "loss_fn(logits, labels)", ("logits 16×4", "labels 16×1"),
        "loss_fn(logits, labels.squeeze(1))",
    ),
    Case(
        "language model logits not flattened",
        """
        logits, tokens = torch.randn(2, 7, 50), torch.randint(0, 50, (2, 7))
        loss = F.cross_entropy(logits, tokens)
        """,
        "target-shape", "F.cross_entropy(logits, tokens)", ("logits 2×7×50", "tokens 2×7"),
        "F.cross_entropy(logits.flatten(0, 1), tokens.flatten())",
    ),
    Case(
        "accuracy counted on tensors",
        """
        correct = torch.tensor([3, 4])
        accuracy = float(correct) / 10
        """,
        "not-scalar", "float(correct)", ("correct 2",), "",
    ),
    Case(
        "hidden state carried over",
        """
        rnn = nn.RNN(3, 4)
        h = torch.zeros(1, 2, 4)
        for step in range(3):
            out, h = rnn(torch.randn(5, 2, 3), h)
            out.sum().backward()
        """,
        "backward-twice", "out.sum().backward()", (), "h = h.detach()",
    ),
    Case(
        "loss detached with item",
        """
        model = nn.Linear(2, 1)
        loss = model(torch.ones(4, 2)).pow(2).mean().item()
        loss.backward()
        """,
        "no-graph", "loss.backward", ("loss",), "",
    ),
    Case(
        "gradient before backward",
        """
        w = torch.zeros(2, requires_grad=True)
        loss = ((w - 1) ** 2).sum()
        with torch.no_grad():
            w -= 0.1 * w.grad
        """,
        "no-gradient", "0.1 * w.grad", ("w.grad",), "",
    ),
    Case(
        "relu in place on a saved output",
        """
        x = torch.randn(5, requires_grad=True)
        y = torch.tanh(x)
        y.mul_(2)
        y.sum().backward()
        """,
        "saved-in-place", "y.sum().backward()", (), "",
    ),
    Case(
        "grey images into a colour network",
        """
        net = nn.Sequential(nn.Conv2d(3, 6, 5), nn.ReLU())
        net(torch.rand(4, 1, 28, 28))
        """,
        "channels", "net(torch.rand(4, 1, 28, 28))", ("torch.rand(4, 1, 28, 28) 4×1×28×28",),
        "nn.Conv2d(1, 6, kernel_size=(5, 5))",
    ),
    Case(
        "too many pools",
        """
        net = nn.Sequential(nn.MaxPool2d(4), nn.MaxPool2d(4), nn.MaxPool2d(4))
        net(torch.rand(1, 1, 28, 28))
        """,
        "too-small", "net(torch.rand(1, 1, 28, 28))", (), "",
    ),
    Case(
        "normalised over a feature size that changed",
        """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.up, self.norm = nn.Linear(8, 16), nn.LayerNorm(8)
            def forward(self, x):
                return self.norm(self.up(x))
        block = Block()
        block(torch.randn(2, 3, 8))
        """,
        "features", "self.norm(self.up(x))", (), "nn.LayerNorm(16)",
    ),
    Case(
        "forward is missing a return",
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(4, 2)
            def forward(self, x):
                x = self.fc(x)
        net = Net()
        loss = F.cross_entropy(net(torch.randn(3, 4)), torch.tensor([0, 1, 0]))
        """,
        "no-return", "F.cross_entropy(net(torch.randn(3, 4)), torch.tensor([0, 1, 0]))", (), "",
    ),
    Case(
        "a layer called by a near name",
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.hidden = nn.Linear(4, 2)
            def forward(self, x):
                return self.hiden(x)
        Net()(torch.randn(3, 4))
        """,
        "attribute", "self.hiden", (), "self.hidden",
    ),
    Case(
        "a keyword that the layer does not know",
        """
        layer = nn.Linear(4, 2, biass=False)
        """,
        "unexpected-keyword", "nn.Linear(4, 2, biass=False)", (), "nn.Linear(4, 2, bias=False)",
    ),
    Case(
        "prediction of a GRU used whole",
        """
        gru, head = nn.GRU(3, 4, batch_first=True), nn.Linear(4, 2)
        out = gru(torch.randn(2, 5, 3))
        head(out)
        """,
        "not-a-tensor", "head(out)", ("out",), "head(out[0])",
    ),
    Case(
        "max with a dim gives two things",
        """
        scores = torch.randn(4, 3)
        best = scores.max(1)
        best + 1
        """,
        "two-results", "best + 1", ("best",), "best.values + 1",
    ),
]
