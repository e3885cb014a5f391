"""Keeping `torch.compile` from looking into the wrappers, once it is loaded at all."""

from __future__ import annotations

import sys

_modules = sys.modules
_NAME = "torch._dynamo.trace_rules"


class Untraced:
    """Tells the compiler to skip a module of ours. Private to torch, so guarded: without it
    compiled training steps only break into more pieces."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._told = False

    def tell(self) -> None:
        """Cheap when there is nothing to do."""
        if self._told:
            return
        rules = _modules.get(_NAME)
        add = getattr(rules, "add", None)
        if add is not None:
            self._told = True
            try:
                add(self._module)
            except Exception:
                return
