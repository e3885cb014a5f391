"""How the text of a directive's attribute becomes a value, or a complaint of what was expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tutor.course.errors import suggestion
from tutor.course.ids import SHAPE, is_id

Reader = Callable[[str], Any]
"""Turns the text of an attribute into its value; ValueError says what was expected."""


def flag(text: str) -> bool:
    """A bare key."""
    return True


def word(text: str) -> str:
    """Any text without spaces."""
    if not text:
        raise ValueError("a word")
    return text


def identifier(text: str) -> str:
    """An id."""
    if not is_id(text):
        raise ValueError(SHAPE)
    return text


def error_name(text: str) -> str:
    """The name of an exception."""
    if not text.isidentifier():
        raise ValueError("the name of an exception, such as RuntimeError")
    return text


def number(low: int, high: int) -> Reader:
    """A whole number between `low` and `high`, both included."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return read


def seconds(text: str) -> float:
    """A time limit."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise ValueError("seconds, more than 0 and at most 3600")
    return value


def one_of(*allowed: str) -> Reader:
    """One of a few words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"{' or '.join(allowed)}; {suggestion(text, allowed)}")
        return text

    return read


def names(text: str) -> tuple[str, ...]:
    """Names of packages, joined by commas."""
    values = tuple(text.split(","))
    if not all(value.replace(".", "_").isidentifier() for value in values):
        raise ValueError("package names joined by commas")
    return values
