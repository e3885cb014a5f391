"""The latest shapes that each cell's lines made, by block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tutor.wire.observed.lines import CellLines, LinesSeen

MOST_BLOCKS = 500


@dataclass(frozen=True, slots=True)
class LineShapes:
    """`cells` by block. A cell's values belong to the text that ran as its `text_run`."""

    cells: Mapping[str, CellLines] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, block: str, run: int) -> CellLines | None:
        """What is known of the text of `block` that ran as `run`."""
        cell = self.cells.get(block)
        return cell if cell is not None and cell.text_run == run else None


def with_lines(shapes: LineShapes, message: LinesSeen) -> LineShapes:
    """`shapes` with the cells of `message` in place of what was known of them."""
    cells = dict(shapes.cells)
    for cell in message.cells:
        cells.pop(cell.block, None)
        cells[cell.block] = cell
    for block in list(cells)[: max(0, len(cells) - MOST_BLOCKS)]:
        del cells[block]
    return LineShapes(MappingProxyType(cells))
