"""Arguments that several commands take, and what they are checked against."""

from __future__ import annotations

import argparse
from pathlib import Path

from tutor.settings import DEVICE_FORMS, check_device


def add_device(parser: argparse.ArgumentParser) -> None:
    """`--device cuda:1`; None when it is left out."""
    parser.add_argument(
        "--device",
        type=device,
        metavar="D",
        help=f"where cells run: {DEVICE_FORMS}; the best that is found when left out",
    )


def add_pack(parser: argparse.ArgumentParser) -> None:
    """`--pack FOLDER`; None when it is left out."""
    parser.add_argument(
        "--pack",
        type=Path,
        metavar="PATH",
        help="folder of another course (it holds pack.toml)",
    )


def device(text: str) -> str:
    """The device `text`, if it has the form of one; whether it exists is seen later."""
    try:
        return check_device(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no device: {error}") from None


def whole_number(low: int, high: int) -> type[int]:
    """A parser of whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return number

    return parse  # type: ignore[return-value]
