"""One tensor opened: its picture, its numbers, and how it lies in memory."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive

from tutor.text import bytes_text, shape_text
from tutor.ui.widgets.flow import Flow, cut_content
from tutor.ui.widgets.heat import HeatGrid, HeatMap
from tutor.ui.widgets.numbers import compact
from tutor.ui.widgets.plain import plain
from tutor.wire.messages import TensorDetail

_EMPTY = "No tensor is open. Choose one in the tensors panel and press Enter."


class TensorView(VerticalScroll):
    """Draws a `TensorDetail`."""

    DEFAULT_CSS = """
    TensorView {
        height: 1fr;
        padding: 0 1;
        background: $background;
        scrollbar-size-vertical: 1;
        & > HeatMap { margin: 1 0 0 0; }
        & > Flow { background: transparent; }
        &:focus { background: $boost; }
    }
    """

    detail: reactive[TensorDetail | None] = reactive(None, init=False)

    def __init__(
        self,
        detail: TensorDetail | None = None,
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(TensorView.detail, detail)

    def compose(self) -> ComposeResult:
        yield Flow(self._head)
        yield HeatMap()
        yield Flow(self._legend)
        yield Flow(self._values)

    def on_mount(self) -> None:
        self.watch_detail()

    def watch_detail(self) -> None:
        if not self.is_mounted:
            return
        heat = self.query_one(HeatMap)
        heat.show(heat_grid(self.detail) if self.detail else None)
        heat.display = bool(self.detail and self.detail.heat)
        for flow in self.query(Flow):
            flow.reflow()

    def _head(self, width: int) -> list[Content]:
        if self.detail is None:
            return plain(_EMPTY, "$text-muted").wrap(width)
        return head_lines(self.detail, width)

    def _legend(self, width: int) -> list[Content]:
        if self.detail is None or not self.detail.heat:
            return []
        return [cut_content(legend(self.detail), width)]

    def _values(self, width: int) -> list[Content]:
        return value_lines(self.detail, width) if self.detail else []


def heat_grid(detail: TensorDetail) -> HeatGrid:
    """The heat of `detail`, with zero placed when the numbers lie on both sides of it."""
    low, high = detail.low, detail.high
    middle = (
        -low / (high - low) if low is not None and high is not None and low < 0 < high else None
    )
    return HeatGrid(detail.heat_rows, detail.heat_columns, detail.heat, middle)


def head_lines(detail: TensorDetail, width: int) -> list[Content]:
    """Name, shape and dtype; memory; who shares it; what is wrong with it."""
    row = detail.row
    lines = (
        plain(detail.path, "bold")
        + plain(f"  {shape_text(row.shape)} {row.dtype} · {row.device}", "$text-primary")
        + plain("" if row.kind == "tensor" else f" · {row.kind}", "$text-muted")
    ).wrap(width)
    layout = "contiguous" if detail.contiguous else "not contiguous"
    facts = [f"strides {_tuple(detail.strides)}", layout]
    if detail.offset:
        facts.append(f"offset {detail.offset}")
    if detail.storage_bytes:
        facts.append(f"storage {bytes_text(detail.storage_bytes)}")
    lines += plain(" · ".join(facts), "$text-muted").wrap(width)
    statistics = (
        f"mean {compact(row.mean)} · min {compact(row.minimum)} · max {compact(row.maximum)}"
    )
    lines += plain(statistics).wrap(width)
    if row.requires_grad or row.grad_fn:
        grad = "∇ requires grad" if row.requires_grad else "∇"
        grad += f" · made by {row.grad_fn}" if row.grad_fn else ""
        grad += " · has .grad" if row.has_grad else ""
        lines += plain(grad, "$text-secondary").wrap(width)
    if row.alias_of:
        lines += plain(f"⛓ the same object as {row.alias_of}", "$text-accent").wrap(width)
    if row.shares:
        lines += plain(f"⛓ shares memory with {', '.join(row.shares)}", "$text-accent").wrap(width)
    if bad := not_finite(row.nan, row.inf):
        lines += plain(f"! {bad}", "bold $text-error").wrap(width)
    if row.note:
        lines += plain(row.note, "$text-muted").wrap(width)
    return lines


def not_finite(nan: int, inf: int) -> str:
    """`2 NaN, 1 Inf`; "" when all is finite."""
    return ", ".join(f"{count:,} {word}" for count, word in ((nan, "NaN"), (inf, "Inf")) if count)


def legend(detail: TensorDetail) -> Content:
    """`low ░▒▓█ high`, with the note on what slice is shown."""
    text = f"{compact(detail.low)} low … high {compact(detail.high)}"
    if detail.heat and 255 in detail.heat:
        text += " · × not finite"
    if detail.slice_note:
        text += f" · {detail.slice_note}"
    return plain(text, "$text-muted")


def value_lines(detail: TensorDetail, width: int) -> list[Content]:
    """Every number, in columns; what does not fit ends with "…"."""
    if not detail.values:
        return []
    columns = max(map(len, detail.values))
    widths = [
        max(len(row[column]) for row in detail.values if column < len(row))
        for column in range(columns)
    ]
    lines = [Content("")]
    for row in detail.values:
        text = "  ".join(f"{cell:>{widths[i]}}" for i, cell in enumerate(row))
        lines.append(cut_content(plain(text), width))
    return lines


def _tuple(numbers: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, numbers))}{',' if len(numbers) == 1 else ''})"
