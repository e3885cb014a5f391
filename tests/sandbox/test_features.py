"""What lessons do must work inside the strongest sandbox: loaders, processes, files, ranks."""

from __future__ import annotations

import pytest

from tests.sandbox.boxes import Box

FEATURES = {
    "data loader with workers": (
        """
from torch.utils.data import DataLoader, TensorDataset
data = TensorDataset(torch.arange(100.).reshape(50, 2))
print(sum(batch[0].sum().item() for batch in DataLoader(data, batch_size=8, num_workers=2)))
""",
        "4950.0",
        "none",
    ),
    "data loader with persistent workers": (
        """
from torch.utils.data import DataLoader
loader = DataLoader(list(range(20)), batch_size=5, num_workers=2, persistent_workers=True)
print(sum(int(batch.sum()) for _ in range(2) for batch in loader))
del loader
""",
        "380",
        "none",
    ),
    "queue between processes": (
        """
import torch.multiprocessing as mp
context = mp.get_context('fork')
queue = context.Queue()
def produce(): queue.put(torch.ones(3)); time.sleep(0.2)
process = context.Process(target=produce)
process.start()
print(queue.get().sum().item())
process.join()
""",
        "3.0",
        "none",
    ),
    "save and load": (
        """
torch.save({'w': torch.ones(2)}, 'model.pt')
print(torch.load('model.pt')['w'].sum().item())
""",
        "2.0",
        "none",
    ),
    "two ranks over loopback": (
        """
import torch.distributed as dist, torch.multiprocessing as mp
def rank_main(rank, port, queue):
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    dist.init_process_group('gloo', rank=rank, world_size=2)
    x = torch.full((2,), float(rank + 1))
    dist.all_reduce(x)
    queue.put(x.sum().item())
    dist.destroy_process_group()
with socket.socket() as it:
    it.bind(('127.0.0.1', 0)); port = it.getsockname()[1]
context = mp.get_context('fork')
queue = context.Queue()
ranks = [context.Process(target=rank_main, args=(rank, port, queue)) for rank in range(2)]
for rank in ranks: rank.start()
print(queue.get(timeout=30) + queue.get(timeout=30))
for rank in ranks: rank.join()
""",
        "12.0",
        "loopback",
    ),
    "a temporary folder": (
        """
with tempfile.TemporaryDirectory() as folder: print(os.listdir(folder))
""",
        "[]",
        "none",
    ),
    "shared memory": (
        """
from multiprocessing import shared_memory
block = shared_memory.SharedMemory(create=True, size=1000)
print(len(block.buf) >= 1000)
block.close(); block.unlink()
""",
        "True",
        "none",
    ),
    "what a dead worker left in shared memory is gone": (
        "print(os.listdir('/dev/shm'))",
        "[]",
        "none",
    ),
}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda name: name.replace(" ", "_"))
async def test_a_feature_works_in_the_strongest_sandbox(box: Box, feature: str) -> None:
    if box.zygote.isolation.tier != "strong":
        pytest.skip("needs namespaces")
    if "left in" in feature:
        await box.run("open('/dev/shm/left', 'wb').write(bytes(1000)); os._exit(0)")
    code, expected, network = FEATURES[feature]
    run = await box.run(code, network=network)
    assert run.failed is None, run.failed
    assert run.output.strip().endswith(expected), run.output


async def test_compiling_works_with_a_cache_that_outlives_the_worker(box: Box) -> None:
    if box.zygote.isolation.tier != "strong":
        pytest.skip("needs namespaces")
    code = """
import shutil
if shutil.which('g++') is None: print('no compiler'); raise SystemExit
print(os.environ['TORCHINDUCTOR_CACHE_DIR'].startswith(os.getcwd()))
print(torch.compile(lambda x: (x.sin() + 1).sum())(torch.zeros(4)).item())
"""
    run = await box.run(code, timeout=110)
    if "no compiler" in run.output:
        pytest.skip("needs a C++ compiler")
    assert run.failed is None, run.failed
    assert run.output.split() == ["True", "4.0"]
