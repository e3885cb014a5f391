"""What a script prints on its way to the learner's terminal: colours and redrawn lines pass, what
else a terminal would act on does not."""

from __future__ import annotations

import codecs
import re

_LONGEST = 256
"""Characters of a sequence that is still waited for."""
_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])"
)
_HARMLESS = re.compile(r"\x1b\[[0-9;:]*[mKA]")
_OPEN = re.compile(r"\x1b[^\n]*\Z")
_CONTROLS = dict.fromkeys(
    (*range(0x08), 0x0B, 0x0C, *range(0x0E, 0x1B), *range(0x1C, 0x20), *range(0x7F, 0xA0))
)


class Passing:
    """Takes bytes as they come and gives text for a terminal."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes, *, last: bool = False) -> str:
        """What may be written now; a sequence that is not complete waits for the rest."""
        text = self._held + self._decode.decode(data, last)
        self._held = ""
        opened = _OPEN.search(_SEQUENCE.sub(lambda it: " " * len(it[0]), text))
        if opened and not last and len(text) - opened.start() < _LONGEST:
            text, self._held = text[: opened.start()], text[opened.start() :]
        text = _SEQUENCE.sub(lambda it: it[0] if _HARMLESS.fullmatch(it[0]) else "", text)
        kept = _HARMLESS.sub(lambda it: it[0].replace("\x1b", "\0"), text)
        return kept.replace("\x1b", "").translate({**_CONTROLS, 0: "\x1b"})
