"""Choices are shown in an order of their own, and answers name their places in the file."""

from __future__ import annotations

from pathlib import Path

from gallery import Host, frame

from tutor.course.model import Choice, Place, Quiz
from tutor.course.quizzes.choices import shown_order
from tutor.ui.widgets.quiz_choices import ChoiceList

HERE = Place(Path("lesson.md"), 1)
TEXTS = ("right", "near", "far", "never")


def question(name: str, texts: tuple[str, ...] = TEXTS) -> Quiz:
    choices = tuple(Choice(text, text == "right", "because") for text in texts)
    return Quiz(name, "choice", "Which?", HERE, choices=choices)


def test_the_order_is_the_same_every_time_and_moves_with_the_text() -> None:
    order = shown_order(question("q1"))
    assert sorted(order) == [0, 1, 2, 3]
    assert order == shown_order(question("q1"))
    turned = tuple(reversed(TEXTS))
    assert [TEXTS[n] for n in order] == [turned[n] for n in shown_order(question("q1", turned))]


def test_the_first_choice_of_the_author_is_shown_everywhere() -> None:
    places = {shown_order(question(f"question-{n}")).index(0) for n in range(40)}
    assert places == {0, 1, 2, 3}


async def test_the_answer_names_the_place_in_the_file() -> None:
    class Listener(Host):
        def on_choice_list_submitted(self, event: ChoiceList.Submitted) -> None:
            self.heard.append(event.answer[0])

    choices = ChoiceList(TEXTS, order=(2, 0, 3, 1))
    app = Listener(choices)
    async with app.run_test(size=(60, 10)) as pilot:
        choices.focus()
        assert "1 far" in frame(app)
        await pilot.press("2")
        await pilot.pause()
        assert app.heard == ["0"]
        assert "● 2 right" in frame(app)
