"""Why a run ended badly: what it was, where in the learner's code, and what to do next."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive

from tutor.session.snapshot import Problem
from tutor.ui.widgets import syntax
from tutor.ui.widgets.explanation import ExplanationCard
from tutor.ui.widgets.flow import Flow, Lines, cut, spread
from tutor.ui.widgets.fold import Fold
from tutor.ui.widgets.plain import one_line, plain
from tutor.wire.messages import Frame

_MESSAGE_LINES = 12


class ProblemCard(Vertical):
    """Draws a `Problem`, explained where it can be; the traceback stays folded."""

    DEFAULT_CSS = """
    ProblemCard {
        height: auto;
        padding: 0 1;
        border-left: thick $error;
        background: $background;
        & Flow { background: transparent; }
        & Fold { display: none; }
        &.-frames Fold { display: block; }
    }
    """

    problem: reactive[Problem | None] = reactive(None, init=False)

    def __init__(
        self, problem: Problem | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(ProblemCard.problem, problem)

    def compose(self) -> ComposeResult:
        yield Flow(self._lines, id="head")
        yield ExplanationCard()
        yield Fold(*self._traceback())

    def on_mount(self) -> None:
        self._show()

    def watch_problem(self) -> None:
        if self.is_mounted:
            self._show()

    def _show(self) -> None:
        self.set_class(bool(self.problem and self.problem.frames), "-frames")
        self.query_one("#head", Flow).reflow()
        self.query_one(ExplanationCard).problem = self.problem
        fold = self.query_one(Fold)
        fold.show(*self._traceback())
        fold.expanded = False

    def _lines(self, width: int) -> list[Content]:
        return problem_lines(self.problem, width) if self.problem else []

    def _traceback(self) -> tuple[str, Lines]:
        frames = self.problem.frames if self.problem else ()
        return traceback_title(frames), lambda width: traceback_lines(frames, width)


def problem_lines(problem: Problem, width: int) -> list[Content]:
    """Head with the line at its right; then message and advice, where no explanation follows."""
    found = problem.explanation
    title = found.title if found is not None and found.title else problem.kind
    head = plain(f"✗ {one_line(title)}", "bold $text-error")
    place = plain(f"line {problem.line}" if problem.line else "", "$text-muted")
    lines = spread(head, place, width)
    if found is not None:
        return lines
    message = plain(problem.message.strip() or "(it came without a message)").split("\n")
    for line in message[:_MESSAGE_LINES]:
        lines += line.wrap(width)
    if len(message) > _MESSAGE_LINES:
        more = len(message) - _MESSAGE_LINES
        lines.append(Content.styled(f"… {more} more lines", "$text-muted"))
    if problem.advice:
        lines += (Content.styled("→ ", "$text-primary") + plain(problem.advice)).wrap(width)
    return lines


def traceback_title(frames: tuple[Frame, ...]) -> str:
    """`traceback (2 lines of yours, 5 of libraries)`."""
    own = sum(frame.own for frame in frames)
    others = len(frames) - own
    parts = [f"{own} line{'s' * (own != 1)} of yours"] if own else []
    parts += [f"{others} of libraries"] if others else []
    return f"traceback ({', '.join(parts)})"


def traceback_lines(frames: tuple[Frame, ...], width: int) -> list[Content]:
    """Own frames with their code; neighbouring library frames as one line."""
    lines: list[Content] = []
    skipped = 0
    for frame in (*frames, None):
        if frame is not None and not frame.own:
            skipped += 1
            continue
        if skipped:
            text = f"… {skipped} frame{'s' * (skipped != 1)} of libraries"
            lines.append(Content.styled(text, "$text-muted"))
            skipped = 0
        if frame is None:
            break
        where = f"line {frame.line} in {frame.function}" if frame.function else f"line {frame.line}"
        lines.append(plain(cut(one_line(where), width), "$text-muted"))
        for code in syntax.highlight(frame.code.strip()):
            lines.append(Content("  ") + code.truncate(max(1, width - 2), ellipsis=True))
    return lines
