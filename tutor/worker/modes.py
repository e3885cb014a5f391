"""Switches of torch that code turns for a moment, put back where an interrupt came in between."""

from __future__ import annotations

import torch

# Learner code can rebind these.
_grad_is_on, _set_grad = torch.is_grad_enabled, torch._C._set_grad_enabled
_autocast_is_on, _set_autocast = torch.is_autocast_enabled, torch.set_autocast_enabled
_DEVICES = ("cpu", "cuda")


class Modes:
    """How the switches stood when this was made."""

    def __init__(self) -> None:
        self._grad = _grad_is_on()
        self._autocast = {device: _autocast_is_on(device) for device in _DEVICES}

    def put_back(self, source: str) -> None:
        """After an interrupt in the midst of `source`: an optimizer's step, `no_grad` and the like
        are left by then, but perhaps not to the last line. What the source itself turned stays."""
        if "set_grad_enabled" not in source and _grad_is_on() != self._grad:
            _set_grad(self._grad)
        for device, was_on in self._autocast.items():
            if "set_autocast" not in source and _autocast_is_on(device) != was_on:
                _set_autocast(device, was_on)
