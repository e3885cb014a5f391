"""Processes that the learner's code starts by `spawn` or `forkserver` find what cells define.

Such a child is a new Python that would import the main script to find its classes and functions.
Cells are no script, so they travel by value, and in the child they lie in `__main__`, too: what it
sends back is found by name.
"""

from __future__ import annotations

import io
import multiprocessing.context as context
import multiprocessing.reduction as reduction
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import cloudpickle
import cloudpickle.cloudpickle as by_value

from tutor.worker.observe.lines.probe import record
from tutor.worker.ranks.shipping import Pickler


def install(main: types.ModuleType) -> None:
    """For this process and those that it forks."""
    original: Callable[..., None] = reduction.dump
    # The child may not be able to import this package: the sandbox hides the folder around it.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])

    def dump(obj: Any, file: BinaryIO, protocol: int | None = None) -> None:
        # First comes what the child needs to import anything at all, which is a plain dict.
        plain = type(obj) is dict or context.get_spawning_popen() is None
        if plain or "__file__" in vars(main):
            original(obj, file, protocol)  # a script can be imported by its children
        else:
            file.write(packed(obj, vars(main)))

    reduction.dump = dump


def packed(obj: Any, names: Mapping[str, Any]) -> bytes:
    """What multiprocessing hands to a new process. `names` is the learner's namespace."""
    file = io.BytesIO()
    _Pickler(file, names, reduction.ForkingPickler._extra_reducers).dump(_Arriving(obj))  # type: ignore[attr-defined]
    return file.getvalue()


class _Arriving:
    def __init__(self, obj: Any) -> None:
        self.obj = obj

    def __reduce__(self) -> tuple[Any, ...]:
        return arrived, (self.obj,)


def arrived(obj: Any) -> Any:
    """In the child: `obj`, whose classes are now known by name, too."""
    main = sys.modules["__main__"]
    for kind in list(by_value._DYNAMIC_CLASS_TRACKER_BY_ID.values()):
        if kind.__module__ == "__main__" and "." not in kind.__qualname__:
            setattr(main, kind.__qualname__, kind)
    return obj


def show(value: Any) -> None:
    """Stands in a child for the worker's `show`."""
    print(value if type(value) is str else repr(value))


def unseen(number: int, *values: Any) -> Any:
    """Stands in a child for the probe that looks at what the lines of a cell make."""
    return values[-1]


class _Pickler(Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return None  # the child reads with an ordinary unpickler

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is types.MethodType and obj == self.show:
            return _stand_in, ("show",)
        if obj is record:
            return _stand_in, ("unseen",)
        return cloudpickle.Pickler.reducer_override(self, obj)


def _stand_in(name: str) -> Callable[..., Any]:
    return {"show": show, "unseen": unseen}[name]
