"""The grader's process: judge one attempt, say the verdict, end."""

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
    """Serve one `Judge` over `channel`. Does not return."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupts are for the learner's code
    if policy.threads > 0:
        torch.set_num_threads(policy.threads)
    torch.seed()
    channel.send(Ready(os.getpid()))
    try:
        message = decode("to_grader", channel.receive()[0])
        if isinstance(message, Judge):
            channel.send(judged(message, Conversation(channel)))
    except (EOFError, OSError, ProtocolError):
        pass  # the app is gone, or no longer wants the verdict
    os._exit(0)
