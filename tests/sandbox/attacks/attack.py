"""What one attack is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.outside import Outside


@dataclass(frozen=True)
class Attack:
    """row: its number in the acceptance table, 0 for one that was added. overrides: of the policy.

    reached: looks from outside whether the goal was reached, where the cell cannot tell.
    control: why the attack does not reach its goal even without a sandbox, asked before that
    control runs; "" when it must.
    """

    row: int
    name: str
    code: str
    overrides: dict[str, Any] = field(default_factory=dict)
    reached: Callable[[Outside], bool] | None = None
    control: Callable[[Outside], str] = lambda outside: ""

    @property
    def id(self) -> str:
        return f"{self.row}_{self.name}".replace(" ", "_") if self.row else self.name


LOOPBACK = {"network": "loopback"}
