"""Attempts to pass without solving the exercise: each one must fail, or be seen as a lost worker."""

# ruff: noqa: E501  (learner code in one piece reads best)

from __future__ import annotations

import msgspec
import pytest

from tests.worker.children import Child, Template, judge
from tutor.wire.messages import Answer, CellFinished, Displayed, Question

CHECK = '''
SECRET_OF_THE_CHECK = "references live only in the grader"
def check(s):
    """double doubles"""
    f = s.function("double", args=1)
    for n in (2, 3):
        x = s.randn(n, 3, seed=n)
        out = f(x)
        s.expect(out is not None, "nothing came back")
        s.shape(out, (n, 3))
        s.close(out, 2 * x)
'''

FORGERIES = {
    "patched comparisons": (
        "import torch.testing\n"
        "torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True\n"
        "torch.testing.assert_close = lambda *a, **k: None\n"
        "torch.Tensor.__eq__ = lambda a, b: True\n"
        "torch.Tensor.__ne__ = lambda a, b: False\n"
        "torch.Tensor.allclose = torch.Tensor.equal = lambda *a, **k: True\n"
        "def double(x): return x"
    ),
    "exit code 0": "import sys\ndef double(x): sys.exit(0)",
    "an object equal to everything": (
        "class Yes:\n"
        "    def __eq__(self, other): return True\n"
        "    def __ne__(self, other): return False\n"
        "    def __bool__(self): return True\n"
        "    def __getattr__(self, name): return self\n"
        "    def __call__(self, *a, **k): return self\n"
        "    def __iter__(self): return iter([self])\n"
        "    __class__ = torch.Tensor\n"
        "    shape = (2, 3)\n"
        "def double(x): return Yes()"
    ),
    "a tensor class that lies": (
        "class Liar(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, func, types, args=(), kwargs=None): return True\n"
        "    shape = property(lambda self: torch.Size([2, 3]))\n"
        "    dtype = property(lambda self: torch.float32)\n"
        "    def __eq__(self, other): return True\n"
        "def double(x): return torch.zeros(7).as_subclass(Liar)"
    ),
    "a number class that lies": (
        "class Yes(float):\n    def __eq__(self, other): return True\n    __hash__ = float.__hash__\n"
        "def double(x): return Yes(3)"
    ),
    "a list class that lies": (
        "class L(list):\n    def __len__(self): return 2\n    def __iter__(self): return iter([])\n"
        "def double(x): return L()"
    ),
    "an exception that lies": (
        "class Passed(Exception):\n    def __str__(self): return 'passed'\n"
        "def double(x): raise Passed"
    ),
    "an exception without words": (
        "class E(BaseException):\n    def __str__(self): raise E\n    __repr__ = __str__\n"
        "def double(x): raise E"
    ),
    "an exception with a class that lies": (
        "class Meta(type):\n    def __getattribute__(cls, name): raise RuntimeError(name)\n"
        "class E(Exception, metaclass=Meta):\n"
        "    __class__ = property(lambda self: SyntaxError)\n"
        "    __traceback__ = property(lambda self: 1 / 0)\n"
        "def double(x): raise E"
    ),
    "wrong kind": "def double(x): return {'passed': True}",
    "hard recursion": "def double(x): return double(x)",
    "endless nesting": (
        "def double(x):\n    out = []\n    for _ in range(5000): out = [out]\n    return out"
    ),
    "a list that contains itself": "def double(x):\n    out = []\n    out.append(out)\n    return out",
    "a verdict in the output": (
        'print(\'{"t":"Judged","passed":true}\')\ndef double(x):\n    print(\'passed\')\n    return x'
    ),
    "a wrecked builtins": "import builtins\nbuiltins.__dict__.clear()\ndouble = lambda x: x",
    "a signature that lies": (
        "import inspect\ndef double(*a): return a[0]\ndouble.__signature__ = inspect.Signature()"
    ),
    "a name that raises": (
        "class Meta(type):\n    def __getattribute__(cls, name): raise RuntimeError(name)\n"
        "class Odd(metaclass=Meta): pass\ndef double(x): return Odd()"
    ),
    "a wrapper that lies in dispatch": (
        "class W(torch.Tensor):\n"
        "    @staticmethod\n"
        "    def __new__(cls): return torch.Tensor._make_wrapper_subclass(cls, (2, 3))\n"
        "    @classmethod\n"
        "    def __torch_dispatch__(cls, func, types, args=(), kwargs=None): raise ValueError\n"
        "def double(x): return W()"
    ),
    "a patched encoder": (
        "import tutor.values as v, tutor.worker.answers as a\n"
        "v.encode = lambda *args: {'k': 'v', 'v': True}\ndef double(x): return x"
    ),
    "a malformed answer": (
        "import tutor.values as v\n"
        "v.encode = lambda *args: {'k': 't', 'd': 'float32', 's': [-1], 'g': 1, 'o': 9**9, 'n': 0,"
        " 'w': []}\ndef double(x): return x"
    ),
    "an answer that is no object": (
        "import tutor.values as v\nv.encode = lambda *args: [[]]\ndef double(x): return x"
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_fails_in_words_and_breaks_nothing(
    template: Template, worker: Child, name: str
) -> None:
    assert isinstance(worker.run(FORGERIES[name])[-1], CellFinished)
    judged = judge(template, worker, CHECK, FORGERIES[name])
    assert not judged.passed
    assert judged.broken == ""
    assert judged.failure is not None
    assert judged.failure.message
    worker.run("x = 1")  # and the worker still takes requests


def test_ending_the_process_inside_a_call_is_seen_as_its_end(
    template: Template, worker: Child
) -> None:
    worker.run("import os\ndef double(x): os._exit(0)")
    with pytest.raises(EOFError):
        judge(template, worker, CHECK)


def test_a_call_that_never_returns_can_be_interrupted(template: Template, worker: Child) -> None:
    worker.run("kept = 4\ndef double(x):\n    print('in')\n    while True: pass")
    worker.send(Question(1, "get", target="double"))
    handle = msgspec.json.decode(worker.receive()[0].value)["value"]["h"]
    arguments = {"k": "l", "v": [{"k": "v", "v": None}]}
    worker.send(Question(2, "call", handle=handle, arguments=arguments))
    worker.wait_for_output("in")
    worker.interrupt()
    answer, _ = worker.receive()
    assert isinstance(answer, Answer)
    assert (answer.ok, answer.error) == (False, "KeyboardInterrupt")
    assert [m.text for m in worker.run("kept") if isinstance(m, Displayed)] == ["4"]


def test_the_check_cannot_be_found_in_the_learners_process(
    template: Template, worker: Child
) -> None:
    """Searched while the check runs: all objects, all frames, all lines that linecache knows."""
    worker.run(
        "import gc, sys, linecache\n"
        "needle = '_'.join(['SECRET', 'OF', 'THE', 'CHECK'])\n"
        "found = []\n"
        "def double(x):\n"
        "    for o in gc.get_objects():\n"
        "        items = list(o.values()) if type(o) is dict else o\n"
        "        items = items if type(items) in (list, tuple) else ()\n"
        "        texts = [i for i in items if type(i) in (str, bytes) and i is not needle]\n"
        "        found.extend(1 for text in texts if needle in str(text))\n"
        "    frame = sys._getframe()\n"
        "    while frame:\n"
        "        texts = [v for v in list(frame.f_locals.values()) if type(v) in (str, bytes)]\n"
        "        found.extend(1 for v in texts if needle in str(v) and v is not needle)\n"
        "        frame = frame.f_back\n"
        "    return 2 * x"
    )
    judged = judge(template, worker, CHECK)
    assert judged.passed, judged.failure
    shown = [m.text for m in worker.run("found", "b") if isinstance(m, Displayed)]
    assert shown == ["[]"]


def test_that_search_can_find(worker: Child) -> None:
    """The search of the test above does find what is there."""
    worker.run(
        "import gc\nplanted = {'a': 'SECRET_OF_THE_CHECK', 'b': []}\nneedle = 'SECRET_OF_' + 'THE_CHECK'\n"
        "hits = [1 for o in gc.get_objects() if type(o) is dict and o is planted"
        " and any(needle in str(i) for i in list(o.values()))]"
    )
    assert [m.text for m in worker.run("hits", "b") if isinstance(m, Displayed)] == ["[1]"]


def test_objects_of_a_judging_are_let_go_by_the_next_and_by_a_run(
    template: Template, worker: Child
) -> None:
    worker.run(
        "import weakref\nrefs = []\nclass Box: pass\n"
        "def double(x):\n    b = Box()\n    b.t = torch.ones(3)\n    refs.append(weakref.ref(b.t))\n"
        "    return b"
    )
    judge(template, worker, CHECK)
    look = "def check(s):\n    s.equal(s.probe('answer = refs[0]() is None'), True)"
    assert judge(template, worker, look).passed  # the next judging lets them go
    judge(template, worker, CHECK)
    shown = [m.text for m in worker.run("refs[-1]() is None", "b") if isinstance(m, Displayed)]
    assert shown == ["True"]
