"""The only place that knows control codes: every foreign text passes `sanitize` first."""

from __future__ import annotations

import re

# A sequence that nothing ends is over at the end of its line, so that it hides no more than that.
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\|$)|[ -/]*[0-~]|$)",
    re.MULTILINE,
)
_C1_SEQUENCE = re.compile(
    r"\x9b[0-?]*[ -/]*[@-~]|[\x90\x98\x9d\x9e\x9f][^\x07\x9c\n]*(?:[\x07\x9c]|$)",
    re.MULTILINE,
)
_C1 = re.compile(r"[\x90\x98\x9b\x9d-\x9f]")
_BIDI = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_CONTROLS = (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0))
_REPLACED = {
    **dict.fromkeys(_CONTROLS, "\ufffd"),
    **dict.fromkeys(map(ord, _BIDI), "\ufffd"),
    0x0D: None,
}


def sanitize(text: str) -> str:
    """`text` with nothing left that a terminal would act on but newlines and tabs.

    Escape sequences go; other control characters and bidirectional overrides become U+FFFD.
    Carriage returns are dropped; call `overwrite` first where they mean "redraw this line".
    """
    return strip_escapes(text).translate(_REPLACED)


def strip_escapes(text: str) -> str:
    """`text` without escape sequences; single control characters stay."""
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    if _C1.search(text):
        text = _C1_SEQUENCE.sub("", text)
    return text


def overwrite(line: str) -> str:
    """What a terminal would show of one line with carriage returns in it (progress bars)."""
    if "\r" not in line:
        return line
    shown = ""
    for part in line.rstrip("\r").split("\r"):
        shown = part + shown[len(part) :]
    return shown


def shape_text(shape: tuple[int, ...]) -> str:
    """`(2, 3)` → `2×3`; a scalar is `scalar`."""
    return "×".join(map(str, shape)) if shape else "scalar"


_SHORT_DTYPES = {
    "float32": "f32",
    "float64": "f64",
    "float16": "f16",
    "bfloat16": "bf16",
    "int64": "i64",
    "int32": "i32",
    "int16": "i16",
    "int8": "i8",
    "uint8": "u8",
    "complex64": "c64",
    "complex128": "c128",
}


def dtype_text(dtype: str) -> str:
    """`float32` → `f32`; names without a short form stay."""
    return _SHORT_DTYPES.get(dtype, dtype)


def bytes_text(count: int) -> str:
    """Bytes for people: `1.5 GiB`."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def seconds_text(seconds: float) -> str:
    """Durations for people: `4 ms`, `3.2 s`, `2 min 5 s`."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"
