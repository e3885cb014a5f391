"""The answer to "check": what is right, what is not, and the smallest case that shows it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive

from tutor.session.snapshot import Problem, Verdict
from tutor.text import seconds_text
from tutor.ui.widgets.flow import Flow, indented, spread
from tutor.ui.widgets.fold import Fold
from tutor.ui.widgets.grid import grid_lines, pair_lines
from tutor.ui.widgets.plain import plain
from tutor.ui.widgets.problem import ProblemCard
from tutor.ui.widgets.prose_layout import prose_lines
from tutor.wire.messages import Failure


class VerdictCard(Vertical):
    """Draws a `Verdict`. `learnt` is shown after a pass, `attempts` after a failure."""

    DEFAULT_CSS = """
    VerdictCard {
        height: auto;
        padding: 0 1;
        border-left: thick $foreground 40%;
        background: $background;
        & Flow { background: transparent; }
        & ProblemCard { display: none; border-left: none; padding: 0; }
        & Fold { display: none; }
        &.-passed { border-left: thick $success; }
        &.-failed { border-left: thick $error; }
        &.-broken { border-left: thick $warning; }
        &.-problem ProblemCard { display: block; }
        &.-inputs > Fold { display: block; }
    }
    """

    verdict: reactive[Verdict | None] = reactive(None, init=False)
    attempts: reactive[int] = reactive(0, init=False)
    next_step: reactive[str] = reactive("", init=False)
    """What the last line says that can be done next, e.g. "F3 hint 1 of 3"."""

    def __init__(
        self,
        verdict: Verdict | None = None,
        *,
        learnt: str = "",
        attempts: int = 0,
        next_step: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.learnt = learnt
        self.set_reactive(VerdictCard.verdict, verdict)
        self.set_reactive(VerdictCard.attempts, attempts)
        self.set_reactive(VerdictCard.next_step, next_step)

    def compose(self) -> ComposeResult:
        yield Flow(self._head, id="head")
        yield ProblemCard()
        yield Fold("the inputs", self._inputs)
        yield Flow(self._foot, id="foot")

    def on_mount(self) -> None:
        self._show()

    def watch_verdict(self) -> None:
        if self.is_mounted:
            self._show()

    def _show(self) -> None:
        verdict = self.verdict
        failure = verdict.failure if verdict else None
        self.set_class(bool(verdict and verdict.passed), "-passed")
        self.set_class(bool(verdict and verdict.broken), "-broken")
        self.set_class(bool(verdict and not verdict.passed and not verdict.broken), "-failed")
        self.set_class(bool(verdict and verdict.problem), "-problem")
        self.set_class(bool(failure and failure.inputs), "-inputs")
        self.query_one(ProblemCard).problem = verdict.problem if verdict else None
        self._reflow()

    def watch_attempts(self) -> None:
        self._reflow()

    def watch_next_step(self) -> None:
        self._reflow()

    def _reflow(self) -> None:
        for flow in self.query(Flow):
            flow.reflow()

    def _head(self, width: int) -> list[Content]:
        return (
            verdict_lines(self.verdict, width, self.learnt, self.attempts) if self.verdict else []
        )

    def _inputs(self, width: int) -> list[Content]:
        failure = self.verdict.failure if self.verdict else None
        lines: list[Content] = []
        for grid in failure.inputs if failure else ():
            lines += grid_lines(grid, width)
        return lines

    def _foot(self, width: int) -> list[Content]:
        if not self.verdict or not self.next_step:
            return []
        return plain(self.next_step, "$text-muted").wrap(width)


def verdict_lines(
    verdict: Verdict, width: int, learnt: str = "", attempts: int = 0
) -> list[Content]:
    """Everything but the crash and the inputs."""
    if verdict.passed:
        return _passed(verdict, width, learnt)
    if verdict.broken:
        return _broken(verdict, width)
    counts = []
    if verdict.ran and verdict.checks > 1:
        counts.append(f"check {verdict.check} of {verdict.checks}")
    if attempts:
        counts.append(f"attempt {attempts}")
    right = Content.styled(" · ".join(counts), "$text-muted") if counts else Content("")
    failure = verdict.failure
    if failure is None:
        text = _not_run(verdict.problem) if not verdict.ran or verdict.problem else "Not yet."
        return spread(plain(f"✗ {text}", "bold $text-error"), right, width)
    lines = spread(plain(f"✗ Not yet: {failure.message}", "bold $text-error"), right, width)
    return lines + indented(_failure(failure, verdict.title, max(1, width - 2)), "  ")


def _failure(failure: Failure, title: str, width: int) -> list[Content]:
    lines: list[Content] = []
    if title:
        lines += plain(f"checked: {title}", "$text-muted").wrap(width)
    if failure.case or failure.difference:
        difference = plain(failure.difference and f"▸ {failure.difference}", "$text-warning")
        lines += spread(plain(failure.case), difference, width)
    lines += pair_lines(failure.expected, failure.got, width)
    if failure.line:
        lines.append(Content.styled(f"see line {failure.line} of your code", "$text-muted"))
    if failure.feedback:
        lines += prose_lines(failure.feedback, width)
    return lines


def _not_run(problem: Problem | None) -> str:
    if problem is None:
        return "Your code did not get as far as the check."
    return "Your code stopped before it could be checked."


def _passed(verdict: Verdict, width: int, learnt: str) -> list[Content]:
    count = f"{verdict.checks} checks" if verdict.checks > 1 else "1 check"
    right = Content.styled(f"{count} · {seconds_text(verdict.seconds)}", "$text-muted")
    lines = spread(Content.styled("✓ Passed.", "bold $text-success"), right, width)
    if learnt:
        lines += indented(prose_lines(learnt, max(1, width - 2)), "  ")
    return lines


def _broken(verdict: Verdict, width: int) -> list[Content]:
    head = Content.styled(
        "! The check itself failed. This is the lesson's fault, not yours.", "bold $text-warning"
    )
    last = verdict.broken.strip().split("\n")[-1]
    advice = plain(
        "Your code was kept. Go on with the next step; the authors need to hear of this."
    )
    return [
        *head.wrap(width),
        *indented(plain(last, "$text-muted").wrap(max(1, width - 2)), "  "),
        *indented(advice.wrap(max(1, width - 2)), "  "),
    ]
