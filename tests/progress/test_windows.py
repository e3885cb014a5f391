"""Two real windows at once, and one that is killed in the middle of writing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tutor.progress.store import ProgressStore

HAMMER = """
import sys
from pathlib import Path
from tutor.progress.store import ProgressStore

name, count = sys.argv[2], int(sys.argv[3])
store = ProgressStore(Path(sys.argv[1]), "pytorch")
print("open", flush=True)
sys.stdin.readline()
for number in range(count):
    store.cell_ran("a/b", f"{name}-{number % 10}", ok=True, digest="d")
    store.save_code("a/b", name, f"{name} = {number}")
    store.save_code("a/b", "shared", f"{name} {number}")
    store.lesson("a/b")
print(store.notice or "no notice", flush=True)
store.close()
"""

WRITER = """
import sys
from pathlib import Path
from tutor.progress.store import ProgressStore

store = ProgressStore(Path(sys.argv[1]), "pytorch")
number = 0
while True:
    number += 1
    store.cell_ran("a/b", "c", ok=True, digest="d")
    store.save_code("a/b", "c", f"x = {number}")
    print(number, flush=True)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_windows_hammering_lose_nothing_and_never_lock_each_other_out(file: Path) -> None:
    count = 300
    windows = [start(HAMMER, str(file), name, str(count)) for name in ("one", "two")]
    for process in windows:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
    for process in windows:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in windows:
        told, _ = process.communicate(timeout=100)
        assert process.returncode == 0
        assert told == "no notice\n"

    store = ProgressStore(file, "pytorch")
    blocks = store.lesson("a/b").blocks
    assert sum(block.attempts for block in blocks.values()) == 2 * count
    assert store.code("a/b", "one") == f"one = {count - 1}"
    assert store.code("a/b", "two") == f"two = {count - 1}"
    # Whoever wrote over the other's text kept it.
    kept = {saved.text for saved in store.history("a/b", "shared")}
    kept.add(store.code("a/b", "shared") or "")
    assert {f"one {count - 1}", f"two {count - 1}"} <= kept
    before = (store.lessons(), store.days())
    store.rebuild()
    assert (store.lessons(), store.days()) == before
    store.close()


def test_many_windows_may_open_a_new_file_at_the_same_moment(file: Path) -> None:
    windows = [start(HAMMER, str(file), f"w{number}", "1") for number in range(5)]
    for process in windows:
        told, _ = process.communicate("go\n", timeout=60)
        assert told == "open\nno notice\n"
    store = ProgressStore(file, "pytorch")
    assert len(store.lesson("a/b").blocks) == 5
    store.close()


def test_a_window_killed_at_any_moment_loses_its_last_write_at_most(file: Path) -> None:
    seen = 0
    for patience in (1, 40, 133):
        process = start(WRITER, str(file))
        assert process.stdout is not None
        told = 0
        for _ in range(patience):
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.wait()
        told = int(rest[-1]) if rest else told

        store = ProgressStore(file, "pytorch")
        assert store.notice == ""
        attempts = store.lesson("a/b").of("c").attempts
        assert told <= attempts - seen <= told + 1
        code = store.code("a/b", "c")
        assert code is not None
        assert int(code.removeprefix("x = ")) in (told, told + 1)
        seen = attempts
        store.close()
