"""First paint of `torch-tutor` against an empty Textual app, both on a real pty, interleaved.

Run: python tests/bench/first_paint.py [ROUNDS]. Target: ratio of medians at most 1.4.
"""

from __future__ import annotations

import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from fcntl import ioctl
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EMPTY = """
from textual.app import App
from textual.widgets import Footer, Header
class Empty(App):
    TITLE = "torch-tutor"
    def compose(self):
        yield Header()
        yield Footer()
Empty().run()
"""


def first_paint(arguments: list[str], environment: dict[str, str]) -> float:
    """Seconds from exec until the word "torch-tutor" is on the screen."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, *arguments], environment)
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seen = b""
    try:
        while b"torch-tutor" not in seen:
            if not select.select([terminal], [], [], 20)[0]:
                raise TimeoutError(f"{arguments} painted nothing")
            seen += os.read(terminal, 65536)
        return time.perf_counter() - began
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "TORCH_TUTOR_HOME": home,
            "PYTHONPATH": str(ROOT),
        }
        empty: list[float] = []
        ours: list[float] = []
        for number in range(rounds + 1):
            a = first_paint(["-c", EMPTY], environment)
            b = first_paint(["-m", "tutor"], environment)
            if number:  # the first round fills the bytecode caches
                empty.append(a)
                ours.append(b)
    base, mine = statistics.median(empty), statistics.median(ours)
    print(f"empty Textual app  {base * 1000:7.0f} ms")
    print(f"torch-tutor        {mine * 1000:7.0f} ms")
    print(f"ratio              {mine / base:7.2f}   (target: at most 1.40)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
