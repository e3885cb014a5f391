"""Calls with missing, extra, misspelt or unfitting arguments, and operators between kinds."""

from __future__ import annotations

import ast
import re
from typing import Any

import torch

from tutor.wire.explanation import Fix
from tutor.worker.explain.peek import Unknown, own_names, peek
from tutor.worker.explain.rules.names import near
from tutor.worker.explain.rules.rule import Rules, article, counted
from tutor.worker.explain.situation import Draft, Situation, Value, is_module

RULES = Rules()


@RULES.on(r"(\w[\w.<>]*)\(\) missing (\d+) required (positional|keyword-only) arguments?: (.*)")
def _missing(situation: Situation, match: re.Match[str]) -> Draft:
    function, names = match[1], re.findall(r"['\"](\w+)['\"]", match[4])
    bare = function.rpartition(".")[2]
    listed = " and ".join(f"`{name}`" for name in names)
    kind = function.rpartition(".")[0]
    what = f"`{kind}(…)`" if bare == "__init__" else f"`{bare}`"
    why = f"{what} also needs {listed}."
    fixes: list[Fix | None] = []
    if bare == "forward":
        why = f"Calling `{kind}` calls its forward(), which also needs {listed}."
    if names[:1] == ["self"] or _is_on_a_class(situation):
        fixes.append(Fix("call it on an object: make one first, then object.method(…)"))
    code = _added(situation, [f"{name}=…" for name in names])
    fixes.append(Fix("pass it", code) if code else None)
    return Draft("missing-argument", "An argument is missing", why, fixes)


@RULES.on(
    r"(\w[\w.<>]*)\(\) takes (?:from \d+ to |at most )?(\d+|no) (?:positional )?arguments? "
    r"but (\d+) (?:was|were) given",
    r"(\w[\w.<>]*)\(\) takes (exactly \w+|no|\d+) arguments? \((\d+) given\)",
)
def _too_many(situation: Situation, match: re.Match[str]) -> Draft:
    function, takes, given = match[1], match[2], match[3]
    bare = function.rpartition(".")[2]
    parameters = _parameters(situation, bare)
    fixes: list[Fix | None] = []
    size = next((o for o in situation.operands if o.known and type(o.value) is float), None)
    if size is not None and _peeked(situation) is own_names(torch).get(bare):
        code = situation.instead(size, f"int({size.name})")
        return Draft("argument-types", "Sizes are whole numbers",
                     f"`{size.name}` is {size.value}. Note that `/` always gives a float; `//` "
                     "divides ints.", [situation.maybe("make it an int", code)])  # fmt: skip
    method = function.rpartition(".")[0] != ""
    if method and parameters is not None and "self" not in parameters:
        first = ", ".join(["self", *parameters])
        fixes.append(Fix("a method gets its object first", f"def {bare}({first}):"))
        why = (
            f"A method is called with its object in front, so `{bare}` got {given} arguments; it "
            "has no `self` to take it."
        )
    elif bare == "__init__" and situation.expression.startswith("super()"):
        fixes.append(Fix("nn.Module takes none", "super().__init__()"))
        why = (
            "super().__init__() of a plain module takes no arguments; they are for your own class."
        )
    else:
        itself = " (the object itself counts as one)" if method else ""
        count = int(takes) if takes.isdigit() else 0
        why = f"`{bare}` takes {counted(count, 'argument')} and was given {given}{itself}."
    return Draft("extra-argument", "There is an argument too many", why, fixes)


@RULES.on(
    r"(\w[\w.<>]*)\(\) got an unexpected keyword argument '(\w+)'",
    r"'(\w+)' is an invalid keyword argument for (\w+)\(\)",
)
def _unexpected(situation: Situation, match: re.Match[str]) -> Draft:
    function, name = match[1], match[2]
    if "invalid keyword" in match[0]:
        function, name = match[2], match[1]
    known = _keywords(situation, function)
    close = near(name, known)
    fixes: list[Fix | None] = [
        Fix(f"did you mean `{n}`?", _renamed(situation, name, n)) for n in close
    ]
    if not close and known and len(known) <= 12:
        fixes = [Fix(f"it knows {', '.join(known)}")]
    bare = function.removesuffix(".__init__")
    return Draft("unexpected-keyword", f"{bare} knows no {name}",
                 f"`{bare}` has no parameter called `{name}`.", fixes)  # fmt: skip


@RULES.on(
    r"(\w+)\(\) received an invalid combination of arguments - got \((.*?)\), but "
    r"expected one of:(.*)",
    r"(\w+)\(\) received an invalid combination of arguments - got \((.*?)\), but expected "
    r"\((.*?)\)",
)
def _combination(situation: Situation, match: re.Match[str]) -> Draft:
    function, got = match[1], match[2].strip().rstrip(",")
    forms = [form.strip() for form in re.findall(r"\*\s*\((.*?)\)\n", match[3] + "\n")]
    parameters = _named_in(match[3])
    for keyword in re.findall(r"(\w+)=", got):
        if keyword not in parameters:
            close = near(keyword, dict.fromkeys(parameters), 1)
            fixes = [Fix(f"did you mean `{n}`?", _renamed(situation, keyword, n)) for n in close]
            return Draft("unexpected-keyword", f"{function} knows no {keyword}",
                         f"`{function}` has no parameter of that name.", list(fixes))  # fmt: skip
    shown = [re.sub(r", \*,.*|\*, .*", "", form) for form in forms]
    shown = [form for form in dict.fromkeys(shown) if form][:3]
    fixes = [_size_as_tuple(situation, function, got)]
    fixes += [Fix(f"{function}({form})") for form in shown]
    return Draft(
        "argument-types",
        f"{function} cannot be called with these kinds of arguments",
        f"It was given ({got}). Which argument is which is decided by their kinds and order.",
        fixes,
    )


def _named_in(forms: str) -> list[str]:
    """Parameter names in torch's signatures, such as "(int dim, bool keepdim = False)"."""
    parts = re.split(r"[,()]", forms)
    names = [re.sub(r"\s*=.*", "", part).strip().rpartition(" ")[2] for part in parts]
    return [name for name in dict.fromkeys(names) if name.isidentifier()]


def _size_as_tuple(situation: Situation, function: str, got: str) -> Fix | None:
    node, place = situation.node, situation.place
    if function in ("randint", "full") and isinstance(node, ast.Call) and place and node.args:
        last = node.args[-1]
        if got.endswith("int"):
            code = place.with_part(last, f"({place.text(last)},)")
            return situation.try_fix("the size is a tuple, also of one", code)
    return None


@RULES.on(r"(\w+)\(\): argument '(\w+)' (?:\(position (\d+)\) )?must be ([\w. ]+?), not ([\w.]+)")
def _argument_type(situation: Situation, match: re.Match[str]) -> Draft:
    function, name, place, wanted, got = match.groups()
    which = f"`{name}`" + (f" (argument {place})" if place else "")
    fixes: list[Fix | None] = []
    if got == "float" and wanted == "int":
        fixes.append(Fix("divide with // or convert with int(…)"))
    if got == "Tensor" and wanted in ("int", "Number", "float"):
        fixes.append(Fix("take the number out of the tensor with .item()"))
    return Draft("argument-types", f"{function} got the wrong kind of argument",
                 f"{which} must be {wanted}; it was {got}.", fixes)  # fmt: skip


@RULES.on(
    r"unbound method (?:\w+\.)?(\w+)\(\) needs an argument|descriptor '(\w+)'.* needs an argument"
)
def _unbound(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft("missing-argument", "The method was called on a class",
                 f"`{match[1] or match[2]}` needs an object to work on.")  # fmt: skip


@RULES.on(r"'([\w.]+)' object is not callable")
def _not_callable(situation: Situation, match: re.Match[str]) -> Draft:
    kind = match[1]
    node = situation.node
    name = situation.place.text(node.func) if isinstance(node, ast.Call) and situation.place else ""
    fixes: list[Fix | None] = []
    if kind.endswith("Size"):
        fixes = [Fix("shape is no method: leave the parentheses out", name),
                 Fix("or use the method size()", name.replace(".shape", ".size()"))]  # fmt: skip
    elif kind == "Tensor":
        fixes = [
            Fix("square brackets index a tensor"),
            Fix("a missing * between two factors reads as a call"),
        ]
    elif kind == "NoneType":
        fixes = [Fix("it is None: a function without return, perhaps")]
    elif kind in ("str", "int", "float", "list", "dict"):
        shadowed = name in (
            "list",
            "dict",
            "str",
            "int",
            "float",
            "sum",
            "max",
            "min",
            "len",
            "input",
            "print",
        )
        if shadowed:
            fixes = [Fix(f"a cell gave `{name}` another meaning; get Python's back", f"del {name}")]
    why = f"Parentheses call a function; `{name or 'this'}` is {article(kind)}."
    if kind == "module":
        last = name.rpartition(".")[2] or name
        fixes = [Fix("name the function in the module", f"{name}.{last}(…)")]
    return Draft("not-callable", "This is not a function", why, fixes)


@RULES.on(r"'([\w.]+)' object is not subscriptable")
def _not_subscriptable(situation: Situation, match: re.Match[str]) -> Draft:
    kind = match[1]
    fixes: list[Fix | None] = []
    if kind in ("method", "builtin_function_or_method", "function"):
        fixes = [Fix("functions are called with round brackets")]
    if kind in ("float", "int"):
        fixes = [Fix("it is a single number; there is nothing to pick from")]
    return Draft("not-subscriptable", "Square brackets do not work here",
                 f"They pick an item; this is {article(kind)}, which has none.", fixes)  # fmt: skip


@RULES.on(r"'([\w.]+)' object is not (iterable|an iterator)",
          r"cannot unpack non-iterable ([\w.]+) object()")  # fmt: skip
def _not_iterable(situation: Situation, match: re.Match[str]) -> Draft:
    kind = match[1]
    bad = next((o for o in situation.operands if o.known and _kind(o) == kind), None)
    fixes: list[Fix | None] = []
    if kind == "int" and bad is not None:
        head = situation.expression if isinstance(situation.node, ast.Call) else ""
        code = situation.instead(bad, f"range({bad.name})") if head else f"range({bad.name})"
        fixes = [Fix("count up to it", code)]
    elif kind == "DataLoader" and match[2] == "an iterator":
        fixes = [Fix("make an iterator first", "next(iter(loader))")]
    elif kind == "NoneType":
        fixes = [Fix("a function without return gives None")]
    elif kind == "method":
        fixes = [Fix("call it: add the parentheses", f"{bad.name}()" if bad else "")]
    elif bad is not None and is_module(bad.value):
        fixes = [Fix("go through its layers", f"{bad.atom}.children()"),
                 Fix("or its parameters", f"{bad.atom}.parameters()")]  # fmt: skip
    return Draft("not-iterable", "There is nothing to go through",
                 f"`for`, `list()` and unpacking need several items; this is {article(kind)}.",
                 fixes)  # fmt: skip


@RULES.on(
    r"unsupported operand type\(s\) for (\S+): '([\w.]+)' and '([\w.]+)'",
    r"can only concatenate (str|list|tuple) \(not \"([\w.]+)\"\) to (str|list|tuple)",
    r"'(<=?|>=?)' not supported between instances of '([\w.]+)' and '([\w.]+)'",
    r"can't multiply (sequence) by non-int of type '(\w+)'",
    r"bad operand type for unary (\S): '(\w+)'",
)
def _operator_kinds(situation: Situation, match: re.Match[str]) -> Draft:
    kinds = [k for k in match.groups() if k and re.fullmatch(r"[A-Za-z_][\w.]*", k)]
    values = situation.operands[:2]
    fixes: list[Fix | None] = []
    listed = next((v for v in values if v.known and type(v.value) in (list, tuple)), None)
    texted = next((v for v in values if v.known and type(v.value) is str), None)
    other = next((v for v in values if v is not texted), None)
    if listed is not None and any(v.tensor is not None for v in values):
        code = situation.instead(listed, f"torch.tensor({listed.name})")
        fixes.append(situation.maybe("make a tensor of the list", code))
    elif texted is not None and other is not None:
        if match[0].startswith("can only") or "+" in match[0]:
            code = situation.instead(other, f"str({other.name})")
            fixes.append(Fix("for a text: convert it, or use an f-string", code))
        if _numeric(texted.value):
            code = situation.instead(texted, f"float({texted.name})")
            fixes.append(Fix("for a number: convert the text", code))
    elif "NoneType" in kinds:
        fixes.append(Fix("None often comes from a function without return"))
    told = " and ".join(f"`{v.name}` is {_told(v)}" for v in values if v.known)
    why = f"{told}. " if told else ""
    return Draft("operand-kinds", "These kinds do not go together",
                 f"{why}There is no such operation for {' and '.join(dict.fromkeys(kinds))}.",
                 fixes)  # fmt: skip


def _told(value: Value) -> str:
    return "a tensor" if value.tensor is not None else article(_kind(value))


def _kind(value: Value) -> str:
    return str(type.__getattribute__(type(value.value), "__name__"))


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------- what is being called


def _peeked(situation: Situation) -> Any:
    node = situation.node
    try:
        return peek(node.func, situation.names) if isinstance(node, ast.Call) else None
    except Unknown:
        return None


def _function(situation: Situation) -> Any:
    """The Python function behind the failing call: of a class its __init__, of a model forward."""
    called = _peeked(situation)
    if is_module(called):
        return _looked_up(type(called), "forward")
    if issubclass(type(called), type):
        return _looked_up(called, "__init__")
    return called


def _looked_up(kind: type, name: str) -> Any:
    for base in type.__getattribute__(kind, "__mro__"):
        found = type.__getattribute__(base, "__dict__").get(name)
        if found is not None:
            return found
    return None


def _code(function: Any) -> Any:
    return function.__code__ if type(function).__name__ == "function" else None


def _is_on_a_class(situation: Situation) -> bool:
    """True for a call such as `Net.forward(x)`, where `Net` is the class itself."""
    node = situation.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    base = situation.value(node.func.value).value
    code = _code(_peeked(situation))
    return issubclass(type(base), type) and code is not None and "self" in code.co_varnames[:1]


def _parameters(situation: Situation, name: str) -> list[str] | None:
    function = _function(situation)
    if _code(function) is None and situation.layer is not None:
        function = _looked_up(situation.layer.kind, name)
    code = _code(function)
    return list(code.co_varnames[: code.co_argcount]) if code is not None else None


def _keywords(situation: Situation, function: str) -> list[str]:
    code = _code(_function(situation))
    if code is None and situation.layer is not None:
        code = _code(_looked_up(situation.layer.kind, "forward"))
    if code is not None:
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        return [name for name in names if name != "self"]
    return _TORCH_KEYWORDS if callable(own_names(torch).get(function)) else []


_TORCH_KEYWORDS = ["dtype", "device", "requires_grad", "dim", "keepdim", "out", "generator", "size"]


def _renamed(situation: Situation, old: str, new: str) -> str:
    return re.sub(rf"\b{old}(?=\s*=[^=])", new, situation.expression)


def _added(situation: Situation, arguments: list[str]) -> str:
    text = situation.expression
    node = situation.node
    if not isinstance(node, ast.Call) or not text.endswith(")"):
        return ""
    before = ", " if node.args or node.keywords else ""
    return f"{text[:-1]}{before}{', '.join(arguments)})"
