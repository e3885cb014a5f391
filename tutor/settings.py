"""What a learner may set in `config.toml`: every key, its default and its limits."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from tutor.text import bytes_text

ThirdParty = Literal["ask", "strong-only", "never", "always"]
THIRD_PARTY: tuple[ThirdParty, ...] = ("ask", "strong-only", "never", "always")
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
    processes: int = 0
    """Processes that learner code may run at once; 0 = decide by the machine."""
    disk: int = 0
    """Bytes that the scratch folder may hold; 0 = decide by the machine."""
    file_size: int = 0
    """Bytes of one file that learner code writes; 0 = decide by the machine."""
    output: int = 0
    """Bytes of printed text that are kept of each cell; 0 = the default."""
    third_party: ThirdParty = "ask"
    """Whether courses that did not come with torch-tutor may be opened; see `default_text`."""


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
        raise ValueError('a size is a number of bytes, or a text like "4 GiB"')
    return int(float(found[1]) * 1024 ** (" KMGT".index(found[2].upper())))


def default_text() -> str:
    """What the file holds before the learner changes it: every key, explained, commented out."""
    parts = [_HEADER]
    for field in fields(Settings):
        lines = [f"# {line}" for line in _EXPLAINED[field.name].splitlines()]
        parts.append("\n".join([*lines, f"#{field.name} = {_toml(field.default)}"]))
    return "\n\n".join(parts) + "\n"


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


def _size(low: int, why: str, high: int = 1 << 50) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        size = memory_bytes(value) if isinstance(value, str) else _number(value, int, 0, high)
        if size > high:
            raise ValueError(f"it must be at most {bytes_text(high)}")
        if 0 < size < low:
            raise ValueError(f"{why}; give at least that, or 0")
        return size

    return read


def _one_of(*names: str) -> Callable[[Any], Any]:
    def read(value: Any) -> str:
        if value not in names:
            raise ValueError("it must be " + ", ".join(f'"{name}"' for name in names))
        return value

    return read


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
    "memory": _size(512 << 20, "torch itself needs 512 MiB"),
    "time_factor": lambda value: _number(value, float, 0.1, 100),
    "animation": _truth,
    "processes": lambda value: _number(value, int, 0, 100_000),
    "disk": _size(16 << 20, "compiled code alone takes 16 MiB"),
    "file_size": _size(1 << 20, "a small model takes 1 MiB"),
    "output": _size(16 << 10, "one screen takes 16 KiB", 16 << 20),
    "third_party": _one_of(*THIRD_PARTY),
}

_HEADER = """# Settings of torch-tutor. Remove the "#" before a key to set it.
# `torch-tutor doctor` shows what holds now, and where each limit comes from."""

_EXPLAINED = {
    "device": """Where cells run: "cpu", "cuda", "cuda:1", "mps" or "xpu".
"" = the best that is found.""",
    "theme": """Name of a theme; "" = torch-tutor's own.""",
    "threads": """Threads inside one torch operation.
0 = one on small machines, else all cores but one.""",
    "memory": """What your code may use, such as "4 GiB". 0 = 60 % of this machine's memory.
On a GPU the memory of the device itself is not limited.""",
    "time_factor": """Multiplies every time limit of the lessons:
2 on a machine of half the speed.""",
    "animation": """Whether the screen may animate scrolling and the like.""",
    "processes": """Processes that your code may run at once.
0 = 256, more on machines of many cores.""",
    "disk": """What the scratch folder of a course may hold, such as "2 GiB".
0 = 2 GiB, less where the disk is nearly full.""",
    "file_size": """The largest file that your code may write, such as "512 MiB". 0 = 512 MiB.""",
    "output": """Printed text that is kept of each cell, its beginning and its end, such as "1 MiB".
0 = 320 KiB. More makes cells that print without end slower to draw.""",
    "third_party": """Courses that did not come with torch-tutor run code of their authors here.
"ask"          asks first where the sandbox is not complete here
"strong-only"  opens them only where it is complete
"never"        opens none
"always"       opens all without a question""",
}


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(known)}."
    return f"{key!r} means nothing here and was passed over; {hint}"


def _toml(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _shown(value: Any) -> str:
    return _toml(value)[:60]
