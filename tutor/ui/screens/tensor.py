"""One tensor, opened from the tensors panel: picture, values and memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.widget import Widget

from tutor.session.snapshot import Snapshot
from tutor.ui.keys import Where, bindings
from tutor.ui.screens.base import TutorScreen
from tutor.ui.widgets.plain import PlainStatic, plain
from tutor.ui.widgets.tensor_view import TensorView
from tutor.wire.messages import InspectFailed


class TensorScreen(TutorScreen):
    """Asks the worker once it opens, and again after every run. The picture has the focus."""

    context: Where = "tensor"
    footer_name = "tensor"
    CSS_PATH = "lesson.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("tensor")

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._seen = -1

    def body(self) -> Iterable[Widget]:
        yield PlainStatic(plain(f" {self._path}", "bold"), classes="top")
        yield PlainStatic("reading the tensor …", id="reason")
        yield TensorView()

    def on_mount(self) -> None:
        self.query_one(TensorView).display = False
        self.query_one(TensorView).focus()
        self.take(self.tutor.snapshot)

    def contexts(self) -> tuple[Where, ...]:
        return ("tensor", "reading", "app")

    def take(self, snapshot: Snapshot) -> None:
        if snapshot.phase == "ready" and snapshot.tensors.run != self._seen:
            self._seen = snapshot.tensors.run
            self._ask()

    @work(exclusive=True)
    async def _ask(self) -> None:
        answer = await self.tutor.session.inspect(self._path)
        view = self.query_one(TensorView)
        failed = isinstance(answer, InspectFailed)
        self.query_one("#reason").display = failed
        view.display = not failed
        if isinstance(answer, InspectFailed):
            self.query_one("#reason", PlainStatic).show(answer.reason)
            return
        view.detail = answer
        view.focus()

    def action_back(self) -> None:
        self.dismiss()
