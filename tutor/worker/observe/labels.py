"""What observers write on autograd nodes, so that others can call them by the learner's names.

Line probes set `node.metadata[LINE_KEY] = (name, line)` on the `grad_fn` of what a line made:
`name` as the learner wrote it (`h`, `self.w`; `return` for a returned value), `line` counted from
1 in the cell that holds the line. The first name that a result got stays. Metadata survives with
the node even when nothing in Python refers to it, and dies with it.
"""

from __future__ import annotations

from typing import Any

LINE_KEY = "tt_line"
"""Key in `grad_fn.metadata`; the value is `(name, line)`."""

RETURNED = "return"
"""The name of a value that was returned without having one."""


def line_of(node: Any) -> tuple[str, int] | None:
    """(name, line) of an autograd node, None where no line of the learner's made it."""
    label = node.metadata.get(LINE_KEY)
    if type(label) is tuple and len(label) == 2:
        name, line = label
        if type(name) is str and type(line) is int:
            return name, line
    return None
