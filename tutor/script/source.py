"""The text of a script, read as Python reads it."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

LARGEST = 400_000
"""Bytes; longer files are data, not programs."""


def read_source(path: Path) -> str:
    """The text in the file's own encoding, with plain line ends.

    Raises:
        ValueError: it cannot be read as a Python program; says why.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} could not be read ({error.strerror}).") from None
    if len(data) > LARGEST:
        raise ValueError(f"{path} is {len(data):,} bytes long, too much for a script.")
    if b"\0" in data:
        raise ValueError(f"{path} is no text, so it is no Python script.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise ValueError(f"{path} could not be decoded: {error}.") from None
    return io.IncrementalNewlineDecoder(None, translate=True).decode(text)
