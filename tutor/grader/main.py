"""The grader's process: judge attempts, one after the other, until nobody asks for more."""

from __future__ import annotations

import os
import signal

import torch

from tutor.grader.conversation import Conversation
from tutor.grader.judging import judged
from tutor.wire.control import Policy
from tutor.wire.frames import BlockingChannel, ProtocolError
from tutor.wire.messages import Judge, Ready, decode


def main(channel: BlockingChannel, policy: Policy) -> None:
    """Serve each `Judge` that comes over `channel`. Does not return."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupts are for the learner's code
    if policy.threads > 0:
        torch.set_num_threads(policy.threads)
    channel.send(Ready(os.getpid()))
    try:
        while isinstance(message := decode("to_grader", channel.receive()[0]), Judge):
            torch.seed()
            channel.send(judged(message, Conversation(channel)))
    except (EOFError, OSError, ProtocolError):
        pass  # the app is gone, or no longer wants the verdict
    os._exit(0)
