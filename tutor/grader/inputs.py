"""Inputs for checks, from a generator that nothing else draws from."""

from __future__ import annotations

import torch

_STRIDE = 1_000_003


class Inputs:
    """The same seed gives the same numbers; judging with another `seed` gives others."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def randn(self, *shape: int, seed: int = 0) -> torch.Tensor:
        """Normal numbers, float32."""
        return torch.randn(shape, generator=self._generator(seed))

    def rand(self, *shape: int, seed: int = 0) -> torch.Tensor:
        """Uniform numbers in [0, 1), float32."""
        return torch.rand(shape, generator=self._generator(seed))

    def randint(self, low: int, high: int, *shape: int, seed: int = 0) -> torch.Tensor:
        """Whole numbers from `low` to `high - 1`, int64."""
        return torch.randint(low, high, shape, generator=self._generator(seed))

    def _generator(self, seed: int) -> torch.Generator:
        return torch.Generator().manual_seed((seed + self._seed * _STRIDE) % 2**63)
