"""Files of the user: reading, writing, and changing what is about them."""

# ruff: noqa: E501  (learner code in one piece reads best)

from __future__ import annotations

import os

import msgspec

from tests.sandbox.attacks.attack import LOOPBACK, Attack
from tests.sandbox.outside import Outside


def _app_of_root(outside: Outside) -> str:
    return "" if os.geteuid() else "the app of root has rights that its workers lack"


def _packages_are_foreign(outside: Outside) -> str:
    writable = os.access(os.path.dirname(msgspec.__path__[0]), os.W_OK)  # noqa: PTH120
    return "" if writable else "the installed packages belong to somebody else"


FILES = (
    Attack(1, "read a private key", "goal = SECRET in read(HOME + '/.ssh/id_rsa')"),
    Attack(2, "list the home folder", "goal = '.ssh' in os.listdir(HOME)"),
    Attack(
        3,
        "read a private key through a symbolic link",
        "link = tempfile.mkdtemp() + '/link'; os.symlink(HOME + '/.ssh/id_rsa', link); goal = SECRET in read(link)",
    ),
    Attack(
        3,
        "read a private key through a hard link",
        "link = tempfile.mkdtemp() + '/link'; os.link(HOME + '/.ssh/id_rsa', link); goal = SECRET in read(link)",
    ),
    Attack(4, "append to bashrc", "goal = open(HOME + '/.bashrc', 'a').write('evil') == 4"),
    Attack(5, "unlink the progress", "os.unlink(HOME + '/progress.db'); goal = True"),
    Attack(5, "overwrite the progress", "open(HOME + '/progress.db', 'w').write('all'); goal = True"),
    Attack(5, "rename the progress", "os.rename(HOME + '/progress.db', HOME + '/p'); os.rename(HOME + '/p', HOME + '/progress.db'); goal = True"),
    Attack(5, "take the progress into scratch", "os.rename(HOME + '/progress.db', 'p'); goal = True"),
    Attack(5, "truncate the progress", "os.truncate(HOME + '/progress.db', 0); goal = True"),
    Attack(5, "truncate the progress by opening it", "os.open(HOME + '/progress.db', os.O_TRUNC | os.O_RDONLY); goal = os.stat(HOME + '/progress.db').st_size == 0"),
    Attack(6, "change a mode", "os.chmod(HOME + '/progress.db', 0o777); goal = True"),
    Attack(6, "change a mode below a folder handle", "os.chmod('progress.db', 0o777, dir_fd=os.open(HOME, os.O_PATH)); goal = True"),
    Attack(
        6,
        "change a mode through a link in scratch",
        "link = tempfile.mkdtemp() + '/link'; os.symlink(HOME + '/.ssh/id_rsa', link); os.chmod(link, 0o644); goal = True",
    ),
    Attack(
        6,
        "change a mode through a linked folder in scratch",
        "link = tempfile.mkdtemp() + '/link'; os.symlink(HOME, link); os.chmod(link + '/progress.db', 0o644); goal = True",
    ),
    Attack(6, "change the mode of what may be read", "os.fchmod(os.open(HOME + '/course/asset.txt', os.O_RDONLY), 0o777); goal = True"),
    Attack(6, "change an owner", "os.chown(HOME + '/progress.db', os.getuid(), os.getgid()); goal = True"),
    Attack(6, "change a time", "os.utime(HOME + '/progress.db', (1, 1)); goal = True"),
    Attack(6, "change the time of what may be read", "os.utime(os.open(HOME + '/course/asset.txt', os.O_RDONLY), (1, 1)); goal = True"),
    Attack(6, "set an attribute", "os.setxattr(HOME + '/course/asset.txt', 'user.x', b'1'); goal = True"),
    Attack(6, "watch the home folder", "goal = checked(libc.inotify_add_watch(libc.inotify_init(), HOME.encode(), 0xfff)) >= 0"),
    Attack(7, "read the hidden checks", "goal = SECRET in read(HOME + '/course/checks/check.py')"),
    Attack(
        7,
        "read the hidden checks by another name",
        """
folder = os.open(HOME + '/course/lessons', os.O_RDONLY)
os.close(os.open('../asset.txt', os.O_RDONLY, dir_fd=folder))
with open(os.open('../checks/check.py', os.O_RDONLY, dir_fd=folder)) as file:
    goal = SECRET in file.read()
""",
    ),
    Attack(7, "read the hidden checks through proc", "goal = SECRET in read('/proc/self/root' + HOME + '/course/checks/check.py')"),
    Attack(9, "overwrite an asset", "goal = open(HOME + '/course/asset.txt', 'w').write('evil') == 4"),
    Attack(9, "add a file to the course", "open(HOME + '/course/lessons/evil.md', 'x'); os.unlink(HOME + '/course/lessons/evil.md'); goal = True"),
    Attack(
        10,
        "leave a back door in the packages",
        """
import msgspec
path = os.path.dirname(os.path.dirname(msgspec.__file__)) + f'/evil-{os.getpid()}.pth'
open(path, 'x').close(); os.unlink(path); goal = True
""",
        control=_packages_are_foreign,
    ),
    Attack(11, "read another program's environment", "goal = SECRET in read(f'/proc/{VICTIM}/environ')"),
    Attack(11, "read the app's environment", "goal = len(read(f'/proc/{APP}/environ')) > 0", control=_app_of_root),
    Attack(11, "read another program's memory map", "goal = 'lib' in read(f'/proc/{VICTIM}/maps')"),
    Attack(11, "see what another program has open", "goal = os.readlink(f'/proc/{VICTIM}/fd/0') != ''"),
    Attack(12, "read another program's shared memory", "goal = SECRET in read(SHARED)"),
    Attack(12, "overwrite another program's shared memory", "goal = os.open(SHARED, os.O_RDWR | os.O_NOFOLLOW) >= 0"),
    Attack(12, "remove another program's shared memory", "os.unlink(SHARED); goal = True"),
    Attack(
        13,
        "read another program's shared memory while using its own",
        """
from multiprocessing import shared_memory
mine = shared_memory.SharedMemory(create=True, size=100)
mine.buf[0] = 1; mine.close(); mine.unlink()
theirs = shared_memory.SharedMemory(SHARED.split('/')[-1])
goal = SECRET in bytes(theirs.buf).decode()
""",
        LOOPBACK,
    ),
    Attack(14, "list a folder of other programs", "goal = 'note.txt' in os.listdir(HOME + '/elsewhere')"),
    Attack(14, "write into a folder of other programs", "goal = open(HOME + '/elsewhere/evil', 'x').write('evil') == 4; os.unlink(HOME + '/elsewhere/evil')"),
)  # fmt: skip
