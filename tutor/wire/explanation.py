"""Why an exception happened, in parts that a screen can lay out: no torch, only bounded texts.

Everything in here comes from a process that ran learner code: it is decoded strictly and its
texts are sanitised like all others.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from tutor.wire.base import Line, Message, Name

Shape = Annotated[tuple[Annotated[int, Meta(ge=-1, le=1 << 62)], ...], Meta(max_length=64)]


class Operand(Message, frozen=True, tag=True):
    """One value that took part. `shape` is None for what is not a tensor.

    about: what to say instead of or beside the shape ("Linear(in_features=8, …)", "tuple of 2").
    inferred: worked out from the shapes of other tensors, without running anything again.
    """

    name: Line
    role: Literal["tensor", "layer", "value"] = "value"
    shape: Shape | None = None
    dtype: Name = ""
    device: Name = ""
    about: Line = ""
    inferred: bool = False


class AlignedRow(Message, frozen=True, tag=True):
    """One line of the drawing; "" is a place where this operand has no dimension."""

    name: Line
    cells: Annotated[tuple[Name, ...], Meta(max_length=64)]


class Alignment(Message, frozen=True, tag=True):
    """Shapes drawn so that the dimensions that must agree stand under each other.

    All rows have equally many cells; `marked` lists the columns that disagree.
    """

    rows: Annotated[tuple[AlignedRow, ...], Meta(max_length=16)]
    marked: Annotated[tuple[int, ...], Meta(max_length=64)] = ()


class Fix(Message, frozen=True, tag=True):
    """Something to try. `checked` means that its shapes and dtypes fit, not that it is meant.

    text: what it does. code: the expression as it would read, "" where it is not one expression.
    gives: the shape that came out of the check, such as "64×10".
    """

    text: Line
    code: Line = ""
    gives: Name = ""
    checked: bool = False


class Explanation(Message, frozen=True, tag=True):
    """One exception explained. `family` is stable: "matmul", "broadcast", …, or "generic".

    expression: the part of the learner's code that failed, on one line. layer: which layer of
    which model, such as "net.fc", "" where the expression says it. line and column count from 1,
    0 unknown; elsewhere: the line is one of another cell, which defined what was called.
    """

    family: Name
    title: Line
    why: Line = ""
    expression: Line = ""
    line: int = 0
    column: int = 0
    layer: Line = ""
    elsewhere: bool = False
    operands: Annotated[tuple[Operand, ...], Meta(max_length=16)] = ()
    alignment: Alignment | None = None
    fixes: Annotated[tuple[Fix, ...], Meta(max_length=6)] = ()
