"""Loops as learners write them: each is recognised without a line of it being changed."""

from __future__ import annotations

import math

import pytest

from tests.training.cells import OFF, watch
from tests.worker.children import Child


def test_a_plain_loop_shows_every_loss_under_the_learners_name(learner: Child) -> None:
    seen = watch(
        learner,
        "torch.manual_seed(0)\n"
        "net = nn.Linear(4, 1); opt = torch.optim.SGD(net.parameters(), lr=0.05)\n"
        "x = torch.randn(32, 4); values = []\n"
        "for i in range(200):\n"
        "    my_loss = net(x).pow(2).mean()\n"
        "    opt.zero_grad(); my_loss.backward(); opt.step()\n"
        "    values.append(my_loss.item())\n"
        "print(*values)",
    )
    printed = [float(word) for word in learner.output().split()]
    curve = seen.curve("my_loss")
    assert [x for x, _ in curve.series] == list(range(1, 201))
    assert [y for _, y in curve.series] == pytest.approx(printed, rel=1e-5)
    assert seen.training.steps == seen.training.backwards == 200
    assert seen.training.over
    [rate] = seen.training.rates
    assert (rate.name, rate.kind, rate.values) == ("opt", "SGD", (0.05,))
    assert (1, 200) in seen.loops("i")
    assert (200, 200) in seen.loops("i")


EPOCHS = """
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.StepLR(opt, 2, 0.5)
x, y = torch.randn(600, 20), torch.randint(0, 3, (600,))
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
held_out = DataLoader(TensorDataset(x[:200], y[:200]), batch_size=50)
EPOCHS = 4
"""


def test_epochs_with_a_loader_and_validation(learner: Child) -> None:
    watch(learner, EPOCHS, "setup")
    seen = watch(
        learner,
        """
for epoch in range(EPOCHS):
    running_loss = 0.0
    for i, (xb, yb) in enumerate(loader):
        loss = F.cross_entropy(net(xb), yb)
        opt.zero_grad(); loss.backward(); opt.step()
        running_loss += loss.item()
    net.eval()
    with torch.no_grad():
        val_loss = sum(F.cross_entropy(net(a), b).item() for a, b in held_out) / 4
        accuracy = (net(x).argmax(1) == y).float().mean()
    net.train(); sched.step()
val_loss, float(accuracy), running_loss
""",
    )
    assert (1, 4) in seen.loops("epoch")
    assert (1, 19) in seen.loops("i")
    assert (4, 4) in seen.loops("epoch")
    assert len(seen.curve("loss").series) == 4 * 19
    assert seen.training.rates[0].values == (0.025,)
    assert seen.training.batches >= 4 * (19 + 4)
    last = eval(next(m for m in seen.messages if type(m).__name__ == "Displayed").text)
    kept = [seen.scalar("val_loss"), seen.scalar("accuracy"), seen.scalar("running_loss")]
    assert kept == pytest.approx(last, rel=1e-5)
    [beside] = [item.name for item in seen.training.tracked if item.beside]
    assert beside == "val_loss"


def test_a_loop_inside_a_function_over_a_bare_loader(learner: Child) -> None:
    watch(learner, EPOCHS, "setup")
    seen = watch(
        learner,
        """
def fit(epochs):
    best = 10.0
    for epoch in range(epochs):
        for xb, yb in loader:
            loss = F.cross_entropy(net(xb), yb)
            opt.zero_grad(); loss.backward(); opt.step()
            best = min(best, loss.item())
fit(3)
""",
    )
    assert (1, 3) in seen.loops("epoch")
    assert (1, 19) in seen.loops("batch")
    assert seen.scalar("best") is not None


PAIRS = """
class Pairs(torch.utils.data.Dataset):
    def __init__(self, n): self.items, self.asked = [torch.ones(20)] * n, 0
    def __len__(self): return len(self.items)
    def __getitem__(self, i): return self.items[i], 1
class Counting(Pairs):
    def __len__(self):
        self.asked += 1
        return len(self.items)
def run(batches):
    for i, (xb, yb) in enumerate(batches):
        loss = F.cross_entropy(net(xb), yb); loss.backward(); opt.step()
"""


def test_the_length_of_the_learners_own_dataset_is_read_and_not_asked_for(learner: Child) -> None:
    watch(learner, EPOCHS + PAIRS, "setup")
    seen = watch(learner, "run(DataLoader(Pairs(50), 5))")
    assert {turns for _, turns in seen.loops("i")} == {10}
    asked = []
    for prefix in ("", OFF):
        source = (
            "data = Counting(40)\nfor _ in range(3): run(DataLoader(data, 5))\nprint(data.asked)"
        )
        watch(learner, prefix + source)
        asked.append(learner.output())
    assert asked[0] == asked[1]


def test_while_and_updates_by_hand(learner: Child) -> None:
    seen = watch(
        learner,
        """
torch.manual_seed(0)
w = torch.zeros(3, requires_grad=True); X = torch.randn(100, 3); y = X @ torch.tensor([1., 2., 3.])
t = 0
while t < 400:
    loss = ((X @ w - y) ** 2).mean(); loss.backward()
    with torch.no_grad():
        w -= 0.05 * w.grad; w.grad.zero_()
    t += 1
""",
    )
    assert (seen.training.steps, seen.training.backwards) == (0, 400)
    assert len(seen.curve("loss").series) == 400
    assert (1, 400) in seen.loops("t")
    [group] = seen.gradients.groups
    assert group.optimizer == ""
    [row] = group.rows
    assert row.name == "w"
    assert row.norm is not None
    assert row.norm > 0


def test_a_leaf_that_is_made_anew_every_time(learner: Child) -> None:
    seen = watch(
        learner,
        """
w = torch.ones(3, requires_grad=True)
for i in range(100):
    loss = (w ** 2).sum(); loss.backward()
    w = (w - 0.1 * w.grad).detach().requires_grad_()
""",
    )
    assert {row.name for norms in seen.norms for row in norms.rows} == {"w"}


def test_two_optimizers_take_turns(learner: Child) -> None:
    seen = watch(
        learner,
        """
torch.manual_seed(0)
G = nn.Linear(4, 8); D = nn.Linear(8, 1)
og = torch.optim.Adam(G.parameters(), 1e-3); od = torch.optim.Adam(D.parameters(), 2e-3)
one, zero = torch.ones(16, 1), torch.zeros(16, 1)
bce = F.binary_cross_entropy_with_logits
for step in range(1500):
    real, fake = torch.randn(16, 8), G(torch.randn(16, 4))
    ld = bce(D(real), one) + bce(D(fake.detach()), zero)
    od.zero_grad(); ld.backward(); od.step()
    lg = bce(D(fake), one); og.zero_grad(); lg.backward(); og.step()
""",
    )
    assert {rate.name: rate.values for rate in seen.training.rates} == {
        "og": (0.001,),
        "od": (0.002,),
    }
    late = [sum(x > 1000 for x, _ in seen.curve(name).series) for name in ("ld", "lg")]
    assert max(late) < 4 * min(late), "a stride must not see only one of them"
    names = {group.optimizer: [row.name for row in group.rows] for group in seen.gradients.groups}
    assert names == {"og": ["G.weight", "G.bias"], "od": ["D.weight", "D.bias"]}
    looks = {name: sum(n.optimizer == name for n in seen.norms) for name in ("og", "od")}
    assert min(looks.values()) >= 2


def test_accumulated_and_clipped_gradients(learner: Child) -> None:
    seen = watch(
        learner,
        """
torch.manual_seed(0)
net = nn.Linear(10, 1); opt = torch.optim.AdamW(net.parameters(), 1e-2)
for i in range(400):
    x = torch.randn(8, 10)
    loss = (net(x) - 9 * x.sum(1, keepdim=True)).pow(2).mean() / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        nn.utils.clip_grad_norm_(net.parameters(), 1.0); opt.step(); opt.zero_grad()
""",
    )
    assert (seen.training.steps, seen.training.backwards) == (100, 400)
    clipped = [norms for norms in seen.norms if norms.clipped_from is not None]
    assert clipped
    for norms in clipped:
        assert norms.limit == 1.0
        assert norms.clipped_from is not None
        assert norms.clipped_from > 1.0
        assert norms.total == pytest.approx(1.0, rel=1e-3), "the clipped gradient is what is read"


def test_a_loss_that_becomes_nan_says_where(learner: Child) -> None:
    seen = watch(
        learner,
        """
w = torch.ones(5, requires_grad=True); opt = torch.optim.SGD([w], lr=50.)
first = 0
for i in range(200):
    loss = (w ** 4).sum(); opt.zero_grad(); loss.backward(); opt.step()
    if not first and not math.isfinite(loss.item()): first = i + 1
print(first)
""",
    )
    first = int(learner.output())
    curve = seen.curve("loss")
    assert curve.bad_at == first
    assert curve.bad in ("NaN", "+inf")
    [group] = seen.gradients.groups
    [row] = group.rows
    assert row.word in ("NaN", "infinite")
    bad = [n.step for n in seen.norms if n.rows[0].state in ("nan", "inf")]
    assert min(bad) == first, "the first bad gradient is read at its own step"


def test_lbfgs_calls_backward_inside_its_step(learner: Child) -> None:
    seen = watch(
        learner,
        """
torch.manual_seed(0)
w = torch.zeros(3, requires_grad=True); X = torch.randn(50, 3); y = X @ torch.tensor([1., 2., 3.])
opt = torch.optim.LBFGS([w], max_iter=5)
def closure():
    opt.zero_grad(); l = ((X @ w - y) ** 2).mean(); l.backward(); return l
for it in range(20):
    opt.step(closure)
""",
    )
    assert seen.training.steps == 20
    assert seen.training.backwards == len(seen.curve("l").series) > 20
    assert (20, 20) in seen.loops("it")


def test_a_scaled_loss_is_shown_unscaled(learner: Child) -> None:
    seen = watch(
        learner,
        """
torch.manual_seed(0)
net = nn.Linear(10, 1); opt = torch.optim.SGD(net.parameters(), 1e-2)
scaler = torch.amp.GradScaler("cpu"); values = []
for i in range(100):
    x = torch.randn(8, 10)
    with torch.autocast("cpu", dtype=torch.bfloat16): loss = net(x).float().pow(2).mean()
    opt.zero_grad(); scaler.scale(loss).backward(); scaler.step(opt); scaler.update()
    values.append(loss.item())
print(*values)
""",
    )
    printed = [float(word) for word in learner.output().split()]
    assert [y for _, y in seen.curve("loss").series] == pytest.approx(printed, rel=1e-5)


def test_autograd_grad_has_no_loss_but_the_line_is_known(learner: Child) -> None:
    seen = watch(
        learner,
        """
import time
w = torch.ones(3, requires_grad=True)
until = time.monotonic() + 0.5
while time.monotonic() < until:
    l = (w ** 2).sum(); g, = torch.autograd.grad(l, w)
    with torch.no_grad(): w -= .001 * g
""",
    )
    assert not seen.training.curves
    assert {pulse.line for pulse in seen.pulses} & {5, 6, 7}
    assert seen.pulses[-1].line == 0, "nothing executes any more"


def test_a_list_of_losses(learner: Child) -> None:
    seen = watch(
        learner,
        """
w = torch.ones(3, requires_grad=True); opt = torch.optim.SGD([w], .01)
for i in range(50):
    a, b = (w ** 2).sum(), w.sum()
    torch.autograd.backward([a, b]); opt.step(); opt.zero_grad()
""",
    )
    assert [len(seen.curve(name).series) for name in "ab"] == [50, 50]
    assert seen.training.backwards == 50


PROGRESS = """
class tqdm:
    def __init__(self, inner, **options): self.inner = inner
    def __iter__(self):
        for item in self.inner: yield item
def progress(inner):
    for item in inner: yield item
data = [0] * 300
w = torch.ones(3, requires_grad=True); opt = torch.optim.SGD([w], .01)
"""


@pytest.mark.parametrize(
    "header",
    [
        "for i in tqdm(range(300), desc='training'):",
        "for i in progress(range(300)):",
        "for i, _ in enumerate(tqdm(data)):",
        "for i, _ in tqdm(enumerate(data)):",
    ],
)
def test_progress_bars_are_looked_through(learner: Child, header: str) -> None:
    watch(learner, PROGRESS, "setup")
    seen = watch(learner, f"{header}\n    (w ** 2).sum().backward(); opt.step(); opt.zero_grad()")
    assert {turns for _, turns in seen.loops("i")} == {300}
    assert (300, 300) in seen.loops("i")
    assert len(seen.curve("(w ** 2).sum()").series) == 300


def test_one_backward_alone_shows_its_gradients(learner: Child) -> None:
    seen = watch(
        learner,
        "net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))\n"
        "net(torch.ones(1, 3)).sum().backward()",
    )
    [group] = seen.gradients.groups
    names = [row.name for row in group.rows]
    assert names == ["net.0.weight", "net.0.bias", "net.2.weight", "net.2.bias"]


def test_models_that_live_only_in_a_function_or_an_object_are_named(learner: Child) -> None:
    seen = watch(
        learner,
        """
class Trainer:
    def __init__(self):
        self.net = nn.Linear(2, 1); self.opt = torch.optim.SGD(self.net.parameters(), 0.1)
    def fit(self):
        for i in range(5):
            self.net(torch.ones(1, 2)).sum().backward(); self.opt.step()
Trainer().fit()
""",
    )
    [group] = seen.gradients.groups
    assert group.optimizer == "self.opt"
    assert [row.name for row in group.rows] == ["self.net.weight", "self.net.bias"]


def test_the_update_beside_its_weight_is_measured_whatever_the_optimizer(learner: Child) -> None:
    seen = watch(
        learner,
        """
torch.manual_seed(0)
w = torch.full((4,), 10.0, requires_grad=True); opt = torch.optim.Adam([w], lr=0.5)
for i in range(300):
    before = w.detach().clone()
    (w * torch.randn(4)).sum().backward(); opt.step(); opt.zero_grad()
    print((w.detach() - before).norm().item())
""",
    )
    steps = [float(line) for line in learner.output().split()]
    measured = [(n.step, n.rows[0].update) for n in seen.norms if n.rows[0].update is not None]
    assert len(measured) >= 2
    for step, update in measured:
        assert update == pytest.approx(steps[step - 1], rel=1e-3)


def test_time_left_is_close_to_what_it_takes(learner: Child) -> None:
    seen = watch(
        learner,
        """
import time
w = torch.ones(3, requires_grad=True); opt = torch.optim.SGD([w], .001)
for epoch in range(3):
    for i in range(20):
        w.sum().backward(); opt.step(); time.sleep(0.02)
""",
    )
    from tutor.session.observed_training import Training, with_tick

    training, guesses = Training(), []
    for tick in seen.ticks:
        training = with_tick(training, tick)
        if training.remaining is not None and tick.seconds > 0.6:
            guesses.append(tick.seconds + training.remaining)
    whole = seen.ticks[-1].seconds
    assert guesses
    assert all(math.isclose(guess, whole, rel_tol=0.5) for guess in guesses), (guesses, whole)
