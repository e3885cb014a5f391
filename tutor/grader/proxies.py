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
        self._far = far
        self._about = about
        self._label = label

    @property
    def about(self) -> About:
        """What is known of it without asking."""
        return self._about

    @property
    def type_name(self) -> str:
        """The bare name of its class."""
        return self._about.type.rpartition(".")[2]

    @property
    def named(self) -> bool:
        """Whether the label is a name or expression, not a description."""
        return bool(self._label)

    @property
    def label(self) -> str:
        """How messages call it."""
        return self._label or f"your {self.type_name}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self._far.attribute_of(self, name)

    def __call__(self, *args: Any, **kw: Any) -> Any:
        return self._far.call_object(self, args, kw)

    def __getitem__(self, key: Any) -> Any:
        return self._far.method_of(self, "__getitem__", key)

    def __len__(self) -> int:
        length = self._far.method_of(self, "__len__")
        if type(length) is not int or length < 0:
            self._far.fail(f"The length of {self.label} is not a whole number.")
        return length

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        items = self._far.items_of(self, MAX_ITERATED + 1)
        yield from items[:MAX_ITERATED]
        if len(items) > MAX_ITERATED:
            self._far.fail(f"{self.label} gave more than {MAX_ITERATED} items.")

    def __eq__(self, other: object) -> bool:
        """The very same object in the learner's process."""
        return isinstance(other, RemoteObject) and self._about.handle == other._about.handle

    def __hash__(self) -> int:
        return hash(self._about.handle)

    def __repr__(self) -> str:
        return f"<{self.label}, in the learner's process>"


class RemoteFunction(RemoteObject):
    """A callable that the exercise asked for: calling it opens a case."""

    @property
    def label(self) -> str:
        """The name that the exercise gave it."""
        return self._label

    def __call__(self, *args: Any, **kw: Any) -> Any:
        return self._far.call(self, *args, **kw)
