"""Starting and stopping the processes that import torch, and what they said when they failed."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile

from tutor.session.policy import Ground

WARM_TIMEOUT = 120.0
"""Seconds that `import torch` may take; cold disks are slow."""
_STOP_TIMEOUT = 5.0


def command(ground: Ground, module: str, options: list[str]) -> list[str]:
    """Runs `main()` of `module`, from the very package that runs here, even where another
    torch-tutor is installed. Then our folder goes last on the path, so that it shadows nothing."""
    code = (
        f"import sys; sys.path.insert(0, {ground.import_root!r}); import tutor; "
        f"sys.path.append(sys.path.pop(0)); import {module} as m; m.main()"
    )
    return [ground.python, "-P", "-u", "-c", code, *options]


async def stop(process: subprocess.Popen[bytes]) -> None:
    """Wait for its end, which was asked for; insist after a while."""
    loop = asyncio.get_running_loop()
    try:
        await loop.run_in_executor(None, process.wait, _STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        await loop.run_in_executor(None, process.wait)


class Log:
    """What a process wrote on its standard streams, in an unnamed file."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()

    def last_line(self) -> str:
        """The last line that is not empty; a stock sentence when there is none."""
        self.file.seek(0)
        lines = self.file.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:500] if lines else "the process ended without a word."

    def close(self) -> None:
        self.file.close()
