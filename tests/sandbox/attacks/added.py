"""Attacks that the acceptance table lacks."""

# ruff: noqa: E501  (learner code in one piece reads best)

from __future__ import annotations

import os
import platform

from tests.sandbox.attacks.attack import LOOPBACK, Attack
from tests.sandbox.outside import Outside


def _other_processor(outside: Outside) -> str:
    return "" if platform.machine() == "x86_64" else "it is written for another processor"


def _another_disk(outside: Outside) -> str:
    same = os.stat("/dev/shm").st_dev == outside.home.stat().st_dev  # noqa: PTH116
    return "" if same else "shared memory is another disk here"


def _is_roots(outside: Outside) -> str:
    return "" if os.geteuid() == 0 else "it is root's"


def _always(outside: Outside) -> str:
    return "this is refused by the kernel's own settings"


_BINARY = """
place = tempfile.mkdtemp() + '/cat'
with open('/bin/cat', 'rb') as source, open(os.open(place, os.O_CREAT | os.O_WRONLY, 0o700), 'wb') as copy: copy.write(source.read())
"""

ADDED = (
    Attack(0, "run a program from memory", "it = os.memfd_create('x', 0); os.write(it, open('/bin/cat', 'rb').read()); goal = SECRET in subprocess.run([f'/proc/self/fd/{it}', HOME + '/.ssh/id_rsa'], pass_fds=[it], capture_output=True, text=True).stdout"),
    Attack(0, "run its own copy of a program", _BINARY + "goal = SECRET in subprocess.run([place, HOME + '/.ssh/id_rsa'], capture_output=True, text=True).stdout"),
    Attack(
        0,
        "run a program by the loader",
        _BINARY + """
import glob
loader = glob.glob('/lib64/ld-linux-*') + glob.glob('/lib/ld-linux-*')
goal = SECRET in subprocess.run([loader[0], place, HOME + '/.ssh/id_rsa'], capture_output=True, text=True).stdout
""",
    ),
    Attack(
        0,
        "overwrite its own code with a plain system call",
        # Machine code cannot do what the kernel does not do for it.
        """
import mmap
code = mmap.mmap(-1, 4096, prot=7)
code.write(bytes.fromhex('b8 3e 00 00 00 0f 05 c3'))  # mov eax, SYS_kill; syscall; ret
kill = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_int, ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
goal = os.uname().machine == 'x86_64' and kill(VICTIM, 0) == 0
""",
        control=_other_processor,
    ),
    Attack(0, "call the kernel by its 32 bit door", """
import mmap
code = mmap.mmap(-1, 4096, prot=7)
code.write(bytes.fromhex('53 b8 14 00 00 00 cd 80 5b c3'))  # push rbx; mov eax, 20 (getpid); int 0x80; pop rbx; ret
ask = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
child = os.fork()
if child == 0: os._exit(7 if ask() == os.getpid() else 1)
goal = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
""", control=_other_processor),
    Attack(0, "handle its own page faults", "goal = checked(libc.syscall(323, 1)) >= 0", control=_other_processor),
    Attack(0, "add a key to the keyring", "goal = checked(libc.syscall(248, b'user', b'name', b'data', 4, -3)) > 0"),
    Attack(0, "read keys of the user", "goal = checked(libc.syscall(250, 0, -4, 1, 0, 0)) != 0"),
    Attack(
        0,
        "win a race with a link in scratch",
        """
import threading
place = tempfile.mkdtemp(); os.chdir(place)
open('real', 'w').write('mine'); os.symlink('real', 'now')
over = False
def flip():
    while not over:
        for target in (HOME + '/.ssh/id_rsa', 'real'): os.symlink(target, 'next'); os.rename('next', 'now')
sys.setswitchinterval(1e-5)  # threads take turns often, however busy the machine is
threading.Thread(target=flip, daemon=True).start()
until = time.time() + 1
while time.time() < until and not goal:
    try: goal = SECRET in read('now'); os.chmod('now', 0o600)
    except OSError: pass
over = True
""",
    ),
    Attack(
        0,
        "pass a descriptor of another program through a socket",
        """
one, other = socket.socketpair()
socket.send_fds(one, [b'x'], [os.open(HOME, os.O_PATH)])
folder = socket.recv_fds(other, 1, 1)[1][0]
goal = SECRET in open(os.open('.ssh/id_rsa', os.O_RDONLY, dir_fd=folder)).read()
""",
    ),
    Attack(0, "make a message queue", "goal = checked(libc.syscall(240, b'evil', os.O_CREAT | os.O_RDWR, 0o600, None)) >= 0 and checked(libc.syscall(241, b'evil')) == 0", control=lambda outside: "every worker's limit of message queues is 1 byte"),
    Attack(0, "make old shared memory", "it = checked(libc.shmget(0x7391, 4096, 0o1600)); checked(libc.shmctl(it, 0, None)); goal = True"),
    Attack(0, "limit the process above", "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)); goal = True"),
    Attack(0, "look into the scratch folder of another session", "goal = SECRET in read(HOME + '/other-scratch/.tmp/1/answer.txt')"),
    Attack(0, "list all shared memory of this computer", "goal = SHARED.split('/')[-1] in os.listdir('/dev/shm')"),
    Attack(0, "link a file of the user into shared memory", "os.link(HOME + '/.ssh/id_rsa', '/dev/shm/evil'); goal = SECRET in read('/dev/shm/evil'); os.unlink('/dev/shm/evil')", control=_another_disk),
    Attack(0, "reach shared memory through a link", "link = tempfile.mkdtemp() + '/link'; os.symlink(SHARED, link); goal = SECRET in read(link)"),
    Attack(0, "hold up who opens a file next", "import fcntl; fcntl.fcntl(os.open(HOME + '/course/asset.txt', os.O_RDONLY), 1024, 1); goal = True"),
    Attack(0, "be told of changes in a folder", "import fcntl; fcntl.fcntl(os.open(HOME + '/course', os.O_RDONLY), 1026, 2); goal = True"),
    Attack(0, "set the clock", "now = (ctypes.c_long * 2)(); libc.clock_gettime(0, now); checked(libc.clock_settime(0, now)); goal = True", control=lambda outside: "no worker has the right to"),
    Attack(0, "read the log of the kernel", "goal = checked(libc.klogctl(10, None, 0)) >= 0", control=_always),
    Attack(0, "watch the whole computer's performance", "buffer = ctypes.create_string_buffer(128); buffer[4] = 128; goal = checked(libc.syscall(298, buffer, VICTIM, -1, -1, 0)) >= 0", control=_always),
    Attack(0, "write a setting of the kernel", "open('/proc/sys/kernel/core_pattern', 'w').write(read('/proc/sys/kernel/core_pattern')); goal = True", control=_is_roots),
    Attack(0, "leave a core dump", "child = os.fork(); child or libc.abort(); goal = os.WCOREDUMP(os.waitpid(child, 0)[1])", control=lambda outside: "no worker may leave one"),
    Attack(0, "listen to all programs by a socket without an address", "it = socket.socket(); it.listen(); goal = it.getsockname()[0] == '0.0.0.0' and os.path.exists(f'/proc/{APP}')", LOOPBACK),
    Attack(0, "share the port of a program", "it = socket.socket(); it.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1); it.bind(('127.0.0.1', PORT)); goal = os.path.exists(f'/proc/{APP}')", LOOPBACK, control=lambda outside: "the kernel lets nobody share that port"),
    Attack(0, "steal the name of a program's abstract socket", "it = socket.socket(socket.AF_UNIX); it.bind(b'\\0evil\\n0: 2 0 10000 1 1 1 @x'); goal = os.path.exists(f'/proc/{APP}')"),
    Attack(0, "make a socket outside of scratch", "socket.socket(socket.AF_UNIX).bind(HOME + '/evil'); os.unlink(HOME + '/evil'); goal = True"),
    Attack(0, "make a socket outside of scratch through a link", "link = tempfile.mkdtemp() + '/out'; os.symlink(HOME, link); socket.socket(socket.AF_UNIX).bind(link + '/evil'); os.unlink(HOME + '/evil'); goal = True"),
    Attack(0, "decide its own system calls", """
class Filter(ctypes.Structure): _fields_ = [('length', ctypes.c_ushort), ('code', ctypes.c_char_p)]
libc.prctl(38, 1, 0, 0, 0)
allow = Filter(1, (0x7fff0000 << 32 | 6).to_bytes(8, 'little'))
libc.syscall(317, 1, 0, ctypes.byref(allow))
goal = SECRET in subprocess.run(['/bin/cat', f'/proc/{VICTIM}/environ'], capture_output=True, text=True).stdout
"""),
    Attack(0, "hold a descriptor that decides system calls", """
for name in os.listdir('/proc/self/fd'):
    try: goal = goal or 'seccomp' in os.readlink('/proc/self/fd/' + name)
    except OSError: pass
""", control=lambda outside: "only confined workers have a filter"),
    Attack(0, "make a program that lends its owner's rights", "place = tempfile.mkdtemp() + '/evil'; open(place, 'x').close(); os.chmod(place, 0o4755); goal = os.stat(place).st_mode & 0o4000 != 0"),
    Attack(0, "create a program that lends its owner's rights", "place = tempfile.mkdtemp() + '/evil'; os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o4755)); goal = os.stat(place).st_mode & 0o4000 != 0"),
    Attack(0, "use the table of ports of the monitors", "goal = any('zero (deleted)' in line and int(line.split()[0].split('-')[1], 16) - int(line.split()[0].split('-')[0], 16) == 1 << 19 for line in read('/proc/self/maps').splitlines())", control=lambda outside: "only the warm process and the monitors have it"),
)  # fmt: skip
