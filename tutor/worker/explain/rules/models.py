"""Modules that were not set up right, parameters that are missing, and loading of weights."""

from __future__ import annotations

import ast
import difflib
import re
from typing import Any

from tutor.plain import clip
from tutor.wire.explanation import Fix
from tutor.worker.explain.layers import python_containers_with_layers
from tutor.worker.explain.peek import child_names
from tutor.worker.explain.place import source_of
from tutor.worker.explain.rules.rule import Rules, article, numbers, shape
from tutor.worker.explain.situation import Draft, Situation, Value, is_module
from tutor.worker.own import is_own

RULES = Rules()


@RULES.on(
    r"cannot assign (?:module|parameters?|buffers?) before Module\.__init__\(\) call",
    r"'(\w+)' object has no attribute '(?:_modules|_parameters|_buffers|_backward_hooks|"
    r"_forward_hooks|_forward_pre_hooks|training|_backward_pre_hooks)'",
)
def _no_super(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "no-super",
        "The model was not initialised as a module",
        "nn.Module keeps track of layers and parameters, and sets that up in its own __init__; "
        "yours must call it before anything is assigned to self.",
        [Fix("first line of __init__", "super().__init__()")],
        operands=[],
    )


@RULES.on(r"Module \[(\w+)\] is missing the required \"forward\" function")
def _no_forward(situation: Situation, match: re.Match[str]) -> Draft:
    layer = situation.layer
    if match[1] in ("ModuleList", "ModuleDict"):
        return Draft(
            "no-forward",
            f"{match[1]} only holds layers",
            "It cannot be called: it does not know in which order. nn.Sequential does.",
            [Fix("call its layers one after the other: for layer in layers: x = layer(x)"),
             Fix("or use nn.Sequential(*layers)")],
        )  # fmt: skip
    near = []
    if layer is not None:
        own = [
            n
            for n in child_names(layer.module)
            if n in type.__getattribute__(layer.kind, "__dict__")
        ]
        near = difflib.get_close_matches("forward", own, 1, 0.7)
    why = f"Calling a model calls its forward(), and `{match[1]}` has none."
    if near:
        return Draft("no-forward", "The model has no forward()", f"{why} It has `{near[0]}`.",
                     [Fix("rename it", f"def forward(self, …):  # now {near[0]}")])  # fmt: skip
    return Draft(
        "no-forward",
        "The model has no forward()",
        f"{why} It may be indented into another method.",
        [Fix("add it to the class", "def forward(self, x):")],
    )


@RULES.on(
    r"'NoneType' object has no attribute '(\w+)'",
    r"must be (?:Tensor|tuple of Tensors), not NoneType",
    r"unsupported operand type\(s\) for .*'NoneType'",
    r"'NoneType' object is not (?:callable|iterable|subscriptable)",
)
def _no_return(situation: Situation, match: re.Match[str]) -> Draft | None:
    bad = _none_from_a_call(situation)
    if bad is None:
        return None
    name, function = bad
    what = "forward()" if function == "forward" else f"`{function}`"
    return Draft(
        "no-return",
        "A function returned nothing",
        f"`{name}` is None: {what} ended without `return`, and Python then returns None."
        if function else f"`{name}` is None.",
        [Fix(f"let {what} end with `return …`")] if function else [],
    )  # fmt: skip


def _none_from_a_call(situation: Situation) -> tuple[str, str] | None:
    """(expression, function) for an operand that is None because a function has no return."""
    place = situation.place
    if place is None or situation.node is None:
        return None
    candidates = [o.node for o in situation.operands if o.node is not None]
    if isinstance(situation.node, ast.Attribute):
        candidates.append(situation.node.value)
    if isinstance(situation.node, ast.Call) and isinstance(situation.node.func, ast.Attribute):
        candidates.append(situation.node.func.value)
    for node in candidates:
        value = situation.value(node)
        if isinstance(node, ast.Call):
            function = _without_return(situation, node)
            if function:
                return place.text(node), function
        elif value.known and value.value is None and isinstance(node, ast.Name):
            call = _last_assigned(situation, node.id)
            function = _without_return(situation, call) if call else ""
            return place.text(node), function
    return None


def _last_assigned(situation: Situation, name: str) -> ast.Call | None:
    place = situation.place
    if place is None or not place.source:
        return None
    found = None
    for node in ast.walk(ast.parse(place.source)):
        if (
            isinstance(node, ast.Assign)
            and node.lineno <= place.line
            and isinstance(node.value, ast.Call)
            and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
        ):
            found = node.value
    return found


def _without_return(situation: Situation, call: ast.Call) -> str:
    """The name of the learner's function that is called, when it has no return."""
    called: Any = situation.value(call.func).value
    if is_module(called):
        functions = [base.__dict__.get("forward") for base in type(called).__mro__]
        called = next((function for function in functions if function is not None), None)
    code = getattr(called, "__code__", None) if type(called).__name__ == "function" else None
    if code is None or not is_own(code.co_filename):
        return ""
    return "" if _returns(code) else str(code.co_name)


def _returns(code: Any) -> bool:
    """True when some `return` of the function gives a value."""
    try:
        tree = ast.parse(source_of(code.co_filename))
    except (SyntaxError, ValueError):
        return True
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and node.name == code.co_name
            and node.lineno <= code.co_firstlineno + len(node.decorator_list)
            and code.co_firstlineno <= node.lineno
        ):
            return any(
                isinstance(part, (ast.Return, ast.Yield, ast.YieldFrom))
                and getattr(part, "value", None) is not None
                for part in ast.walk(node)
            )
    return True


@RULES.on(r"optimizer got an empty parameter list")
def _no_parameters(situation: Situation, match: re.Match[str]) -> Draft:
    owner = _owner(situation)
    why = "The optimiser has nothing to change."
    fixes = [Fix("pass model.parameters() of a model that has layers"),
             Fix("a generator can be gone through once: call parameters() again")]  # fmt: skip
    if owner is not None:
        hidden = python_containers_with_layers(owner.value)
        if hidden:
            attribute, kind = hidden[0]
            right = "nn.ModuleDict" if kind == "dict" else "nn.ModuleList"
            why += f" `{owner.name}.{attribute}` is a plain {kind}: torch does not see its layers."
            fixes = [Fix("use torch's own", f"self.{attribute} = {right}(…)")]
        else:
            why += f" `{owner.name}` has no parameters of its own."
    return Draft("no-parameters", "There is nothing to learn", why, list(fixes),
                 operands=[owner] if owner else None)  # fmt: skip


def _owner(situation: Situation) -> Value | None:
    if situation.node is None:
        return None
    for node in ast.walk(situation.node):
        if isinstance(node, ast.Name):
            value = situation.value(node)
            if value.known and is_module(value.value):
                return value
    return None


@RULES.on(
    r"'(\w+)' object is not iterable",
    r"'(method)' object is not (?:iterable|subscriptable)",
    r"params argument given to the optimizer should be an iterable",
    r"optimizer can only optimize Tensors, but one of the params is (\w+)",
)
def _model_for_parameters(situation: Situation, match: re.Match[str]) -> Draft | None:
    bad = next((o for o in situation.operands if o.known and is_module(o.value)), None)
    method = next((o for o in situation.operands if type(o.value).__name__ == "method"), None)
    text = situation.expression
    if bad is None and method is None and ".parameters" not in text:
        return None
    if bad is not None:
        code = situation.instead(bad, f"{bad.atom}.parameters()")
        return Draft(
            "parameters",
            "The parameters are needed, not the model",
            f"`{bad.name}` is the model; its parameters() go through the tensors to learn.",
            [Fix("pass them", code)],
        )
    code = re.sub(r"\.parameters\b(?!\()", ".parameters()", text)
    return Draft(
        "parameters",
        "A method was passed without being called",
        "`model.parameters` is the method itself; with parentheses it gives the parameters.",
        [Fix("call it", code if code != text else "")],
    )


@RULES.on(r"([\w.]+) is not a Module subclass")
def _not_a_module(situation: Situation, match: re.Match[str]) -> Draft:
    kind = match[1]
    fixes: list[Fix | None] = []
    why = f"nn.Sequential takes layers, one by one; it was given {article(kind)}."
    first = situation.argument(0)
    if kind in ("list", "tuple", "generator") and first is not None:
        code = situation.instead(first, f"*{first.atom}")
        fixes.append(Fix("unpack it with a star", code))
    if "functional" in kind:
        layer = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "softmax": "Softmax",
                 "gelu": "GELU", "max_pool2d": "MaxPool2d", "dropout": "Dropout"}  # fmt: skip
        name = layer.get(kind.rpartition(".")[2])
        why += " Functions of F have twins in nn that are layers."
        if name:
            fixes.append(Fix("use the layer", f"nn.{name}()"))
    if kind in ("torch.relu", "torch.tanh", "torch.sigmoid"):
        fixes.append(Fix("use the layer of that name in nn, such as nn.ReLU()"))
    return Draft("not-a-layer", "This is not a layer", why, fixes)


@RULES.on(
    r"cannot assign '([\w.]+)' as parameter '(\w+)' \(torch\.nn\.Parameter or None expected\)"
)
def _plain_tensor(situation: Situation, match: re.Match[str]) -> Draft:
    values = [o for o in situation.operands if o.tensor is not None]
    value = values[-1].name if values else "…"
    return Draft(
        "parameter-assigned",
        "A parameter can only be replaced by a parameter",
        f"`{match[2]}` is registered as a parameter; a plain tensor in its place would not learn.",
        [Fix("wrap it", f"nn.Parameter({value})"),
         Fix("or keep the parameter and copy the numbers: with torch.no_grad(): p.copy_(x)")],
    )  # fmt: skip


@RULES.on(r"Error\(s\) in loading state_dict for (\w+)")
def _state_dict(situation: Situation, match: re.Match[str]) -> Draft:
    message = situation.message
    sizes = re.findall(
        r"size mismatch for ([\w.]+): copying a param with shape torch\.Size\(\[(.*?)\]\) from "
        r"checkpoint, the shape in current model is torch\.Size\(\[(.*?)\]\)",
        message,
    )
    missing = _keys(message, "Missing")
    unexpected = _keys(message, "Unexpected")
    parts = []
    if sizes:
        name, saved, here = sizes[0]
        parts.append(
            f"`{name}` was saved as {shape(numbers(saved))} and is {shape(numbers(here))} here."
        )
    if missing:
        parts.append(f"{_listed(missing)} of the model {_verb(missing)} not in the file.")
    if unexpected:
        parts.append(f"{_listed(unexpected)} of the file {_verb(unexpected)} not in the model.")
    fixes = _for_keys(situation.argument(0), missing, unexpected)
    if sizes:
        fixes.append(Fix("make the model with the sizes that it was saved with"))
    return Draft("state-dict", "The saved weights do not fit this model", " ".join(parts), fixes)


def _keys(message: str, word: str) -> list[str]:
    found = re.search(rf"{word} key\(s\) in state_dict: (.*?)\.(?:\s|$)", message)
    return re.findall(r'"(.*?)"', found[1]) if found else []


def _listed(keys: list[str]) -> str:
    first = ", ".join(f"`{clip(key, 40)}`" for key in keys[:3])
    return first + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")


def _verb(keys: list[str]) -> str:
    return "is" if len(keys) == 1 else "are"


def _for_keys(given: Value | None, missing: list[str], unexpected: list[str]) -> list[Fix | None]:
    for prefix in ("module.", "_orig_mod.", "model."):
        if unexpected and all(key.startswith(prefix) for key in unexpected):
            why = {"module.": " (saved from a DDP model)",
                   "_orig_mod.": " (saved from a compiled model)"}.get(prefix, "")  # fmt: skip
            name = given.atom if given is not None else "state"
            code = f'{{k.removeprefix("{prefix}"): v for k, v in {name}.items()}}'
            return [Fix(f"remove the prefix {prefix}{why}", code)]
    pairs = [
        (key, near[0])
        for key in unexpected
        if (near := difflib.get_close_matches(key, missing, 1, 0.6))
    ]
    if pairs:
        return [Fix(f"perhaps `{pairs[0][0]}` was renamed to `{pairs[0][1]}`")]
    return []


@RULES.on(r"Expected state_dict to be dict-like, got <class '([\w.]+)'>")
def _not_a_state(situation: Situation, match: re.Match[str]) -> Draft:
    bad = situation.argument(0)
    kind = match[1].rpartition(".")[2]
    code = ""
    if bad is not None:
        change = f"torch.load({bad.name})" if kind == "str" else f"{bad.atom}.state_dict()"
        code = situation.instead(bad, change)
    return Draft(
        "state-dict",
        "load_state_dict takes a dictionary of tensors",
        f"It was given a {kind}" + ("; a file must be read first." if kind == "str" else "."),
        [Fix("pass the dictionary", code)],
    )


@RULES.on(r"Weights only load failed|weights_only")
def _weights_only(situation: Situation, match: re.Match[str]) -> Draft:
    return Draft(
        "weights-only",
        "The file holds more than tensors",
        "torch.load reads only tensors and plain containers, because loading other objects runs "
        "code from the file. A whole model was saved here, not its weights.",
        [
            Fix("save the weights instead", "torch.save(model.state_dict(), path)"),
            Fix(
                "only for a file of your own: load everything",
                "torch.load(path, weights_only=False)",
            ),
        ],
    )
