"""Explained problems, as a worker would send them."""

from __future__ import annotations

from tutor.session.snapshot import Problem
from tutor.wire.explanation import AlignedRow, Alignment, Explanation, Fix, Operand
from tutor.wire.messages import Frame

FRAMES = (
    Frame("<cell a>", 11, "<module>", "out = net(x)", True),
    Frame("torch/nn/modules/module.py", 1784, "_call_impl", "return forward_call(x)", False),
    Frame("<cell a>", 8, "forward", "return self.fc(h)", True),
    Frame("torch/nn/modules/linear.py", 125, "forward", "return F.linear(x)", False),
)

FLATTEN = Problem(
    "RuntimeError",
    "mat1 and mat2 shapes cannot be multiplied (832x26 and 5408x10)",
    FRAMES,
    8,
    explanation=Explanation(
        "matmul",
        "Matrix sizes do not line up",
        "`net.fc` multiplies the last dimension of its input, so that must be 5408. "
        "It received 26.",
        "self.fc(h)",
        8,
        16,
        "net.fc",
        operands=(
            Operand("h", "tensor", (4, 8, 26, 26), "float32", "cpu"),
            Operand("net.fc", "layer", about="Linear(in_features=5408, out_features=10)"),
        ),
        alignment=Alignment(
            (
                AlignedRow("h", ("4", "8", "26", "26")),
                AlignedRow("net.fc wants", ("", "", "", "5408")),
            ),
            (3,),
        ),
        fixes=(
            Fix("keep the batch, flatten the rest", "self.fc(h.flatten(1))", "4×10", True),
            Fix("look where `net.fc` is made"),
        ),
    ),
)

NO_RULE = Problem(
    "RuntimeError",
    "X1 and X2 must have the same number of columns. X1: 4 X2: 2\nsecond line",
    FRAMES[:1],
    3,
    advice="Restart the worker.",
    explanation=Explanation(
        "generic",
        "RuntimeError",
        expression="torch.cdist(a, a @ w)",
        line=3,
        elsewhere=True,
        operands=(
            Operand("a", "tensor", (3, 4), "float32", "cuda:0"),
            Operand("a @ w", "tensor", (3, 2), "float32", "cuda:0", inferred=True),
            Operand("f(x)"),
        ),
    ),
)
