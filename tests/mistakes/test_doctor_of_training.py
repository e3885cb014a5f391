"""The training doctor names mistakes that raise nothing, and is silent about correct code."""

from __future__ import annotations

import pytest

from tests.conftest import run_cell
from tutor.session.session import Session

LOOP = """
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
{model}
optimizer = torch.optim.SGD({parameters}, lr={rate})
X, y = torch.randn(32, 8), torch.randint(0, 3, (32,))
{before}
for step in range(6):
    out = net(X)
    loss = {loss}
    {zero}
    {backward}
    {step}
    {after}
"""
RIGHT = {
    "model": "",
    "parameters": "net.parameters()",
    "rate": "0.1",
    "before": "",
    "loss": "F.cross_entropy(out, y)",
    "zero": "optimizer.zero_grad()",
    "backward": "loss.backward()",
    "step": "optimizer.step()",
    "after": "pass",
}
DROPOUT = "net = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.1), nn.Linear(16, 3))"
LISTED = """
class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(8, 8), nn.Linear(8, 8)]
        self.head = nn.Linear(8, 3)
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.head(x)
net = Listed()
"""
UNUSED = """
class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.extra, self.head = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 3)
    def forward(self, x):
        return self.head(self.body(x).relu() + self.extra(x).detach())
net = Unused()
"""
BROADCAST = "((out[:, :1] - y.float()) ** 2).mean()"

WRONG = {
    "no-zero-grad": {"zero": "pass"},
    "double-softmax": {"loss": "F.cross_entropy(out.softmax(1), y)"},
    "double-sigmoid": {
        "loss": "F.binary_cross_entropy_with_logits(torch.sigmoid(out[:, 0]), (y > 0).float())"
    },
    "broadcast-loss": {"loss": BROADCAST},
    "no-backward": {"backward": "pass"},
    "no-step": {"step": "pass"},
    "wrong-parameters": {"parameters": "nn.Linear(2, 2).parameters()"},
    "eval-in-training": {"model": DROPOUT, "before": "net.eval()"},
    "plain-list": {"model": LISTED},
    "graph-kept": {"before": "losses = []", "after": "losses.append(loss)"},
    "no-gradient-reaches": {"model": UNUSED},
    "dead-layer": {"before": "with torch.no_grad(): net[0].bias.fill_(-1e3)"},
    "train-in-evaluation": {
        "model": DROPOUT,
        "after": "with torch.no_grad(): accuracy = (net(X).argmax(1) == y).float().mean()",
    },
    "diverged": {"rate": "1e6", "loss": "(out ** 2).mean()"},
}


EVALUATE = """
def evaluate(model, x):
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean()

accuracy = evaluate(net, X)
"""
TOTAL = {"before": "total = 0.0", "after": "total = total + loss"}


async def codes(session: Session, source: str) -> tuple[str, ...]:
    snapshot = await run_cell(session, source, "loop")
    run = snapshot.runs["loop"]
    return tuple(mistake.code for mistake in run.mistakes)


@pytest.mark.parametrize("code", WRONG)
async def test_a_silent_mistake_is_named(session: Session, code: str) -> None:
    found = await codes(session, LOOP.format(**RIGHT | WRONG[code]))
    assert code in found
    extra = {"wrong-parameters": {"no-backward"}}.get(code, set())
    assert set(found) <= {code} | extra


async def test_a_learning_rate_that_changes_nothing_is_named(session: Session) -> None:
    source = LOOP.format(**RIGHT | {"rate": "1e-8"}).replace("range(6)", "range(25)")
    assert await codes(session, source) == ("learning-rate-too-low",)


async def test_a_function_that_evaluates_in_training_mode_is_named(session: Session) -> None:
    source = LOOP.format(**RIGHT | {"model": DROPOUT}) + EVALUATE
    assert await codes(session, source) == ("train-in-evaluation",)
    right = source.replace("with torch", "model.eval()\n    with torch")
    assert await codes(session, right) == ()


async def test_a_model_of_an_earlier_cell_is_no_part_of_this_run(session: Session) -> None:
    assert await codes(session, LOOP.format(**RIGHT)) == ()
    second = LOOP.format(**RIGHT).replace("net", "other")
    assert await codes(session, second) == ()


async def test_it_says_what_where_and_what_to_do(session: Session) -> None:
    snapshot = await run_cell(session, LOOP.format(**RIGHT | WRONG["no-zero-grad"]), "loop")
    (mistake,) = snapshot.runs["loop"].mistakes
    source = snapshot.runs["loop"].source.splitlines()
    assert "optimizer.step()" in source[mistake.line - 1]
    assert "zero_grad" in mistake.cure
    assert mistake.evidence


async def test_a_running_total_of_losses_is_named_too(session: Session) -> None:
    assert await codes(session, LOOP.format(**RIGHT | TOTAL)) == ("graph-kept",)


async def test_an_author_can_silence_it(session: Session) -> None:
    source = "# doctor: off" + LOOP.format(**RIGHT | WRONG["no-zero-grad"])
    assert await codes(session, source) == ()


CORRECT = {
    "plain": {},
    "zero after the step": {"zero": "pass", "after": "optimizer.zero_grad()"},
    "zero by hand": {"zero": "[setattr(p, 'grad', None) for p in net.parameters()]"},
    "zero in place": {"zero": "optimizer.zero_grad(set_to_none=False)"},
    "model zero": {"zero": "net.zero_grad()"},
    "nll": {"loss": "F.nll_loss(out.log_softmax(1), y)"},
    "softmax for a metric": {"after": "sure = out.softmax(1).max()"},
    "mse": {"loss": "F.mse_loss(out[:, 0], y.float())"},
    "square batch": {"loss": "((out[:3, :3] - out[:3, :3].T) ** 2).mean()"},
    "pairwise distances": {"loss": "(out[:, None] - out[None]).pow(2).mean()"},
    "losses as numbers": {"before": "losses = []", "after": "losses.append(loss.item())"},
    "running total": {"before": "total = 0.0", "after": "total += loss.item()"},
    "train mode": {"model": DROPOUT, "before": "net.train()"},
    "eval between": {"model": DROPOUT, "after": "net.eval(); net(X); net.train()"},
    "eval at the end": {"model": DROPOUT, "after": "net.train(step < 5)"},
    "adam": {"after": "pass", "rate": "1e-3", "parameters": "net.parameters()"},
    "frozen body": {"before": "net[0].requires_grad_(False)"},
    "head only": {"parameters": "net[2].parameters()"},
    "clipped": {"step": "nn.utils.clip_grad_norm_(net.parameters(), 1.0); optimizer.step()"},
    "teacher without gradients": {
        "model": DROPOUT,
        "after": "with torch.no_grad(): target = net(X).softmax(1)",
    },
    "evaluated in order": {
        "model": DROPOUT,
        "after": "net.eval()\n    with torch.no_grad(): acc = net(X).mean()\n    net.train()",
    },
    "zeros at the start": {"before": "nn.init.zeros_(net[2].weight)"},
    "a small rate": {"rate": "1e-4"},
    "rate zero at first": {"rate": "0.0"},
    "two losses": {"loss": "F.cross_entropy(out, y) + 1e-3 * out.pow(2).mean()"},
}
LOOPS = {
    "accumulation": """
for step in range(12):
    loss = F.cross_entropy(net(X), y) / 3
    loss.backward()
    if step % 3 == 2:
        optimizer.step()
        optimizer.zero_grad()
""",
    "two optimizers": """
other = nn.Linear(8, 3)
second = torch.optim.Adam(other.parameters())
for step in range(6):
    optimizer.zero_grad()
    F.cross_entropy(net(X), y).backward()
    optimizer.step()
    second.zero_grad()
    (other(X) - net(X)).pow(2).mean().backward()
    second.step()
""",
    "lbfgs": """
optimizer = torch.optim.LBFGS(net.parameters(), lr=0.1)
def closure():
    optimizer.zero_grad()
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    return loss
for step in range(3):
    optimizer.step(closure)
""",
    "by hand": """
w = torch.zeros(8, requires_grad=True)
for step in range(6):
    ((X @ w) ** 2).mean().backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad = None
""",
    "losses summed later": """
for step in range(4):
    losses = [F.cross_entropy(net(X[i::4]), y[i::4]) for i in range(4)]
    optimizer.zero_grad()
    torch.stack(losses).sum().backward()
    optimizer.step()
""",
    "gradients only": """
for step in range(5):
    torch.autograd.grad(F.cross_entropy(net(X), y), list(net.parameters()))
""",
}


@pytest.mark.parametrize("style", CORRECT)
async def test_correct_loops_are_left_alone(session: Session, style: str) -> None:
    assert await codes(session, LOOP.format(**RIGHT | CORRECT[style])) == ()


@pytest.mark.parametrize("style", LOOPS)
async def test_correct_loops_of_other_shapes_are_left_alone(session: Session, style: str) -> None:
    head = LOOP.format(**RIGHT).partition("for step")[0]
    assert await codes(session, head + LOOPS[style]) == ()


async def test_watching_changes_no_bit(session: Session) -> None:
    source = LOOP.format(**RIGHT) + "\nsum(p.double().sum().item() for p in net.parameters()).hex()"
    watched = (await run_cell(session, source, "a")).runs["a"].value
    await session.restart()
    silent = (await run_cell(session, "# doctor: off\n" + source, "b")).runs["b"].value
    assert watched == silent
