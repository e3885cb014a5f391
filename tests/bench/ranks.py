"""Time and reliability of two ranks: `python -m tests.bench.ranks [RUNS]` (100 by default).

Ends with status 1 when a run failed, left a process behind, or two warm ranks took longer than
0.3 s in the median.
"""

from __future__ import annotations

import statistics
import sys
import time

from tests.ranks.conftest import LOOPBACK, last_seen, on_ranks, only_the_nursery_is_left
from tests.worker.children import Template
from tutor.wire.messages import CellFinished

READY = "def main(rank, world): torch.distributed.barrier()"
DDP = """
from torch.nn.parallel import DistributedDataParallel as DDP
def main(rank, world):
    torch.manual_seed(0)
    model = DDP(nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(20):
        loss = model(torch.randn(16, 64)).square().mean()
        optimizer.zero_grad(); loss.backward(); optimizer.step()
"""
LIMIT = 0.3


def main() -> int:
    """Run and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    template = Template("from tutor.zygote import preload; preload.import_extras()")
    worker = template.start("worker", LOOPBACK)
    began = time.perf_counter()
    on_ranks(worker, READY)
    print(f"first run of a fresh worker  {time.perf_counter() - began:6.3f} s")
    ready = [_seconds(on_ranks(worker, READY)) for _ in range(20)]
    print(f"two ranks ready, median      {statistics.median(ready):6.3f} s")
    bad, times = 0, []
    for _ in range(runs):
        messages = on_ranks(worker, DDP)
        states = [row.state for row in last_seen(messages).rows]
        times.append(_seconds(messages))
        clean = states == ["done", "done"] and only_the_nursery_is_left(worker)
        bad += not clean
    print(
        f"20 steps of DDP, median      {statistics.median(times):6.3f} s, longest {max(times):.3f}"
    )
    print(f"clean ends                   {runs - bad} of {runs}")
    worker.close()
    template.close()
    return int(bad > 0 or statistics.median(ready) > LIMIT)


def _seconds(messages: list[object]) -> float:
    last = messages[-1]
    assert isinstance(last, CellFinished)
    return last.seconds


if __name__ == "__main__":
    sys.exit(main())
