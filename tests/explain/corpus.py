"""Mistakes of learners, one a family at least, with what must be said about each."""

from __future__ import annotations

from tests.explain.cases import Case

# fmt: off
TORCH = [
    Case(
        "matrix product",
        """
        x = torch.randn(64, 784)
        W = torch.randn(128, 784)
        b = torch.zeros(128)
        y = F.relu(x @ W + b)
        """,
        "matmul", "x @ W", ("x 64×784", "W 128×784"), "x @ W.T",
    ),
    Case(
        "matrix product of an expression",
        """
        x, W1, W2 = torch.randn(64, 784), torch.randn(784, 128), torch.randn(10, 128)
        logits = torch.relu(x @ W1) @ W2
        """,
        "matmul", "torch.relu(x @ W1) @ W2", ("torch.relu(x @ W1) 64×128", "W2 10×128"),
        "torch.relu(x @ W1) @ W2.T",
    ),
    Case(
        "layer sizes swapped in a Sequential",
        """
        model = nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(10, 50))
        y = model(torch.rand(20, 784))
        """,
        "matmul", "model(torch.rand(20, 784))", ("model.2",), "nn.Linear(50, 10)",
    ),
    Case(
        "flatten forgotten",
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(1, 8, 3)
                self.fc = nn.Linear(8 * 26 * 26, 10)
            def forward(self, x):
                h = F.relu(self.conv(x))
                return self.fc(h)
        net = Net()
        out = net(torch.randn(4, 1, 28, 28))
        """,
        "matmul", "self.fc(h)", ("h 4×8×26×26", "net.fc"), "self.fc(h.flatten(1))",
    ),
    Case(
        "matrix and vector",
        "m, v = torch.randn(3, 4), torch.randn(5)\nm @ v",
        "matmul", "m @ v", ("m 3×4", "v 5"),
    ),
    Case(
        "dot of different lengths",
        "a, b = torch.randn(3), torch.randn(4)\ntorch.dot(a, b)",
        "matmul", "torch.dot(a, b)", ("a 3", "b 4"),
    ),
    Case(
        "mm with a vector",
        "a, v = torch.randn(3, 4), torch.randn(4)\ntorch.mm(a, v)",
        "matmul", "torch.mm(a, v)", ("a 3×4", "v 4"), "a @ v",
    ),
    Case(
        "batched product",
        "q, k = torch.randn(2, 5, 8), torch.randn(2, 6, 8)\nscores = torch.bmm(q, k)",
        "matmul", "torch.bmm(q, k)", ("q 2×5×8", "k 2×6×8"), "torch.bmm(q, k.transpose(-2, -1))",
    ),
    Case(
        "batches of different numbers",
        "a, b = torch.randn(2, 3, 4), torch.randn(3, 4, 5)\na @ b",
        "matmul", "a @ b", ("a 2×3×4", "b 3×4×5"),
    ),
    Case(
        "t() of a batch",
        "k = torch.randn(2, 3, 4)\nk.t()",
        "permute", "k.t()", ("k 2×3×4",), "k.transpose(-2, -1)",
    ),
    Case(
        "einsum",
        "a, b = torch.randn(2, 3), torch.randn(4, 5)\ntorch.einsum('ij,jk->ik', a, b)",
        "einsum", "torch.einsum('ij,jk->ik', a, b)", ("a 2×3", "b 4×5"),
    ),
    Case(
        "bias as long as the batch",
        "logits, bias = torch.randn(64, 10), torch.randn(64)\nz = logits * 2 + bias",
        "broadcast", "logits * 2 + bias", ("logits * 2 64×10", "bias 64"),
        "logits * 2 + bias.unsqueeze(-1)",
    ),
    Case(
        "loss of two shapes",
        "loss = F.mse_loss(torch.randn(4, 3), torch.randn(4, 2))",
        "broadcast", "F.mse_loss(torch.randn(4, 3), torch.randn(4, 2))",
        ("torch.randn(4, 3) 4×3", "torch.randn(4, 2) 4×2"),
    ),
    Case(
        "NumPy arrays",
        "a, b = np.ones((3, 4)), np.ones(3)\na + b",
        "broadcast", "a + b", ("a", "b"),
    ),
    Case(
        "expand",
        "x = torch.randn(3, 1)\nx.expand(2, 4)",
        "expand", "x.expand(2, 4)", ("x 3×1",),
    ),
    Case(
        "cat along rows",
        "a, b = torch.randn(3, 4), torch.randn(3, 5)\nc = torch.cat([a, b], dim=0)",
        "cat", "torch.cat([a, b], dim=0)", ("a 3×4", "b 3×5"), "torch.cat([a, b], dim=1)",
    ),
    Case(
        "cat of a list with a name",
        "parts = [torch.randn(2, 3), torch.randn(2, 4)]\ntorch.cat(parts)",
        "cat", "torch.cat(parts)", ("parts[0] 2×3", "parts[1] 2×4"), "torch.cat(parts, dim=1)",
    ),
    Case(
        "cat of numbers",
        "a, b = torch.tensor(1.0), torch.tensor(2.0)\ntorch.cat([a, b])",
        "cat", "torch.cat([a, b])", ("a scalar", "b scalar"), "torch.stack([a, b])",
    ),
    Case(
        "cat of nothing",
        "outs = []\ntorch.cat(outs)",
        "cat", "torch.cat(outs)", ("outs",),
    ),
    Case(
        "cat without a list",
        "a, b = torch.randn(3), torch.randn(3)\ntorch.cat(a, b)",
        "cat", "torch.cat(a, b)", ("a 3", "b 3"), "torch.cat([a, b])",
    ),
    Case(
        "stack",
        "a, b = torch.randn(3), torch.randn(4)\nxs = torch.stack([a, b])",
        "stack", "torch.stack([a, b])", ("a 3", "b 4"), "torch.cat([a, b])",
    ),
    Case(
        "samples of different lengths in a loader",
        """
        from torch.utils.data import DataLoader
        ds = [(torch.randn(3 + i), i) for i in range(4)]
        for xb, yb in DataLoader(ds, batch_size=2):
            pass
        """,
        "collate", "for xb, yb in DataLoader(ds, batch_size=2)", (), "pad",
    ),
    Case(
        "None in a batch",
        """
        class Squares(torch.utils.data.Dataset):
            def __len__(self):
                return 4
            def __getitem__(self, i):
                i * i
        next(iter(torch.utils.data.DataLoader(Squares(), batch_size=2)))
        """,
        "collate", "next(iter(torch.utils.data.DataLoader(Squares(), batch_size=2)))", (), "return",
    ),
    Case(
        "ragged rows",
        "torch.tensor([[1, 2], [3, 4, 5]])",
        "ragged", "torch.tensor([[1, 2], [3, 4, 5]])",
    ),
    Case(
        "view of another size",
        "x = torch.randn(64, 1, 28, 28)\nh = x.view(-1, 1000)",
        "view-size", "x.view(-1, 1000)", ("x 64×1×28×28",), "x.flatten(1)",
    ),
    Case(
        "view of a transpose",
        "x = torch.randn(4, 6)\ny = x.T.view(24)",
        "view-stride", "x.T.view(24)", ("x.T 6×4",), "x.T.reshape(24)",
    ),
    Case(
        "no such dimension",
        "x = torch.randn(5)\nx.softmax(dim=1)",
        "dim-range", "x.softmax(dim=1)", ("x 5",), "x.softmax(dim=-1)",
    ),
    Case(
        "split",
        "x = torch.arange(10)\nx.split([3, 3])",
        "split", "x.split([3, 3])", ("x 10",),
    ),
    Case(
        "sizes that are floats",
        "n = 10\nw = torch.zeros(n / 2, 3)",
        "argument-types", "torch.zeros(n / 2, 3)",
    ),
    Case(
        "index",
        "x = torch.arange(10)\nx[10]",
        "index-range", "x[10]", ("x 10",), "x[-1]",
    ),
    Case(
        "too many indices",
        "x = torch.randn(4, 5)\nx[0, 1, 2]",
        "index-count", "x[0, 1, 2]", ("x 4×5",),
    ),
    Case(
        "index of floats",
        "x, i = torch.randn(4), torch.tensor([0.0, 2.0])\nx[i]",
        "index-dtype", "x[i]", ("x 4", "i 2"), "x[i.long()]",
    ),
    Case(
        "gather out of range",
        "x = torch.randn(3, 4)\nx.gather(1, torch.tensor([[5]]))",
        "gather", "x.gather(1, torch.tensor([[5]]))", ("x 3×4",),
    ),
    Case(
        "one-hot class too large",
        "labels = torch.tensor([1, 5])\nF.one_hot(labels, 3)",
        "class-range", "F.one_hot(labels, 3)", ("labels 2",),
    ),
    Case(
        "indexing a number",
        "loss = torch.tensor(3.0)\nloss[0]",
        "zero-dim", "loss[0]", ("loss scalar",), "loss.item()",
    ),
    Case(
        "turning round with a slice",
        "x = torch.arange(5)\nx[::-1]",
        "index-range", "x[::-1]", ("x 5",), "x.flip(0)",
    ),
    Case(
        "item of many",
        "x = torch.randn(4)\nx.item()",
        "not-scalar", "x.item()", ("x 4",), "x.mean()",
    ),
    Case(
        "truth of a tensor",
        "x = torch.randn(4)\nif x > 0:\n    print('pos')",
        "ambiguous-truth", "x > 0", ("x 4",), "(x > 0).all()",
    ),
    Case(
        "loss made with tensors",
        "p, y = torch.randn(4), torch.randn(4)\nloss = nn.MSELoss(p, y)",
        "call-order", "nn.MSELoss(p, y)", ("p 4", "y 4"), "nn.MSELoss()(p, y)",
    ),
    Case(
        "numpy with gradients",
        "w = torch.randn(3, requires_grad=True)\n(w * 2).numpy()",
        "numpy-grad", "(w * 2).numpy()", ("w * 2 3",), "(w * 2).detach().numpy()",
    ),
    Case(
        "float64 from NumPy",
        """
        layer = nn.Linear(3, 1)
        data = torch.from_numpy(np.random.rand(5, 3))
        layer(data)
        """,
        "dtype-mix", "layer(data)", ("data 5×3", "layer"), "layer(data.float())",
    ),
    Case(
        "uint8 image into a convolution",
        "conv = nn.Conv2d(1, 2, 3)\nimg = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)\nconv(img)",
        "dtype-mix", "conv(img)", ("img 1×1×8×8", "conv"), "conv(img.float())",
    ),
    Case(
        "product of two dtypes",
        "a, b = torch.randn(3, 3), torch.randn(3, 3).double()\na @ b",
        "dtype-mix", "a @ b", ("a 3×3", "b 3×3"), "a @ b.float()",
    ),
    Case(
        "mean of integers",
        "x = torch.tensor([1, 2, 3])\nx.mean()",
        "integer-maths", "x.mean()", ("x 3",), "x.float().mean()",
    ),
    Case(
        "softmax of integers",
        "x = torch.tensor([1, 2, 3])\nF.softmax(x, dim=0)",
        "integer-maths", "F.softmax(x, dim=0)", ("x 3",), "F.softmax(x.float(), dim=0)",
    ),
    Case(
        "gradients of integers",
        "w = torch.tensor([1, 2, 3], requires_grad=True)",
        "integer-maths", "torch.tensor([1, 2, 3], requires_grad=True)", (), "point",
    ),
    Case(
        "fractions added to integers in place",
        "x = torch.zeros(3, dtype=torch.int64)\nx += 0.5",
        "result-cast", "x += 0.5", ("x 3",),
    ),
    Case(
        "bit operators between comparisons",
        "x = torch.randn(3)\nx & x",
        "bits", "x & x", ("x 3",),
    ),
    Case(
        "a mask of numbers",
        "x = torch.randn(3)\ntorch.where(x, 1, 0)",
        "mask-dtype", "torch.where(x, 1, 0)", ("x 3",),
    ),
    Case(
        "texts in a tensor",
        "labels = ['cat', 'dog']\ntorch.tensor(labels)",
        "not-numbers", "torch.tensor(labels)", ("labels",),
    ),
    Case(
        "dtype as a text",
        "torch.zeros(3, dtype='float32')",
        "dtype-name", "torch.zeros(3, dtype='float32')", (), "torch.zeros(3, dtype=torch.float32)",
    ),
    Case(
        "float labels",
        "logits, target = torch.randn(8, 10), torch.zeros(8)\n"
        "loss = F.cross_entropy(logits, target)",
        "target-dtype", "F.cross_entropy(logits, target)", ("logits 8×10", "target 8"),
        "F.cross_entropy(logits, target.long())",
    ),
    Case(
        "one-hot labels as integers",
        "logits, t = torch.randn(4, 3), torch.eye(3)[[0, 1, 2, 0]].long()\n"
        "F.cross_entropy(logits, t)",
        "target-dtype", "F.cross_entropy(logits, t)", ("logits 4×3", "t 4×3"),
        "F.cross_entropy(logits, t.float())",
    ),
    Case(
        "label out of range",
        """
        logits, labels = torch.randn(8, 10), torch.tensor([1, 2, 3, 4, 5, 6, 7, 10])
        loss = nn.CrossEntropyLoss()(logits, labels)
        """,
        "class-range", "nn.CrossEntropyLoss()(logits, labels)", ("logits 8×10", "labels 8"),
        "nn.CrossEntropyLoss()(logits, labels - 1)",
    ),
    Case(
        "predictions and targets of different number",
        "logits, y = torch.randn(64, 10), torch.randint(0, 10, (32,))\nF.cross_entropy(logits, y)",
        "batch-size", "F.cross_entropy(logits, y)", ("logits 64×10", "y 32"),
    ),
    Case(
        "binary loss with a column",
        "p, y = torch.rand(16, 1), torch.ones(16)\nloss = F.binary_cross_entropy(p, y)",
        "target-shape", "F.binary_cross_entropy(p, y)", ("p 16×1", "y 16"),
        "F.binary_cross_entropy(p.squeeze(-1), y)",
    ),
    Case(
        "binary loss of scores",
        "s, y = torch.tensor([2.0, -1.0]), torch.ones(2)\nloss = F.binary_cross_entropy(s, y)",
        "probability-range", "F.binary_cross_entropy(s, y)", ("s 2", "y 2"),
        "F.binary_cross_entropy(torch.sigmoid(s), y)",
    ),
    Case(
        "labels in a list",
        "logits = torch.randn(3, 4)\nF.cross_entropy(logits, [0, 1, 2])",
        "not-a-tensor", "F.cross_entropy(logits, [0, 1, 2])", ("logits 3×4",),
        "F.cross_entropy(logits, torch.as_tensor([0, 1, 2]))",
    ),
    Case(
        "backward twice in a loop",
        """
        w = torch.randn(3, requires_grad=True)
        h = (w * 2).exp()
        for i in range(3):
            loss = (h ** 2).sum()
            loss.backward()
        """,
        "backward-twice", "loss.backward()", (), "loop",
    ),
    Case(
        "backward of many",
        "w = torch.randn(3, requires_grad=True)\ny = w * 2\ny.backward()",
        "backward-shape", "y.backward()", ("y 3",), "y.mean().backward()",
    ),
    Case(
        "backward without a graph",
        "x = torch.randn(3)\nloss = (x ** 2).sum()\nloss.backward()",
        "no-graph", "loss.backward()", ("loss scalar",), "requires_grad=True",
    ),
    Case(
        "update step outside no_grad",
        "w = torch.ones(3, requires_grad=True)\n(w ** 2).sum().backward()\nw -= 0.1 * w.grad",
        "leaf-in-place", "w -= 0.1 * w.grad", ("w 3",), "with torch.no_grad(): w -= 0.1 * w.grad",
    ),
    Case(
        "overwritten value",
        """
        x = torch.randn(4, requires_grad=True)
        h = x.exp()
        y = h * 2
        h += 1
        (h.sum() + y.sum()).backward()
        """,
        "saved-in-place", "(h.sum() + y.sum()).backward()", (), "h = h + 1",
    ),
    Case(
        "zero_grad by hand too early",
        "w = torch.randn(3, requires_grad=True)\nw.grad.zero_()",
        "no-gradient", "w.grad.zero_", ("w 3",), "backward",
    ),
    Case(
        "input that was not used",
        """
        a, b = (torch.randn(3, requires_grad=True) for _ in range(2))
        torch.autograd.grad(a.sum(), b)
        """,
        "unused-input", "torch.autograd.grad(a.sum(), b)", ("b 3",),
    ),
    Case(
        "optimising a result",
        "w = torch.randn(3, requires_grad=True) * 0.1\nopt = torch.optim.SGD([w], lr=0.1)",
        "non-leaf", "torch.optim.SGD([w], lr=0.1)", ("w 3",),
    ),
    Case(
        "rows into a convolution",
        "conv = nn.Conv2d(1, 8, 3)\nx = torch.randn(64, 784)\nconv(x)",
        "input-dims", "conv(x)", ("x 64×784", "conv"), "conv(x.view(-1, 1, 28, 28))",
    ),
    Case(
        "channels last",
        "conv = nn.Conv2d(3, 8, 3)\nimg = torch.randn(2, 32, 32, 3)\nconv(img)",
        "channels", "conv(img)", ("img 2×32×32×3", "conv"), "conv(img.permute(0, 3, 1, 2))",
    ),
    Case(
        "batch norm of features",
        "bn = nn.BatchNorm2d(8)\nbn(torch.randn(4, 8))",
        "input-dims", "bn(torch.randn(4, 8))", ("bn",),
    ),
    Case(
        "batch norm of other channels",
        "bn = nn.BatchNorm1d(8)\nx = torch.randn(4, 6)\nbn(x)",
        "features", "bn(x)", ("x 4×6", "bn"), "nn.BatchNorm1d(6)",
    ),
    Case(
        "batch norm of one",
        "net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8))\nnet(torch.randn(1, 4))",
        "batch-of-one", "net(torch.randn(1, 4))", ("net.1",), "net.eval()",
    ),
    Case(
        "LSTM of other features",
        "lstm = nn.LSTM(5, 7)\nx = torch.randn(2, 6, 4)\nlstm(x)",
        "features", "lstm(x)", ("x 2×6×4", "lstm"),
    ),
    Case(
        "hidden state of another batch",
        "gru = nn.GRU(5, 7)\nx, h = torch.randn(2, 6, 5), torch.zeros(1, 2, 7)\ngru(x, h)",
        "hidden-state", "gru(x, h)", ("gru",), "batch_first",
    ),
    Case(
        "attention heads",
        "nn.MultiheadAttention(10, 3)",
        "sizes", "nn.MultiheadAttention(10, 3)",
    ),
    Case(
        "dropout in per cent",
        "nn.Dropout(50)",
        "range", "nn.Dropout(50)", (), "nn.Dropout(0.5)",
    ),
    Case(
        "embedding number too large",
        "emb = nn.Embedding(100, 16)\ntokens = torch.tensor([[5, 99, 100]])\nemb(tokens)",
        "embedding-range", "emb(tokens)", ("tokens 1×3", "emb"), "nn.Embedding(101, 16)",
    ),
    Case(
        "embedding of floats",
        "emb = nn.Embedding(100, 16)\ntokens = torch.tensor([1.0, 2.0])\nemb(tokens)",
        "index-dtype", "emb(tokens)", ("tokens 2", "emb"), "emb(tokens.long())",
    ),
    Case(
        "a list into a layer",
        "layer = nn.Linear(2, 1)\nlayer([1.0, 2.0])",
        "not-a-tensor", "layer([1.0, 2.0])", ("layer",), "layer(torch.tensor([1.0, 2.0]))",
    ),
    Case(
        "GPU that is not here",
        "x = torch.randn(3).cuda()",
        "no-device", "torch.randn(3).cuda()", (), "torch.randn(3).to(device)",
    ),
    Case(
        "device called gpu",
        "x = torch.zeros(3, device='gpu')",
        "no-device", "torch.zeros(3, device='gpu')", (), "torch.zeros(3, device=device)",
    ),
    Case(
        "two devices",
        "layer = nn.Linear(3, 3, device='meta')\nx = torch.randn(2, 3)\nlayer(x)",
        "device", "layer(x)", ("x 2×3",), "layer(x.to(device))",
    ),
    Case(
        "super().__init__() forgotten",
        """
        class Net(nn.Module):
            def __init__(self):
                self.fc = nn.Linear(2, 2)
        Net()
        """,
        "no-super", "self.fc", (), "super().__init__()",
    ),
    Case(
        "forward misspelt",
        """
        class Net(nn.Module):
            def foward(self, x):
                return x
        Net()(torch.ones(2))
        """,
        "no-forward", "Net()(torch.ones(2))", (), "def forward(self, …):  # now foward",
    ),
    Case(
        "__init__ misspelt",
        """
        class Net(nn.Module):
            def __int__(self):
                super().__init__()
                self.fc = nn.Linear(2, 2)
            def forward(self, x):
                return self.fc(x)
        Net()(torch.ones(2))
        """,
        "attribute", "self.fc", (), "def __init__(self):",
    ),
    Case(
        "method without self",
        """
        class Net(nn.Module):
            def forward(x):
                return x
        Net()(torch.ones(2))
        """,
        "extra-argument", "Net()(torch.ones(2))", (), "def forward(self, x):",
    ),
    Case(
        "ModuleList called",
        "layers = nn.ModuleList([nn.Linear(2, 2)])\nlayers(torch.ones(2))",
        "no-forward", "layers(torch.ones(2))", ("layers",),
    ),
    Case(
        "layers in a Python list",
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = [nn.Linear(2, 2), nn.Linear(2, 1)]
        net = Net()
        opt = torch.optim.SGD(net.parameters(), lr=0.1)
        """,
        "no-parameters", "torch.optim.SGD(net.parameters(), lr=0.1)", ("net",),
        "self.layers = nn.ModuleList(…)",
    ),
    Case(
        "a model instead of its parameters",
        "net = nn.Linear(2, 2)\nopt = torch.optim.Adam(net, lr=0.1)",
        "parameters", "torch.optim.Adam(net, lr=0.1)", ("net",),
        "torch.optim.Adam(net.parameters(), lr=0.1)",
    ),
    Case(
        "a list into Sequential",
        "layers = [nn.Linear(2, 2), nn.ReLU()]\nnn.Sequential(layers)",
        "not-a-layer", "nn.Sequential(layers)", ("layers",), "nn.Sequential(*layers)",
    ),
    Case(
        "a tensor as a parameter",
        "layer = nn.Linear(2, 2)\nw = torch.randn(2, 2)\nlayer.weight = w",
        "parameter-assigned", "layer.weight", ("layer",),
    ),
    Case(
        "weights of another model",
        "a, b = nn.Linear(3, 4), nn.Linear(3, 5)\nb.load_state_dict(a.state_dict())",
        "state-dict", "b.load_state_dict(a.state_dict())", ("b",), "sizes",
    ),
    Case(
        "weights of a DDP model",
        """
        state = {"module.weight": torch.zeros(2, 2), "module.bias": torch.zeros(2)}
        net = nn.Linear(2, 2)
        net.load_state_dict(state)
        """,
        "state-dict", "net.load_state_dict(state)", ("net",),
        '{k.removeprefix("module."): v for k, v in state.items()}',
    ),
    Case(
        "empty data set",
        """
        from torch.utils.data import DataLoader
        loader = DataLoader([], shuffle=True)
        """,
        "data-size", "DataLoader([], shuffle=True)",
    ),
    Case(
        "data set without __len__",
        """
        class Numbers(torch.utils.data.Dataset):
            def __getitem__(self, i):
                return i
        for x in torch.utils.data.DataLoader(Numbers()):
            break
        """,
        "dataset", "for x in torch.utils.data.DataLoader(Numbers())", (), "def __len__(self):",
    ),
    Case(
        "no process group",
        "import torch.distributed as dist\ndist.all_reduce(torch.ones(1))",
        "process-group", "dist.all_reduce(torch.ones(1))",
    ),
]

PYTHON = [
    Case(
        "misspelt name",
        "learning_rate = 0.1\nprint(learnig_rate)",
        "name", "learnig_rate", (), "learning_rate",
    ),
    Case("forgotten import", "loader = DataLoader([1, 2])", "name", "DataLoader", (),
         "from torch.utils.data import DataLoader"),
    Case("dtype without torch", "x = torch.zeros(3).to(float16)", "name", "float16", (),
         "torch.float16"),
    Case(
        "local before its value",
        "total = 0\ndef add(x):\n    total += x\n    return total\nadd(1)",
        "name", "total", (), "parameter",
    ),
    Case("misspelt method", "x = torch.randn(3)\nx.shpae", "attribute", "x.shpae", ("x 3",),
         "x.shape"),
    Case("misspelt function", "torch.sofmax(torch.ones(2), 0)", "attribute", "torch.sofmax", (),
         "torch.softmax"),
    Case("NumPy habit", "x = torch.randn(3)\nx.astype('int64')", "attribute", "x.astype", ("x 3",),
         "x.to(dtype)"),
    Case("shape of a list", "x = [1, 2, 3]\nx.shape", "attribute", "x.shape", ("x",),
         "torch.tensor(x).shape"),
    Case("layer in torch", "torch.Linear(2, 2)", "attribute", "torch.Linear", (), "nn.Linear"),
    Case("missing argument", "nn.Linear(3)", "missing-argument", "nn.Linear(3)", (),
         "nn.Linear(3, out_features=…)"),
    Case(
        "extra argument",
        "def scale(x):\n    return x * 2\nscale(1, 2)",
        "extra-argument", "scale(1, 2)",
    ),
    Case("misspelt keyword of torch", "x = torch.randn(3, 2)\nx.sum(dmi=0)", "unexpected-keyword",
         "x.sum(dmi=0)", ("x 3×2",), "x.sum(dim=0)"),
    Case("size as a number", "torch.randint(0, 10, 5)", "argument-types",
         "torch.randint(0, 10, 5)", (), "torch.randint(0, 10, (5,))"),
    Case("shape called", "x = torch.randn(3)\nx.shape()", "not-callable", "x.shape()", (),
         "x.shape"),
    Case("text plus number", "epoch = 3\nprint('epoch ' + epoch)", "operand-kinds",
         "'epoch ' + epoch", ("epoch",), "'epoch ' + str(epoch)"),
    Case("tensor plus list", "x = torch.ones(2)\nx + [1.0, 2.0]", "operand-kinds",
         "x + [1.0, 2.0]", ("x 2",), "x + torch.tensor([1.0, 2.0])"),
    Case("loop over a number", "n = 3\nfor i in n:\n    pass", "not-iterable", "for i in n", ("n",),
         "range(n)"),
    Case("next of a loader", "dl = torch.utils.data.DataLoader([1, 2])\nnext(dl)", "not-iterable",
         "next(dl)", ("dl",), "next(iter(loader))"),
    Case("misspelt key", "config = {'epochs': 3, 'lr': 0.1}\nconfig['epoch']", "key",
         "config['epoch']", ("config",), "config['epochs']"),
    Case("past the end", "losses = [0.3, 0.2]\nlosses[2]", "position", "losses[2]", ("losses",),
         "losses[-1]"),
    Case("too few values", "x, y, z = (1, 2)", "unpacking", "x, y, z = (1, 2)"),
    Case("rows unpacked", "x, y = torch.randn(3, 2)", "unpacking", "x, y = torch.randn(3, 2)",
         ("torch.randn(3, 2) 3×2",)),
    Case("division by nothing", "seen = 0\nprint(5 / seen)", "division", "5 / seen", ("seen",)),
    Case("package that is not here", "import sklearn_not_here", "import", "import sklearn_not_here",
         (), "lessons"),
    Case("misspelt package", "import numppy", "import", "import numppy", (), "import numpy"),
    Case("wrong module", "from torch import Linear", "import", "from torch import Linear", (),
         "from torch.nn import Linear"),
    Case("a call without end", "def f(x):\n    return f(x)\nf(1)", "recursion", "f(x)", ("x",)),
    Case("file", "torch.load('nothing.pt')", "file", "torch.load('nothing.pt')"),
    Case("colon", "for i in range(3)\n    pass", "syntax", "for i in range(3)", (), "add :"),
    Case("bracket", "x = torch.zeros((2, 3)\ny = 1", "syntax", "x = torch.zeros((2, 3)", (),
         "closing"),
    Case("block", "def f(x):\nreturn x", "syntax", "return x", (), "indent"),
    Case("indent", "x = 1\n  y = 2", "syntax", "y = 2", (), "left"),
    Case("assignment in a condition", "x = 1\nif x = 1:\n    pass", "syntax", "if x = 1:",
         (), "=="),
]

CORPUS = TORCH + PYTHON
