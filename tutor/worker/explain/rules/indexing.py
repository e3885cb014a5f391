"""Indices out of range, too many of them, of the wrong dtype, and masks of another shape."""

from __future__ import annotations

import ast
import re

from tutor import raw
from tutor.wire.explanation import Fix
from tutor.worker.explain import drawing
from tutor.worker.explain.peek import own_names
from tutor.worker.explain.rules.rule import Rules, numbers, shape, told
from tutor.worker.explain.situation import Draft, Situation, Value, is_float

RULES = Rules()


@RULES.on(r"index (-?\d+) is out of bounds for (?:dimension|axis) (\d+) with size (\d+)")
def _out_of_range(situation: Situation, match: re.Match[str]) -> Draft:
    index, dim, size = map(int, match.groups())
    value = next(iter(situation.tensors()), None)
    gathering = isinstance(situation.node, ast.Call)
    picture = None
    if value is not None and dim < len(value.shape) and value.shape[dim] == size and not gathering:
        picture = drawing.wanted((value.name, value.shape), "index", dim, index)
    valid = f"0 to {size - 1}, or -{size} to -1 from the end" if size else "none, it is empty"
    fixes: list[Fix | None] = []
    if value is not None and situation.place and index == size:
        index_node = _index_node(situation, index)
        if index_node is not None:
            code = situation.place.with_part(index_node, "-1")
            fixes.append(situation.try_fix("the last one", code))
    return Draft(
        "gather" if gathering else "index-range",
        f"Index {index} is out of range",
        f"Dimension {dim} has size {size}: the valid indices are {valid}.",
        fixes,
        picture,
    )


def _index_node(situation: Situation, index: int) -> ast.AST | None:
    node = situation.node
    if not isinstance(node, ast.Subscript):
        return None
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return next((p for p in parts if isinstance(p, ast.Constant) and p.value == index), None)


@RULES.on(r"too many indices for (?:tensor of dimension (\d+)|array: array is (\d+)-dimensional)")
def _too_many(situation: Situation, match: re.Match[str]) -> Draft:
    count = int(match[1] or match[2])
    value = next(iter(situation.tensors()), None)
    subject = told(value) if value else "the tensor"
    return Draft(
        "index-count",
        "More indices than dimensions",
        f"{subject}: it can take {count} ind{'ices' if count != 1 else 'ex'}, one a dimension.",
    )


@RULES.on(
    r"The shape of the mask \[(.*?)\] at index (\d+) does not match the shape of the indexed "
    r"tensor \[(.*?)\] at index (\d+)"
)
def _mask(situation: Situation, match: re.Match[str]) -> Draft:
    masked, whole = numbers(match[1]), numbers(match[3])
    pair = situation.pair()
    names = (pair[0].name, pair[1].name) if pair else ("the tensor", "the mask")
    fixes: list[Fix | None] = []
    if pair and len(masked) == 1:
        places = [dim for dim, size in enumerate(whole) if size == masked[0] and dim > 0]
        for dim in places:
            code = f"{pair[0].atom}[{':, ' * dim}{pair[1].name}]"
            fixes.append(
                situation.try_fix(f"use it on dimension {dim}", code)
                or Fix(f"use it on dimension {dim}", code)
            )
    return Draft(
        "mask-shape",
        "The mask has another shape",
        f"A mask picks along the first dimensions, so it must have their sizes. "
        f"It is {shape(masked)}, the tensor is {shape(whole)}.",
        fixes,
        drawing.from_the_left((names[0], whole[: len(masked)] or whole), (names[1], masked)),
    )


@RULES.on(
    r"tensors used as indices must be long, int, byte or bool tensors",
    r"only integers, slices .* are valid indices \(got (\w+)\)",
    r"(?:gather|scatter\w*|index_select|take)\(\)?:? ?Expected dtype int(?:32/int|32 or int)?64",
    r"one_hot is only applicable to index tensor",
    r"Expected tensor for argument #\d+ '(?:indices|index)' to have",
    r"arrays used as indices must be of integer",
)
def _not_integers(situation: Situation, match: re.Match[str]) -> Draft:
    bad = next(
        (v for v in situation.tensors() if is_float(v.dtype) and _is_index(situation, v)), None
    )
    if bad is None and len(situation.tensors()) > 1:
        bad = next((v for v in reversed(situation.tensors()) if is_float(v.dtype)), None)
    fixes: list[Fix | None] = []
    if bad is not None:
        assert bad.dtype is not None
        why = f"`{bad.name}` holds {raw.dtype_name(bad.dtype)}; indices are whole numbers."
        code = situation.instead(bad, f"{bad.atom}.long()")
        fixes.append(situation.maybe("convert to int64, cutting off fractions", code))
    else:
        got = next((group for group in match.groups() if group), "")
        why = f"An index was a {got}; only whole numbers count elements." if got else ""
        why = why or "Indices are whole numbers: int64 (long), int32, or a bool mask."
        if got == "float":
            fixes.append(Fix("use // for a whole result, or int(…)"))
    embedding = "embedding" in situation.message
    return Draft("index-dtype", "Token numbers must be integers" if embedding else
                 "Indices must be integers", why, fixes)  # fmt: skip


def _is_index(situation: Situation, value: Value) -> bool:
    node = situation.node
    if isinstance(node, ast.Subscript):
        return value.node is not node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return value.node is not node.func.value
    return True


@RULES.on(r"Index tensor must have the same number of dimensions as input tensor")
def _gather_dimensions(situation: Situation, match: re.Match[str]) -> Draft:
    tensors = situation.tensors()
    fixes: list[Fix | None] = []
    why = "gather and scatter need an index with as many dimensions as the tensor."
    picture = None
    if len(tensors) >= 2:
        value, index = tensors[0], tensors[1]
        why = f"{told(value)} and {told(index)}. {why}"
        picture = drawing.from_the_left((value.name, value.shape), (index.name, index.shape))
        if len(index.shape) == len(value.shape) - 1:
            for dim in (1, 0, -1):
                code = situation.instead(index, f"{index.atom}.unsqueeze({dim})")
                fixes.append(situation.try_fix("give the index a dimension of size 1", code))
            fixes[:] = [fix for fix in fixes if fix][:1]
    return Draft("gather", "The index has another number of dimensions", why, fixes, picture)


@RULES.on(
    r"Size does not match at dimension (\d+) expected index \[(.*?)\] to be (?:no "
    r"larger|smaller) than (?:self|src) \[(.*?)\](?: and .*)? apart from dimension (\d+)"
)
def _gather_sizes(situation: Situation, match: re.Match[str]) -> Draft:
    index, value = numbers(match[2]), numbers(match[3])
    return Draft(
        "gather",
        "The index is larger than the tensor",
        f"Apart from dimension {match[4]} no size of the index may exceed the tensor's: "
        f"the index is {shape(index)}, the tensor {shape(value)}.",
        alignment=drawing.from_the_left(("tensor", value), ("index", index), free=int(match[4])),
    )


@RULES.on(r"Class values must be (smaller than num_classes|non-negative)")
def _one_hot(situation: Situation, match: re.Match[str]) -> Draft:
    negative = "non-negative" in match[1]
    return Draft(
        "class-range",
        "A label is outside the classes",
        "one_hot numbers classes from 0: negative labels have no place."
        if negative
        else "With num_classes = n the labels are 0 to n - 1; a larger one was found.",
        [Fix("look at the labels: labels.min(), labels.max()")],
    )


@RULES.on(
    r"invalid index of a 0-dim tensor|iteration over a 0-d tensor|len\(\) of (?:a 0-d "
    r"tensor|unsized object)"
)
def _zero_dimensions(situation: Situation, match: re.Match[str]) -> Draft:
    value = next(iter(situation.tensors()), None)
    name = value.atom if value else "x"
    return Draft(
        "zero-dim",
        "This tensor is a single number",
        f"`{value.name if value else 'It'}` has no dimensions: there is nothing to index, count, "
        "or go through.",
        [Fix("take the number itself", f"{name}.item()"),
         situation.try_fix("make it a vector of one", f"{name}.unsqueeze(0)")],
    )  # fmt: skip


@RULES.on(
    r"shape mismatch: indexing (?:tensors|arrays) could not be broadcast together with shapes (.*)"
)
def _index_pair(situation: Situation, match: re.Match[str]) -> Draft:
    shapes = [numbers(text) for text in re.findall(r"[\[(](.*?)[\])]", match[1])]
    sizes = " and ".join(map(shape, shapes))
    return Draft(
        "index-range",
        "The index tensors have different shapes",
        f"Several index tensors pick pairs, so their shapes must broadcast; they are {sizes}. "
        "For rows × columns, index twice: x[rows][:, columns].",
    )


@RULES.on(r"selected index k out of range")
def _topk(situation: Situation, match: re.Match[str]) -> Draft:
    value = next(iter(situation.tensors()), None)
    size = f" `{value.name}` has {value.shape[-1]} there." if value and value.shape else ""
    return Draft(
        "index-range",
        "k is larger than the dimension",
        f"topk can return at most as many as there are along the dimension (the last one).{size}",
    )


@RULES.on(r"step must be greater than zero|slice step must be positive")
def _backwards(situation: Situation, match: re.Match[str]) -> Draft:
    node = situation.node
    base = situation.value(node.value) if isinstance(node, ast.Subscript) else None
    fix = situation.try_fix("turn it round", f"{base.atom}.flip(0)") if base else None
    return Draft(
        "index-range",
        "Slices of tensors only go forwards",
        "A view with a negative stride does not exist in torch; flip makes a reversed copy.",
        [fix],
    )


@RULES.on(r"index out of range in self")
def _table(situation: Situation, match: re.Match[str]) -> Draft:
    layer = situation.layer
    facts = own_names(layer.module) if layer else {}
    rows = facts.get("num_embeddings")
    if layer is None or type(rows) is not int:
        return Draft("index-range", "An index is out of range",
                     "One of the indices is negative or not smaller than the size.")  # fmt: skip
    origin = situation.origin()
    largest = _largest(layer.input)
    seen = f" The largest was {largest}." if largest is not None else ""
    fixes: list[Fix | None] = []
    if largest is not None and largest >= rows:
        width = facts.get("embedding_dim")
        fixes.append(
            Fix(
                "make the table larger, if the vocabulary is",
                f"nn.Embedding({largest + 1}, {width})",
            )
        )
    fixes.append(Fix("or look where too large numbers come from: numbering starts at 0"))
    operands = [origin] if origin else [Value("its input", value=layer.input, known=True)]
    return Draft(
        "embedding-range",
        "A token number is larger than the table",
        f"`{layer.path}` has {rows} rows, so the numbers are 0 to {rows - 1}.{seen}",
        fixes,
        operands=[*operands, Value(layer.path, value=layer.module, known=True)],
    )


def _largest(value: object) -> int | None:
    """The largest index: one read of the learner's data, nothing of it is changed."""
    if not raw.is_tensor(value):
        return None
    with raw.below_everything():
        bare = raw.bare(value)  # type: ignore[arg-type]
        if bare.numel() == 0 or bare.numel() > 1 << 22 or bare.device.type != "cpu":
            return None
        return int(bare.max().item())
