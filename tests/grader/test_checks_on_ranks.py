"""`s.ranks`: a check runs the learner's function on real gloo ranks, and says which one failed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.ranks.conftest import only_the_nursery_is_left
from tests.worker.children import POLICY, Child, Template, judge
from tutor.wire.messages import Answer, CellFinished, Failure, Judged, Question

LOOPBACK = msgspec.structs.replace(POLICY, network="loopback")
USE = """
f = s.function("mean", args=3)
x = torch.tensor([1., 2., 4., 8.])
for rank, got in enumerate(s.ranks(2, f, x)):
    s.close(got, x.view(2, 2).mean(dim=0), what=f"rank {rank}")
"""
MEAN = """
import torch.distributed as dist
def mean(rank, world, x):
    mine = x.chunk(world)[rank].clone()
    dist.all_reduce(mine)
    return mine / world
"""


@pytest.fixture(scope="module")
def warm() -> Iterator[Template]:
    template = Template("from tutor.zygote import preload; preload.import_extras()")
    yield template
    template.close()


@pytest.fixture
def verdict(warm: Template) -> Iterator[Any]:
    """Run `attempt`, then judge it with the body of one check."""
    worker = warm.start("worker", LOOPBACK)

    def run(attempt: str, body: str) -> Judged:
        finished = worker.run(attempt, "ex")[-1]
        assert isinstance(finished, CellFinished)
        assert finished.ok
        lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
        return judge(warm, worker, f"def check(s):\n{lines}", attempt)

    run.worker = worker  # type: ignore[attr-defined]
    yield run
    worker.close()


def failed(judged: Judged) -> Failure:
    assert not judged.broken, judged.broken
    assert judged.failure is not None
    return judged.failure


def test_a_function_is_run_on_ranks_and_its_tensors_come_back(verdict: Any) -> None:
    judged = verdict(MEAN, USE)
    assert judged.passed, (judged.failure, judged.broken)


def test_wrong_numbers_are_told_with_rank_and_case(verdict: Any) -> None:
    failure = failed(verdict(MEAN.replace("mine / world", "mine"), USE))
    assert failure.message.startswith("rank 0: the shape is right, the numbers are not")
    assert failure.case == "mean(rank, world, x) with x 4 on 2 ranks"


def test_plain_data_comes_back_by_rank_and_none_is_a_result(verdict: Any) -> None:
    attempt = """
class Box:
    def __init__(self, n): self.n = n
def f(rank, world): return {"rank": rank, "pair": (world, 0.5)} if rank else None
def g(rank, world): return Box(rank)
"""
    judged = verdict(
        attempt,
        's.equal(s.ranks(2, s.function("f")), [None, {"rank": 1, "pair": (2, 0.5)}])\n'
        's.equal([box.n for box in s.ranks(3, s.function("g"))], [0, 1, 2])',
    )
    assert judged.passed, (judged.failure, judged.broken)


def test_code_of_the_author_runs_on_ranks_with_the_learners_names(verdict: Any) -> None:
    attempt = "class Net(nn.Linear):\n    pass\nscale = 3.0"
    check = '''
code = """
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
def main(rank, world):
    torch.manual_seed(rank)
    net = DistributedDataParallel(Net(2, 1))
    net(x[rank:rank + 1]).sum().backward()
    return scale * net.module.weight.grad, dist.get_world_size()
"""
x = torch.tensor([[1., 2.], [3., 6.]])
for grad, world in s.ranks(2, code, x=x):
    s.close(grad, torch.tensor([[6., 12.]]))
    s.equal(world, 2)
'''
    judged = verdict(attempt, check)
    assert judged.passed, (judged.failure, judged.broken)


@pytest.mark.parametrize(
    ("body", "call", "message", "line"),
    [
        (
            "    if rank == 1:\n        raise ValueError('no such row')",
            "s.ranks(2, f)",
            "Rank 1 raised ValueError in line 4",
            4,
        ),
        ("    os._exit(3)", "s.ranks(2, f)", "ended with exit code 3", 0),
        ("    if rank: os.kill(os.getpid(), 9)", "s.ranks(2, f)", "Rank 1 ended with signal 9", 0),
        (
            "    if rank:\n        while True: pass",
            "s.ranks(2, f, timeout=2)",
            "The ranks did not end within 2 s: rank 1 was at line 4",
            4,
        ),
        (
            "    if rank:\n        dist.barrier()",
            "s.ranks(2, f, timeout=2)",
            "The ranks did not end within 2 s: rank 1 waited in barrier in line 4",
            4,
        ),
        ("    return (n for n in [])", "s.ranks(2, f)", "Rank 0 returned a generator, which", 0),
        ("    return handle", "s.ranks(2, f)", "it uses `handle`, which cannot leave", 0),
    ],
)
def test_what_goes_wrong_on_a_rank_is_told_in_plain_words(
    verdict: Any, body: str, call: str, message: str, line: int
) -> None:
    attempt = (
        "import os; import torch.distributed as dist; handle = (n for n in ())\n"
        f"def f(rank, world):\n{body}"
    )
    failure = failed(verdict(attempt, f'f = s.function("f", args=2)\n{call}'))
    assert message in failure.message
    assert failure.line == line or not line


def test_the_message_of_the_exception_is_told_too(verdict: Any) -> None:
    attempt = "def f(rank, world):\n    raise ValueError('no such row')"
    assert "no such row" in failed(verdict(attempt, 's.ranks(2, s.function("f"))')).message


def test_the_worker_goes_on_after_ranks_that_hung(verdict: Any) -> None:
    attempt = "def f(rank, world):\n    while True: pass"
    failed(verdict(attempt, 's.ranks(2, s.function("f"), timeout=1)'))
    assert verdict(MEAN, USE).passed


@pytest.mark.parametrize(
    ("call", "word"),
    [
        ("s.ranks(17, f)", "from 1 to 16 ranks"),
        ("s.ranks(2, f, timeout=1000)", "at most 120 seconds"),
        ("s.ranks(2, f, x=1)", "by position"),
        ('s.ranks(2, "def main(rank, world): pass", 1)', "have names"),
        ('s.ranks(2, "x = 1")', "did not define `main(rank, world)`"),
        ('s.ranks(2, "def main(")', "does not parse"),
    ],
)
def test_a_mistake_of_the_author_is_told_as_one(verdict: Any, call: str, word: str) -> None:
    judged = verdict("def f(rank, world): pass", f'f = s.function("f")\n{call}')
    assert word in judged.broken


def test_an_interrupt_stops_the_ranks_of_a_check(verdict: Any, tmp_path: Path) -> None:
    worker: Child = verdict.worker
    fifo = tmp_path / "going"
    os.mkfifo(fifo)
    worker.run(f"def f(rank, world):\n    open({str(fifo)!r}, 'w')\n    while True: pass", "ex")
    worker.send(Question(1, "get", "f"))
    worker.until(Answer)
    worker.send(Question(2, "ranks", handle=0, world=1, seconds=60))
    fifo.open().close()  # waits for the rank
    worker.interrupt()
    answer = worker.until(Answer)[-1]
    assert (answer.ok, answer.error) == (False, "KeyboardInterrupt")
    assert only_the_nursery_is_left(worker)
