"""Programs that listen on this computer or beyond it, and unix sockets of other programs."""

# ruff: noqa: E501  (learner code in one piece reads best)

from __future__ import annotations

from tests.sandbox.attacks.attack import LOOPBACK, Attack
from tests.sandbox.outside import Outside, external_address


def _alone(outside: Outside) -> str:
    return "" if external_address() else "this computer has no network"


NETWORK = (
    Attack(15, "connect to a service of this computer", "socket.create_connection(('127.0.0.1', PORT), 3); goal = True"),
    Attack(16, "connect to a service of this computer in a lesson with local network", "socket.create_connection(('127.0.0.1', PORT), 3); goal = True", LOOPBACK),
    Attack(16, "connect to it by the address of everywhere", "socket.create_connection(('0.0.0.0', EVERYWHERE), 3); goal = True", LOOPBACK),
    Attack(16, "connect to it by a mapped address", "it = socket.socket(socket.AF_INET6); it.settimeout(3); it.connect(('::ffff:127.0.0.1', PORT)); goal = True", LOOPBACK),
    Attack(
        16,
        "connect to a port that was its own before",
        """
it = socket.socket(); it.setsockopt(1, 2, 1); it.bind(('127.0.0.1', 0)); port = it.getsockname()[1]; it.close()
it = socket.socket(); it.settimeout(3); it.bind(('127.0.0.1', port)); it.connect(('127.0.0.1', PORT)); goal = True
""",
        LOOPBACK,
    ),
    Attack(
        16,
        "change the address while it is looked at",
        """
import struct, threading
it = socket.socket(); it.bind(('127.0.0.1', 0)); it.listen(); it.setblocking(False); own = it.getsockname()[1]
address = ctypes.create_string_buffer(struct.pack('=H', 2) + struct.pack('!H', own) + bytes([127, 0, 0, 1]) + bytes(8), 16)
over = False
def flip():
    while not over:
        address[2:4] = struct.pack('!H', PORT); address[2:4] = struct.pack('!H', own)
threading.Thread(target=flip, daemon=True).start()
until = time.time() + 1
while time.time() < until and not goal:
    with socket.socket() as one:
        if libc.connect(one.fileno(), address, 16) == 0: goal = one.getpeername()[1] == PORT
        try: it.accept()
        except BlockingIOError: pass
over = True
""",
        LOOPBACK,
    ),
    Attack(17, "connect beyond this computer", "socket.create_connection((EXTERNAL, EVERYWHERE), 3); goal = True", LOOPBACK, control=_alone),
    Attack(19, "send a datagram", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'leak', ('127.0.0.1', DATAGRAM_PORT)); goal = True", reached=lambda outside: "a datagram arrived" in outside.harm()),
    Attack(20, "send a datagram in a lesson with local network", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'leak', ('127.0.0.1', DATAGRAM_PORT)); goal = True", LOOPBACK, reached=lambda outside: "a datagram arrived" in outside.harm()),
    Attack(21, "connect to a unix socket by path", "socket.socket(socket.AF_UNIX).connect(UNIX); goal = True"),
    Attack(21, "connect to a unix socket in a lesson with local network", "socket.socket(socket.AF_UNIX).connect(UNIX); goal = True", LOOPBACK),
    Attack(21, "connect to a unix socket through a link in scratch", "link = tempfile.mkdtemp() + '/bus'; os.symlink(UNIX, link); socket.socket(socket.AF_UNIX).connect(link); goal = True"),
    Attack(21, "connect to a unix socket through a linked folder", "link = tempfile.mkdtemp() + '/run'; os.symlink(HOME, link); socket.socket(socket.AF_UNIX).connect(link + '/bus'); goal = True"),
    Attack(
        21,
        "swap a folder for a link while a path is looked at",
        """
import threading
place = tempfile.mkdtemp(); os.chdir(place)
os.mkdir('real'); mine = socket.socket(socket.AF_UNIX); mine.bind('real/bus'); mine.listen(); mine.setblocking(False)
os.symlink(HOME, 'false'); os.symlink('real', 'now')
over = False
def flip():
    while not over:
        for target in (HOME, 'real'): os.symlink(target, 'next'); os.rename('next', 'now')
threading.Thread(target=flip, daemon=True).start()
until = time.time() + 1
while time.time() < until and not goal:
    one = socket.socket(socket.AF_UNIX)
    try: one.connect('now/bus')
    except OSError: continue
    goal = one.getpeername() == UNIX
    try: mine.accept()
    except BlockingIOError: pass
over = True
""",
    ),
    Attack(21, "send a datagram to a unix socket", "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', UNIX_DATAGRAMS); goal = True"),
    Attack(21, "send a datagram to a unix socket from one end of a pair", "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', UNIX_DATAGRAMS); goal = True"),
    Attack(22, "connect to an abstract unix socket", "socket.socket(socket.AF_UNIX).connect(ABSTRACT); goal = True"),
    Attack(22, "connect to an abstract unix socket after binding a like name", "one = socket.socket(socket.AF_UNIX); one.bind(ABSTRACT + b'2'); socket.socket(socket.AF_UNIX).connect(ABSTRACT); goal = True", LOOPBACK),
    Attack(
        23,
        "open an exotic socket",
        """
for kind in ((17, 3, 0), (40, 1, 0), (38, 5, 0), (16, 3, 15), (2, 3, 1), (31, 3, 1), (2, 1, 132), (43, 1, 0)):
    try: socket.socket(*kind); goal = True; print('opened', kind)
    except OSError: pass
""",
        LOOPBACK,
    ),
    Attack(24, "set up io_uring", "goal = checked(libc.syscall(425, 4, ctypes.create_string_buffer(200))) >= 0"),
    Attack(25, "connect by fast open", "socket.socket().sendto(b'x', 0x20000000, ('127.0.0.1', PORT)); goal = True", LOOPBACK),
    Attack(25, "connect by fast open in a message", "socket.socket().sendmsg([b'x'], [], 0x20000000, ('127.0.0.1', PORT)); goal = True", LOOPBACK),
    Attack(26, "connect by multipath TCP", "it = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262); it.settimeout(3); it.connect(('127.0.0.1', PORT)); goal = True", LOOPBACK),
)  # fmt: skip
