"""Which device cells use, of those that were found. Detection itself happens in a child process."""

from __future__ import annotations

from tutor.session.api import SessionError
from tutor.wire.messages import Device


def choose(wanted: str, found: tuple[Device, ...]) -> Device:
    """The device called `wanted` ("cuda", "cuda:1", "cpu"), or the best when it is "".

    Raises:
        SessionError: it is not there; says what is.
    """
    if not found:
        raise SessionError("torch reported no usable device.", "Reinstall torch and try again.")
    if not wanted:
        return found[0]
    kind, _, index = wanted.partition(":")
    for device in found:
        if device.kind == kind and (not index or device.index == int(index)):
            return device
    listed = ", ".join(f"{device_text(device)} ({device.name})" for device in found)
    raise SessionError(
        f"The device {wanted!r} was asked for but is not here.",
        f"Found: {listed}. Start with --device {found[0].kind}, or leave --device out.",
    )


def device_text(device: Device) -> str:
    """`cpu`, `mps`, `cuda:1`; the index only where it tells something."""
    return f"{device.kind}:{device.index}" if device.index else device.kind
