"""Which module each kind of child runs; its `main(channel, policy)` does not return."""

from __future__ import annotations

import importlib

from tutor.wire.control import Policy
from tutor.wire.frames import BlockingChannel

ENTRIES = {
    "worker": "tutor.worker.main",
    "grader": "tutor.grader.main",
    "detect": "tutor.worker.detect",
}


def run(module: str, channel: BlockingChannel, policy: Policy) -> None:
    """Hand the process over to `module`."""
    importlib.import_module(module).main(channel, policy)
