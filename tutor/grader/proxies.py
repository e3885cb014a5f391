"""Stand-ins, in the grader, for objects that stay in the learner's process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol


@dataclass(frozen=True, slots=True)
class About:
    """What the learner's process said of an object: untrusted, good for messages only."""

    handle: int
    type: str
    bases: tuple[str, ...] = ()
    callable: bool = False
    names: tuple[str, ...] = ()
    needed: int = 0
    most: int | None = None
    """How many positional arguments it takes; -1 any number, None unknown."""


class Far(Protocol):
    """The other side, as proxies see it; `Submission` is one."""

    def call_object(self, target: RemoteObject, args: tuple[Any, ...], kw: dict[str, Any]) -> Any:
        """Call it; the result, or the case fails with the learner's exception."""
        ...

    def call(self, f: RemoteObject, *args: Any, **kw: Any) -> Any:
        """Call a function of the learner under the strict rules of a case."""
        ...

    def attribute_of(self, target: RemoteObject, name: str) -> Any: ...

    def method_of(self, target: RemoteObject, name: str, *args: Any) -> Any: ...

    def items_of(self, target: RemoteObject, limit: int) -> list[Any]: ...

    def fail(self, message: str) -> NoReturn: ...


MAX_ITERATED = 1_000


class RemoteObject:
    """Attributes, items, calls, `len` and iteration work; each is a question to the learner."""

    def __init__(self, far: Far, about: About, label: str = "") -> None:
        # Odd names, because every other one may be an attribute of the learner's object.
        self._tutor_far = far
        self._tutor_about = about
        self._tutor_label = label

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self._tutor_far.attribute_of(self, name)

    def __call__(self, *args: Any, **kw: Any) -> Any:
        return self._tutor_far.call_object(self, args, kw)

    def __getitem__(self, key: Any) -> Any:
        return self._tutor_far.method_of(self, "__getitem__", key)

    def __len__(self) -> int:
        length = self._tutor_far.method_of(self, "__len__")
        if type(length) is not int or length < 0:
            self._tutor_far.fail(f"The length of {label_of(self)} is not a whole number.")
        return length

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        items = self._tutor_far.items_of(self, MAX_ITERATED + 1)
        yield from items[:MAX_ITERATED]
        if len(items) > MAX_ITERATED:
            self._tutor_far.fail(f"{label_of(self)} gave more than {MAX_ITERATED} items.")

    def __eq__(self, other: object) -> bool:
        """The very same object in the learner's process."""
        return isinstance(other, RemoteObject) and about(self).handle == about(other).handle

    def __hash__(self) -> int:
        return hash(about(self).handle)

    def __repr__(self) -> str:
        return f"<{label_of(self)}, in the learner's process>"


class RemoteFunction(RemoteObject):
    """A callable that the exercise asked for: calling it opens a case."""

    def __call__(self, *args: Any, **kw: Any) -> Any:
        return self._tutor_far.call(self, *args, **kw)


def about(proxy: RemoteObject) -> About:
    """What is known of the object without asking."""
    return proxy._tutor_about


def type_name(proxy: RemoteObject) -> str:
    """The bare name of its class."""
    return about(proxy).type.rpartition(".")[2]


def name_of(proxy: RemoteObject) -> str:
    """The name or expression that led to it, "" where there is none."""
    return proxy._tutor_label


def label_of(proxy: RemoteObject) -> str:
    """How messages call it: its name, or `your Net`."""
    return name_of(proxy) or f"your {type_name(proxy)}"


def is_of(value: Any, wanted: Any) -> bool:
    """Whether `value`, here or there, is of the class `wanted` or of a class of this name."""
    if isinstance(value, RemoteObject):
        if isinstance(wanted, str):
            return any(base.rpartition(".")[2] == wanted for base in about(value).bases)
        return f"{wanted.__module__}.{wanted.__qualname__}" in about(value).bases
    if isinstance(wanted, str):
        return any(base.__name__ == wanted for base in type(value).__mro__)
    if isinstance(value, bool) and wanted in (int, float):
        return False
    if wanted is float:
        return isinstance(value, int | float)
    return isinstance(value, wanted)
