"""The choices of a question, one or several of them to be picked."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from tutor.ui.widgets.prose_layout import code_lines, prose_lines
from tutor.ui.widgets.quiz_rows import RowList


class ChoiceList(RowList):
    """Space and a click pick, Enter answers; where only one may be picked, all three answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "choose", "Choose", show=False, id="quiz.choose"),
    ]

    chosen: reactive[frozenset[int]] = reactive(frozenset(), init=False)

    class Submitted(Message):
        """The learner settled on `answer`: indices as texts."""

        def __init__(self, answer: tuple[str, ...]) -> None:
            super().__init__()
            self.answer = answer

    def __init__(
        self,
        texts: tuple[str, ...],
        *,
        order: tuple[int, ...] = (),
        multi: bool = False,
        code: bool = False,
    ) -> None:
        """order: the place in `texts` of each row; answers are such places, whatever the order."""
        super().__init__(len(texts))
        self._texts = texts
        self._order = order or tuple(range(len(texts)))
        self._multi = multi
        self._code = code

    def show(self, answer: tuple[str, ...]) -> None:
        """Mark what was picked before."""
        self.chosen = frozenset(map(int, answer))

    def watch_chosen(self) -> None:
        self.reflow()

    def row(self, number: int, width: int) -> list[Content]:
        place = self._order[number]
        picked = place in self.chosen
        box = ("[x]" if picked else "[ ]") if self._multi else ("●" if picked else "○")
        mark = f"{box} {number + 1} "
        room = max(8, width - len(mark) - 2)
        text = self._texts[place]
        body = code_lines(text, "python", room) if self._code else prose_lines(text, room)
        return self.marked(number, mark, body)

    def action_choose(self) -> None:
        if self._multi:
            self.chosen = self.chosen ^ {self._order[self.cursor]}
        else:
            self.action_submit()

    def action_submit(self) -> None:
        if not self._multi:
            self.chosen = frozenset({self._order[self.cursor]})
        if self.chosen:
            self.post_message(self.Submitted(tuple(map(str, sorted(self.chosen)))))
        else:
            # Enter alone judges a single choice, so it is expected to do something here, too.
            self.notify("No answer was ticked yet. Space ticks one.", markup=False, timeout=5)
