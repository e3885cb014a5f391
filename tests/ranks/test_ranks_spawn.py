"""`torch.multiprocessing.spawn` from a cell: the same ranks, with torch's own manners."""

from __future__ import annotations

from tests.ranks.conftest import last_seen, only_the_nursery_is_left
from tests.ranks.test_ranks_engine import failure, finished, value
from tests.worker.children import POLICY, Child, Template

WORK = """
import os
import torch.distributed as dist
import torch.multiprocessing as mp
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 1)
def work(rank, world, result, queue):
    os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = "127.0.0.1", "29511"
    dist.init_process_group("gloo", rank=rank, world_size=world)
    net = nn.parallel.DistributedDataParallel(Net())
    net.module.layer.weight.sum().backward()
    x = torch.tensor([rank + 1.0])
    dist.all_reduce(x)
    result[rank] = x.item()
    queue.put(("from", rank))
    print("working")
    dist.destroy_process_group()
result = torch.zeros(2)
queue = mp.get_context("spawn").Queue()
"""


def test_functions_and_classes_of_cells_work_and_arguments_are_shared(worker: Child) -> None:
    assert finished(worker.run(WORK)).ok
    messages = worker.run("mp.spawn(work, args=(2, result, queue), nprocs=2)")
    assert finished(messages).ok
    seen = last_seen(messages)
    assert [row.state for row in seen.rows] == ["done", "done"]
    assert dict(seen.rows[0].counts)["all_reduce"] == 1
    assert sorted(worker.output().split("\n")) == ["", "[rank 0] working", "[rank 1] working"]
    told = value(worker.run("(result, sorted([queue.get(), queue.get()]))"))
    assert told == "(tensor([3., 3.]), [('from', 0), ('from', 1)])"


def test_an_error_is_torchs_own_and_names_rank_and_line(worker: Child) -> None:
    source = (
        "import torch.multiprocessing as mp\n"
        "def bad(rank):\n"
        "    if rank == 1:\n"
        "        raise KeyError('key')\n"
        "mp.spawn(bad, nprocs=2)"
    )
    told = failure(worker.run(source))
    assert told.kind == "ProcessRaisedException"
    assert "Process 1 terminated" in told.message
    assert "line 4, in bad" in told.message
    assert told.line == 4
    caught = worker.run(
        "try:\n    mp.spawn(bad, nprocs=2)\n"
        "except mp.ProcessRaisedException as error:\n    told = error\n"
        "(told.error_index, 'KeyError' in str(told), told.error_pid > 0)"
    )
    assert value(caught) == "(1, True, True)"
    assert only_the_nursery_is_left(worker)


def test_an_exit_code_and_a_signal_are_told(worker: Child) -> None:
    told = failure(
        worker.run("import sys\nimport torch.multiprocessing as mp\nmp.spawn(sys.exit, nprocs=2)")
    )
    assert told.kind == "ProcessExitedException"
    assert "exit code 1" in told.message
    told = failure(
        worker.run("import os\ndef f(rank): os.kill(os.getpid(), 9)\nmp.spawn(f, nprocs=1)")
    )
    assert "signal SIGKILL" in told.message


def test_joining_may_come_later(worker: Child) -> None:
    messages = worker.run(
        "import torch.multiprocessing as mp\n"
        "def f(rank, out): out[rank] = 7\n"
        "out = torch.zeros(2)\n"
        "context = mp.start_processes(f, args=(out,), nprocs=2, join=False)\n"
        "pids = context.pids()\n"
        "while not context.join(timeout=5): pass\n"
        "(out, len(set(pids)), context.processes[0].exitcode)"
    )
    assert value(messages) == "(tensor([7., 7.]), 2, 0)"


def test_ranks_that_nobody_joins_end_with_their_cell(worker: Child) -> None:
    worker.run("import torch.multiprocessing as mp\nmp.spawn(print, nprocs=1)")
    messages = worker.run(
        "def f(rank):\n    while True: pass\ncontext = mp.spawn(f, nprocs=2, join=False)\n"
    )
    assert finished(messages).ok
    assert [row.state for row in last_seen(messages).rows] == ["stopped", "stopped"]
    assert only_the_nursery_is_left(worker)


def test_without_a_nursery_ranks_start_as_programs(template: Template) -> None:
    worker = template.start("worker", POLICY)
    try:
        messages = worker.run(
            "import torch.multiprocessing as mp\n"
            "class Pair(list): pass\n"
            "def f(rank): print(Pair([rank, torch.__name__]))\n"
            "mp.spawn(f, nprocs=2)"
        )
        assert finished(messages).ok
        shown = sorted(worker.output().split("\n"))
        assert shown == ["", "[rank 0] [0, 'torch']", "[rank 1] [1, 'torch']"]
    finally:
        worker.close()
