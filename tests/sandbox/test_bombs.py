"""Code that uses up memory, processes, disk or descriptors meets a limit before it gets far."""

# ruff: noqa: E501  (learner code in one piece reads best)

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.sandbox.boxes import LOW_LIMITS, Box

MIB = 1 << 20


@dataclass(frozen=True)
class Bomb:
    """code: prints "FAR" when it got further than it may. words: what the cell printed, how it
    failed, or why the worker ended, where something confines it. limits: of the confined one;
    released: of the one that nothing confines, which must get far."""

    code: str
    words: str
    limits: dict[str, Any] = field(default_factory=dict)
    released: dict[str, Any] = field(default_factory=dict)
    more: str = ""
    """Why it gets no further without a sandbox; "" when it must."""


_NO_DATA = {"data_bytes": 0}
_CLEAN = "\nfor name in os.listdir(): name.startswith('bomb') and os.unlink(name)"

BOMBS = {
    "39 fork bomb": Bomb(
        """
children = []
try:
    while len(children) < 90:
        pid = os.fork()
        if pid == 0: time.sleep(20); os._exit(0)
        children.append(pid)
    time.sleep(0.5); print('FAR')
finally:
    for pid in children: os.kill(pid, 9)
""",
        "was ended: it ran more than 60 processes, the limit",
    ),
    "40 thread bomb": Bomb(
        """
import threading
stop = threading.Event(); count = 0
try:
    for count in range(2000): threading.Thread(target=stop.wait, daemon=True).start()
    print('FAR')
except RuntimeError as error: print(error)
stop.set()
""",
        "can't start new thread",
        released={"processes": 0, "data_bytes": 0},
    ),
    "41 memory bomb of bytes": Bomb(
        "blocks = []\nfor _ in range(20): blocks.append(bytearray(32 << 20))\nprint('FAR')",
        "MemoryError",
        {"data_bytes": 500 * MIB},
        _NO_DATA,
    ),
    "42 memory bomb of tensors": Bomb(
        "blocks = []\nfor _ in range(20): blocks.append(torch.ones(8 << 20))\nprint('FAR')",
        "can't allocate memory",
        {"data_bytes": 500 * MIB},
        _NO_DATA,
    ),
    "43 memory bomb over many processes": Bomb(
        """
children = []
for _ in range(6):
    pid = os.fork()
    if pid == 0:
        blocks = [b'x' * (220 << 20)]; time.sleep(3); os._exit(7)
    children.append(pid)
if all(os.waitpid(pid, 0)[1] == 7 << 8 for pid in children): print('FAR')
""",
        "was ended: it used 1.",
    ),
    "44 shared memory bomb": Bomb(
        """
from multiprocessing import shared_memory
block = bytes(16 << 20)
made = []
try:
    for _ in range(80):
        made.append(shared_memory.SharedMemory(create=True, size=len(block)))
        made[-1].buf[:] = block[:1] * len(block)
    print('FAR')
finally:
    for one in made: one.unlink()
""",
        "was ended: it used 1.",
    ),
    "45 one huge file": Bomb(
        "try:\n    with open('bomb', 'wb') as file:\n        for _ in range(60): file.write(bytes(1 << 20))\n    print('FAR')\nfinally: os.unlink('bomb')",
        "File too large",
        {"file_bytes": 50 * MIB},
        {"file_bytes": 0},
    ),
    "46 many files": Bomb(
        "try:\n    for number in range(250):\n        with open(f'bomb{number}', 'wb') as file: file.write(bytes(1 << 20))\n        time.sleep(0.008)\n    time.sleep(1); print('FAR')\nfinally:" + _CLEAN.replace("\n", "\n    "),
        "was ended: its files took",
    ),
    "46 many empty files": Bomb(
        "try:\n    for number in range(1200): open(f'bomb{number}', 'wb').close()\n    time.sleep(1.5); print('FAR')\nfinally:" + _CLEAN.replace("\n", "\n    "),
        "was ended: it made more than 1000 files",
    ),
    "47 all descriptors": Bomb(
        "held = []\nwhile len(held) < 1100: held.append(os.open('/dev/null', 0))\nprint('FAR')",
        "Too many open files",
        released={"open_files": 0},
    ),
    "48 raise its own limits": Bomb(
        "resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)); print('FAR')",
        "not allowed to raise maximum limit",
        released={"open_files": 0},
    ),
    "48 be spared when memory is short": Bomb(
        "open('/proc/self/oom_score_adj', 'w').write('0'); print('FAR')",
        "Permission denied",
    ),
    "48 a file with holes of a terabyte": Bomb(
        "try: os.truncate(os.open('bomb', os.O_CREAT | os.O_WRONLY), 1 << 40); print('FAR')\nfinally: os.unlink('bomb')",
        "File too large",
        released={"file_bytes": 0},
    ),
    "memory that no process maps": Bomb(
        "it = os.memfd_create('x', 0)\nfor _ in range(10): os.write(it, bytes(1 << 20))\nprint('FAR')",
        "Function not implemented",
    ),
    "huge arguments": Bomb(
        "big = {str(number): 'x' * 100_000 for number in range(15)}\ndone = subprocess.run(['/bin/true'], env=big).returncode\nblocks = b'x' * (600 << 20)\nprint('FAR')",
        "MemoryError",
        {"data_bytes": 500 * MIB},
        _NO_DATA,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_meets_a_limit(any_box: Box, name: str) -> None:
    bomb = BOMBS[name]
    limits = bomb.limits if any_box.confined else bomb.released
    assert LOW_LIMITS.processes == 60  # the words below name it
    run = await any_box.run(bomb.code, **limits)
    told = run.lost or (f"{run.failed.kind} {run.failed.message}" if run.failed else run.output)
    if any_box.confined:
        assert "FAR" not in run.output
        assert bomb.words in told
    else:
        assert "FAR" in run.output, told
    await any_box.run("for name in os.listdir(): name.startswith('bomb') and os.unlink(name)")
    assert (await any_box.run("print('next')")).output == "next\n"
