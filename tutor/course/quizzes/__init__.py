"""The kinds of quiz questions. A new kind is one file and one name in `KINDS`."""

from __future__ import annotations

from tutor.course.quizzes.base import QuizJudgement, QuizKind
from tutor.course.quizzes.blank import BLANK
from tutor.course.quizzes.choices import CHOICE, MULTI
from tutor.course.quizzes.fix import FIX
from tutor.course.quizzes.parsons import PARSONS
from tutor.course.quizzes.texts import PREDICT, SHAPE

_ALL = (CHOICE, MULTI, PREDICT, SHAPE, BLANK, PARSONS, FIX)
KINDS: dict[str, QuizKind] = {kind.name: kind for kind in _ALL}

__all__ = ["KINDS", "QuizJudgement", "QuizKind"]
