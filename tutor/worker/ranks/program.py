"""A script's ranks are what Python's `spawn` makes: they import the script's file again."""

from __future__ import annotations

import multiprocessing.spawn
import os
import sys

from tutor.worker import own
from tutor.worker.ranks.messages import Program


def program_of(path: str, block: str) -> Program:
    """The script that runs in this process, and how the process stands now."""
    return Program(path, block, tuple(sys.argv), tuple(sys.path), os.getcwd())  # noqa: PTH109


def become(program: Program) -> None:
    """Import the script as `__mp_main__`, which is then `__main__`, too."""
    own.declare(program.path, program.block)
    multiprocessing.spawn.prepare(
        {
            "sys_path": list(program.search),
            "sys_argv": list(program.arguments),
            "dir": program.cwd,
            "start_method": "spawn",
            "init_main_from_path": program.path,
        }
    )
