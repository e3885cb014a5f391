"""The detection process: say what torch finds on this computer, then end."""

from __future__ import annotations

import os
import platform

import torch

from tutor.plain import LINE, clip
from tutor.wire.control import Policy
from tutor.wire.frames import BlockingChannel
from tutor.wire.messages import DevicesFound
from tutor.worker import devices


def main(channel: BlockingChannel, policy: Policy) -> None:
    """Send one `DevicesFound` over `channel`. Does not return."""
    if policy.threads > 0:
        torch.set_num_threads(policy.threads)
    channel.send(
        DevicesFound(
            torch=str(torch.__version__),
            python=platform.python_version(),
            threads=torch.get_num_threads(),
            devices=devices.found_devices(),
            notes=tuple(clip(note, LINE) for note in devices.notes()),
        )
    )
    os._exit(0)
