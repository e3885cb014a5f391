"""One tensor opened: its picture, its numbers, and how it lies in memory."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive

from tutor.text import bytes_text, shape_text
from tutor.ui.widgets.flow import Flow, cut_content
from tutor.ui.widgets.heat_map import HeatMap, value_strips
from tutor.ui.widgets.numbers import compact
from tutor.ui.widgets.plain import one_line, plain
from tutor.ui.widgets.spread import spread_lines
from tutor.ui.widgets.steps import step_lines
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
        yield Flow(self._values)
        yield Flow(self._below)

    def on_mount(self) -> None:
        self._show()

    def watch_detail(self) -> None:
        if self.is_mounted:
            self._show()

    def _show(self) -> None:
        heat = self.query_one(HeatMap)
        heat.show(self.detail)
        heat.display = bool(self.detail and self.detail.heat)
        for flow in self.query(Flow):
            flow.reflow()

    def _head(self, width: int) -> list[Content]:
        if self.detail is None:
            return plain(_EMPTY, "$text-muted").wrap(width)
        return head_lines(self.detail, width)

    def _values(self, width: int) -> list[Content]:
        """The numbers once more, cut with "…", where the picture has no room for them."""
        if self.detail is None or value_strips(self.detail, None, self.rich_style, width):
            return []
        return value_lines(self.detail, width)

    def _below(self, width: int) -> list[Content]:
        """How the numbers are spread, and how they lie in memory."""
        detail = self.detail
        if detail is None:
            return []
        spread = spread_lines(detail.spread, detail.spread_low, detail.spread_high, width)
        steps = step_lines(detail.row.shape, detail.strides, detail.itemsize, width)
        return [*spread, *steps]


def head_lines(detail: TensorDetail, width: int) -> list[Content]:
    """Name, shape and dtype; memory; who shares it; what is wrong with it."""
    row = detail.row
    lines = (
        plain(one_line(detail.path), "bold")
        + plain(f"  {shape_text(row.shape)} {row.dtype}", "$text-primary")
        + plain(f" · {row.device}", "$text-muted")
        + plain("" if row.kind == "tensor" else f" · {row.kind}", "$text-muted")
    ).wrap(width)
    facts = [f"strides {_tuple(detail.strides)}"]
    facts.append("contiguous" if detail.contiguous else "not contiguous")
    if detail.offset:
        facts.append(f"offset {detail.offset:,}")
    if detail.storage_bytes:
        facts.append(f"storage {bytes_text(detail.storage_bytes)}")
    lines += plain(" · ".join(facts), "$text-muted").wrap(width)
    statistics = (("mean", row.mean), ("min", row.minimum), ("max", row.maximum))
    known = [f"{name} {compact(value)}" for name, value in statistics if value is not None]
    if known:
        lines += plain(" · ".join(known)).wrap(width)
    if row.requires_grad or row.grad_fn:
        grad = "∇ requires grad" if row.requires_grad else "∇ in the graph"
        grad += f" · made by {row.grad_fn}" if row.grad_fn else ""
        grad += " · has .grad" if row.has_grad else ""
        lines += plain(grad, "$text-secondary").wrap(width)
    if row.alias_of:
        lines += plain(f"≡ the same object as {row.alias_of}", "$text-accent").wrap(width)
    if row.shares:
        names = ", ".join(row.shares)
        lines += plain(f"≡ shares memory with {names}", "$text-accent").wrap(width)
    if bad := not_finite(row.nan, row.inf):
        lines += plain(f"! {bad}", "bold $text-error").wrap(width)
    if row.note:
        lines += plain(row.note, "$text-muted").wrap(width)
    return lines


def not_finite(nan: int, inf: int) -> str:
    """`2 NaN, 1 Inf`; "" when all is finite."""
    return ", ".join(f"{count:,} {word}" for count, word in ((nan, "NaN"), (inf, "Inf")) if count)


def value_lines(detail: TensorDetail, width: int) -> list[Content]:
    """Every number, in columns; a row that does not fit ends with "…"."""
    values = [[one_line(cell) for cell in row] for row in detail.values]
    widest = max((cell_len(cell) for row in values for cell in row), default=0)
    lines = [Content("")] if values else []
    for row in values:
        cells = (" " * (widest - cell_len(cell)) + cell for cell in row)
        lines.append(cut_content(Content("  ".join(cells)), width))
    return lines


def _tuple(numbers: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, numbers))}{',' if len(numbers) == 1 else ''})"
