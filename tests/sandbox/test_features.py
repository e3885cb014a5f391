"""What lessons do must work inside every tier that confines: loaders, processes, files, ranks."""

# ruff: noqa: E501  (learner code in one piece reads best)

from __future__ import annotations

import importlib.util

import pytest

from tests.sandbox.boxes import Box

_RANK = """
import torch.distributed as dist, torch.multiprocessing as mp
def rank_main(rank, url, queue):
    dist.init_process_group('gloo', init_method=url, rank=rank, world_size=2)
    x = torch.full((2,), float(rank + 1))
    dist.all_reduce(x)
    queue.put(x.sum().item())
    dist.destroy_process_group()
context = mp.get_context('fork')
queue = context.Queue()
ranks = [context.Process(target=rank_main, args=(rank, url, queue)) for rank in range(2)]
for rank in ranks: rank.start()
print(queue.get(timeout=60) + queue.get(timeout=60))
for rank in ranks: rank.join()
"""
_OWN_DATA = """
from torch.utils.data import DataLoader, Dataset
class Item:
    def __init__(self, value): self.value = value
class Squares(Dataset):
    offset = 2
    def __len__(self): return 6
    def __getitem__(self, index): return Item(torch.tensor(float(index ** 2)))
def collate(items): return Item(torch.stack([item.value for item in items])  - factor * Squares.offset)
factor = 0.0
Squares.offset = 1
factor = 1/6
loader = DataLoader(Squares(), batch_size=3, num_workers=2, collate_fn=collate, multiprocessing_context='METHOD')
found = list(loader)
print(round(sum(batch.value.sum().item() for batch in found), 4), all(type(batch) is Item for batch in found), len(found) == 2)
"""
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
    **{
        f"data loader of a cell's classes by {method}": (_OWN_DATA.replace("METHOD", method), "54.0 True True", "none")
        for method in ("fork", "spawn", "forkserver")
    },
    "a function of a cell in a new process": (
        """
import torch.multiprocessing as mp
class Point:
    def __init__(self, x): self.x = x
scale = 3
def work(queue, point): queue.put(Point(point.x * scale))
for method in ('spawn', 'forkserver'):
    context = mp.get_context(method)
    queue = context.Queue()
    process = context.Process(target=work, args=(queue, Point(2)))
    process.start()
    found = queue.get(timeout=60)
    process.join()
    print(found.x, type(found) is Point, process.exitcode, end=' ')
""",
        "6 True 0 6 True 0",
        "none",
    ),
    "spawn of a cell's function": (
        """
import torch.multiprocessing as mp
class Net(nn.Linear): pass
def work(rank, out): out[rank] = Net(2, 1).weight.numel() + rank
out = torch.zeros(2).share_memory_()
mp.spawn(work, args=(out,), nprocs=2)
print(out.tolist())
""",
        "[2.0, 3.0]",
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
    "data loader that shares by files": (
        """
from torch.utils.data import DataLoader
torch.multiprocessing.set_sharing_strategy('file_system')
print(sum(int(batch.sum()) for batch in DataLoader(list(range(20)), batch_size=5, num_workers=2)))
""",
        "190",
        "none",
    ),
    "tensor shared with a process": (
        """
import torch.multiprocessing as mp
x = torch.zeros(3).share_memory_()
def fill(): x.fill_(2)
process = mp.get_context('fork').Process(target=fill)
process.start(); process.join()
print(x.sum().item())
""",
        "6.0",
        "none",
    ),
    "two ranks over loopback": (
        """
with socket.socket() as it:
    it.bind(('127.0.0.1', 0)); url = f'tcp://127.0.0.1:{it.getsockname()[1]}'
"""
        + _RANK,
        "12.0",
        "loopback",
    ),
    "two ranks over a file": (
        "url = f'file://{tempfile.mkdtemp()}/store'\n" + _RANK,
        "12.0",
        "loopback",
    ),
    "OpenMP threads": (
        """
torch.set_num_threads(2)
x = torch.rand(1000, 1000, requires_grad=True)
(x @ x).exp().mean().backward()
print(len(os.listdir('/proc/self/task')) > 1)
""",
        "True",
        "none",
    ),
    "threads": (
        """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool: print(sum(pool.map(lambda n: torch.ones(n).sum().item(), range(5))))
""",
        "10.0",
        "none",
    ),
    "the same Python again": (
        """
code = 'import torch; print(torch.ones(3).sum().item())'
print(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout)
""",
        "3.0",
        "none",
    ),
    "compilation to eager code": (
        "print(torch.compile(lambda x: x.sin() + 1, backend='eager')(torch.zeros(2)).sum().item())",
        "2.0",
        "none",
    ),
    "compilation ahead of time": (
        "print(torch.compile(lambda x: x.sin() + 1, backend='aot_eager')(torch.zeros(2)).sum().item())",
        "2.0",
        "none",
    ),
    "a temporary folder": (
        """
with tempfile.TemporaryDirectory() as folder: print(os.listdir(folder))
""",
        "[]",
        "none",
    ),
    "modes and times of its own files": (
        """
import shutil
os.makedirs('mine/deep', exist_ok=True)
with open('mine/file', 'w') as file: file.write('x'); os.fchmod(file.fileno(), 0o600)
os.chmod('mine/file', 0o711); os.utime('mine/file', (1000, 2000)); os.utime('mine/file', (1000, 2000), follow_symlinks=False)
shutil.copy2('mine/file', 'mine/copy'); shutil.copytree('mine', 'yours', dirs_exist_ok=True)
status = os.stat('yours/copy')
print(oct(status.st_mode & 0o777), int(status.st_mtime))
shutil.rmtree('yours'); shutil.rmtree('mine')
""",
        "0o711 2000",
        "none",
    ),
    "signals to its own children": (
        """
child = subprocess.Popen(['/bin/sleep', '60'], start_new_session=True)
os.kill(child.pid, 0); os.killpg(child.pid, signal.SIGTERM)
print(child.wait())
""",
        "-15",
        "none",
    ),
    "unix sockets of its own": (
        """
folder = tempfile.mkdtemp(); os.chdir(folder)
for address in ('near', folder + '/far', '\\0torch-tutor-own-name'):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(address); server.listen()
        client.connect(server.getsockname())
        server.accept()[0].send(b'hello')
        print(client.recv(5).decode(), end=' ')
""",
        "hello hello hello",
        "none",
    ),
    "a server of its own on every family": (
        """
for family, address in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::'), (socket.AF_INET, '')):
    with socket.socket(family) as server:
        server.bind((address, 0)); server.listen()
        with socket.create_connection(('127.0.0.1', server.getsockname()[1]), 5): print('ok', end=' ')
""",
        "ok ok ok",
        "loopback",
    ),
    "pictures": (
        """
import matplotlib.pyplot as plt
plt.plot([1, 2, 3]); plt.savefig('figure.png')
print(os.path.getsize('figure.png') > 1000)
""",
        "True",
        "none",
    ),
    "a log for TensorBoard": (
        """
from torch.utils.tensorboard import SummaryWriter
with SummaryWriter('runs') as writer: writer.add_scalar('loss', 0.5, 1)
print(len(os.listdir('runs')) > 0)
""",
        "True",
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
}  # fmt: skip
_NEEDS = {"pictures": "matplotlib", "a log for TensorBoard": "tensorboard"}


@pytest.mark.parametrize("older_landlock", ["", "as on Linux 6.2"], ids=["now", "older"])
@pytest.mark.parametrize("feature", FEATURES, ids=lambda name: name.replace(" ", "_"))
async def test_a_feature_works_in_every_tier(
    confined: Box, feature: str, older_landlock: str
) -> None:
    needed = _NEEDS.get(feature, "torch")
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    if older_landlock and needed != "torch":
        pytest.skip("the kernel makes no difference to it")
    older = {"landlock_at_most": 3} if older_landlock else {}
    code, expected, network = FEATURES[feature]
    run = await confined.run(code, network=network, timeout=100, **older)
    assert run.failed is None, run.failed
    assert run.output.strip().endswith(expected), run.output


async def test_what_a_dead_worker_left_in_shared_memory_is_gone(confined: Box) -> None:
    code = "os.close(os.open(NAME, os.O_CREAT | os.O_EXCL | os.O_RDWR)); print('made'); os._exit(0)"
    name = f"/dev/shm/left-{confined.tier}"
    run = await confined.run(code.replace("NAME", repr(name)))
    assert run.output == "made\n"
    run = await confined.run(f"print(os.path.exists({name!r}))")
    assert run.output == "False\n"


async def test_inductor_compiles_with_a_cache_that_outlives_the_worker(box: Box) -> None:
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
