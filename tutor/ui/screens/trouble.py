"""What the learner sees when torch-tutor itself made a mistake: facts and a next step."""

from __future__ import annotations

import traceback
from datetime import datetime
from pathlib import Path

from tutor.ui.screens.dialogs import Choose


class TroubleScreen(Choose):
    """Returns "map" to go on from the course map, "quit" to leave."""

    def __init__(self, what: str, report: Path | None) -> None:
        text = (
            f"An error in torch-tutor, not in your code: {what}\n\n"
            "Your code and your progress were saved. Go on from the course map; if it happens "
            "again, restart torch-tutor."
        )
        if report is not None:
            text += f"\n\nA report for the authors was written to {report}"
        super().__init__(
            "Something went wrong here", text, (("map", "To the course map"), ("quit", "Quit"))
        )


def write_report(folder: Path | None, error: BaseException) -> Path | None:
    """The traceback as a file in `folder`; None when there is nowhere to write it."""
    if folder is None:
        return None
    path = folder / f"error-{datetime.now():%Y%m%d-%H%M%S}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return None
    return path
