"""What the learner calls a parameter or an optimizer, found by identity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any

from tutor.plain import NAME, clip
from tutor.text import shape_text
from tutor.worker.observe.training.frames import all_locals
from tutor.worker.observe.walk import tensors_in

_FIELDS = 64


class Names:
    """Names by the id of the object, for as long as a run lasts: ids of living objects only."""

    def __init__(self, globals_: Mapping[str, Any]) -> None:
        self._globals = globals_
        self._parameters: dict[int, str] = {}
        self._optimizers: dict[int, str] = {}

    def of_parameters(self, parameters: Iterable[Any], frames: Iterable[FrameType]) -> list[str]:
        """One name each; walks the namespaces again only for one that it does not know.

        Inside `raw.below_everything`.
        """
        parameters = list(parameters)
        if any(id(parameter) not in self._parameters for parameter in parameters):
            self._parameters = _paths(self._globals, frames)
        names = []
        for place, parameter in enumerate(parameters):
            name = self._parameters.get(id(parameter))
            if name is None:
                name = f"parameter {place} ({shape_text(tuple(parameter.shape))})"
                self._parameters[id(parameter)] = name
            names.append(name)
        return names

    def in_order(self, parameters: Iterable[Any], frames: Iterable[FrameType]) -> list[Any]:
        """As the learner's names list them, which is from the first layer to the last.

        Inside `raw.below_everything`.
        """
        parameters = list(parameters)
        self.of_parameters(parameters, frames)
        places = {key: place for place, key in enumerate(self._parameters)}
        return sorted(parameters, key=lambda parameter: places[id(parameter)])

    def of_optimizer(self, optimizer: Any, frames: Iterable[FrameType]) -> str:
        """The variable that holds it; its class where none does."""
        name = self._optimizers.get(id(optimizer))
        if name is None:
            name = _variable(optimizer, self._globals, frames) or type(optimizer).__name__
            self._optimizers[id(optimizer)] = name = clip(name, NAME)
        return name

    def forget(self, parameters: Iterable[Any]) -> None:
        """These may be gone before the run is over, and their ids belong to others then."""
        for parameter in parameters:
            self._parameters.pop(id(parameter), None)


def _paths(globals_: Mapping[str, Any], frames: Iterable[FrameType]) -> dict[int, str]:
    found: dict[int, str] = {}
    for names in [globals_, *map(_inside, frames)]:
        for item in tensors_in(names, {}):
            path = item.path.replace("._orig_mod.", ".")
            known = found.get(id(item.tensor))
            # `params[0]` says less than `net.fc.weight`
            if known is None or ("[" in known and "[" not in path):
                found[id(item.tensor)] = clip(path, NAME)
    return found


def _inside(frame: FrameType) -> dict[str, Any]:
    """The locals of a function; of a method also what its `self` holds."""
    if frame.f_locals is frame.f_globals:
        return {}
    names = all_locals(frame)
    own = names.get("self")
    try:
        fields = dict(object.__getattribute__(own, "__dict__"))
    except (AttributeError, TypeError):
        return names
    for name in list(fields)[:_FIELDS]:
        if type(name) is str and not name.startswith("_"):
            names[f"self.{name}"] = fields[name]
    return names


def _variable(wanted: Any, globals_: Mapping[str, Any], frames: Iterable[FrameType]) -> str:
    for names in [globals_, *map(_inside, frames)]:
        for name, value in list(names.items()):
            if value is wanted and not name.startswith("_"):
                return name
    return ""
