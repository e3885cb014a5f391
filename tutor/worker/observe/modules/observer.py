"""The model panel's eye: arms the watcher for a run, unless compiled code would notice."""

from __future__ import annotations

import ast
from typing import Any

from torch import nn

from tutor.plain import clip
from tutor.wire.observed.model import ModelUnwatched
from tutor.worker.observe.frames import learner_frames, local_names
from tutor.worker.observe.modules.calls import CallLog
from tutor.worker.observe.modules.tree import children_of
from tutor.worker.observe.modules.watcher import Watcher
from tutor.worker.observe.observer import Observer, Run

COMPILED = (
    "torch.compile is in use: hooks on the forward would make it compile again. "
    "Restart the worker and run the cells without it to see the model."
)
_attributes = object.__getattribute__


class ModelObserver(Observer):
    """Sends a `ModelSeen` for each model's first forward of a run."""

    def __init__(self, log: CallLog) -> None:
        self._log = log
        self._watcher: Watcher | None = None
        self._compiled = False

    def rewrite(self, run: Run, tree: ast.Module) -> ast.Module:
        # Compiled code guards on the global hooks. Once it exists they must stay as they are.
        self._compiled = self._compiled or compiles(tree)
        return tree

    def begin(self, run: Run) -> None:
        if self._compiled or any(map(_is_compiled, list(run.names.values()))):
            self._compiled = True
            run.emit(ModelUnwatched(run.number, COMPILED))
            return
        names = run.names
        self._watcher = Watcher(
            run.number, lambda module: name_of(module, names), run.emit, self._log
        )
        self._watcher.arm()

    def end(self, run: Run) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.disarm()
            if watcher.trouble:
                raise RuntimeError(watcher.trouble)


def compiles(tree: ast.Module) -> bool:
    """True when the code speaks of `compile`, other than that of `re` and `builtins`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "compile":
            if not (isinstance(node.value, ast.Name) and node.value.id in ("re", "regex")):
                return True
        elif (
            isinstance(node, ast.ImportFrom)
            and (node.module or "").startswith("torch")
            and any(alias.name == "compile" for alias in node.names)
        ):
            return True
    return False


def name_of(module: nn.Module, names: dict[str, Any]) -> str:
    """What the learner calls `module`: a global, else a local variable or a part of one."""
    scopes = [names]
    found = _in_scope(module, names)
    if found:
        return found
    for frame in learner_frames():
        scopes.append(local_names(frame))
        found = _in_scope(module, scopes[-1])
        if found:
            return found
    for scope in scopes:
        for name, value in list(scope.items()):
            if isinstance(value, nn.Module):
                for child_name, child in children_of(value):
                    if child is module:
                        return clip(f"{name}.{child_name}", 200)
    return ""


def _in_scope(module: nn.Module, names: dict[str, Any]) -> str:
    for name, value in list(names.items()):
        if value is module and type(name) is str and not name.startswith("_"):
            return clip(name, 200)
    return ""


def _is_compiled(value: Any) -> bool:
    kind = type(value)
    if kind.__name__ == "OptimizedModule":
        return True
    if issubclass(kind, nn.Module):
        return _attributes(value, "__dict__").get("_compiled_call_impl") is not None
    if kind.__name__ == "function":
        return "_torchdynamo_orig_callable" in value.__dict__
    return False
