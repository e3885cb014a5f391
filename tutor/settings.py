"""What a learner may set in `config.toml`: every key, its default and its limits."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

DEVICE = re.compile(r"cpu|mps|(cuda|xpu)(:\d{1,3})?")
DEVICE_FORMS = "cpu, cuda, cuda:1, mps, xpu or xpu:1"


@dataclass(frozen=True, slots=True)
class Settings:
    """Every key of the file, all optional."""

    device: str = ""
    """Where cells run: "cpu", "cuda", "cuda:1", "mps", "xpu"; "" = the best that is found."""
    theme: str = ""
    """Name of a theme; "" = torch-tutor's own."""
    threads: int = 0
    """Threads inside one torch operation; 0 = decide by the machine."""
    memory: int = 0
    """Bytes that learner code may use; 0 = decide by the machine. In the file also "4 GiB"."""
    time_factor: float = 1.0
    """Multiplies every time limit of the lessons; 2 on a machine of half the speed."""
    animation: bool = False
    """Whether the screen may animate scrolling and the like."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and what in the file had no meaning, one sentence each."""

    settings: Settings = Settings()
    warnings: tuple[str, ...] = ()


class SettingsError(Exception):
    """Something in the file that cannot be used, as sentences for the learner."""


def load_settings(path: Path) -> Loaded:
    """The settings in `path`, defaults when it does not exist.

    Raises:
        SettingsError: it cannot be read, is no TOML, or a value is unfit; names file and key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Loaded()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} could not be read: {error}.") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from None
    return parse_settings(table, path)


def parse_settings(table: Mapping[str, Any], path: Path) -> Loaded:
    """The settings in a parsed file; `path` is named in errors.

    Raises:
        SettingsError: a value has another type than its key wants, or lies outside its limits.
    """
    known = [field.name for field in fields(Settings)]
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for key, value in table.items():
        if key not in known:
            warnings.append(f"{path}: {_unknown(key, known)}")
            continue
        try:
            values[key] = _READ[key](value)
        except ValueError as error:
            raise SettingsError(f"{path}: {key} = {_shown(value)} is no good: {error}.") from None
    return Loaded(Settings(**values), tuple(warnings))


def check_device(text: str) -> str:
    """`text` when it has the form of a device name, such as `cpu` or `cuda:1`.

    Raises:
        ValueError: it has not; says which forms there are.
    """
    if not DEVICE.fullmatch(text):
        raise ValueError(f"a device is {DEVICE_FORMS}")
    return text


def memory_bytes(text: str) -> int:
    """`"4 GiB"` → 4294967296. Raises ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT])i?B", text.strip(), re.IGNORECASE)
    if found is None:
        raise ValueError('memory is a number of bytes, or a text like "4 GiB"')
    return int(float(found[1]) * 1024 ** (" KMGT".index(found[2].upper())))


def _device(value: Any) -> str:
    return value if value == "" else check_device(_text(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("it must be a text in quotes")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it must be true or false")
    return value


def _memory(value: Any) -> int:
    size = memory_bytes(value) if isinstance(value, str) else _number(value, int, 0, 1 << 50)
    if 0 < size < 512 << 20:
        raise ValueError("torch itself needs 512 MiB; give at least that, or 0")
    return size


def _number(value: Any, kind: type, low: float, high: float) -> Any:
    number = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"it must be {what} from {low:g} to {high:g}")
    return kind(value)


_READ: dict[str, Callable[[Any], Any]] = {
    "device": _device,
    "theme": _text,
    "threads": lambda value: _number(value, int, 0, 1024),
    "memory": _memory,
    "time_factor": lambda value: _number(value, float, 0.1, 100),
    "animation": _truth,
}


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(known)}."
    return f"{key!r} means nothing here and was passed over; {hint}"


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()[:60]
