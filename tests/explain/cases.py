"""One mistake and what must be said about it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """`operands` need only be among those shown, as "name 2×3", or a bare name without a shape.

    `fix` is the code of the first fix, or a part of its text where it has none; "" = not asked.
    """

    name: str
    source: str
    family: str
    expression: str
    operands: tuple[str, ...] = ()
    fix: str = ""

    @property
    def code(self) -> str:
        return textwrap.dedent(self.source).strip()
