"""Notes at the right end of lines: they fit, cover nothing, move no text, and go with an edit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult

from tests.lines.watching import sizes
from tutor.course.model import Cell, Place
from tutor.session.snapshot import CellRun
from tutor.ui.widgets.editor import CodeEditor
from tutor.ui.widgets.line_notes import note_text, notes_of, unchanged, value_text
from tutor.ui.widgets.runnable import CellView
from tutor.wire.observed.lines import CellLines, LineValue

X = LineValue(1, "x", (sizes(64, 784),), ("float32",))
H = LineValue(2, "h", (sizes((1, 64), 10),), ("float32",))
LOSS = LineValue(3, "loss", ((),), ("float32",), "cuda:0")
RETURN = LineValue(4, "return", (sizes(2, 3),), ("int64",))
PARTS = LineValue(5, "parts", (sizes(16, 4), sizes(16)), ("float32", "int64"), items=(2, 3))
ARRAY = LineValue(6, "a", (sizes(3),), ("float64",), array=True)


def test_a_value_in_words() -> None:
    assert value_text(X) == "x 64×784 f32"
    assert value_text(H) == "h 1…64×10 f32"
    assert value_text(LOSS) == "loss scalar f32 cuda:0"
    assert value_text(RETURN) == "→ 2×3 i64"
    assert value_text(PARTS) == "parts 2…3 of 16×4 | 16 f32/i64"
    assert value_text(ARRAY) == "a 3 f64 numpy"


@pytest.mark.parametrize("room", range(60))
def test_a_note_never_takes_more_than_its_room(room: int) -> None:
    assert len(note_text((X, H), room)) <= room


def test_dtypes_give_way_first_then_values_with_a_mark() -> None:
    assert note_text((X, H), 40) == "x 64×784 f32  h 1…64×10 f32"
    assert note_text((X, H), 22) == "x 64×784  h 1…64×10"
    assert note_text((X, H), 14) == "x 64×784  …"
    assert note_text((X, H), 5) == "…"
    assert note_text((X, H), 0) == ""


def test_lines_keep_their_notes_until_they_are_edited() -> None:
    ran = "a\nb\nc\nd"
    assert unchanged(ran, ran) == {1: 1, 2: 2, 3: 3, 4: 4}
    assert unchanged(ran, "new\na\nb\nC\nd") == {2: 1, 3: 2, 5: 4}
    assert unchanged(ran, "a\nd") == {1: 1, 2: 4}
    assert unchanged(ran, "") == {}


SOURCE = "x = torch.ones(64, 784)\nh = net(x)\nloss = h.sum()\n\nprint(x)"
CELL = CellLines("b", 1, (X, H, LOSS))


class Host(App[None]):
    def __init__(self, widget: Any) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


def rows(widget: Any) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


@pytest.mark.parametrize("width", [36, 44, 80])
async def test_notes_stand_at_the_right_and_the_code_stays_where_it_was(width: int) -> None:
    editor = CodeEditor(SOURCE + "\n# " + "long " * 30)
    async with Host(editor).run_test(size=(width, 30)) as pilot:
        await pilot.pause()
        bare = rows(editor)
        editor.notes = notes_of(SOURCE, CELL)
        await pilot.pause()
        noted = rows(editor)
        assert len(noted) == len(bare)
        changed = 0
        for before, after in zip(bare, noted, strict=True):
            code = before.rstrip()
            assert after.startswith(code)
            assert len(after) == len(before)
            note = after[len(code) :].strip()
            if note:
                changed += 1
                assert after.endswith(note)
                assert after[len(code) : len(code) + 2] == "  "
        assert changed == 3


async def test_a_note_goes_with_the_edit_of_its_line_alone_and_undo_brings_it_back() -> None:
    editor = CodeEditor(SOURCE)
    async with Host(editor).run_test(size=(80, 20)) as pilot:
        editor.notes = notes_of(SOURCE, CELL)
        editor.focus()
        await pilot.pause()
        editor.move_cursor((1, 0))
        await pilot.press("y")
        assert "h 1…64×10" not in rows(editor)[1]
        assert "x 64×784" in rows(editor)[0]
        assert "loss scalar" in rows(editor)[2]
        editor.move_cursor((0, 0))
        editor.insert("# a new first line\n")
        assert "x 64×784" in rows(editor)[1]
        assert "loss scalar" in rows(editor)[3]
        editor.undo()
        editor.undo()
        await pilot.pause()
        assert "h 1…64×10" in rows(editor)[1]


async def test_notes_can_be_hidden() -> None:
    editor = CodeEditor(SOURCE)
    async with Host(editor).run_test(size=(80, 20)) as pilot:
        editor.notes = notes_of(SOURCE, CELL)
        editor.notes_shown = False
        await pilot.pause()
        assert "64×784" not in "".join(rows(editor))
        editor.notes_shown = True
        await pilot.pause()
        assert "64×784" in "".join(rows(editor))


async def test_the_cursor_at_the_end_of_a_line_is_never_under_a_note() -> None:
    source = "x = " + "1" * 60
    editor = CodeEditor(source)
    value = LineValue(1, "x", (sizes(3),))
    for width in range(60, 90):
        async with Host(editor := CodeEditor(source)).run_test(size=(width, 10)) as pilot:
            editor.notes = notes_of(source, CellLines("b", 1, (value,)))
            editor.focus()
            editor.move_cursor((0, len(source)))
            await pilot.pause()
            shown = "".join(rows(editor))
            assert shown.replace(" ", "").count("1" * 60) == 1
            offset = editor._cursor_offset
            line = editor.render_line(offset[1] - editor.scroll_offset.y).text
            assert (
                line[offset[0] + editor.gutter_width : offset[0] + editor.gutter_width + 1] == " "
            )


async def test_a_cell_shows_notes_of_the_text_that_ran() -> None:
    cell = CellView(Cell("b", SOURCE, Place(Path("lesson.md"), 1)), SOURCE)
    async with Host(cell).run_test(size=(80, 20)) as pilot:
        cell.run = CellRun("b", "done", SOURCE, 1)
        cell.lines = CELL
        await pilot.pause()
        assert "loss scalar f32 cuda:0" in rows(cell.editor)[2]
        cell.lines = None
        await pilot.pause()
        assert "scalar" not in "".join(rows(cell.editor))
