"""Whether a course that did not come with torch-tutor may run its code on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from tutor.commands.errors import CommandError
from tutor.course.catalogue import is_shipped
from tutor.session.snapshot import Isolation
from tutor.settings import ThirdParty
from tutor.text import sanitize

REFUSED = 1
Ask = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with the course. `why` follows "because"; `missing` is what the sandbox here
    does not enforce, one sentence each."""

    action: Literal["open", "ask", "refuse"]
    why: str
    missing: tuple[str, ...] = ()


def decide(policy: ThirdParty, isolation: Isolation, *, shipped: bool = False) -> Decision:
    """Pure: what `policy` says of a course under `isolation`. What was shipped is always opened."""
    if shipped:
        return Decision("open", "it came with torch-tutor")
    if policy == "never":
        return Decision("refuse", 'third_party is "never"')
    if isolation.tier == "strong":
        return Decision("open", "the sandbox is complete on this machine")
    missing = isolation.missing or (isolation.sentence,)
    if policy == "always":
        return Decision("open", 'third_party is "always"', missing)
    why = "the sandbox is not complete on this machine"
    return Decision("ask" if policy == "ask" else "refuse", why, missing)


def need_trust(title: str, folder: Path, policy: ThirdParty, config: Path) -> None:
    """Ask where `policy` and the sandbox of this machine make it necessary; `config` is named in
    what is said.

    Raises:
        CommandError: the course in `folder` may not run its code here.
    """
    if is_shipped(folder):
        return
    there = sys.stdin.isatty() and sys.stdout.isatty()
    require(
        decide(policy, isolation_here()), title, folder, config, ask_on_terminal if there else None
    )


def require(decision: Decision, title: str, folder: Path, config: Path, ask: Ask | None) -> None:
    """Return when the course may be opened. `ask` puts the question, None where nobody can answer.

    Raises:
        CommandError: it may not, or the learner said no.
    """
    if decision.action == "open":
        return
    name = f"“{sanitize(title)}” in {folder}"
    missing = [f"  ! {sentence}" for sentence in decision.missing]
    if decision.action == "ask" and ask is not None:
        told = [
            f"{name} did not come with torch-tutor, and {decision.why}:",
            *missing,
            "What its authors wrote will run here within these limits.",
        ]
        if ask("\n".join(told) + "\nOpen it? [y/N] "):
            return
        raise CommandError("the course was not opened.", _advice(config), code=REFUSED)
    told = [f"{name} was not opened, because {decision.why}", *missing]
    raise CommandError(
        "\n".join([told[0] + (":" if missing else "."), *missing]), _advice(config), code=REFUSED
    )


def ask_on_terminal(question: str) -> bool:
    """The learner's answer; anything but yes is no."""
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False


@cache
def isolation_here() -> Isolation:
    """What the sandbox enforces on this machine, by trying it; well under a second."""
    from tutor.sandbox.platform import choose

    layers = choose().detect()
    return Isolation(layers.tier, layers.sentence, layers.missing)


def _advice(config: Path) -> str:
    return (
        f'To open such courses without a question, set third_party = "always" in {config}; '
        "`torch-tutor doctor` says what the sandbox enforces."
    )
