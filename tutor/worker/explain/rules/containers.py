"""Keys, positions and counts of Python's own containers, and a few everyday exceptions."""

from __future__ import annotations

import ast
import re
from typing import Any

from tutor.plain import clip
from tutor.wire.explanation import Fix
from tutor.worker.explain.peek import registry
from tutor.worker.explain.rules.names import near
from tutor.worker.explain.rules.rule import Rules
from tutor.worker.explain.situation import Draft, Situation, Value, is_module

RULES = Rules()


def key_error(situation: Situation) -> Draft | None:
    """A KeyError: its message is only the repr of the key."""
    arguments = BaseException.args.__get__(situation.error)  # type: ignore[attr-defined]
    key = arguments[0] if len(arguments) == 1 else None
    owner = situation.operands[0] if situation.operands else None
    keys = _keys(owner.value) if owner is not None and owner.known else []
    shown = clip(repr(key), 60) if type(key) in (str, int, float, bool, tuple) else "this key"
    fixes: list[Fix | None] = []
    if type(key) is str:
        close = near(key, [k for k in keys if type(k) is str])
        fixes = [Fix(f"did you mean {name!r}?", _indexed(situation, owner, name)) for name in close]
        if key.isdigit() and int(key) in keys:
            fixes.insert(0, Fix("the key is a number", _indexed(situation, owner, int(key))))
    elif type(key) is int and str(key) in keys:
        fixes.insert(0, Fix("the key is a text", _indexed(situation, owner, str(key))))
    if not fixes and owner is not None and type(owner.value) is dict:
        fixes = [Fix("get() returns None, or another value, for keys that are not there",
                     f"{owner.atom}.get({shown})")]  # fmt: skip
    listed = ", ".join(clip(repr(k), 24) for k in keys[:6]) + (", …" if len(keys) > 6 else "")
    why = f"Its keys are {listed}." if keys else "It has no such key."
    return Draft("key", f"There is no key {shown}", why, fixes)


def _keys(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [k for k in dict.keys(value) if type(k) in (str, int, float, bool, tuple)]
    if is_module(value):
        return list(registry(value, "_modules"))
    return []


def _indexed(situation: Situation, owner: Value | None, key: Any) -> str:
    return f"{owner.atom}[{key!r}]" if owner is not None and situation.place else ""


@RULES.on(
    r"(list|tuple|string|range object|deque|pop) (?:assignment )?index out of range|pop from "
    r"empty (list)|index (-?\d+) is out of range"
)
def _position(situation: Situation, match: re.Match[str]) -> Draft:
    owner = situation.operands[0] if situation.operands else None
    count = _length(owner.value) if owner is not None and owner.known else None
    if count is None:
        return Draft("position", "There is no item at that place",
                     "Items are numbered from 0 to their count minus 1.")  # fmt: skip
    assert owner is not None
    fixes: list[Fix | None] = []
    if count:
        fixes.append(Fix("the last one", f"{owner.atom}[-1]"))
        why = f"`{owner.name}` has {count} item{'s' * (count != 1)}, numbered 0 to {count - 1}."
    else:
        why = f"`{owner.name}` is empty."
    asked = _asked(situation)
    title = f"There is no item {asked}" if asked else "There is no item at that place"
    return Draft("position", title,
                 why, fixes)  # fmt: skip


def _length(value: Any) -> int | None:
    if type(value) in (list, tuple, str, range, dict):
        return len(value)
    if is_module(value):
        return len(registry(value, "_modules"))
    return None


def _asked(situation: Situation) -> str:
    node = situation.node
    if isinstance(node, ast.Subscript):
        value = situation.value(node.slice).value
        return str(value) if type(value) is int else ""
    return ""


@RULES.on(
    r"(not enough|too many) values to unpack \(expected (?:at least )?(\d+)(?:, got (\d+))?\)",
)
def _unpacking(situation: Situation, match: re.Match[str]) -> Draft:
    expected = match[2]
    source = _unpacked(situation)
    got = match[3]
    if got is None and source is not None:
        count = source.shape[0] if source.shape else _length(source.value) if source.known else None
        got = str(count) if count is not None else None
    name = f"`{source.name}`" if source is not None and source.name else "the right side"
    have = f"has {got}" if got else ("has more" if match[1] == "too many" else "has fewer")
    fixes: list[Fix | None] = []
    if source is not None and source.tensor is not None:
        fixes.append(
            Fix("a tensor is unpacked along its first dimension; use dim 1 with .unbind(1)")
        )
    if match[1] == "too many" and isinstance(situation.node, ast.Tuple):
        fixes.append(Fix("take the rest into one name with a star: a, *rest = …"))
    return Draft("unpacking", "The number of names and values differs",
                 f"There are {expected} names on the left; {name} {have}.", fixes,
                 operands=[source] if source else None)  # fmt: skip


def _unpacked(situation: Situation) -> Value | None:
    statement = situation.place.statement if situation.place else None
    if isinstance(statement, ast.Assign):
        return situation.value(statement.value)
    return None


@RULES.on(
    r"(?:float |integer )?(?:division|modulo)(?: or modulo)? by zero",
    r"invalid literal for int\(\) with base 10: (.*)",
    r"could not convert string to float: (.*)",
)
def _numbers(situation: Situation, match: re.Match[str]) -> Draft:
    if "zero" in match[0]:
        return Draft(
            "division",
            "The divisor was 0",
            "Python's numbers cannot be divided by 0; tensors would give inf or NaN instead.",
            [Fix("guard it: divide by max(count, 1), or check that something was counted")],
        )
    return Draft("number-text", "This text is not a number",
                 f"{clip(match[1], 60)} cannot be read as a number.")  # fmt: skip


@RULES.on(r"maximum recursion depth exceeded")
def _recursion(situation: Situation, match: re.Match[str]) -> Draft:
    function = situation.place.function if situation.place else ""
    name = f"`{function}`" if function.isidentifier() else "A function"
    return Draft(
        "recursion",
        "A function called itself without end",
        f"{name} was called again and again and never came back.",
        [Fix("in forward(): call the layers, not self(x)") if function == "forward"
         else Fix("check the case in which it stops")],
    )  # fmt: skip


@RULES.on(r"\[Errno 2\] No such file or directory: (.*)")
def _no_file(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "file",
        "There is no such file",
        f"{clip(match[1], 120)} was looked for from the cell's own folder.",
        [Fix("see what is there", "import os; os.listdir()")],
    )


@RULES.on(r"'(\w+)' object does not support item assignment", r"does not support item (?:deletion)")
def _no_assignment(situation: Situation, match: re.Match[str]) -> Draft:
    kind = match[1] if match.groups() else "object"
    hint = {"tuple": "make a list of it first: list(t)", "str": "build a new text instead",
            "Size": "shapes are tuples: reshape the tensor instead"}.get(kind, "")  # fmt: skip
    return Draft("assignment", "This cannot be changed", f"A {kind} keeps its items for ever.",
                 [Fix(hint)] if hint else [])  # fmt: skip


@RULES.on(r"unhashable type: '(\w+)'")
def _unhashable(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "key",
        f"A {match[1]} cannot be a key",
        "Keys of dicts and members of sets must not change.",
        [Fix("use a tuple", "tuple(x)") if match[1] == "list" else Fix("use a number or text")],
    )
