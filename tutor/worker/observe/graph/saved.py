"""What a node keeps for the backward, read without running hooks or a checkpoint's forward."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import torch

from tutor import raw
from tutor.wire.observed.graph import Saved
from tutor.worker.observe.graph.naming import Names

MAX_SAVED = 24
State = Literal["kept", "freed", "changed", "packed"]
_storage, _offset, _stride = (
    torch.Tensor.untyped_storage,
    torch.Tensor.storage_offset,
    torch.Tensor.stride,
)
_dtype = lru_cache(raw.dtype_name)
_PYTHON_NODE = torch.autograd.function.BackwardCFunction
_autograd: Any = getattr(torch._C, "_autograd", None)
_TELLS_HOOKS = hasattr(getattr(_autograd, "SavedTensor", None), "unpack_hook")
_of_type: dict[type, tuple[str, ...]] = {}
"""Names of what nodes of a type save. Only torch's own types, which live for ever."""


class SavedReader:
    """Reads node after node, inside `raw.below_everything`; adds up memory, each storage once.

    `packed`: hooks on saved tensors may be at work; where torch does not tell which tensors
    have one, none is looked at.
    """

    def __init__(self, names: Names, packed: bool) -> None:
        self._names = names
        self._blind = packed and not _TELLS_HOOKS
        self._storages: dict[int, int] = {}
        self._here: dict[int, int] = {}
        self.met_packed = False

    @property
    def saved_bytes(self) -> int:
        """What all nodes read so far keep alive, parameters left out."""
        return sum(self._storages.values())

    def read(self, node: Any) -> tuple[tuple[Saved, ...], dict[int, int]]:
        """What `node` keeps, and the bytes of each storage that it needs for that."""
        self._here = {}
        found = self._of_python(node) if isinstance(node, _PYTHON_NODE) else self._of_torch(node)
        return tuple(found[:MAX_SAVED]), self._here

    def _of_torch(self, node: Any) -> list[Saved]:
        found: list[Saved] = []
        for what in _attributes_of(type(node)):
            raw_saved = getattr(node, f"_raw_saved_{what}", None)
            if raw_saved is None:
                continue
            if self._is_packed(raw_saved):
                found.append(Saved(what, state="packed"))
                continue
            try:
                value = getattr(node, f"_saved_{what}")
            except RuntimeError as error:
                found.append(Saved(what, state=_state(error)))
                continue
            values = value if isinstance(value, tuple) else (value,)
            for index, tensor in enumerate(values):
                if raw.is_tensor(tensor):
                    label = what if len(values) == 1 else f"{what}[{index}]"
                    found.append(self._one(label, tensor))
            if len(found) >= MAX_SAVED:
                break
        return found

    def _of_python(self, node: Any) -> list[Saved]:
        """Nodes of the learner's own `torch.autograd.Function`."""
        try:
            handles = _python_saved("_raw_saved_tensors", node)
            if handles and self._is_packed(handles):
                return [Saved(f"saved {i}", state="packed") for i in range(len(handles))]
            tensors = _python_saved("saved_tensors", node)
        except RuntimeError as error:
            return [Saved("saved", state=_state(error))]
        return [
            self._one(f"saved {index}", tensor)
            for index, tensor in enumerate(tensors[:MAX_SAVED])
            if raw.is_tensor(tensor)
        ]

    def _is_packed(self, handles: Any) -> bool:
        if not _TELLS_HOOKS:
            packed = self._blind
        elif isinstance(handles, tuple | list):
            packed = any(handle.unpack_hook is not None for handle in handles)
        else:
            packed = handles.unpack_hook is not None
        if packed:
            self.met_packed = True
        return packed

    def _one(self, what: str, tensor: torch.Tensor) -> Saved:
        names = self._names
        size = 0
        shape: tuple[int, ...] = ()
        name = names.tensors.get(id(tensor), "")
        is_parameter = raw.is_parameter(tensor)
        try:
            shape = tuple(raw.shape_of(tensor))
            handle = _storage(tensor)
            storage, size = handle._cdata, handle.nbytes()
            if not name:
                key = (storage, _offset(tensor), raw.shape_of(tensor), _stride(tensor))
                name = names.memory.get(key, "")
            owner = names.storages.get(storage)
            if owner is not None:
                is_parameter, name = True, name or owner
            if not is_parameter:
                self._storages[storage] = size
                self._here[storage] = size
        except Exception:  # nested, sparse and such: no one storage
            pass
        dtype = _dtype(raw.dtype_of(tensor))
        return Saved(what, name, shape, dtype, size, is_parameter)


def _attributes_of(kind: type) -> tuple[str, ...]:
    names = _of_type.get(kind)
    if names is None:
        prefix = "_raw_saved_"
        names = tuple(name[len(prefix) :] for name in dir(kind) if name.startswith(prefix))
        _of_type[kind] = names
    return names


def _python_saved(name: str, node: Any) -> Any:
    """An attribute of torch's base class, whatever the learner's class calls so."""
    for base in _PYTHON_NODE.__mro__:
        if name in base.__dict__:
            return base.__dict__[name].__get__(node)
    return ()


def _state(error: RuntimeError) -> State:
    return "changed" if "modified by an inplace operation" in str(error) else "freed"
