"""What the widgets decide without a screen: columns, grids, heat, numbers, marks, keys."""

from __future__ import annotations

import math
import random

import pytest
from exhibits import EXPECTED, GOT, HINTS, READY, ROWS, STEPS, a_run
from rich.cells import cell_len
from rich.style import Style
from textual.color import Color

from tutor.session.snapshot import Verdict
from tutor.ui.widgets import editing, syntax
from tutor.ui.widgets.exercise import for_learners
from tutor.ui.widgets.flow import cut
from tutor.ui.widgets.footer import KeyHint, fitting
from tutor.ui.widgets.grid import pair_lines
from tutor.ui.widgets.heat import HeatGrid, Palette, heat_strips, ramp, shade_strips
from tutor.ui.widgets.numbers import compact
from tutor.ui.widgets.prose_layout import fit_columns, prose_lines
from tutor.ui.widgets.status import status_line
from tutor.ui.widgets.stepbar import step_line
from tutor.ui.widgets.tensor_columns import cells, fit, headings, key_line
from tutor.ui.widgets.tones import exercise_status, run_status
from tutor.wire.messages import TensorRow

BLACK, WHITE, RED = Color(0, 0, 0), Color(255, 255, 255), Color(255, 0, 0)
PALETTE = Palette(ramp(BLACK, RED, WHITE, None), RED, BLACK)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (35, "35.0"),
        (1.03, "1.03"),
        (-1.2e-5, "−1.2e-5"),
        (0, "0.0"),
        (-0.0, "0.0"),
        (12345, "12345"),
        (1e20, "1.0e20"),
        (0.5, "0.5"),
        (math.nan, "nan"),
        (-math.inf, "−∞"),
        (None, "·"),
    ],
)
def test_numbers_are_short_and_keep_three_digits(number: float | None, text: str) -> None:
    assert compact(number) == text


@pytest.mark.parametrize("width", range(12, 121, 4))
def test_the_tensor_table_fits_every_width_and_keeps_the_name(width: int) -> None:
    columns = fit(ROWS, width)
    assert columns[0].column.title == "name"
    for texts in (headings(columns), *(cells(row, columns) for row in ROWS)):
        assert 1 + cell_len("  ".join(texts)) <= width


def test_wider_tables_show_more_columns_and_shared_memory_by_name() -> None:
    titles = {width: [f.column.title for f in fit(ROWS, width)] for width in (30, 60, 120)}
    assert "min" not in titles[30]
    assert "mean" in titles[60]
    assert {"dev", "grad", "min", "max"} <= set(titles[120])
    row = " ".join(cells(ROWS[2], fit(ROWS, 120)))
    assert "≡ view" in row


def test_nan_is_said_in_a_word_even_in_a_narrow_table() -> None:
    assert any("NaN" in text for text in cells(ROWS[6], fit(ROWS, 44)))


def test_shared_memory_keeps_its_sign_where_its_name_has_no_room() -> None:
    texts = cells(ROWS[2], fit(ROWS[:4], 43))
    assert texts[-1] == "≡"
    assert not any("…" in text for text in texts)


def test_the_key_line_names_only_marks_that_are_there() -> None:
    assert key_line((TensorRow("x", (1,), "float32", "cpu", change="added"),)) == "+ new"
    assert key_line(()) == ""


@pytest.mark.parametrize("width", [56, 60, 80, 100])
def test_expected_and_yours_stand_side_by_side_in_the_same_columns(width: int) -> None:
    lines = [line.plain for line in pair_lines(EXPECTED, GOT, width)]
    assert "expected" in lines[0]
    assert "yours" in lines[0]
    middle = lines[0].index("yours")
    left = [line[:middle].rstrip() for line in lines[1:5]]
    right = [line[middle:].rstrip() for line in lines[1:5]]
    assert {len(line) for line in left} == {len(left[0])}
    assert {len(line) for line in right} == {len(right[0])}
    assert [line.count("▸") for line in lines[1:5]] == [2, 2, 0, 0]


def test_a_narrow_card_stacks_the_grids() -> None:
    lines = [line.plain for line in pair_lines(EXPECTED, GOT, 55)]
    assert "yours" not in lines[0]
    assert any(line.startswith("yours") for line in lines)


def test_marked_cells_are_reversed() -> None:
    line = pair_lines(EXPECTED, None, 80)[1]
    reversed_text = [line.plain[s.start : s.end] for s in line.spans if "reverse" in str(s.style)]
    assert reversed_text == ["-1.1832"]


def test_heat_shows_not_finite_as_a_cross_in_both_forms() -> None:
    grid = HeatGrid(2, 3, (0, 127, 254, 255, 10, 20))
    wide = ["".join(s.text for s in strip) for strip in heat_strips(grid, PALETTE, wide=True)]
    half = ["".join(s.text for s in strip) for strip in heat_strips(grid, PALETTE, wide=False)]
    assert wide == ["      ", "×     "]
    assert half == ["×▀▀"]


def test_without_colours_bigger_numbers_are_darker() -> None:
    grid = HeatGrid(1, 6, (0, 60, 120, 180, 254, 255))
    text = "".join(s.text for s in shade_strips(grid, Style(), wide=False)[0])
    assert text == " ░▒▓█×"


def test_a_big_heat_map_is_averaged_and_keeps_its_holes() -> None:
    levels = [10, 20, 30, 40] * 2 + [50, 60, 255, 0] * 2
    small = HeatGrid(4, 4, tuple(levels)).shrunk(2, 2)
    assert small == HeatGrid(2, 2, (15, 35, 55, 255))


def test_the_diverging_ramp_is_neutral_at_zero_and_strongest_at_the_far_end() -> None:
    colours = ramp(RED, BLACK, WHITE, 0.25)
    assert min(range(32), key=lambda step: sum(colours[step].rgb)) in (7, 8)
    assert colours[-1] == WHITE
    assert colours[0] != RED, "−1 must not look as strong as +3"


def test_a_heat_map_needs_few_styles() -> None:
    assert len(set(PALETTE.colours)) <= 32
    assert {PALETTE.of(level) for level in range(255)} == set(PALETTE.colours)


def test_prose_never_exceeds_its_width_and_loses_no_word() -> None:
    from exhibits import PROSE

    for width in (20, 36, 60, 100):
        lines = prose_lines(PROSE, width)
        assert max(line.cell_length for line in lines) <= width
        text = " ".join(line.plain for line in lines)
        for word in ("right-aligned", "stretched", "In-place", "contract", "torch.tensor"):
            assert word in text.replace("↪ ", "")


def test_short_code_in_a_sentence_stays_on_one_line() -> None:
    text = "The slope of `t * t` is `2 * t`, so `a_very_long_name + another_name * 3` is not."
    for width in range(20, 60):
        plain = [line.plain for line in prose_lines(text, width)]
        assert any("t * t" in line for line in plain)
        assert any("2 * t" in line for line in plain)
        assert " ".join(" ".join(plain).split()) == text.replace("`", "")
        assert all(len(line.rstrip()) <= width for line in plain)


def test_callouts_are_named_in_words() -> None:
    plain = [line.plain for line in prose_lines("> [!WARNING]\n> Mind the *gap*.", 40)]
    assert plain == ["▌ ! Warning", "▌ Mind the gap."]


def test_prose_is_not_markup_and_drops_control_codes() -> None:
    text = "`x[i]` and list[int] [/b] [@click=app.quit]go[/] \x1b[31mred \x1b]0;title\x07"
    plain = "\n".join(line.plain for line in prose_lines(text, 80))
    assert "x[i] and list[int] [/b] [@click=app.quit]go[/]" in plain
    assert "\x1b" not in plain
    assert "\x07" not in plain


def test_web_links_are_offered_to_the_terminal_and_other_links_are_not() -> None:
    def links(text: str) -> list[str]:
        line = prose_lines(text, 80)[0]
        return [link for s in line.spans if (link := getattr(s.style, "link", None))]

    assert links("[a](https://pytorch.org)") == ["https://pytorch.org"]
    assert links("[a](javascript:alert(1))") == []
    assert links("[a](file:///etc/passwd)") == []


def test_wide_table_columns_give_way_first() -> None:
    assert fit_columns([[5, 80], [3, 10]], 40) == [5, 33]


@pytest.mark.parametrize(
    ("line", "blank"),
    [
        ("def f(x):", "    "),
        ("    if x:  # why: not", "        "),
        ("    y = x[1:]", "    "),
        ("x = foo(", "    "),
        ("    return x", ""),
        ('print("a:")  # b:', ""),
        ("s = ':'", ""),
        ("", ""),
    ],
)
def test_enter_indents_as_python_wants(line: str, blank: str) -> None:
    assert editing.indent_after(line) == blank


def test_comments_toggle_and_come_back() -> None:
    lines = ["def f():", "", "    return 1"]
    once = editing.commented(lines)
    assert once == ["# def f():", "", "#     return 1"]
    assert editing.commented(once) == lines
    assert editing.dedented(editing.indented(lines)) == lines


def test_python_is_coloured_by_role_also_behind_wide_characters() -> None:
    spans = syntax.line_spans('café = "ü"  # ñ\ndef f(): pass')
    assert (7, 10, "string") in spans[0]
    assert (12, 15, "comment") in spans[0]
    assert (0, 3, "keyword") in spans[1]
    assert (4, 5, "function") in spans[1]


def test_colouring_survives_any_text() -> None:
    rng = random.Random(7)
    for _ in range(50):
        text = "".join(rng.choice("\"'([{:#\\\n\t é漢f{}") for _ in range(60))
        for line, spans in zip(text.split("\n"), syntax.line_spans(text), strict=True):
            assert all(0 <= a < b <= len(line) for a, b, _ in spans)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_footer_shows_six_keys_at_most_and_never_overflows(width: int) -> None:
    shown = fitting(HINTS, width)
    assert len(shown) <= 6
    assert [hint.label for hint in shown][-1:] == ["help"]
    assert sum(hint.width for hint in shown) + 2 * (len(shown) - 1) <= width
    many = tuple(KeyHint(str(n), f"F{n}", "k") for n in range(20))
    assert len(fitting(many, 1000)) == 6


def test_the_step_bar_shrinks_to_a_fraction() -> None:
    assert step_line(STEPS, 80).plain == "1 ✓ 2 ✓  3 ●  4 ◐ 5 ○ 6 ○ 7 ○"
    assert step_line(STEPS, 20).plain == "step 3/7 · 2 done"
    assert step_line(STEPS, 5).plain == "3/7"


def test_the_worker_line_says_less_where_there_is_less_room() -> None:
    assert status_line(READY, 80).plain == "● ready · cpu · 2 cores, 1 thread · sandbox strong"
    assert status_line(READY, 30).plain == "● ready · cpu · strong"
    assert status_line(READY, 14).plain == "● ready · cpu"
    assert status_line(READY, 7).plain == "● ready"
    assert status_line(READY, 4).plain == "● r…"


def test_every_state_has_its_own_glyph_and_word() -> None:
    texts = {
        str(run_status(None)),
        str(run_status(a_run("queued"))),
        str(run_status(a_run("running"))),
        str(run_status(a_run())),
        str(run_status(a_run(stale=True))),
        str(run_status(a_run(), text_changed=True)),
        str(run_status(a_run("error"))),
        str(run_status(a_run("interrupted"))),
        str(run_status(a_run("lost"))),
    }
    assert len(texts) == 9
    assert "✓ done 4 ms" in texts
    passed = exercise_status(a_run(), Verdict(True, True), attempts=2)
    assert str(passed) == "✓ passed"
    assert str(exercise_status(None, Verdict(False, True), attempts=3)) == "✗ not yet · attempt 3"


def test_what_is_cut_ends_with_a_sign() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("漢字漢字", 5) == "漢字…"
    assert cut("abc", 3) == "abc"


def test_what_an_author_tells_the_lint_is_not_shown_to_learners() -> None:
    solution = "def f(x):\n    # why\n    return x.mean()  # same: all are equal\n"
    assert for_learners(solution) == "def f(x):\n    # why\n    return x.mean()"
