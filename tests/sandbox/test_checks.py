"""Attempts to pass a check without solving the exercise, through a real session and a real
grader; and checks of a hostile lesson."""

# ruff: noqa: E501  (learner code in one piece reads best)

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.conftest import run_cell
from tests.sandbox.outside import SECRET, Outside
from tutor.sandbox.isolation import Unavailable
from tutor.sandbox.platform import choose
from tutor.session.api import Assignment, Code, SessionSettings
from tutor.session.session import Session
from tutor.session.snapshot import Verdict

CHECK = '''
HIDDEN = "the-hidden-check-7391"
def check(s):
    """softmax sums to one"""
    f = s.function("softmax", args=1)
    for n in (2, 5):
        x = s.randn(3, n, seed=n)
        out = f(x)
        s.shape(out, (3, n))
        s.close(out, torch.softmax(x, -1))
'''
RIGHT = "def softmax(x):\n    e = torch.exp(x - x.max(-1, keepdim=True).values)\n    return e / e.sum(-1, keepdim=True)\n"
WRONG = "def softmax(x): return x * 0\n"
NAIVE = """
x = torch.randn(3, 5)
try:
    out = softmax(x)
    assert out.shape == x.shape and torch.allclose(out, torch.softmax(x, -1)) and bool((out == torch.softmax(x, -1)).all())
    print('FOOLED')
except BaseException as error: print(type(error).__name__)
"""
"""A check in the learner's own process, which is what some of these fool: the control."""


@dataclass(frozen=True)
class Cheat:
    """code: what the learner writes. fools: whether `NAIVE` is fooled by it."""

    code: str
    fools: bool = False
    timeout: float = 20.0
    """Less where silence is the cheat."""


CHEATS = {
    "81 a wrong answer": Cheat(WRONG),
    "82 patched comparisons": Cheat(
        WRONG + "torch.allclose = lambda *a, **k: True\ntorch.softmax = lambda x, d: x * 0\ntorch.Tensor.__eq__ = lambda a, b: torch.tensor(True)\nimport builtins; builtins.all = lambda *a: True",
        fools=True,
    ),
    "83 an object equal to everything": Cheat(
        "class Yes:\n    __class__ = torch.Tensor\n    def __eq__(self, other): return self\n    def __getattr__(self, name): return self\n    def __bool__(self): return True\n    def __call__(self, *a, **k): return self\n    @classmethod\n    def __torch_function__(cls, f, t, a=(), k=None): return True\ndef softmax(x): return Yes()",
        fools=True,
    ),
    "84 a tensor class that lies": Cheat(
        "class Liar(torch.Tensor):\n    shape = property(lambda self: torch.Size([3, 5]))\n    @classmethod\n    def __torch_function__(cls, f, t, a=(), k=None): return torch.tensor(True)\ndef softmax(x): return torch.zeros(7).as_subclass(Liar)",
        fools=True,
    ),
    "86 a patched worker": Cheat(
        WRONG + "import tutor.worker.answers as a, tutor.values as v\nv.encode = lambda *args: {'k': 'v', 'v': True}\na.Answers.answer = lambda self, *args: None",
        timeout=3,
    ),
    "86 a verdict of its own": Cheat(
        WRONG + "import json, os, struct\ndef softmax(x):\n    h = json.dumps({'t': 'Answer', 'question': 1, 'ok': True, 'value': 'true', 'error': ''}).encode()\n    os.write(900, struct.pack('<II', len(h), 0) + h)\n    return x * 0",
        timeout=3,
    ),
    "87 malformed answers": Cheat(
        WRONG + "import tutor.values as v\nv.encode = lambda *args: {'k': 't', 'd': 'float32', 's': [10**12], 'g': 1, 'o': -5, 'n': 4, 'w': []}",
    ),
    "87 an answer of the wrong kind": Cheat(WRONG + "import tutor.values as v\nv.encode = lambda *args: None"),
    "88 kill the grader": Cheat(
        "import os, signal\ndef softmax(x):\n    for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):\n        if pid != os.getpid():\n            for number in (9, 19):\n                try: os.kill(pid, number)\n                except OSError: pass\n    return x * 0",
    ),
    "90 exit inside the check": Cheat("import sys\ndef softmax(x): sys.exit(0)"),
    "90 end inside the check": Cheat("import os\ndef softmax(x): os._exit(0)"),
    "91 not a number": Cheat("def softmax(x): return x * float('nan')"),
    "91 the wrong kind of number": Cheat("def softmax(x): return torch.softmax(x, -1).int()"),
    "91 no tensor": Cheat("def softmax(x): return 'passed'"),
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["strong", "good"])
async def pupil(
    request: pytest.FixtureRequest, outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Session]:
    try:
        choose().detect(request.param)
    except Unavailable as why:
        pytest.skip(str(why))
    scratch = tmp_path_factory.mktemp("checks")
    session = Session(SessionSettings(scratch, device="cpu", tier=request.param, extras=False))
    await session.start()
    yield session
    await session.close()


async def _verdict(pupil: Session, code: str, check: str = CHECK, timeout: float = 20) -> Verdict:
    await pupil.restart()
    return await pupil.check(Assignment(Code("cell", code), check, timeout=timeout))


async def test_80_a_right_answer_passes(pupil: Session) -> None:
    verdict = await _verdict(pupil, RIGHT)
    assert verdict.passed, verdict


@pytest.mark.parametrize("name", CHEATS)
async def test_a_cheat_does_not_pass(pupil: Session, name: str) -> None:
    verdict = await _verdict(pupil, CHEATS[name].code, timeout=CHEATS[name].timeout)
    assert not verdict.passed
    assert verdict.failure or verdict.problem or verdict.broken
    assert (await _verdict(pupil, RIGHT)).passed  # and nothing is left of it


@pytest.mark.parametrize("name", [name for name, cheat in CHEATS.items() if cheat.fools])
async def test_the_same_cheat_fools_a_check_in_its_own_process(pupil: Session, name: str) -> None:
    await pupil.restart()
    snapshot = await run_cell(pupil, CHEATS[name].code + NAIVE)
    assert [line.text for line in snapshot.runs["cell"].output.lines] == ["FOOLED"]


async def test_85_the_check_is_nowhere_to_be_found(pupil: Session) -> None:
    """All objects, all frames, and the memory of all processes, while the check runs."""
    search = """
import gc, os, sys
needle = '-'.join(['the', 'hidden', 'check', '7391'])
found = []
def look(values, where):
    found.extend(where for value in values if type(value) in (str, bytes) and needle in str(value) and value is not needle)
def softmax(x):
    for each in gc.get_objects():
        if type(each) in (dict, list, tuple) and len(each) < 5000: look(list(each.values()) if type(each) is dict else each, 'object')
    frame = sys._getframe()
    while frame: look(list(frame.f_locals.values()), 'frame'); frame = frame.f_back
    for pid in filter(str.isdigit, os.listdir('/proc')):
        if int(pid) != os.getpid():
            for name in ('mem', 'environ', 'maps'):
                try: open(f'/proc/{pid}/{name}', 'rb').read(1) and found.append(f'{name} of {pid}')
                except OSError: pass
    return torch.softmax(x, -1)
"""
    verdict = await _verdict(pupil, search)
    assert verdict.passed
    snapshot = await run_cell(pupil, "print(found)", "after")
    assert [line.text for line in snapshot.runs["after"].output.lines] == ["[]"]


async def test_89_a_call_without_end_is_named(pupil: Session) -> None:
    verdict = await _verdict(pupil, "def softmax(x):\n    while True: pass", timeout=1.5)
    assert not verdict.passed
    assert verdict.problem is not None
    assert "`softmax` did not return within" in verdict.problem.message


async def test_92_a_hostile_check_gets_nowhere(pupil: Session, outside: Outside) -> None:
    """What the lesson's author writes runs in the grader, which may do even less."""
    outside.reset()
    scratch = pupil._settings.scratch
    attempts = f"""
import os, socket
reached = []
home, scratch = {str(outside.home)!r}, {str(scratch)!r}
def attempt(name, action):
    try:
        action(); reached.append(name)
    except OSError: pass
attempt('read', lambda: open(home + '/.ssh/id_rsa').read())
attempt('write', lambda: open(home + '/progress.db', 'a').write('x'))
attempt('scratch', lambda: open(scratch + '/evil', 'w'))
attempt('mode', lambda: os.chmod(scratch, 0o700))
attempt('connect', lambda: socket.create_connection(('127.0.0.1', {outside.listener.getsockname()[1]}), 2))
attempt('unix', lambda: socket.socket(socket.AF_UNIX).connect({outside.unix.getsockname()!r}))
attempt('kill', lambda: os.kill({outside.victim.pid}, 9))
attempt('parent', lambda: os.kill(os.getppid(), 9))
attempt('memory', lambda: open('/dev/shm/evil', 'w'))
def check(s):
    s.expect(not reached, 'reached ' + ', '.join(reached))
"""
    verdict = await _verdict(pupil, "x = 1", attempts)
    assert verdict.passed, verdict
    assert SECRET not in repr(verdict)
    assert outside.harm() == []
    control = attempts.replace("reached = []", "reached = ['a control']")
    failed = await _verdict(pupil, "x = 1", control)
    assert not failed.passed
    assert failed.failure is not None
    assert "reached a control" in failed.failure.message


async def test_a_grader_cannot_be_looked_into(pupil: Session) -> None:
    """Not even where nothing but its own setting keeps others of the same user out."""
    from tutor.session.policy import build_policy

    ground = pupil._zygote._ground
    assert ground is not None
    assert build_policy("grader", ground).private
    assert not build_policy("worker", ground).private
