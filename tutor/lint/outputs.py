"""Does what a cell printed agree with the output that its author wrote down? Pure."""

from __future__ import annotations

import difflib
import re

from tutor.course.model import Output
from tutor.session.snapshot import CellRun

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+|inf\b|nan\b)(?!\w)")
_SIZE = re.compile(r"torch\.Size\(\[[^\]]*\]\)")


def shown_text(run: CellRun) -> str:
    """What the learner sees: what was printed, then the value, or the error that ended it."""
    parts = [line.text for line in run.output.lines]
    if run.value:
        parts.append(run.value)
    if run.problem is not None:
        kind = run.problem.kind.rpartition(".")[2]
        parts.append(f"{kind}: {run.problem.message}" if run.problem.message else kind)
    return tidy("\n".join(parts))


def difference(output: Output, text: str) -> str:
    """How `text` departs from `output` as its `match` says; "" when it does not."""
    expected = tidy(output.text)
    match output.match:
        case "none":
            return ""
        case "regex":
            if re.fullmatch(expected, text):
                return ""
            return f"the output does not match the regular expression; it was:\n{_indent(text)}"
        case "shape":
            if skeleton(text) == skeleton(expected):
                return ""
            return f"the output has another shape than the reference:\n{_diff(expected, text)}"
        case _:
            if text == expected:
                return ""
            return f"the output differs from the reference:\n{_diff(expected, text)}"


def skeleton(text: str) -> str:
    """`text` with every number but those in a torch.Size made `#`, and spacing evened out."""
    sizes = _SIZE.findall(text)
    plain = _NUMBER.sub("#", _SIZE.sub("torch.Size()", text))
    spaced = re.sub(r"\s*([\[\](),])\s*", r"\1", re.sub(r"\s+", " ", plain))
    return "|".join([spaced, *sizes])


def tidy(text: str) -> str:
    """Without spaces at line ends and blank lines around."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _diff(expected: str, got: str) -> str:
    rows = difflib.ndiff(expected.split("\n"), got.split("\n"))
    kept = [row.rstrip() for row in rows if not row.startswith("?")]
    if len(kept) > 24:
        kept = [*kept[:24], f"  … {len(kept) - 24} more lines"]
    return _indent("(- expected, + came out)\n" + "\n".join(kept))


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
