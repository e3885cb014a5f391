"""Seccomp: installs the system call filter on the calling process and all it starts.

Nothing is killed but calls of a foreign architecture. Calls that are newer than the table are
answered as an older kernel would, so that no kernel update opens a hole.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from tutor.sandbox.rules import ASK, Deny, Situation, Test, rules
from tutor.sandbox.syscall_numbers import LAST_KNOWN, MACHINE, numbers
from tutor.sandbox.syscalls import PR_SET_NO_NEW_PRIVS, prctl, syscall

__all__ = ["Deny", "Situation", "Test", "compile_filter", "install", "rules"]

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL, _ERROR, _NOTIFY = 0x7FFF0000, 0x80000000, 0x00050000, 0x7FC00000
_SET_MODE_FILTER, _NEW_LISTENER = 1, 1 << 3


def install(situation: Situation) -> int:
    """Filter the calling thread and its descendants, for ever. Returns the descriptor on which a
    supervisor hears of the calls to decide, -1 where `situation` has none.

    Raises:
        OSError: no seccomp here, or a processor without a table, or a supervisor is wanted where
            there is one already (errno EBUSY) or where the kernel knows none.
    """
    if MACHINE not in _ARCHITECTURES:
        raise OSError(38, f"no system call table for {MACHINE}")
    code = compile_filter(rules(situation, os.getpid()))
    program = _Program(len(code) // 8, code)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    flags = _NEW_LISTENER if situation.supervised else 0
    result = syscall(
        "seccomp", ctypes.c_uint(_SET_MODE_FILTER), ctypes.c_uint(flags), ctypes.byref(program)
    )
    return result if situation.supervised else -1


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


Instruction = tuple[int, int, int, int]
"""code, jump if true, jump if false, operand."""


def compile_filter(denied: list[Deny], machine: str = MACHINE) -> bytes:
    """Classic BPF for `denied`, 8 bytes an instruction; calls that `machine` lacks are left out."""
    table = numbers(machine)
    code: list[Instruction] = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 0, 1, LAST_KNOWN + 1),  # on x86_64 the calls of x32, too
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
    ]
    by_call: dict[str, list[Deny]] = {}
    for rule in denied:
        if rule.call in table:
            by_call.setdefault(rule.call, []).append(rule)
    for call, its_rules in by_call.items():
        body = [step for rule in its_rules for step in _rule(rule)]
        code += [(_EQUAL, 0, len(body) + 1, table[call]), *body, (_RETURN, 0, 0, _ALLOW)]
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in code)


def _rule(rule: Deny) -> list[Instruction]:
    """Falls through to what follows when a test fails."""
    result = _NOTIFY if rule.error == ASK else _ERROR | rule.error
    code: list[Instruction] = [(_RETURN, 0, 0, result)]
    for test in reversed(rule.tests):
        code = [*_test(test, past=len(code)), *code]
    return code


def _test(test: Test, past: int) -> list[Instruction]:
    """Continues when the test holds, jumps over the next `past` instructions when it fails."""
    code: list[Instruction] = [(_LOAD, 0, 0, 16 + 8 * test.argument)]
    if test.mask != 0xFFFFFFFF:
        code.append((_AND, 0, 0, test.mask))
    jump = _ANY_BIT if test.kind == "any bit" else _EQUAL
    count = len(test.values)
    for position, value in enumerate(test.values):
        left = count - 1 - position
        if test.kind == "not in":
            code.append((jump, left + past, 0, value))
        elif left:
            code.append((jump, left, 0, value))
        else:
            code.append((jump, 0, past, value))
    return code
