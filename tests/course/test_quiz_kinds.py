"""blank, parsons and fix: read as authors write them, judged, each wrong answer explained."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import pytest

from tutor.course.index import _freeze, _thaw
from tutor.course.model import Lesson, Quiz
from tutor.course.quiz import judge
from tutor.course.quizzes.blank import filled
from tutor.course.quizzes.fix import repaired
from tutor.course.quizzes.parsons import program, shuffled

Make = Callable[[str], Lesson]
Problems = Callable[[str], list[str]]
Ask = Callable[[str, str], Quiz]

BLANK = """\
prompt = "Complete the line so that the checkpoint opens on any machine."
code = 'state = torch.load(path, ____="cpu")'
answer = "map_location"
accept = ["torch.load.map_location"]
explain = "Tensors are moved while they are read."
[wrong]
"device" = "torch.load has no argument of that name."
"""
PARSONS = """\
prompt = "Put one training step in order."
lines = ["optimizer.zero_grad()", "loss = loss_fn(model(x), y)",
  "loss.backward()", "optimizer.step()"]
orders = [[2, 1, 3, 4]]
explain = "Gradients come before the step that uses them."
[[distractors]]
text = "loss.step()"
why = "A loss has no step; the optimizer moves the weights."
[wrong]
"4 before 3" = "The step used gradients that did not exist yet."
"3 before 2" = "There was no loss yet."
"""
FIX = """\
prompt = "The loss never falls. Which line is wrong, and what should it be?"
code = \"\"\"
optimizer.zero_grad()
for x, y in batches:
    loss = loss_fn(model(x).softmax(1), y)
    loss.backward()\"\"\"
line = 3
[wrong]
"1" = "Clearing belongs there."
[[choices]]
text = "loss = loss_fn(model(x), y)"
correct = true
why = "CrossEntropyLoss normalises raw scores itself."
[[choices]]
text = "    loss = loss_fn(model(x).argmax(1), y)"
why = "argmax has no gradient."
"""


@pytest.fixture
def ask(lesson: Make) -> Ask:
    """A question as it is read from a lesson."""

    def make(kind: str, toml: str) -> Quiz:
        one = lesson(f"## Step\n\n```toml quiz id=q kind={kind}\n{toml}```\n")
        [(_, quiz)] = one.blocks()
        assert isinstance(quiz, Quiz)
        return quiz

    return make


# ------------------------------------------------------------------ blank


@pytest.mark.parametrize(
    ("answer", "typed", "correct"),
    [
        ("map_location", " map_location ", True),
        ("map_location", "Map_location", False),
        ("dim=1", "dim = 1", True),
        ("a @ b", "a@b", True),
        ("x - 1", "x -1", True),
        ("not x", "notx", False),
        ("'cpu'", '"cpu"', True),
        ('"cpu"', " 'cpu'", True),
        ("'cpu'", "cpu", False),
        ("lr=0.001", "lr=1e-3", True),
        ("lr=0.001", "lr=0.01", False),
        ("lr=0.1", "lr=.1", True),
        ("f(a, b)", "f( a,b )", True),
        ("x[1:, 0]", "x[1:,0]", True),
        ("-1", "1", False),
        ("2 ** -1", "2**-1", True),
    ],
)
def test_a_blank_is_judged_as_code(ask: Ask, answer: str, typed: str, correct: bool) -> None:
    toml = f"prompt = 'p'\nexplain = 'e'\ncode = 'f(____)'\nanswer = '''{answer}'''\n"
    assert judge(ask("blank", toml), (typed,)).correct is correct


def test_a_blank_accepts_other_right_answers_and_explains_wrong_ones(ask: Ask) -> None:
    quiz = ask("blank", BLANK)
    assert judge(quiz, ("map_location",)).explain == "Tensors are moved while they are read."
    assert judge(quiz, ("torch.load.map_location",)).correct
    assert judge(quiz, (" device",)).feedback == (
        ("device", "torch.load has no argument of that name."),
    )
    assert filled(quiz.code, "map_location") == 'state = torch.load(path, map_location="cpu")'


# ------------------------------------------------------------------ parsons


@pytest.mark.parametrize(
    ("answer", "correct"),
    [
        ("0123", True),
        ("1023", True),
        ("2013", False),
        ("012", False),
        ("", False),
        ("01243", False),
    ],
)
def test_every_right_order_is_right_and_nothing_else(ask: Ask, answer: str, correct: bool) -> None:
    assert judge(ask("parsons", PARSONS), tuple(answer)).correct is correct


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("01324", (("loss.step()", "A loss has no step; the optimizer moves the weights."),
                   ("optimizer.step()", "The step used gradients that did not exist yet."))),
        ("0321", (("optimizer.step()", "The step used gradients that did not exist yet."),)),
        ("0213", (("loss.backward()", "There was no loss yet."),)),
        ("03", (("", "So far so good: 2 more lines belong in place."),)),
        ("", (("", "So far so good: 4 more lines belong in place."),)),
        ("013", (("", "So far so good: one more line belongs in place."),)),
        ("302", (("optimizer.step()", "The step used gradients that did not exist yet."),)),
        ("310", (("", "The order is not right yet, and one more line belongs in place."),)),
        ("1203", (("", "The first line stands right; the next one comes too early."),)),
    ],
)  # fmt: skip
def test_a_wrong_order_is_explained(
    ask: Ask, answer: str, said: tuple[tuple[str, str], ...]
) -> None:
    assert judge(ask("parsons", PARSONS), tuple(answer)).feedback == said


def test_an_order_that_starts_wrong_hears_so(ask: Ask) -> None:
    quiz = ask("parsons", "prompt = 'p'\nlines = ['a', 'b', 'c']\n")
    assert judge(quiz, ("2", "0", "1")).feedback == (("", "Another line comes first."),)


def test_identical_lines_are_interchangeable(ask: Ask) -> None:
    quiz = ask(
        "parsons",
        "prompt = 'p'\nlines = ['step()', 'show()', 'step()', 'end()']\n"
        "[wrong]\n'3 before 2' = 'two steps before anything was shown'\n",
    )
    assert judge(quiz, tuple("0123")).correct
    assert judge(quiz, tuple("2103")).correct
    for answer in ("0213", "2013"):
        assert judge(quiz, tuple(answer)).feedback == (
            ("step()", "two steps before anything was shown"),
        )
    assert judge(quiz, tuple("213")).feedback == judge(quiz, tuple("013")).feedback


@pytest.mark.parametrize("answer", [("5",), ("x",), ("-1",), ("0", "0"), ("00",)])
def test_lines_that_are_not_there_are_a_mistake_of_the_caller(
    ask: Ask, answer: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=r"no line has the index|in two places"):
        judge(ask("parsons", PARSONS), answer)


def test_the_shuffle_is_stable_and_never_shows_the_answer(ask: Ask) -> None:
    quiz = ask("parsons", PARSONS)
    assert sorted(shuffled(quiz)) == [0, 1, 2, 3, 4]
    assert shuffled(quiz) == shuffled(dataclasses.replace(quiz, prompt="another"))
    others = [dataclasses.replace(quiz, id=f"q{n}") for n in range(200)]
    assert len({shuffled(other) for other in others}) > 50
    for other in others:
        placed = tuple(str(n) for n in shuffled(other) if n < len(quiz.lines))
        assert not judge(other, placed).correct


def test_a_distractor_may_be_a_line_indented_otherwise(ask: Ask) -> None:
    toml = "prompt = 'p'\nlines = ['a', 'b']\n[[distractors]]\ntext = '    b'\nwhy = 'inside'\n"
    quiz = ask("parsons", toml)
    assert judge(quiz, ("0", "1")).correct
    assert judge(quiz, ("0", "2")).feedback == (("b", "inside"),)


def test_indentation_is_given(ask: Ask) -> None:
    toml = "prompt = 'p'\nlines = ['for x in y:', '    f(x)  ', 'g()']\n"
    quiz = ask("parsons", toml)
    assert program(quiz, quiz.orders[0]) == "for x in y:\n    f(x)\ng()"


# ------------------------------------------------------------------ fix


@pytest.mark.parametrize(
    ("answer", "correct", "said"),
    [
        (("3", "0"), True, ("loss = loss_fn(model(x), y)",
                            "CrossEntropyLoss normalises raw scores itself.")),
        (("3", "1"), False, ("loss = loss_fn(model(x).argmax(1), y)", "argmax has no gradient.")),
        (("1",), False, ("optimizer.zero_grad()", "Clearing belongs there.")),
        (("1", "0"), False, ("optimizer.zero_grad()", "Clearing belongs there.")),
        (("4",), False, ("loss.backward()",
                         "This line does what it should. Look at another one.")),
        (("3",), False, ("", "Line 3 is the wrong one. What should it be?")),
    ],
)  # fmt: skip
def test_a_fix_is_a_line_and_its_replacement(
    ask: Ask, answer: tuple[str, ...], correct: bool, said: tuple[str, str]
) -> None:
    judgement = judge(ask("fix", FIX), answer)
    assert judgement.correct is correct
    assert judgement.feedback == (said,)


@pytest.mark.parametrize("answer", [(), ("0",), ("5",), ("x",), ("3", "2"), ("3", "0", "1")])
def test_a_fix_of_what_is_not_there_is_a_mistake_of_the_caller(
    ask: Ask, answer: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=r"no line|no choice|expected a line"):
        judge(ask("fix", FIX), answer)


def test_the_repaired_code_keeps_its_indentation(ask: Ask) -> None:
    assert repaired(ask("fix", FIX)).split("\n")[2] == "    loss = loss_fn(model(x), y)"


# ------------------------------------------------------------------ mistakes of authors

LINES = "prompt='p'\nlines=['a', 'b', 'c']\n"
CODE = "prompt='p'\ncode='''\na\nb\n\nd'''\n"
ONE_RIGHT = "choices=[{text='x',why='w',correct=true},{text='y',why='w'}]\n"

CASES = {
    "blank without a mark": (
        "blank",
        "prompt='p'\ncode='f(x)'\nanswer='y'\n",
        "`code` has no blank; expected `____` once",
    ),
    "blank without code": ("blank", "prompt='p'\nanswer='y'\n", "`code` has no blank"),
    "two blanks": (
        "blank",
        "prompt='p'\ncode='f(____, ____)'\nanswer='y'\n",
        "`code` has 2 blanks; expected `____` once",
    ),
    "long blank": (
        "blank",
        "prompt='p'\ncode='f(_____)'\nanswer='y'\n",
        "the blank in `code` has 5 underscores; expected `____`",
    ),
    "blank without answer": ("blank", "prompt='p'\ncode='____'\n", "`answer` is missing"),
    "right and wrong": (
        "blank",
        "prompt='p'\ncode='____'\nanswer='\"a\"'\n[wrong]\n\"'a'\"='w'\n",
        "`'a'` stands in [wrong], but it counts as right",
    ),
    "right and wrong shape": (
        "shape",
        "prompt='p'\nanswer='(2, 3)'\n[wrong]\n'2x3'='w'\n",
        "`2x3` stands in [wrong], but it counts as right",
    ),
    "wrong is a list": (
        "blank",
        "prompt='p'\ncode='____'\nanswer='a'\nwrong=['b']\n",
        'expected a table [wrong] of lines `"answer" = "explanation"`',
    ),
    "no lines": ("parsons", "prompt='p'\n", "a parsons question needs `lines"),
    "one line": ("parsons", "prompt='p'\nlines=['a']\n", "expected two lines or more"),
    "line of lines": ("parsons", "prompt='p'\nlines=['a', \"b\\nc\"]\n", "expected two lines"),
    "same lines": ("parsons", "prompt='p'\nlines=['a', 'a']\n", "all of `lines` are the same"),
    "orders short": (
        "parsons",
        f"{LINES}orders=[[2, 1]]\n",
        "order 1 of `orders` is not an order of all lines; expected each number from 1 to 3 once",
    ),
    "orders double": ("parsons", f"{LINES}orders=[[1, 3, 2], [2, 2, 3]]\n", "order 2 of `orders`"),
    "orders from zero": ("parsons", f"{LINES}orders=[[0, 1, 2]]\n", "order 1 of `orders` is not"),
    "orders bool": ("parsons", f"{LINES}orders=[[true, 2, 3]]\n", "order 1 of `orders` is not"),
    "orders flat": ("parsons", f"{LINES}orders=[2, 1, 3]\n", "order 1 of `orders` is not"),
    "orders word": ("parsons", f"{LINES}orders='321'\n", "a list of other right orders"),
    "orders again": ("parsons", f"{LINES}orders=[[1, 2, 3]]\n", "order 1 of `orders` was given"),
    "orders of the same lines": (
        "parsons",
        "prompt='p'\nlines=['a', 'b', 'a']\norders=[[3, 2, 1]]\n",
        "order 1 of `orders` was given before",
    ),
    "distractor is a line": (
        "parsons",
        f"{LINES}[[distractors]]\ntext='b'\nwhy='w'\n",
        "distractor 1 is the same as line 2",
    ),
    "distractor twice": (
        "parsons",
        f"{LINES}[[distractors]]\ntext='d'\nwhy='w'\n[[distractors]]\ntext='d'\nwhy='w'\n",
        "distractor 2 is the same as distractor 1",
    ),
    "distractor without why": (
        "parsons",
        f"{LINES}[[distractors]]\ntext='d'\n",
        "distractor 1: `why` is missing",
    ),
    "distractor key": (
        "parsons",
        f"{LINES}[[distractors]]\ntext='d'\nwhy='w'\ncorrect=true\n",
        "distractor 1 has no key `correct`",
    ),
    "distractor words": ("parsons", f"{LINES}distractors=['d']\n", "expected tables [[distrac"),
    "wrong order is no order": (
        "parsons",
        f"{LINES}[wrong]\n'4 before 1'='w'\n",
        "`4 before 1` in [wrong] names no two lines; expected for example `2 before 1`",
    ),
    "wrong order in words": ("parsons", f"{LINES}[wrong]\n'b first'='w'\n", "names no two lines"),
    "wrong order is right": (
        "parsons",
        f"{LINES}orders=[[2, 1, 3]]\n[wrong]\n'2 before 1'='w'\n",
        "`2 before 1` in [wrong] holds in a right order",
    ),
    "wrong order of one text": (
        "parsons",
        "prompt='p'\nlines=['a', 'b', 'a']\n[wrong]\n'3 before 1'='w'\n",
        "`3 before 1` in [wrong] names one text twice",
    ),
    "code in parsons may be run": ("parsons", f"{LINES}answer='a'\n", "has no key `answer`"),
    "fix without code": ("fix", f"prompt='p'\nline=1\n{ONE_RIGHT}", "a fix question needs `code`"),
    "fix without line": ("fix", f"{CODE}{ONE_RIGHT}", "`line` is missing; expected the number"),
    "fix line is a text": ("fix", f"{CODE}line='2'\n{ONE_RIGHT}", "`line` is not a whole number"),
    "fix line too far": ("fix", f"{CODE}line=5\n{ONE_RIGHT}", "`code` has lines 1 to 4"),
    "fix line zero": ("fix", f"{CODE}line=0\n{ONE_RIGHT}", "`line = 0`, but `code` has lines 1"),
    "fix line empty": ("fix", f"{CODE}line=3\n{ONE_RIGHT}", "line 3 of `code` is empty"),
    "fix without right": (
        "fix",
        f"{CODE}line=1\nchoices=[{{text='x',why='w'}},{{text='y',why='w'}}]\n",
        "0 choices are marked correct",
    ),
    "fix without choices": ("fix", f"{CODE}line=1\n", "this question needs `choices`"),
    "fix by itself": (
        "fix",
        f"{CODE}line=1\nchoices=[{{text=' a',why='w'}},{{text='y',why='w',correct=true}}]\n",
        "choice 1 is line 1 as it stands in `code`",
    ),
    "fix explains no line": (
        "fix",
        f"{CODE}line=1\n{ONE_RIGHT}[wrong]\n'9'='w'\n",
        "`9` in [wrong] is no line of `code`; expected a number from 1 to 4",
    ),
    "fix explains the wrong line": (
        "fix",
        f"{CODE}line=1\n{ONE_RIGHT}[wrong]\n'1'='w'\n",
        "`1` in [wrong] is the wrong line itself",
    ),
    "run is a word": ("predict", "prompt='p'\nanswer='1'\ncode='1'\nrun='yes'\n", "`run = true`"),
    "run without code": ("predict", "prompt='p'\nanswer='1'\nrun=true\n", "needs `code`"),
    "run in a choice": ("choice", f"prompt='p'\n{ONE_RIGHT}run=true\n", "has no key `run`"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "toml", "expected"), CASES.values(), ids=CASES.keys())
def test_a_mistake_in_a_question_is_named_with_its_place(
    body_problems: Problems, kind: str, toml: str, expected: str
) -> None:
    found = body_problems(f"## Step\n\n```toml quiz id=q kind={kind}\n{toml}```\n")
    assert any(problem.startswith("3: ") and expected in problem for problem in found), found


@pytest.mark.parametrize("toml", [BLANK, PARSONS, FIX], ids=["blank", "parsons", "fix"])
def test_a_question_survives_the_kept_index(ask: Ask, toml: str) -> None:
    """What was parsed once is the same question when it comes from the cache."""
    kind = {BLANK: "blank", PARSONS: "parsons", FIX: "fix"}[toml]
    quiz = ask(kind, toml)
    assert _thaw(json.loads(json.dumps(_freeze(quiz))), quiz.place.file) == quiz
