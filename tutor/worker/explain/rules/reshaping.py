"""view, reshape, permute and dimensions that are not there."""

from __future__ import annotations

import ast
import math
import re

from tutor.wire.explanation import Fix
from tutor.worker.explain.rules.rule import Rules, numbers, shape, told
from tutor.worker.explain.situation import Draft, Situation, Value

RULES = Rules()


@RULES.on(r"shape '\[(.*?)\]' is invalid for input of size (\d+)")
def _view_size(situation: Situation, match: re.Match[str]) -> Draft:
    target, count = numbers(match[1]), int(match[2])
    known = math.prod(size for size in target if size != -1)
    value = next(iter(situation.tensors()), None)
    name = f"`{value.name}` ({shape(value)})" if value else "the tensor"
    if -1 in target:
        why = (
            f"{name} has {count} elements. Beside the -1 stand sizes with the product {known}, "
            f"and {count} is not a multiple of {known}."
        )
    else:
        why = f"{name} has {count} elements, the new shape {shape(target)} has {known}."
    fixes: list[Fix | None] = []
    if value is not None:
        fixes = _other_views(situation, value, target, count)
    return Draft("view-size", "The new shape has another number of elements", why, fixes)


def _other_views(
    situation: Situation, value: Value, target: tuple[int, ...], count: int
) -> list[Fix | None]:
    fixes: list[Fix | None] = []
    if len(value.shape) > 1 and len(target) == 2:
        code = f"{value.atom}.flatten(1)"
        fixes.append(situation.try_fix("keep the batch, flatten the rest", code))
    if -1 not in target:
        fixes += _one_inferred(situation, value, target, count)
    return fixes


def _one_inferred(
    situation: Situation, value: Value, target: tuple[int, ...], count: int
) -> list[Fix | None]:
    """The same view with one of its sizes left to torch, the last that works."""
    for place in reversed(range(len(target))):
        rest = math.prod(size for index, size in enumerate(target) if index != place)
        if rest and count % rest == 0:
            sizes = ["-1" if index == place else str(size) for index, size in enumerate(target)]
            code = f"{value.atom}.reshape({', '.join(sizes)})"
            return [situation.try_fix(f"let torch work out size {place + 1}", code)]
    return []


@RULES.on(r"view size is not compatible with input tensor's size and stride")
def _view_stride(situation: Situation, match: re.Match[str]) -> Draft:
    value = next(iter(situation.tensors()), None)
    node = situation.node
    fixes: list[Fix | None] = []
    subject = f"`{value.name}`" if value else "This tensor"
    if value is not None and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        arguments = situation.expression.rpartition(f"{value.name}.view")[2]
        if not arguments.startswith("("):
            arguments = f"({', '.join(ast.unparse(argument) for argument in node.args)})"
        code = f"{value.atom}.reshape{arguments}"
        fixes.append(situation.try_fix("reshape copies when it must", code))
    return Draft(
        "view-stride",
        "view() cannot show this memory in that shape",
        f"{subject} does not lie in memory in the order of its dimensions, as after a transpose "
        "or a slice. A view never copies, so it cannot reorder the elements.",
        fixes,
    )


@RULES.on(
    r"number of dimensions in the tensor input does not match the length of the desired ordering",
    r"number of dims don't match in permute",
)
def _permute(situation: Situation, match: re.Match[str]) -> Draft:
    value = next(iter(situation.tensors()), None)
    given = _literal_dims(situation)
    fixes: list[Fix | None] = []
    why = "permute needs each dimension exactly once."
    if value is not None:
        count = len(value.shape)
        why = f"{told(value)}: permute needs all {count} dimensions, each once" + (
            f"; it was given {len(given)}." if given else "."
        )
        if len(given) == count - 1 and sorted(given) == list(range(count - 1)):
            dims = ", ".join(map(str, (0, *(dim + 1 for dim in given))))
            code = f"{value.atom}.permute({dims})"
            fixes.append(situation.try_fix("keep the batch in front", code))
        elif len(given) == 2 and all(-count <= dim < count for dim in given):
            code = f"{value.atom}.transpose({given[0]}, {given[1]})"
            fixes.append(situation.try_fix("exchange just these two", code))
    return Draft("permute", "permute was given another number of dimensions", why, fixes)


@RULES.on(r"permute\(\): duplicate dims are not allowed")
def _permute_twice(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "permute",
        "A dimension was named twice",
        "permute needs each dimension exactly once, in the new order.",
    )


def _literal_dims(situation: Situation) -> tuple[int, ...]:
    node = situation.node
    if not isinstance(node, ast.Call):
        return ()
    found: list[int] = []
    for argument in node.args:
        value = situation.value(argument).value
        parts = value if type(value) in (tuple, list) else [value]
        found += [part for part in parts if type(part) is int]
    return tuple(found)


@RULES.on(
    r"Dimension out of range \(expected to be in range of \[(-?\d+), (-?\d+)\], but got (-?\d+)\)",
    r"[Dd]imension specified as (-?\d+) but tensor has no dimensions",
    r"Dim(?:ension)? (-?\d+) is out of (?:range|bounds)",
)
def _no_such_dim(situation: Situation, match: re.Match[str]) -> Draft:
    value = next(iter(situation.tensors()), None)
    groups = match.groups()
    asked = int(groups[-1])
    if value is not None and situation.layer is None:
        count = len(value.shape)
        has = f"{told(value)}, so it has {count} dimension{'s' * (count != 1)}"
    elif len(groups) == 3:
        count = int(groups[1]) + 1
        has = f"the tensor has {count} dimension{'s' * (count != 1)}"
    else:
        count, has = 0, "the tensor is a single number"
    fixes: list[Fix | None] = []
    if value is not None and count:
        fixes = _last_instead(situation, asked)
    last = f", counted from 0 to {count - 1}" if count > 1 else " with number 0" * (count == 1)
    has = has[:1].upper() + has[1:] if not has.startswith("`") else has
    return Draft(
        "dim-range",
        f"There is no dimension {asked}",
        f"{has}{last}. Negative numbers count from the end: -1 is the last.",
        fixes,
    )


def _last_instead(situation: Situation, asked: int) -> list[Fix | None]:
    """The same call with -1 where the missing dimension was written."""
    node = situation.node
    if not isinstance(node, ast.Call) or situation.place is None:
        return []
    arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
    for argument in arguments:
        if isinstance(argument, ast.Constant) and argument.value == asked:
            code = situation.place.with_part(argument, "-1")
            return [situation.try_fix("use the last dimension", code)]
    return []


@RULES.on(r"only one dimension can be inferred")
def _two_inferred(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "view-size",
        "Only one size can be left open",
        "-1 means: work this size out. With two of them there is no single answer.",
    )


@RULES.on(
    r"unflatten: Provided sizes \[(.*?)\] don't multiply up to the size of dim (-?\d+) \((\d+)\)"
)
def _unflatten(situation: Situation, match: re.Match[str]) -> Draft:
    sizes = numbers(match[1])
    return Draft(
        "view-size",
        "The parts do not multiply up",
        f"Dimension {match[2]} has size {match[3]}, but {shape(sizes)} makes {math.prod(sizes)}.",
    )


@RULES.on(
    r"(\w+)\(\): argument '(size|shape)' (?:\(position \d+\) )?must be tuple of ints, not (\w+)",
    r"(\w+)\(\): argument '(\w+)' failed to unpack the object at pos \d+ with error \"type must be "
    r"tuple of ints, ?but got (\w+)\"",
)
def _sizes_are_ints(situation: Situation, match: re.Match[str]) -> Draft:
    got = match[3]
    fixes: list[Fix | None] = []
    for operand in situation.operands:
        if operand.known and type(operand.value) is float and operand.value == int(operand.value):
            code = situation.instead(operand, f"int({operand.name})")
            fixes.append(situation.maybe("make it an int", code))
    return Draft(
        "sizes",
        "Sizes are whole numbers",
        f"A size was given as {got}. Note that `/` always gives a float; `//` divides ints.",
        fixes,
    )
