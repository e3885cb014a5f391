"""What every message is made of: bounded texts and counts, and the tagged base struct."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Name = Annotated[str, Meta(max_length=300)]
Line = Annotated[str, Meta(max_length=2_000)]
Text = Annotated[str, Meta(max_length=200_000)]
Source = Annotated[str, Meta(max_length=500_000)]
Count = Annotated[int, Meta(ge=0, le=1 << 62)]


class Message(Struct, frozen=True, tag_field="t", forbid_unknown_fields=True):
    """Base of all messages; the tag is the class name."""
