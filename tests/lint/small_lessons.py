"""Pieces of lessons for these tests, and what a proof said of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tutor.lint.proof import Proof

Prove = Callable[..., Awaitable[Proof]]


def cell(source: str, output: str | None = None, *, attributes: str = "", match: str = "") -> str:
    """A cell called `a` with its output."""
    text = f"```python cell id=a {attributes}\n{source}\n```\n"
    if output is not None:
        text += f"\n```text output for=a {match}\n{output}\n```\n"
    return text


def said(proof: Proof) -> list[str]:
    """Findings as `line level: text`."""
    return [f"{f.place.line} {f.level}: {f.text}" for f in proof.findings]
