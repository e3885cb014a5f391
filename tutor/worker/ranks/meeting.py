"""How ranks find each other: through a file, without ports and races, and with a short patience.

`init_process_group` is the learner's to call. What his call leaves open is filled in here;
`destroy_process_group` is noted and left to the end of the process, since with a living DDP
wrapper it can hang.
"""

from __future__ import annotations

import datetime
import functools
import gc
import inspect
import os
from typing import Any

import torch.distributed as dist
import torch.distributed.distributed_c10d as c10d

from tutor.worker.ranks.messages import Order


class Meeting:
    """Belongs to one rank."""

    def __init__(self, rank: int, order: Order) -> None:
        self._rank, self._order = rank, order
        self._meetings = 0
        self._left = False
        self._init, self._destroy = c10d.init_process_group, c10d.destroy_process_group
        self._is_initialized = c10d.is_initialized
        self._signature = inspect.signature(self._init)

    def install(self) -> None:
        """Put our versions in place of torch's, in this process."""
        for original, ours in (
            (self._init, self._joined),
            (self._destroy, self._destroyed),
            (self._is_initialized, self._initialized),
        ):
            _put(original, ours)

    def meet(self) -> None:
        """Join the process group before the learner's code asks for it."""
        self._joined()

    # -------------------------------------------------------------- torch's functions

    def _joined(self, *arguments: Any, **keywords: Any) -> Any:
        given = self._signature.bind(*arguments, **keywords)
        call = dict(given.arguments)
        call.update(call.pop("kwargs", {}))
        if self._left:
            self._left = False
            gc.collect()
            self._destroy()
        if call.get("backend") is None:
            call["backend"] = "gloo"
        if call.get("timeout") is None:
            call["timeout"] = datetime.timedelta(seconds=self._order.timeout)
        if call.get("store") is None and call.get("init_method") in (None, "env://"):
            self._through_a_file(call)
        return self._init(**call)

    def _through_a_file(self, call: dict[str, Any]) -> None:
        if not {"MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys():
            return  # torch tells what is missing
        for name, variable in (("rank", "RANK"), ("world_size", "WORLD_SIZE")):
            if call.get(name, -1) == -1:
                if variable not in os.environ:
                    return
                call[name] = int(os.environ[variable])
        self._meetings += 1
        call["init_method"] = f"file://{self._order.folder}/meeting-{self._meetings}"

    def _destroyed(self, group: Any = None) -> None:
        if group is None or group == dist.group.WORLD:
            if not self._initialized():
                self._destroy(group)  # raises what torch raises
            self._left = True

    def _initialized(self) -> bool:
        return self._is_initialized() and not self._left


def _put(original: Any, ours: Any) -> None:
    @functools.wraps(original)
    def replaced(*arguments: Any, **keywords: Any) -> Any:
        return ours(*arguments, **keywords)

    for module in (c10d, dist):
        for name, value in list(vars(module).items()):
            if value is original:
                setattr(module, name, replaced)
