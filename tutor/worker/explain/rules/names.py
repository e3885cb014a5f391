"""Names and attributes that are not there, with the nearest ones that are."""

from __future__ import annotations

import ast
import builtins
import difflib
import importlib.util
import re
import sys
from collections.abc import Iterable
from typing import Any

import torch

from tutor.plain import joined
from tutor.wire.explanation import Fix
from tutor.worker.explain.layers import described
from tutor.worker.explain.peek import child_names, own_names
from tutor.worker.explain.rules.rule import Rules, told
from tutor.worker.explain.situation import Draft, Situation, Value, is_module

RULES = Rules()
_WELL_KNOWN = {
    "plt": "import matplotlib.pyplot as plt",
    "pd": "import pandas as pd",
    "DataLoader": "from torch.utils.data import DataLoader",
    "Dataset": "from torch.utils.data import Dataset",
    "TensorDataset": "from torch.utils.data import TensorDataset",
    "random_split": "from torch.utils.data import random_split",
    "optim": "from torch import optim",
    "tqdm": "from tqdm import tqdm",
    "DDP": "from torch.nn.parallel import DistributedDataParallel as DDP",
    "dist": "import torch.distributed as dist",
    "Tensor": "from torch import Tensor",
}
_NUMPY_HABITS = {
    "astype": "to(dtype)",
    "copy": "clone()",
    "append": "torch.cat([x, new])",
    "len": "numel()",
    "length": "numel()",
    "to_numpy": "numpy()",
    "tonumpy": "numpy()",
    "cpu_": "cpu()",
    "concat": "torch.cat([a, b])",
    "ndims": "ndim",
}
_STANDARD = frozenset(sys.stdlib_module_names)


def near(name: str, candidates: Iterable[str], count: int = 3) -> list[str]:
    """The candidates most like `name`, best first; private ones only for private names."""
    visible = [c for c in candidates if name.startswith("_") or not c.startswith("_")]
    cutoff = 0.72 if len(name) > 4 else 0.6
    same = [c for c in visible if c.lower() == name.lower() and c != name]
    return list(dict.fromkeys([*same, *difflib.get_close_matches(name, visible, count, cutoff)]))[
        :count
    ]


@RULES.on(r"name '(\w+)' is not defined")
def _undefined(situation: Situation, match: re.Match[str]) -> Draft:
    name = match[1]
    place = situation.place
    local = list(place.local) if place else []
    known = [*local, *situation.main, *_own_builtins()]
    close = [n for n in near(name, known) if n != name]
    fixes = [Fix(f"did you mean `{n}`?", n) for n in close]
    if name in ("true", "false", "null", "none"):
        right = {"true": "True", "false": "False"}.get(name, "None")
        fixes = [Fix("Python writes it with a capital", right)]
    elif name in _WELL_KNOWN:
        fixes.insert(0, Fix("import it first", _WELL_KNOWN[name]))
    elif _is_torch_name(name):
        fixes.insert(0, Fix("it is one of torch's", f"torch.{name}"))
    elif type(getattr(torch.nn, name, None)) is type:
        fixes.insert(0, Fix("it is one of nn's", f"nn.{name}"))
    elif name in _STANDARD:
        fixes.insert(0, Fix("import it first", f"import {name}"))
    elif name == "self":
        fixes = [Fix("add self as the first parameter of the method")]
    why = f"No cell that ran in this worker has given a value to `{name}`."
    if name in _STANDARD or name in _WELL_KNOWN:
        why = f"`{name}` was not imported."
    return Draft("name", f"There is no name {name}", why, list(fixes[:3]), operands=[])


def _own_builtins() -> list[str]:
    return [
        n for n in dir(builtins) if not n.startswith("_") and not n.endswith(("Error", "Warning"))
    ]


def _is_torch_name(name: str) -> bool:
    found = torch.__dict__.get(name)
    return type(found) is torch.dtype or (callable(found) and not name.startswith("_"))


@RULES.on(
    r"cannot access local variable '(\w+)' where it is not associated with a value",
    r"local variable '(\w+)' referenced before assignment",
    r"cannot access free variable '(\w+)' where",
)
def _unbound(situation: Situation, match: re.Match[str]) -> Draft:
    name = match[1]
    outside = name in situation.main
    why = f"The function assigns to `{name}`, which makes it local, and read it before that."
    fixes = [Fix(f"give `{name}` a value first, on every path")]
    if outside:
        why += f" The `{name}` outside is another one."
        fixes.insert(0, Fix("pass it in as a parameter and return the new value"))
    return Draft("name", f"{name} had no value yet", why, list(fixes), operands=[])


@RULES.on(
    r"module '([\w.]+)' has no attribute '(\w+)'",
    r"'([\w.]+)' object has no attribute '(\w+)'",
    r"type object '(\w+)' has no attribute '(\w+)'",
)
def _attribute(situation: Situation, match: re.Match[str]) -> Draft:
    kind, name = match[1], match[2]
    owner = _owner(situation)
    shown = owner.name if owner is not None else kind
    candidates = child_names(owner.value) if owner is not None and owner.known else []
    if owner is not None and owner.tensor is not None:
        candidates = dir(torch.Tensor)
    close = near(name, candidates)
    fixes = [Fix(f"did you mean `{n}`?", f"{owner.atom if owner else shown}.{n}") for n in close]
    what = f"a {kind}"
    if owner is not None and owner.tensor is not None:
        what = "a tensor" if not owner.shape else f"a tensor ({told(owner).rpartition(' ')[2]})"
        if name in _NUMPY_HABITS and close[:1] != [name]:
            change = _NUMPY_HABITS[name]
            code = change if "torch." in change else f"{owner.atom}.{change}"
            fixes.insert(0, Fix("in torch this is called", code))
    elif owner is not None and is_module(owner.value):
        what = described(owner.value)
        parts = [n for n in own_names(owner.value).get("_modules", {}) if type(n) is str][:6]
        if parts and not fixes:
            fixes = [Fix(f"its layers are {joined(parts)}")]
        own = type.__getattribute__(type(owner.value), "__dict__")
        typo = [] if "__init__" in own else near("__init__", [n for n in own if type(n) is str], 1)
        if typo:
            fixes.insert(
                0, Fix(f"`{typo[0]}` looks like a misspelt __init__", "def __init__(self):")
            )
    elif kind == "list" and hasattr(torch.Tensor, name):
        fixes.insert(0, Fix("make a tensor of the list first", f"torch.tensor({shown}).{name}"))
    elif kind in ("float", "int") and hasattr(torch.Tensor, name):
        fixes.insert(0, Fix("it is a plain number: .item(), float() or int() made it one"))
    elif kind == "ndarray" and hasattr(torch.Tensor, name):
        fixes.insert(
            0, Fix("it is a NumPy array; make a tensor of it", f"torch.from_numpy({shown})")
        )
    elif kind == "Size" or kind == "torch.Size":
        fixes.insert(0, Fix("a shape is a tuple of sizes", f"{shown}[0]"))
    if kind == "torch" and not fixes and hasattr(torch.nn.functional, name):
        fixes = [Fix("it is one of F's", f"F.{name}")]
    if kind == "torch" and type(own_names(torch.nn).get(name)) is type:
        fixes.insert(0, Fix("layers are in nn", f"nn.{name}"))
    where = (
        f"The module `{kind}`" if match[0].startswith("module") else f"`{shown}` is {what}, which"
    )
    return Draft(
        "attribute",
        f"There is no {name} here",
        f"{where} has no attribute `{name}`.",
        list(fixes[:3]),
        operands=[owner] if owner is not None and not _is_namespace(owner.value) else [],
    )


def _is_namespace(value: Any) -> bool:
    return type(value).__name__ == "module"


def _owner(situation: Situation) -> Value | None:
    node = situation.node
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return situation.value(node.value)
    return next(iter(situation.operands), None)


@RULES.on(r"No module named '([\w.]+)'(; '([\w.]+)' is not a package)?")
def _no_package(situation: Situation, match: re.Match[str]) -> Draft:
    whole = match[1]
    name = whole.partition(".")[0]
    if "." in whole and _is_here(name):
        inside = whole.rpartition(".")[2]
        return Draft("import", f"The package {name} has no module {inside}",
                     f"`{name}` is here, `{whole}` is not. Its name may have changed.")  # fmt: skip
    close = near(name, [*_STANDARD, "torch", "numpy", "math", "torchvision", "matplotlib"])
    fixes = [Fix(f"did you mean `{n}`?", f"import {n}") for n in close if _is_here(n)]
    fixes.append(
        Fix("lessons need only torch and numpy; other packages can be installed next to it")
    )
    return Draft(
        "import",
        f"The package {name} is not here",
        "It is not installed for the Python that runs your cells, and cells have no network.",
        list(fixes),
    )


def _is_here(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


@RULES.on(r"cannot import name '(\w+)' from '([\w.]+)'")
def _no_member(situation: Situation, match: re.Match[str]) -> Draft:
    name, module = match[1], match[2]
    loaded = sys.modules.get(module)
    names = [n for n in own_names(loaded) if not n.startswith("_")] if loaded is not None else []
    close = near(name, names)
    fixes = [Fix(f"did you mean `{n}`?", f"from {module} import {n}") for n in close]
    for other in ("torch.nn", "torch.utils.data", "torch.optim", "torch.nn.functional", "torch"):
        if other != module and name in own_names(sys.modules.get(other)):
            fixes.insert(0, Fix("it is in another module", f"from {other} import {name}"))
            break
    return Draft("import", f"{module} has no {name}",
                 f"The module `{module}` is here, but nothing in it is called `{name}`.",
                 list(fixes[:3]))  # fmt: skip
