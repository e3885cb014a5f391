"""A script of the learner's own: its text and output at the left, the panels beside or over it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tutor.script.ending import Ending, ending_of
from tutor.session.snapshot import CellRun, Snapshot
from tutor.ui.inspector import Inspector
from tutor.ui.keys import Where, bindings, key
from tutor.ui.screens.panelled import PanelledScreen
from tutor.ui.widgets.output import OutputView
from tutor.ui.widgets.plain import PlainStatic, one_line, plain
from tutor.ui.widgets.runnable import RunnableView
from tutor.ui.widgets.script_view import ScriptView
from tutor.ui.widgets.source import SourceView
from tutor.ui.widgets.status import WorkerStatus
from tutor.ui.widgets.tensors import TensorsPanel

if TYPE_CHECKING:
    from tutor.ui.script_app import ScriptApp

_NO_LINES = "-no-lines"
_FIRST_PANEL = "training"
"""In front when a run begins: scripts keep their tensors in functions, so there is no table yet."""


class ScriptScreen(PanelledScreen):
    """`name` is the script's; `saved` is set where a record is shown, and nothing runs."""

    context: Where = "script"
    footer_name = "script"
    BINDINGS: ClassVar[list[BindingType]] = bindings("script")

    def __init__(self, name: str, title: str, text: str, *, saved: str = "") -> None:
        super().__init__()
        self._name = name
        self._title = title
        self._text = text
        self._saved = saved
        self._told = ""
        self._run = 0
        self._met_ranks = False
        if saved:
            self.footer_name = "record"

    # -------------------------------------------------------------- drawing

    def body(self) -> Iterable[Widget]:
        with Horizontal(classes="top"):
            yield PlainStatic(plain(f" {one_line(self._title)}", "bold"), id="title")
            yield PlainStatic(id="warnings")
            yield WorkerStatus(id="worker")
        with Horizontal(id="script"):
            with Vertical(id="main"):
                yield ScriptView(self._name, self._text)
            yield Inspector()
        yield PlainStatic(id="ending")

    def on_mount(self) -> None:
        self.query_one("#worker").display = not self._saved
        self.enter_main()
        self.take(self.tutor.snapshot)

    @property
    def script(self) -> ScriptView:
        return self.query_one(ScriptView)

    @property
    def home(self) -> ScriptApp:
        return cast("ScriptApp", self.app)

    def enter_main(self) -> None:
        self.script.source.focus()

    def take(self, snapshot: Snapshot) -> None:
        if not self.is_mounted:
            return
        self.query_one("#worker", WorkerStatus).snapshot = replace(snapshot, lost="")
        self._warn(snapshot)
        self.query_one(Inspector).take(snapshot)
        run = snapshot.runs.get(self._name)
        self._show_run(snapshot, run)
        ending = ending_of(self._name, run) if run is not None else None
        self._tell(snapshot, ending)
        if run is not None and ending is not None and snapshot.phase in ("ready", "failed"):
            self.home.over(run)

    def _show_run(self, snapshot: Snapshot, run: CellRun | None) -> None:
        view = self.script
        view.run = run
        view.input_wanted = snapshot.input_wanted
        view.lines = snapshot.observed.lines.of(self._name, run.run) if run else None
        view.lines_shown = not self.app.has_class(_NO_LINES)
        live = run is not None and run.state == "running"
        view.source.running_line = snapshot.observed.line if live else 0
        if run is not None and run.run != self._run:
            self._run = run.run
            view.source.followed = True
            self.query_one(Inspector).bring(_FIRST_PANEL)
            self._met_ranks = False
        ranks = snapshot.observed.ranks
        if run is not None and ranks.run == run.run and ranks.rows and not self._met_ranks:
            self._met_ranks = True  # once: from here on the learner turns the panels
            self.query_one(Inspector).bring("ranks")
        training = snapshot.observed.training
        if live and run is not None and training.run == run.run and training.loops:
            loop = training.loops[-1].line
            view.source.follow(snapshot.observed.line if snapshot.observed.line > loop else loop)

    def _warn(self, snapshot: Snapshot) -> None:
        words = list(self.home.warnings)
        if snapshot.isolation is not None and snapshot.isolation.tier == "process-only":
            words.insert(0, "NO SANDBOX")
        label = self.query_one("#warnings", PlainStatic)
        label.set_class(bool(words), "-shown")
        label.show(f" {' · '.join(dict.fromkeys(words))} ")

    def _tell(self, snapshot: Snapshot, ending: Ending | None) -> None:
        text, tone = self._sentence(snapshot, ending)
        line = self.query_one("#ending", PlainStatic)
        if self._told != f"{tone}{text}":
            self._told = f"{tone}{text}"
            line.display = bool(text)
            for name in ("good", "bad", "warn"):
                line.set_class(name == tone, f"-{name}")
            line.show(text)

    def _sentence(self, snapshot: Snapshot, ending: Ending | None) -> tuple[str, str]:
        again, leave = key("script.run").shown, key("app.quit").shown
        if self._saved:
            return f"{ending or ''} Saved {self._saved}; nothing runs here. {leave} quits.", "warn"
        if snapshot.phase == "failed":
            return f"✗ {snapshot.sentence}", "bad"
        if snapshot.phase == "interrupting":
            stop = key("app.stop").shown
            return f"◼ {snapshot.sentence}; {stop} again ends it at once.", "warn"
        if ending is not None and snapshot.running == "":
            tone = {"✓": "good", "✗": "bad"}.get(ending.mark, "warn")
            changed = " The file has changed since." if self.home.file_changed else ""
            return f"{ending}{changed} {again} runs it again, {leave} quits.", tone
        if snapshot.phase in ("warming", "restarting"):
            return f"◌ {snapshot.sentence}", ""
        return " ".join(self.home.notes), "warn"

    # -------------------------------------------------------------- keys

    def action_run(self) -> None:
        self.home.run_script()

    def action_lines(self) -> None:
        """Show or hide what the lines made."""
        self.app.toggle_class(_NO_LINES)
        self.script.lines_shown = not self.app.has_class(_NO_LINES)

    def action_output(self) -> None:
        """Code and output, output alone, code alone."""
        self.close_overlay()
        half = self.script.turn()
        if self.script.input_wanted is not None and half != "code":
            self.script.action_edit()
        elif half == "output":
            self.script.query_one(OutputView).focus()
        else:
            self.enter_main()

    def action_leave(self) -> None:
        if not self.leave_panel():
            self.enter_main()

    def show_text(self, text: str) -> None:
        """The file has another text by now."""
        self.script.source.replace_text(text)

    def on_runnable_view_input_answered(self, event: RunnableView.InputAnswered) -> None:
        event.stop()
        self.tutor.session.answer_input(event.text)

    # -------------------------------------------------------------- focus

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.footer_changed()

    def footer_changed(self) -> None:
        if self.focus_in(Inspector):
            tensors = isinstance(self.focused, TensorsPanel)
            self.show_footer("script tensors" if tensors else "script panel")
        else:
            self.show_footer("record" if self._saved else "script")

    def contexts(self) -> tuple[Where, ...]:
        found: list[Where] = []
        focused = self.focused
        if isinstance(focused, SourceView):
            found.append("reading")
        elif isinstance(focused, OutputView):
            found.append("output")
        elif panel := self.panel_context():
            found.append(panel)
        return (*found, "script", "app")
