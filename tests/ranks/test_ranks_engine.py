"""Real gloo ranks, started by a real worker."""

from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.ranks.conftest import begin, last_seen, on_ranks, only_the_nursery_is_left
from tests.worker.children import PATIENCE, Child
from tutor.wire.messages import CellFailed, CellFinished, Displayed
from tutor.wire.observed.ranks import RanksSeen
from tutor.zygote.tree import descendants

SAMPLE = (Path(__file__).parents[1] / "samples" / "ddp_two_ranks.py").read_text()
DDP = """
from torch.nn.parallel import DistributedDataParallel as DDP
X = torch.randn(16, 4, generator=torch.Generator().manual_seed(3))
def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 1))
def train(model, x):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for step in range(10):
        loss = model(x).square().mean()
        optimizer.zero_grad(); loss.backward(); optimizer.step()
    return [p.detach().clone() for p in model.parameters()]
def main(rank, world):
    return train(DDP(net()), X.chunk(world)[rank])
"""


def failure(messages: list[Any]) -> CellFailed:
    return next(message for message in messages if isinstance(message, CellFailed))


def value(messages: list[Any]) -> str:
    return next(message.text for message in messages if isinstance(message, Displayed))


def finished(messages: list[Any]) -> CellFinished:
    failed = [message for message in messages if isinstance(message, CellFailed)]
    assert not failed, failed
    return messages[-1]


def test_ranks_talk_and_all_that_they_print_and_return_is_shown(worker: Child) -> None:
    messages = on_ranks(
        worker,
        "def main(rank, world):\n"
        "    x = torch.tensor([rank + 1.0, 5.0])\n"
        "    torch.distributed.all_reduce(x)\n"
        "    print('I am', rank, 'of', world)\n"
        "    print('sum', x.tolist())\n"
        "    return x",
        world=3,
    )
    assert finished(messages).ok
    assert worker.output().splitlines() == [
        f"[rank {rank}] {line}"
        for rank in range(3)
        for line in (f"I am {rank} of 3", "sum [6.0, 15.0]")
    ]
    assert value(messages) == f"[{', '.join(['tensor([ 6., 15.])'] * 3)}]"
    seen = last_seen(messages)
    assert seen.over
    assert [row.state for row in seen.rows] == ["done"] * 3
    call = seen.rows[1].calls[0]
    assert (call.op, call.number, call.line) == ("all_reduce", 1, 3)
    assert (call.before, call.after) == ("[2.0 5.0]", "[6.0 15.0]")
    assert seen.rows[2].output == ("I am 2 of 3", "sum [6.0, 15.0]")
    assert only_the_nursery_is_left(worker)


def test_ddp_on_two_ranks_learns_what_one_process_learns_from_the_whole_batch(
    worker: Child,
) -> None:
    assert finished(on_ranks(worker, DDP)).ok
    messages = worker.run(
        "first, second = _\n"
        "alone = train(net(), X)\n"
        "equal = all(torch.equal(a, b) for a, b in zip(first, second))\n"
        "close = max((a - b).abs().max().item() for a, b in zip(first, alone))\n"
        "(equal, close < 1e-6)"
    )
    assert value(messages) == "(True, True)"


def test_the_panel_sees_gradients_before_and_after_the_exchange(worker: Child) -> None:
    rows = last_seen(on_ranks(worker, DDP)).rows
    gradients = [row.gradient for row in rows if row.gradient is not None]
    assert [gradient.name for gradient in gradients] == ["0.weight", "0.weight"]
    assert [row.step for row in rows] == [10, 10]
    assert gradients[0].step == gradients[1].step == 10
    assert gradients[0].shared == gradients[1].shared
    own = [gradient.own for gradient in gradients]
    assert own[0] is not None
    assert own[1] is not None
    assert own[0] != own[1]
    for place, shared in enumerate(gradients[0].shared.values):
        mean = ((own[0].values[place] or 0) + (own[1].values[place] or 0)) / 2
        assert shared == pytest.approx(mean, rel=1e-4, abs=1e-7)


def test_the_sample_shows_losses_samples_and_exchanges(worker: Child) -> None:
    messages = on_ranks(worker, SAMPLE)
    assert finished(messages).ok
    first, second = last_seen(messages).rows
    assert first.step == second.step == 12
    assert first.loss
    assert first.loss != second.loss
    assert len(first.samples) == len(second.samples) == 8
    assert not set(first.samples) & set(second.samples)
    assert dict(first.counts) == {"all_reduce": 1}
    assert 0 < first.talking < first.seconds


def test_a_loader_without_a_distributed_sampler_gives_all_ranks_the_same(worker: Child) -> None:
    rows = last_seen(
        on_ranks(
            worker,
            "from torch.utils.data import DataLoader\n"
            "def main(rank, world):\n"
            "    for x in DataLoader(list(range(10)), batch_size=4): pass",
        )
    ).rows
    assert [row.samples for row in rows] == [(8, 9), (8, 9)]


def test_a_rank_that_raises_is_told_with_its_number_its_line_and_its_message(
    worker: Child,
) -> None:
    messages = on_ranks(
        worker,
        "def main(rank, world):\n"
        "    if rank == 1:\n"
        "        raise ValueError('the data is missing')\n"
        "    torch.distributed.all_reduce(torch.ones(1))",
    )
    told = failure(messages)
    assert told.kind == "ValueError"
    assert told.message.startswith("rank 1: the data is missing\n")
    assert "while rank 0 waited in all_reduce in line 4." in told.message
    assert told.line == 3
    assert told.frames[-1].code == "raise ValueError('the data is missing')"
    seen = last_seen(messages)
    assert [row.state for row in seen.rows] == ["stopped", "failed"]
    assert seen.rows[0].talking > 0.1  # the exchange that never ended is counted, too
    assert only_the_nursery_is_left(worker)
    assert value(worker.run("'alive'")) == "'alive'"


def test_a_rank_that_vanishes_is_named_before_those_that_complain_of_it(worker: Child) -> None:
    messages = on_ranks(
        worker,
        "import os\n"
        "def main(rank, world):\n"
        "    if rank == 1:\n"
        "        os._exit(3)\n"
        "    torch.distributed.all_reduce(torch.ones(1))",
    )
    # Whether rank 0 was in its all_reduce by then is a race; which rank was lost is not.
    assert failure(messages).message.startswith("Rank 1 ended with exit code 3")
    assert last_seen(messages).rows[1].state == "lost"


def test_a_rank_that_hangs_is_named_when_the_others_have_waited_enough(worker: Child) -> None:
    began = time.monotonic()
    messages = on_ranks(
        worker,
        "import datetime\n"
        "import torch.distributed as dist\n"
        "def main(rank, world):\n"
        "    dist.init_process_group('gloo', timeout=datetime.timedelta(seconds=1))\n"
        "    while rank == 1:\n"
        "        pass\n"
        "    dist.all_reduce(torch.ones(1))",
    )
    assert time.monotonic() - began < 10
    told = failure(messages)
    assert told.kind == "RuntimeError"
    assert told.line == 7
    assert "Rank 0 waited in vain in all_reduce in line 7 while rank 1 was at line" in told.message
    assert only_the_nursery_is_left(worker)


def test_a_rank_that_skips_an_exchange_is_found_out(worker: Child) -> None:
    messages = on_ranks(
        worker,
        "import datetime\n"
        "import torch.distributed as dist\n"
        "def main(rank, world):\n"
        "    dist.init_process_group('gloo', timeout=datetime.timedelta(seconds=1))\n"
        "    if rank == 0:\n"
        "        dist.all_reduce(torch.ones(1))\n"
        "    dist.destroy_process_group()",
    )
    assert failure(messages).kind == "RuntimeError"
    assert "while rank 1 was done already." in failure(messages).message


def test_an_interrupt_ends_all_ranks_and_says_where_they_were(worker: Child) -> None:
    begin(
        worker,
        "from torch.utils.data import DataLoader\n"
        "def main(rank, world):\n"
        "    loader = iter(DataLoader(list(range(99999)), num_workers=1))\n"
        "    next(loader)\n"
        "    if rank == 1:\n"
        "        while True: pass\n"
        "    torch.distributed.all_reduce(torch.ones(1))",
    )
    seen: list[RanksSeen] = []
    while not seen or [row.state for row in seen[-1].rows] != ["waiting", "running"]:
        message, _ = worker.receive()
        if isinstance(message, RanksSeen):
            seen.append(message)
    assert len(descendants(worker.pid)) >= 6  # nursery, keeper, two ranks, two loaders
    worker.interrupt()
    messages = worker.until(CellFinished)
    assert messages[-1].interrupted
    verdict = last_seen(messages).verdict
    assert verdict.startswith("stopped while rank 0 waited in all_reduce in line 7 and rank 1 was")
    assert only_the_nursery_is_left(worker)
    assert value(worker.run("1 + 1")) == "2"


def test_nothing_survives_the_worker(worker: Child) -> None:
    begin(worker, "def main(rank, world):\n    print('here')\n    while True: pass")
    while worker.receive()[0].rows[1].output != ("here",):
        pass
    tree = [os.pidfd_open(pid) for pid in descendants(worker.pid)]
    assert len(tree) == 4
    os.kill(worker.pid, signal.SIGKILL)
    left, until = set(tree), time.monotonic() + PATIENCE
    while left:
        ended = select.select(list(left), [], [], until - time.monotonic())[0]
        assert ended, "processes outlived their worker"
        left -= set(ended)
    for descriptor in tree:
        os.close(descriptor)


def test_twenty_runs_end_cleanly(worker: Child) -> None:
    for _ in range(20):
        messages = on_ranks(worker, DDP)
        assert finished(messages).ok
        assert [row.state for row in last_seen(messages).rows] == ["done", "done"]
    assert only_the_nursery_is_left(worker)
    assert "terminate" not in worker.output()


def test_warm_ranks_import_nothing_before_they_begin(worker: Child) -> None:
    """On a busy machine too; `tests/bench/ranks.py` measures a quiet one (0.1 s)."""
    source = "def main(rank, world): torch.distributed.barrier()"
    on_ranks(worker, source)
    assert min(finished(on_ranks(worker, source)).seconds for _ in range(5)) < 1.5


def test_the_learner_may_meet_and_part_by_himself(worker: Child) -> None:
    messages = on_ranks(
        worker,
        "import os, torch.distributed as dist\n"
        "def main(rank, world):\n"
        "    dist.init_process_group('gloo', rank=rank, world_size=world)\n"
        "    before = dist.is_initialized()\n"
        "    dist.barrier()\n"
        "    dist.destroy_process_group()\n"
        "    return before, dist.is_initialized(), os.environ['RANK'], dist.group.WORLD is None",
    )
    assert finished(messages).ok
    assert value(messages).startswith("[(True, False, '0', ")


def test_a_group_may_be_met_twice(worker: Child) -> None:
    messages = on_ranks(
        worker,
        "import torch.distributed as dist\n"
        "def main(rank, world):\n"
        "    for turn in range(2):\n"
        "        dist.init_process_group('gloo')\n"
        "        x = torch.ones(1)\n"
        "        dist.all_reduce(x)\n"
        "        dist.destroy_process_group()\n"
        "    return x.item()",
    )
    assert finished(messages).ok
    assert value(messages) == "[2.0, 2.0]"


def test_names_of_earlier_cells_are_there_and_cells_are_not_run_again(worker: Child) -> None:
    worker.run(
        "print('once')\n"
        "class Net(nn.Linear):\n    def twice(self): return 2\n"
        "scale = torch.ones(2)",
        block="above",
    )
    messages = on_ranks(
        worker,
        "def main(rank, world):\n    scale.mul_(rank)\n    show(scale)\n    return Net(2, 2)",
    )
    assert finished(messages).ok
    assert worker.output().splitlines() == [
        "once",
        "[rank 0] tensor([0., 0.])",
        "[rank 1] tensor([1., 1.])",
    ]
    assert value(worker.run("(type(_[0]) is Net, _[1].twice(), scale)")) == (
        "(True, 2, tensor([1., 1.]))"
    )


def test_what_cannot_travel_is_named(worker: Child) -> None:
    worker.run("lines = (line for line in 'ab')", block="above")
    told = failure(on_ranks(worker, "def main(rank, world):\n    return next(lines)"))
    assert "it uses `lines`, which cannot leave this process" in told.message
    assert "Make `lines` inside the function." in told.message


def test_a_cell_without_main_is_told_what_to_define(worker: Child) -> None:
    on_ranks(worker, "def main(rank, world): pass")
    told = failure(on_ranks(worker, "def mian(rank, world): pass"))
    assert "it has to define `main(rank, world)`" in told.message


def test_a_rank_that_cannot_send_its_result_says_so(worker: Child) -> None:
    messages = on_ranks(worker, "def main(rank, world): return (x for x in 'a')")
    assert finished(messages).ok
    assert "could not be sent back" in last_seen(messages).rows[0].note


def test_the_fast_rank_shows_the_wait(worker: Child) -> None:
    slow = DDP.replace("        loss =", "        time.sleep(0.02 * world_rank)\n        loss =")
    slow = slow.replace(
        "def main(rank, world):\n",
        "def main(rank, world):\n    global world_rank\n    world_rank = rank\n",
    )
    messages = on_ranks(worker, "import time\nworld_rank = 0" + slow)
    assert finished(messages).ok
    fast, late = last_seen(messages).rows
    assert fast.talking > late.talking + 0.05
