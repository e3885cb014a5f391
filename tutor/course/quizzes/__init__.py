"""The kinds of quiz questions. A new kind is one file and one name in `KINDS`."""

from __future__ import annotations

from tutor.course.quizzes.base import QuizJudgement, QuizKind
from tutor.course.quizzes.choices import CHOICE, MULTI
from tutor.course.quizzes.texts import PREDICT, SHAPE

KINDS: dict[str, QuizKind] = {kind.name: kind for kind in (CHOICE, MULTI, PREDICT, SHAPE)}

__all__ = ["KINDS", "QuizJudgement", "QuizKind"]
