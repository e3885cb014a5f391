"""Code with probes does what it did, fails where it failed, and looks only where tensors may be."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import traceback
import types

import pytest

from tests.lines.watching import Bench
from tutor.worker.observe.lines.rewrite import COMPILING, COUNTERS, RECORD, rewritten

PROGRAMS = {
    "docstring and future": (
        '"""A text."""\n'
        "from __future__ import annotations\n"
        "def f(x: Nowhere) -> Neither:\n"
        '    """What f does."""\n'
        "    y = [x]\n"
        "    return y * 2\n"
        "print(__doc__, f.__doc__, f.__annotations__, f(1))\n"
    ),
    "closures": (
        "total = []\n"
        "def outer(a):\n"
        "    count = [a]\n"
        "    def inner(b):\n"
        "        nonlocal count\n"
        "        global total\n"
        "        count = count + [b]\n"
        "        total = total + count\n"
        "        return lambda: count\n"
        "    return inner\n"
        "print(outer(1)(2)(), total)\n"
    ),
    "generator": (
        "def g(n):\n"
        "    for i in range(n):\n"
        "        got = yield [i]\n"
        "        x = yield from iter([got])\n"
        "    return list([n])\n"
        "it = g(2); first = next(it); print(first, it.send('s'))\n"
        "print(list(g(2)))\n"
    ),
    "async": (
        "import asyncio\n"
        "class Ticks:\n"
        "    def __aiter__(self): self.n = 0; return self\n"
        "    async def __anext__(self):\n"
        "        self.n += 1\n"
        "        if self.n > 2: raise StopAsyncIteration\n"
        "        return [self.n]\n"
        "async def main():\n"
        "    seen = []\n"
        "    async for t in Ticks():\n"
        "        seen += t\n"
        "    async with asyncio.Lock() as lock:\n"
        "        return tuple(seen), lock\n"
        "print(asyncio.run(main()))\n"
    ),
    "classes": (
        "class A:\n"
        "    w = [1]\n"
        "    __hidden = w\n"
        "    def __init__(self, x): self.__x = x; self.y, self.z = x, x\n"
        "    @property\n"
        "    def x(self): return self.__x\n"
        "    @staticmethod\n"
        "    def s(*args, **kw): return args, kw\n"
        "class B(A):\n"
        "    __slots__ = ('q',)\n"
        "    def __init__(self): super().__init__([2]); self.q = [3]\n"
        "print(sorted(k for k in vars(A) if '__' not in k), B().x, B().q, A.s(1, b=2))\n"
    ),
    "patterns": (
        "def m(v):\n"
        "    match v:\n"
        "        case [a, *rest] if rest: return [a, rest]\n"
        "        case {'k': k, **others}: return (k, others)\n"
        "        case str() as s: return s + '!'\n"
        "        case _: return None\n"
        "print([m(v) for v in ([1, 2], {'k': 1, 'l': 2}, 's', 3)])\n"
    ),
    "walrus": (
        "def f(x): return [x] if x else []\n"
        "if f(0) and (late := f(1)): pass\n"
        "if (early := f(2)) or (late := f(3)): print(early)\n"
        "while (chunk := f(len(early) - 1)): pass\n"
        "print([y := f(i) for i in range(3)], y, chunk, 'late' in dir())\n"
        "1 < 0 < (never := 3)\n"
    ),
    "with and try": (
        "import contextlib\n"
        "@contextlib.contextmanager\n"
        "def c(v):\n"
        "    try: yield v, [v]\n"
        "    except* ValueError as group: print(group.exceptions)\n"
        "    finally: print('left', v)\n"
        "with c(1) as (a, b), c(2) as d:\n"
        "    raise ValueError('x')\n"
        "try: 1 / 0\n"
        "except ZeroDivisionError as e: kind = [e]\n"
        "else: no = [1]\n"
        "finally: print(kind, 'e' in dir())\n"
    ),
    "locals": (
        "def f(x):\n"
        "    y = [x]\n"
        "    return sorted(locals()), y\n"
        "print(f(1), f.__code__.co_varnames)\n"
    ),
    "stars": (
        "a, *b = [1], [2], [3]\n"
        "[c, (d, *e)] = b\n"
        "f = g = a\n"
        "x: list = f\n"
        "z: list\n"
        "print(c, d, e, g)\n"
    ),
}


def ran(source: str, probes: bool) -> str:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        try:
            Bench(probes).run(source)
        except Exception:
            text = traceback.format_exc()
            shown.write(text[text.index("<cell a>") :])
    return shown.getvalue()


@pytest.mark.parametrize("name", PROGRAMS)
def test_code_with_probes_does_what_it_did(name: str) -> None:
    bare, watched = ran(PROGRAMS[name], False), ran(PROGRAMS[name], True)
    assert bare
    assert address_free(watched) == address_free(bare)


def address_free(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x", text)


FAILING = (
    "x = torch.ones(3)\ny = x @ torch.ones(4)\n",
    "def f(a):\n    b = a + 1\n    return (b\n        @ torch.ones(4))\nf(torch.ones(3))\n",
    "for x in [torch.ones(2)]:\n    if x.sum() > 0: y = x.view(\n        7)\n",
    "class N(nn.Module):\n    def forward(self, x):\n        h = x.t()\n        return self.fc(h)\n"
    "N()(torch.ones(2))\n",
    "def f(n):\n    return f(n + 1)\nf(0)\n",
    "def f(n):\n    a = [n]\n    return f(n + 1) if n < 5 else a.nothing\nf(0)\n",
    "with torch.no_grad() as g:\n    h = torch.ones(2)\n    del h\n    k = h\n",
    "x = [i\n  for i in torch.ones(2, 3)]\nz = sum(x) @ x[0] / undefined\n",
)


@pytest.mark.parametrize("source", FAILING)
def test_errors_point_where_they_pointed(source: str) -> None:
    bare, watched = places(source, False), places(source, True)
    assert len(bare) > 1
    assert watched == bare


def places(source: str, probes: bool) -> list[object]:
    """What an explanation of the error is made from: error, frames, lines and columns."""
    try:
        Bench(probes).run(source)
    except Exception as error:
        steps = traceback.TracebackException.from_exception(error).stack
        return [
            f"{type(error).__name__}: {error}",
            *(
                (s.filename, s.name, s.lineno, s.end_lineno, s.colno, s.end_colno, s.line)
                for s in steps
                if s.filename.startswith("<cell")
            ),
        ]
    raise AssertionError("it was meant to fail")


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_instruction_stands_on_another_line(name: str) -> None:
    tree = ast.parse(PROGRAMS[name])
    changed, sites = rewritten(tree)
    assert sites
    bare, watched = compile(tree, "f", "exec"), compile(changed, "f", "exec")
    assert lines_of(watched) == lines_of(bare)
    for node in ast.walk(changed):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("]"):
            assert node.lineno <= node.body[0].lineno <= (node.end_lineno or 0)


def lines_of(code: types.CodeType) -> set[tuple[str, int]]:
    found = {(code.co_name, line) for _, _, line in code.co_lines() if line}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= lines_of(constant)
    return found


def looked_at(source: str, known: tuple[str, ...] = ()) -> list[str]:
    _, sites = rewritten(ast.parse(source), 0, known)
    return sorted(f"{bound.line}:{bound.text}" for site in sites for bound in site.bound)


def test_numbers_and_text_have_no_probe() -> None:
    source = (
        "total = 0\n"
        "for i in range(300):\n"
        "    a = i * 3\n"
        "    b = a % 7 if a else len('x')\n"
        "    total += b\n"
        "    name = f'{total}'\n"
        "    x = b * w\n"
        "    n = x.shape[0] + x.size(1) + x.sum().item()\n"
    )
    assert looked_at(source) == ["7:x"]


def test_a_name_that_is_a_tensor_anywhere_is_looked_at_where_it_may_be_one() -> None:
    source = (
        "total = 0\nfor x in xs:\n    total = total + x\n"
        "def f():\n    global count\n    count = x\ncount = 0\ny = count + 1\n"
    )
    assert looked_at(source) == ["2:x", "3:total", "6:count", "8:y"]


def test_numbers_of_earlier_cells_are_known() -> None:
    assert looked_at("size = STEPS * 2\n") == ["1:size"]
    assert looked_at("size = STEPS * 2\n", ("STEPS",)) == []


def test_probes_of_the_module_are_a_list_test_alone() -> None:
    tree, _ = rewritten(ast.parse("x = y\ndef f(a): return a + 1\n"), 7)
    module, function = ast.unparse(tree.body[1]), ast.unparse(tree.body[2])
    assert module == f"if {COUNTERS}[7]:\n    {RECORD}(7, x)"
    assert f"if not {COMPILING}() and {COUNTERS}[9]:" in function


def test_a_cell_that_cannot_be_rewritten_stays_as_it_was() -> None:
    tree = ast.parse("x = y\n")
    before = ast.dump(tree)
    rewritten(tree)
    assert ast.dump(tree) == before
