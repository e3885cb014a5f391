"""What stands in each row of the model panel."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.session.observed_model import ModelView
from tutor.text import seconds_text
from tutor.ui.widgets.graph_tree import Part, TreeColumn, TreeRow
from tutor.wire.observed.model import LayerRow, ModelSeen

COLUMNS = (
    TreeColumn("in", 3),
    TreeColumn("out", 0),
    TreeColumn("params", 1),
    TreeColumn("time", 2),
)
HEADING = "layer"
MANY = 60
"""Rows beyond which the inner layers start folded."""


def model_rows(view: ModelView, flipped: frozenset[str]) -> list[TreeRow]:
    """All models of a run, one tree each; nothing at all before the first."""
    rows: list[TreeRow] = []
    if view.unwatched:
        rows.append(TreeRow(((f"! {view.unwatched}", "warn"),)))
    if view.earlier and view.models and not view.unwatched:
        rows.append(TreeRow((("from an earlier run: the latest called no model", "warn"),)))
    for number, model in enumerate(view.models):
        if number:
            rows.append(TreeRow((("", ""),)))
        rows += [TreeRow(parts) for parts in head(model)]
        rows += _layers(model, number, flipped)
        if model.hidden:
            rows.append(TreeRow(((f"… {model.hidden:,} more calls are not listed", "warn"),)))
    return rows


def head(model: ModelSeen) -> list[tuple[Part, ...]]:
    """Name, size, mode and time of a model, and what stopped it."""
    lines: list[tuple[Part, ...]] = [
        ((model.name or model.kind, "name"), (f" · {_size(model)}", "quiet"))
    ]
    mode = "train mode" if model.training else "eval mode"
    if model.error:
        lines.append(((f"✗ {model.error}", "bad"),))
        lines.append(((f"{mode} · this is how far the data came", "quiet"),))
    else:
        lines.append(((f"{mode} · first forward {seconds_text(model.seconds)}", "quiet"),))
    return lines


def parameters_text(count: int) -> str:
    """`1,290`, `100k`, `25.6M`."""
    if count < 10_000:
        return f"{count:,}"
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size * 0.9995:
            number = count / size
            return f"{number:.0f}{unit}" if number >= 99.95 else f"{number:.1f}{unit}"
    return str(count)


def _size(model: ModelSeen) -> str:
    if not model.parameters:
        return "no parameters"
    count = f"{model.parameters:,} parameter{'s' * (model.parameters != 1)}"
    if model.trainable == model.parameters:
        return f"{count}, trainable"
    if not model.trainable:
        return f"{count}, frozen"
    return f"{count}, {model.trainable:,} of them trainable"


def _layers(model: ModelSeen, number: int, flipped: frozenset[str]) -> list[TreeRow]:
    rows: list[TreeRow] = []
    limit = _open_depth(model.rows)
    hidden_below: int | None = None
    stopped = _path_to_failure(model.rows)
    for index, row in enumerate(model.rows):
        if hidden_below is not None:
            if row.depth > hidden_below:
                continue
            hidden_below = None
        below = index + 1 < len(model.rows) and model.rows[index + 1].depth > row.depth
        key = f"{number}:{index}"
        folded = below and ((row.depth >= limit and index not in stopped) != (key in flipped))
        if folded:
            hidden_below = row.depth
        rows.append(_layer(model, row, key, below, folded))
    return rows


def _layer(model: ModelSeen, row: LayerRow, key: str, foldable: bool, folded: bool) -> TreeRow:
    return TreeRow(
        left=_left(model, row),
        key=key,
        depth=row.depth,
        cells=(
            (row.inputs, "shape"),
            (row.outputs or _no_output(row), "shape" if row.outputs else "quiet"),
            (_parameters(row), "quiet"),
            (_share(row.share), "quiet"),
        ),
        foldable=foldable,
        folded=folded,
        detail=tuple(_detail(model, row)),
    )


def _share(share: float) -> str:
    if share < 0:
        return ""
    return f"{share:.0%}" if share >= 0.005 else "<1%"


def _left(model: ModelSeen, row: LayerRow) -> tuple[Part, ...]:
    name = _own_name(model, row)
    parts: list[Part] = []
    if row.state == "failed":
        parts.append(("✗ ", "bad"))
    quiet = row.state in ("waiting", "unused")
    if name:
        parts.append((f"{name} ", "quiet" if quiet else "name"))
    look = "bad" if row.state == "failed" else "quiet" if quiet else "word"
    parts.append((row.kind, look))
    if row.call > 1:
        parts.append((f" call {row.call}", "warn"))
    if row.more:
        parts.append((f" +{row.more:,} calls", "warn"))
    if row.state == "fused":
        parts.append((" fused", "warn"))
    if row.training != model.training:
        parts.append((" train" if row.training else " eval", "warn"))
    return tuple(parts)


def _own_name(model: ModelSeen, row: LayerRow) -> str:
    """The path without what the rows around it say already."""
    if not row.path:
        return model.name
    last = row.path.rsplit(".", 2)
    # `layers.0` of a ModuleList: the list itself is never called, so its name stands here.
    return ".".join(last[-2:]) if last[-1].isdigit() and len(last) > 1 else last[-1]


def _no_output(row: LayerRow) -> str:
    return {
        "failed": "✗",
        "open": "…",
        "waiting": "not reached",
        "unused": "not called",
    }.get(row.state, "")


def _parameters(row: LayerRow) -> str:
    if not row.parameters:
        return ""
    text = parameters_text(row.parameters)
    if not row.trainable:
        return f"{text} frozen"
    return text if row.trainable == row.parameters else f"{text} part frozen"


def _detail(model: ModelSeen, row: LayerRow) -> list[Part]:
    lines: list[Part] = []
    if row.path:
        lines.append((f"{model.name}.{row.path}" if model.name else row.path, ""))
    if row.inputs:
        lines.append((f"got    {row.inputs}", ""))
    if row.outputs:
        lines.append((f"gave   {row.outputs}", ""))
    if row.parameters:
        frozen = row.parameters - row.trainable
        rest = f", {frozen:,} of them frozen" if frozen else ", all trainable"
        lines.append((f"holds  {row.parameters:,} parameters{rest}", ""))
    if row.share >= 0:
        lines.append((f"took   {row.share:.1%} of {seconds_text(model.seconds)}", ""))
    if row.state == "failed":
        lines.append((f"✗ {model.error}" if model.error else "✗ It raised.", "bad"))
        if not model.error:
            lines.append(("Your code caught the exception and went on.", ""))
    said = {
        "fused": "In eval mode without gradients PyTorch ran it as one fast operation: "
        "the layers inside were not called one by one.",
        "waiting": "The exception came before the data reached it.",
        "unused": "The forward did not call it. Its parameters get no gradient from this.",
        "open": "Something inside it raised.",
    }.get(row.state)
    if said:
        lines.append((said, ""))
    if row.call > 1:
        lines.append((f"call {row.call} of the same layer: its parameters are shared", ""))
    if row.more:
        lines.append((f"It was called {row.more:,} more times after this.", ""))
    return lines


def _open_depth(rows: Sequence[LayerRow]) -> int:
    """Layers at this depth and deeper start folded."""
    if len(rows) <= MANY:
        return 1 << 30
    depth = 1
    while sum(row.depth <= depth + 1 for row in rows) <= MANY:
        depth += 1
    return depth


def _path_to_failure(rows: Sequence[LayerRow]) -> set[int]:
    """Rows around the failing layer, which must be open to show it."""
    failed = next((index for index, row in enumerate(rows) if row.state == "failed"), None)
    if failed is None:
        return set()
    path = {failed}
    depth = rows[failed].depth
    for index in range(failed, -1, -1):
        if rows[index].depth < depth:
            path.add(index)
            depth = rows[index].depth
    return path
