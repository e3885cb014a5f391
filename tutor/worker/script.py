"""Running a file as `python FILE` does: what `__main__` holds before it, and what follows it."""

from __future__ import annotations

import atexit
import builtins
import os
import sys
import threading
import types
from typing import Any

import numpy as np
import torch

from tutor.wire.messages import Script
from tutor.worker import own

_INTERRUPTED = 130
_main_thread = threading.main_thread


def enter(main: types.ModuleType, script: Script, block: str) -> None:
    """Make this process what Python makes of one that it starts with a file."""
    own.declare(script.path, block)
    names = vars(main)
    names.clear()
    names.update(
        __name__="__main__",
        __doc__=None,
        __package__=None,
        __loader__=None,
        __spec__=None,
        __builtins__=builtins,
        __file__=script.path,
        __cached__=None,
    )
    sys.modules["__main__"] = main
    sys.argv[:] = [script.path, *script.arguments]
    sys.path[:0] = [os.path.dirname(script.path), *script.search]  # noqa: PTH120
    os.chdir(script.cwd)
    torch.set_printoptions(profile="default")
    np.set_printoptions(linewidth=75)


def leave() -> None:
    """What Python does behind the last line: wait for threads, then call what was registered."""
    for thread in threading.enumerate():
        if thread is not _main_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()


def exit_code(error: BaseException) -> int:
    """The code with which Python would end after `error`; says on stderr what it would say."""
    if isinstance(error, KeyboardInterrupt):
        return _INTERRUPTED
    if not isinstance(error, SystemExit):
        return 1
    code: Any = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return int(code) & 0xFF
    print(code, file=sys.stderr)
    return 1
