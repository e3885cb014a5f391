"""The one door to torch's autograd engine, with a look at the graph before it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.autograd.graph

_NAME = "_engine_run_backward"
"""`Tensor.backward`, `torch.autograd.backward` and `torch.autograd.grad` all go through it."""
_HOOKS = torch.autograd.graph.saved_tensors_hooks

try:
    import torch._C._dynamo.eval_frame as _dynamo_frames
except ImportError:  # a build without the compiler
    _dynamo_frames = None
_dynamo: Any = _dynamo_frames
_set_compiler: Callable[[Any], Any] = getattr(_dynamo, "set_eval_frame", lambda callback: None)
"""Exchanges what compiles the frames of this thread; a C function, so that no frame is met."""

_mode_of: Callable[[Any], Any] = getattr(torch._C, "_get_dispatch_mode", lambda key: None)
_TRACERS = tuple(
    key
    for name in ("FAKE", "PROXY", "FUNCTIONAL")
    if (key := getattr(getattr(torch._C, "_TorchDispatchModeKey", None), name, None)) is not None
)
"""Modes under which tensors stand for others. A compiler at work rehearses a backward that way, on
tensors without values that nobody else may touch; it is not the learner's."""

Look = Callable[[Any, dict[str, Any]], None]


class Engine:
    """Counts the backwards of a run; calls `look(outputs, keywords)` at number `next`."""

    def __init__(self, look: Look) -> None:
        self.count = 0
        self.next = 1
        self.hooks_used = False
        """Somebody had hooks on saved tensors since the worker began."""
        self._look = look
        self._found: Any = None
        self._ours: Any = None
        self._found_enter: Any = None
        self._our_enter: Any = None

    def install(self) -> None:
        """Put a counter before the engine. A torch without that door is left as it is."""
        self._found = getattr(torch.autograd, _NAME, None)
        if self._found is not None:
            self._ours = self._counting(self._found)
            leave_to_python(self._ours)
            setattr(torch.autograd, _NAME, self._ours)
        self._found_enter = _HOOKS.__enter__
        self._our_enter = self._noting(self._found_enter)
        leave_to_python(self._our_enter)
        _HOOKS.__enter__ = self._our_enter  # type: ignore[method-assign]

    def remove(self) -> None:
        """Put back what was found, unless somebody else stands there by now."""
        if self._ours is not None and getattr(torch.autograd, _NAME, None) is self._ours:
            setattr(torch.autograd, _NAME, self._found)
        if _HOOKS.__enter__ is self._our_enter:
            _HOOKS.__enter__ = self._found_enter  # type: ignore[method-assign]
        self._ours = self._found = None

    def _counting(self, engine: Callable[..., Any]) -> Callable[..., Any]:
        def _engine_run_backward(t_outputs: Any, *args: Any, **kwargs: Any) -> Any:
            # Not a function of its own: the compiler would meet its frame.
            for key in _TRACERS:
                if _mode_of(key) is not None:
                    return engine(t_outputs, *args, **kwargs)
            self.count += 1
            if self.count >= self.next:
                # In the midst of a compiled function nothing of ours may be compiled.
                before = _set_compiler(None)
                try:
                    self._look(t_outputs, {"arguments": args, **kwargs})
                finally:
                    _set_compiler(before)
            return engine(t_outputs, *args, **kwargs)

        return _engine_run_backward

    def _noting(self, enter: Callable[..., Any]) -> Callable[..., Any]:
        def __enter__(hooks: Any) -> Any:  # noqa: N807
            self.hooks_used = True
            return enter(hooks)

        return __enter__


def leave_to_python(function: Callable[..., Any]) -> None:
    """Keep torch.compile from compiling this function when it meets it between graphs."""
    code: Any = function.__code__  # type: ignore[attr-defined]
    try:
        if hasattr(_dynamo, "skip_code"):
            _dynamo.skip_code(code)
        else:
            action = _dynamo._FrameAction
            _dynamo.set_code_exec_strategy(
                code, _dynamo._FrameExecStrategy(action.SKIP, action.DEFAULT)
            )
    except Exception:  # no compiler, or another version's way: then it may be compiled
        return
