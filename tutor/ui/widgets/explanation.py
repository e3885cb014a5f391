"""An exception explained: what failed, with which values, what disagrees, why, and what fits."""

from __future__ import annotations

import re

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive

from tutor.session.snapshot import Problem
from tutor.text import dtype_text, shape_text
from tutor.ui.widgets import syntax
from tutor.ui.widgets.flow import Flow, cut, cut_content, indented, spread
from tutor.ui.widgets.plain import one_line, plain
from tutor.wire.explanation import Alignment, Explanation, Fix, Operand

_RAW_LINES = 4
_GAP = "  "
_NO_DIMENSION = "·"
_LEAST = 10
"""Columns in which a description is worth beginning."""
_HONEST = "✓ the shapes fit. Whether it is what you mean, only you can say."


class ExplanationCard(Flow):
    """Draws `problem.explanation` and the exception's own words; nothing where there is none."""

    problem: reactive[Problem | None] = reactive(None, init=False)

    def watch_problem(self) -> None:
        self.reflow()

    def lines(self, width: int) -> list[Content]:
        problem = self.problem
        if problem is None or problem.explanation is None:
            return []
        return explanation_lines(problem, problem.explanation, width)


def explanation_lines(problem: Problem, found: Explanation, width: int) -> list[Content]:
    """Everything below the title, in `width` columns."""
    inner = max(1, width - 2)
    lines = _failed(found, inner)
    if found.family == "generic":
        lines += plain(problem.message.strip() or "(it came without a message)").wrap(inner)
    lines += indented(value_lines(found.operands, found.alignment, max(1, inner - 2)), _GAP)
    if found.why:
        lines += _with_code(found.why).wrap(inner)
    for fix in found.fixes:
        lines += fix_lines(fix, inner)
    if any(fix.checked for fix in found.fixes):
        lines += Content.styled(_HONEST, "$text-muted").wrap(inner)
    if found.family != "generic":
        lines += _own_words(problem, inner)
    if problem.advice:
        lines += (Content.styled("→ ", "$text-primary") + plain(problem.advice)).wrap(inner)
    return indented(lines, _GAP)


def value_lines(
    operands: tuple[Operand, ...], alignment: Alignment | None, width: int
) -> list[Content]:
    """The values that took part; those whose dimensions must agree are drawn aligned."""
    drawn = {_subject(row.name) for row in alignment.rows} if alignment else set()
    apart = tuple(operand for operand in operands if operand.name not in drawn)
    lines = operand_lines(apart, width)
    if alignment is not None:
        lines += alignment_lines(alignment, width, operands)
    return lines


def operand_lines(operands: tuple[Operand, ...], width: int) -> list[Content]:
    """A row each: name, shape, dtype, device; of what is no tensor, what it is."""
    names = [one_line(operand.name) for operand in operands]
    room = min(max(map(cell_len, names), default=0), max(8, width * 2 // 5))
    shapes = [shape_text(o.shape) if o.shape is not None else "" for o in operands]
    shape_room = max(map(len, shapes), default=0)
    lines = []
    for operand, name, shape in zip(operands, names, shapes, strict=True):
        line = _padded(_code(cut(name, room)), room)
        if operand.shape is not None:
            line += _padded(Content(_GAP) + Content.styled(shape, "bold"), shape_room + len(_GAP))
        lines.append(_with_details(line, operand, width))
    return lines


def alignment_lines(
    alignment: Alignment, width: int, operands: tuple[Operand, ...] = ()
) -> list[Content]:
    """Sizes under each other, what else is known of each operand at the right; a column that
    disagrees is reversed, with a ✗ below it."""
    columns = len(alignment.rows[0].cells) if alignment.rows else 0
    marked = set(alignment.marked)
    rows = [(*row.cells, *[""] * columns)[:columns] for row in alignment.rows]
    widths = [
        max((cell_len(one_line(row[column])) for row in rows), default=1) or 1
        for column in range(columns)
    ]
    taken = sum(widths) + len(_GAP) * columns
    longest = max((cell_len(one_line(row.name)) for row in alignment.rows), default=0)
    names = max(min(longest, width - taken), min(longest, 6))
    by_name = {operand.name: operand for operand in operands}
    lines = []
    for row, cells in zip(alignment.rows, rows, strict=True):
        line = _padded(_code(cut(one_line(row.name), names)), names)
        for column, cell in enumerate(cells):
            text = one_line(cell) or _NO_DIMENSION
            if column in marked and cell:
                style = "bold reverse $text-error"
            else:
                style = "bold" if cell else "$text-muted"
            line += Content(_GAP + " " * max(0, widths[column] - cell_len(text)))
            line += Content.styled(text, style)
        operand = by_name.get(_subject(row.name))
        lines.append(_with_details(line, operand, width) if operand else cut_content(line, width))
    if marked:
        under = Content(" " * names)
        for column in range(columns):
            glyph = "✗" if column in marked else " "
            under += Content(_GAP) + Content.styled(glyph.rjust(widths[column]), "bold $text-error")
        lines.append(cut_content(under, width))
    return lines


def _subject(name: str) -> str:
    """The operand that a row of the drawing is about: "net.fc wants" is about net.fc."""
    return name.removesuffix(" wants")


def _with_details(line: Content, operand: Operand, width: int) -> Content:
    """`line` followed by as much as fits of dtype and device, or by what it is instead."""
    if operand.shape is None:
        about, room = one_line(operand.about), width - line.cell_length - len(_GAP)
        if about and room >= min(_LEAST, cell_len(about)):
            line += plain(_GAP + cut(about, room), "$text-muted")
        return cut_content(line, width)
    details = [dtype_text(one_line(operand.dtype)), one_line(operand.device)]
    if operand.inferred:
        details.append("worked out")
    for count in range(len(details), 0, -1):
        longer = line + plain("".join(_GAP + word for word in details[:count]), "$text-muted")
        if longer.cell_length <= width:
            return longer
    return cut_content(line, width)


def fix_lines(fix: Fix, width: int) -> list[Content]:
    """What to do, the code for it, and what the check of its shapes gave."""
    arrow = Content.styled("→ ", "$text-primary")
    inner = max(1, width - 2)
    if not fix.code:
        return indented(_with_code(fix.text).wrap(inner), _GAP, arrow)
    code = _code(one_line(fix.code))
    proof = Content("")
    if fix.checked:
        given = f"gives {one_line(fix.gives)} ✓" if fix.gives else "fits ✓"
        proof = Content.styled(given, "$text-success")
    lines = spread(code, proof, min(inner, 76))
    words = _with_code(fix.text).stylize("$text-muted").wrap(inner) if fix.text else []
    return indented([*lines, *words], _GAP, arrow)


def _failed(found: Explanation, width: int) -> list[Content]:
    """The expression, the layer it failed in, and the cell it stands in when it is another."""
    if not found.expression:
        return []
    where = []
    if found.layer:
        where.append(f"in {one_line(found.layer)}")
    if found.elsewhere and found.line:
        where.append(f"line {found.line} of another cell")
    place = plain(" · ".join(where), "$text-muted")
    code = _code(one_line(found.expression))
    if where and code.cell_length + 3 + place.cell_length <= width:
        return [code + Content("   ") + place]
    return [*code.wrap(width), *(place.wrap(width) if where else [])]


def _own_words(problem: Problem, width: int) -> list[Content]:
    """What Python or torch said, so that it is known the next time."""
    text = f"{problem.kind}: {problem.message.strip()}".strip()
    lines = [line for part in plain(text).split("\n") for line in part.wrap(width)]
    shown = lines[:_RAW_LINES]
    if len(lines) > _RAW_LINES:
        shown[-1] = cut_content(shown[-1] + Content(" …"), width)
    return [line.stylize("$text-muted italic") for line in shown]


def _code(text: str) -> Content:
    """One line of Python, coloured."""
    return Content(" ").join(syntax.highlight(text))


def _with_code(text: str) -> Content:
    """Prose in which `words between backticks` are code."""
    parts = re.split(r"`([^`\n]+)`", one_line(text))
    line = Content("")
    for number, part in enumerate(parts):
        line += plain(part, "bold $text-secondary") if number % 2 else plain(part)
    return line


def _padded(line: Content, width: int) -> Content:
    return line.pad_right(max(0, width - line.cell_length))
