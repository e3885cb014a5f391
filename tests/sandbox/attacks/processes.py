"""Other processes: signals, memory, limits, priorities; and ways out of what confines this one."""

# ruff: noqa: E501  (learner code in one piece reads best)

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.sandbox.attacks.attack import Attack
from tests.sandbox.outside import Outside


def _hit(outside: Outside) -> bool:
    """Whether something was done to the victim. The kernel takes a moment to bury it."""
    try:
        outside.victim.wait(0.1)
    except subprocess.TimeoutExpired:
        pass
    return any("victim" in harm or "reniced" in harm for harm in outside.harm())


def _slows_everybody(outside: Outside) -> str:
    return "it would slow every program of this user"


def _terminal_takes_no_keys(outside: Outside) -> str:
    switch = Path("/proc/sys/dev/tty/legacy_tiocsti")
    legacy = not switch.exists() or switch.read_text().strip() == "1"
    return "" if legacy else "this kernel lets nobody push keys"


_IN_CHILD = """
def in_child(action):
    child = os.fork()
    if child == 0:
        try: action(); os._exit(7)
        except OSError: os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""

PROCESSES = (
    Attack(27, "kill a program", "os.kill(VICTIM, 9); goal = True", reached=_hit),
    Attack(27, "stop a program", "os.kill(VICTIM, signal.SIGSTOP); goal = True", reached=_hit),
    Attack(27, "signal the app", "os.kill(APP, 0); goal = True"),
    Attack(27, "signal the app's process group", "os.killpg(os.getpgid(APP), 0); goal = True"),
    Attack(28, "kill everybody", "os.kill(-1, 9); goal = True", reached=_hit, control=lambda outside: "it would end this very test"),
    Attack(28, "signal the monitor above", "os.kill(os.getppid(), 0); goal = True"),
    Attack(
        28,
        "signal all that can be seen",
        """
for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):
    if pid != os.getpid():
        try: os.kill(pid, 0); goal = True
        except OSError: pass
""",
    ),
    Attack(29, "queue a signal", "info = (ctypes.c_int * 32)(9, 0, -1); checked(libc.syscall(129, VICTIM, 9, info)); goal = True", reached=_hit),
    Attack(29, "signal by a process handle", "checked(libc.syscall(424, checked(libc.syscall(434, VICTIM, 0)), 9, None, 0)); goal = True", reached=_hit),
    Attack(29, "signal a thread of a program", "checked(libc.syscall(234, VICTIM, VICTIM, 9)); goal = True", reached=_hit),
    Attack(29, "signal a thread by its number alone", "checked(libc.syscall(200, VICTIM, 9)); goal = True", reached=_hit),
    Attack(
        30,
        "let the kernel signal a program for a socket",
        """
import fcntl
one, other = socket.socketpair()
fcntl.fcntl(one, 8, VICTIM); fcntl.fcntl(one, 10, 9); fcntl.fcntl(one, 4, os.O_ASYNC | os.O_NONBLOCK)
other.send(b'x'); goal = True
""",
        reached=_hit,
    ),
    Attack(31, "trace a program", "checked(libc.ptrace(16, VICTIM, 0, 0)); os.waitpid(VICTIM, 0x40000000); checked(libc.ptrace(17, VICTIM, 0, 0)); goal = True"),
    Attack(31, "open a program's memory", "open(f'/proc/{VICTIM}/mem', 'rb'); goal = True"),
    Attack(
        31,
        "read a program's memory",
        """
start = int(read(f'/proc/{VICTIM}/maps').split('-')[0], 16)
class Piece(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]
mine = ctypes.create_string_buffer(8)
here, there = Piece(ctypes.addressof(mine), 8), Piece(start, 8)
goal = checked(libc.process_vm_readv(VICTIM, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)) == 8
""",
    ),
    Attack(31, "take a descriptor of a program", "goal = checked(libc.syscall(438, checked(libc.syscall(434, VICTIM, 0)), 1, 0)) >= 0"),
    Attack(31, "compare kernel objects with a program", "goal = checked(libc.syscall(312, os.getpid(), VICTIM, 1, 0, 0)) >= 0"),
    Attack(32, "end a program by its limit of time", "resource.prlimit(VICTIM, resource.RLIMIT_CPU, (1, 1)); goal = True", reached=_hit),
    Attack(32, "take a program's files by its limit", "resource.prlimit(VICTIM, resource.RLIMIT_FSIZE, (0, 0)); goal = True"),
    Attack(33, "renice a program", "os.setpriority(os.PRIO_PROCESS, VICTIM, 19); goal = True", reached=_hit),
    Attack(33, "renice all programs of the user", "libc.setpriority(2, 0, 19); goal = True", reached=_hit, control=_slows_everybody),
    Attack(33, "lower the disk priority of all programs of the user", "checked(libc.syscall(251, 3, 0, 3 << 13)); goal = True", control=_slows_everybody),
    Attack(33, "pin a program to a core", "os.sched_setaffinity(VICTIM, [min(os.sched_getaffinity(VICTIM))]); goal = True"),
    Attack(33, "schedule a program last", "os.sched_setscheduler(VICTIM, os.SCHED_BATCH, os.sched_param(0)); goal = True"),
    Attack(34, "enter a user namespace", _IN_CHILD + "goal = in_child(lambda: checked(libc.unshare(0x10000000)))"),
    Attack(34, "mount over a folder", _IN_CHILD + "goal = in_child(lambda: (checked(libc.unshare(0x10020000)), checked(libc.mount(b'none', b'.', b'tmpfs', 0, None))))"),
    Attack(34, "change the root", _IN_CHILD + "goal = in_child(lambda: (checked(libc.unshare(0x10000000)), checked(libc.chroot(b'.'))))"),
    Attack(34, "clone into a user namespace", "pid = checked(ctypes.PyDLL(None).syscall(56, 0x10000000 | 17, 0, 0, 0, 0)); pid or os._exit(0); os.waitpid(pid, 0); goal = True"),
    Attack(34, "clone into a user namespace by the newer call", "order = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17); pid = checked(ctypes.PyDLL(None).syscall(435, order, 88)); pid or os._exit(0); os.waitpid(pid, 0); goal = True"),
    Attack(34, "join the namespaces of a program", "goal = os.open(f'/proc/{VICTIM}/ns/mnt', os.O_RDONLY) >= 0"),
    Attack(35, "become more through a setuid program", "goal = 'NoNewPrivs:\\t0' in read('/proc/self/status')"),
    Attack(36, "read a private key in a shell", "goal = SECRET in subprocess.run(f'cat {HOME}/.ssh/id_rsa', shell=True, capture_output=True, text=True).stdout"),
    Attack(36, "connect in a shell", "goal = subprocess.run(['/bin/bash', '-c', f'exec 3<>/dev/tcp/127.0.0.1/{PORT}'], capture_output=True).returncode == 0"),
    Attack(37, "put a library into programs by the environment", "os.environ.update(LD_PRELOAD='/usr/lib/x86_64-linux-gnu/libm.so.6', PYTHONSTARTUP='x'); goal = SECRET in subprocess.run(['/bin/cat', HOME + '/.ssh/id_rsa'], capture_output=True, text=True).stdout"),
    Attack(50, "write to a terminal", "goal = os.write(os.open(TERMINAL, os.O_WRONLY | os.O_NOCTTY), b'boo') == 3"),
    Attack(51, "push keys into a terminal", "import fcntl; fcntl.ioctl(os.open(TERMINAL, os.O_RDWR), 0x5412, b'x'); goal = True", control=_terminal_takes_no_keys),
)  # fmt: skip
