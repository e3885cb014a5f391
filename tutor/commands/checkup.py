"""A report in sections of findings: as lines to print, as data for programs, as one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tutor.text import sanitize

Mark = Literal["ok", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `advice` says what to do where something is amiss; `value` is the number behind
    the text (bytes or a count), where there is one."""

    name: str
    text: str
    mark: Mark = "ok"
    advice: str = ""
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    findings: tuple[Finding, ...]


def lines(sections: Sequence[Section]) -> list[tuple[Mark | None, str]]:
    """Every line to print, with its mark; None for titles and advice."""
    glyphs = {"ok": "✓", "note": "!", "bad": "✗"}
    width = max((len(f.name) for section in sections for f in section.findings), default=0)
    told: list[tuple[Mark | None, str]] = []
    for section in sections:
        told += [(None, ""), (None, section.title)]
        for finding in section.findings:
            text = f"  {glyphs[finding.mark]} {finding.name:<{width}}  {finding.text}"
            told.append((finding.mark, sanitize(text)))
            if finding.advice:
                told.append((None, f"    {'':<{width}}  {sanitize(finding.advice)}"))
    return told[1:]


def verdict(sections: Sequence[Section]) -> str:
    """The last sentence: whether one can begin."""
    bad = [f for section in sections for f in section.findings if f.mark == "bad"]
    if not bad:
        return "Everything that torch-tutor needs is here."
    return f"{counted(len(bad), 'thing')} must be put right first, marked ✗ above."


def as_data(sections: Sequence[Section]) -> dict[str, Any]:
    """Everything for programs: `ok`, and all findings with their marks."""
    return {
        "ok": all(f.mark != "bad" for section in sections for f in section.findings),
        "sections": [
            {
                "title": section.title,
                "findings": [_data_of(finding) for finding in section.findings],
            }
            for section in sections
        ],
    }


def _data_of(finding: Finding) -> dict[str, Any]:
    texts = {name: sanitize(getattr(finding, name)) for name in ("name", "text", "mark", "advice")}
    return texts if finding.value is None else {**texts, "value": finding.value}


def counted(number: int, noun: str) -> str:
    """`1 thing`, `2 things`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
