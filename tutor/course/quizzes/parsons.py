"""parsons: put the lines of a program in order, and leave out those that belong nowhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tutor.course.errors import Complaints
from tutor.course.model import Choice, Quiz
from tutor.course.quizzes.base import Feedback, QuizKind
from tutor.course.tables import explanations_of, text_of, unknown_keys

Order = tuple[int, ...]

_BEFORE = re.compile(r"(\d+) before (\d+)")


def shuffled(quiz: Quiz) -> Order:
    """Indices of all pieces as the learner first sees them: the same for a question, always, and
    no right order."""

    def drawn(number: int) -> bytes:
        return hashlib.sha256(f"{quiz.id}\0{number}".encode()).digest()

    order = tuple(sorted(range(len(quiz.pieces)), key=drawn))
    start = next((n for n in range(len(order)) if not _solved(quiz, _turned(order, n))), 0)
    return _turned(order, start)


def program(quiz: Quiz, order: Sequence[int]) -> str:
    """The text that the pieces make in that order."""
    return "\n".join(quiz.pieces[number] for number in order)


def _turned(order: Order, by: int) -> Order:
    return order[by:] + order[:by]


def _solved(quiz: Quiz, order: Order) -> bool:
    """Whether the lines stand right, wherever the distractors are."""
    lines = tuple(number for number in order if number < len(quiz.lines))
    return _named(quiz.lines, lines) in quiz.orders


def _named(lines: Sequence[str], order: Sequence[int]) -> Order:
    """`order` with identical lines in the order of their numbers: they are interchangeable."""
    waiting: dict[str, list[int]] = {}
    for number in sorted(n for n in order if n < len(lines)):
        waiting.setdefault(lines[number], []).append(number)
    # A line that was left out is the last one of its text.
    for text, numbers in waiting.items():
        same = [n for n, line in enumerate(lines) if line == text]
        numbers[:] = same[: len(numbers)]
    return tuple(waiting[lines[n]].pop(0) if n < len(lines) else n for n in order)


def _judge(quiz: Quiz, answer: tuple[str, ...]) -> tuple[bool, Feedback]:
    given = _named(quiz.lines, _indices(quiz, answer))
    if given in quiz.orders:
        return True, ()
    count = len(quiz.lines)
    told = [
        (quiz.distractors[n - count].text.strip(), quiz.distractors[n - count].why)
        for n in given
        if n >= count
    ]
    lines = tuple(n for n in given if n < count)
    for key, why in quiz.wrong.items():
        first, second = _pair(key)
        if first in lines and second in lines and lines.index(first) < lines.index(second):
            told.append((quiz.lines[first].strip(), why))
            break
    return False, tuple(told) or (("", _how_far(lines, quiz.orders)),)


def _how_far(lines: Order, right: Sequence[Order]) -> str:
    """What is known of an order that nobody foresaw, without giving it away."""
    missing = len(right[0]) - len(lines)
    more = "one more line belongs" if missing == 1 else f"{missing} more lines belong"
    if missing and any(_within(lines, order) for order in right):
        return f"So far so good: {more} in place."
    if missing:
        return f"The order is not right yet, and {more} in place."
    start = max(_agreeing(lines, order) for order in right)
    if start == 0:
        return "Another line comes first."
    stand = "The first line stands" if start == 1 else f"The first {start} lines stand"
    return f"{stand} right; the next one comes too early."


def _within(lines: Order, order: Order) -> bool:
    rest = iter(order)
    return all(line in rest for line in lines)


def _agreeing(lines: Order, order: Order) -> int:
    pairs = zip(lines, order, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), len(lines))


def _indices(quiz: Quiz, answer: tuple[str, ...]) -> Order:
    legal = {str(number): number for number in range(len(quiz.pieces))}
    for text in answer:
        if text not in legal:
            raise ValueError(f"no line has the index {text!r}")
    if len(set(answer)) < len(answer):
        raise ValueError("a line stands in two places")
    return tuple(legal[text] for text in answer)


def _pair(key: str) -> tuple[int, int]:
    match = _BEFORE.fullmatch(key)
    assert match, key
    return int(match[1]) - 1, int(match[2]) - 1


def _read(table: Mapping[str, Any], line: int, complaints: Complaints) -> dict[str, Any]:
    lines = _read_lines(table, line, complaints)
    if not lines:
        return {}
    distractors = _read_distractors(table, lines, line, complaints)
    orders = _read_orders(table, lines, line, complaints)
    wrong = explanations_of(table, "2 before 1", line, complaints)
    for key in wrong:
        _look_at(key, lines, orders, line, complaints)
    return {"lines": lines, "distractors": distractors, "orders": orders, "wrong": wrong}


def _read_lines(table: Mapping[str, Any], line: int, complaints: Complaints) -> tuple[str, ...]:
    lines = table.get("lines")
    if (
        not isinstance(lines, list)
        or len(lines) < 2
        or not all(isinstance(text, str) and text.strip() and "\n" not in text for text in lines)
    ):
        complaints.add(
            line, 'a parsons question needs `lines = ["…", "…"]`: expected two lines or more'
        )
        return ()
    kept = tuple(text.rstrip() for text in lines)
    if len(set(kept)) == 1:
        complaints.add(line, "all of `lines` are the same; there is nothing to put in order")
    return kept


def _read_distractors(
    table: Mapping[str, Any], lines: Sequence[str], line: int, complaints: Complaints
) -> tuple[Choice, ...]:
    rows = table.get("distractors", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        complaints.add(line, "expected tables [[distractors]], each with `text` and `why`")
        return ()
    found: list[Choice] = []
    taken = {text: f"line {number}" for number, text in enumerate(lines, 1)}
    for number, row in enumerate(rows, 1):
        what = f"distractor {number}"
        unknown_keys(row, ("text", "why"), what, line, complaints)
        text = text_of(row, "text", what, line, complaints).rstrip()
        why = text_of(row, "why", what, line, complaints)
        if "\n" in text:
            complaints.add(line, f"{what} has more than one line; expected one")
        if text and text in taken:
            complaints.add(line, f"{what} is the same as {taken[text]}")
        taken.setdefault(text, what)
        found.append(Choice(text, False, why))
    return tuple(found)


def _read_orders(
    table: Mapping[str, Any], lines: Sequence[str], line: int, complaints: Complaints
) -> tuple[Order, ...]:
    natural = tuple(range(len(lines)))
    orders = [natural]
    rows = table.get("orders", [])
    if not isinstance(rows, list):
        complaints.add(line, "expected `orders = [[2, 1, …]]`, a list of other right orders")
        rows = []
    for number, row in enumerate(rows, 1):
        whole = isinstance(row, list) and all(type(n) is int for n in row)
        if not whole or sorted(row) != [n + 1 for n in natural]:
            complaints.add(
                line,
                f"order {number} of `orders` is not an order of all lines; expected each number "
                f"from 1 to {len(lines)} once",
            )
            continue
        order = _named(lines, [n - 1 for n in row])
        if order in orders:
            complaints.add(line, f"order {number} of `orders` was given before")
        orders.append(order)
    return tuple(orders)


def _look_at(
    key: str, lines: Sequence[str], orders: Sequence[Order], line: int, complaints: Complaints
) -> None:
    """Complain of a line of [wrong] that could never be said, or not rightly."""
    match = _BEFORE.fullmatch(key)
    if match is None or not all(1 <= int(number) <= len(lines) for number in match.groups()):
        complaints.add(
            line,
            f"`{key}` in [wrong] names no two lines; expected for example `2 before 1`, with "
            f"numbers from 1 to {len(lines)}",
        )
        return
    first, second = _pair(key)
    if lines[first] == lines[second]:
        complaints.add(line, f"`{key}` in [wrong] names one text twice, so it is never told apart")
    elif any(order.index(first) < order.index(second) for order in orders):
        complaints.add(line, f"`{key}` in [wrong] holds in a right order; it cannot be wrong")


PARSONS = QuizKind("parsons", ("lines", "orders", "distractors", "wrong"), _read, _judge, runs=True)
