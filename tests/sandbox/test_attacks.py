"""Attacks by learner code. Each must reach its goal where nothing confines it (or it would prove
nothing), and must miss it in every tier that confines."""

from __future__ import annotations

import os

import msgspec
import pytest

from tests.sandbox.boxes import SECRET, Box

ATTACKS = {
    "read a private key": "goal = SECRET in read(HOME + '/.ssh/id_rsa')",
    "read a private key through a link": """
link = tempfile.mkdtemp() + '/link'
os.symlink(HOME + '/.ssh/id_rsa', link)
goal = SECRET in read(link)
""",
    "read a private key in a shell": """
done = subprocess.run(['/bin/cat', HOME + '/.ssh/id_rsa'], capture_output=True, text=True)
goal = SECRET in done.stdout
""",
    "list the home folder": "goal = '.ssh' in os.listdir(HOME)",
    "read the hidden checks": "goal = SECRET in read(HOME + '/course/checks/check.py')",
    "read the hidden checks by another name": """
folder = os.open(HOME + '/course/lessons', os.O_RDONLY)
os.close(os.open('../asset.txt', os.O_RDONLY, dir_fd=folder))
with open(os.open('../checks/check.py', os.O_RDONLY, dir_fd=folder)) as file:
    goal = SECRET in file.read()
""",
    "append to .bashrc": """
with open(HOME + '/.bashrc', 'a') as file:
    goal = file.write('evil') == 4
""",
    "overwrite an asset": """
with open(HOME + '/course/asset.txt', 'w') as file:
    goal = file.write('an asset') == 8
""",
    "truncate the progress": """
os.truncate(HOME + '/progress.db', 6)
goal = True
""",
    "delete and rename files of the user": """
open(HOME + '/junk', 'x').close()
os.rename(HOME + '/junk', HOME + '/junk2')
os.unlink(HOME + '/junk2')
goal = True
""",
    "change the mode of a file": """
os.chmod(HOME + '/progress.db', 0o600)
goal = True
""",
    "write into the installed packages": """
import msgspec
path = os.path.dirname(msgspec.__file__) + '/evil.txt'
open(path, 'x').close()
os.unlink(path)
goal = True
""",
    "read another program's environment": """
goal = SECRET in read(f'/proc/{VICTIM}/environ')
""",
    "read another program's memory": """
with open(f'/proc/{VICTIM}/mem', 'rb'):
    goal = True
""",
    "trace another program": """
checked(libc.ptrace(16, VICTIM, 0, 0))  # PTRACE_ATTACH
os.waitpid(VICTIM, 0x40000000)
checked(libc.ptrace(17, VICTIM, 0, 0))
goal = True
""",
    "signal the app": """
os.kill(APP, 0)
goal = True
""",
    "stop another program's clock by prlimit": """
now = resource.prlimit(VICTIM, resource.RLIMIT_CPU)
resource.prlimit(VICTIM, resource.RLIMIT_CPU, now)
goal = True
""",
    "renice another program": """
os.setpriority(os.PRIO_PROCESS, VICTIM, 1)
goal = True
""",
    "pin another program to a core": """
os.sched_setaffinity(VICTIM, os.sched_getaffinity(VICTIM))
goal = True
""",
    "connect to a service on this computer": """
with socket.create_connection(('127.0.0.1', PORT), 5):
    goal = True
""",
    "connect by fast open": """
with socket.socket() as it:
    it.sendto(b'x', 0x20000000, ('127.0.0.1', PORT))
    goal = True
""",
    "send a datagram": """
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as it:
    it.sendto(b'leak', ('127.0.0.1', DATAGRAM_PORT))
    goal = True
""",
    "connect to a unix socket by path": """
with socket.socket(socket.AF_UNIX) as it:
    it.connect(UNIX)
    goal = True
""",
    "connect to an abstract unix socket": """
with socket.socket(socket.AF_UNIX) as it:
    it.connect(ABSTRACT)
    goal = True
""",
    "open a netlink socket": """
socket.socket(16, 3, 15).close()
goal = True
""",
    "set up io_uring": """
goal = checked(libc.syscall(425, 4, ctypes.create_string_buffer(200))) >= 0
""",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda name: name.replace(" ", "_"))
async def test_an_attack_reaches_its_goal_only_without_a_sandbox(any_box: Box, attack: str) -> None:
    if attack == "write into the installed packages" and not os.access(
        msgspec.__path__[0], os.W_OK
    ):
        pytest.skip("these packages belong to somebody else")
    try:
        run = await any_box.run(f"goal = False\n{ATTACKS[attack]}\nprint('GOAL', goal)")
        reached = "GOAL True" in run.output
        assert not run.lost
        assert reached is not any_box.confined, run.failed or run.output
        if not reached and run.failed is not None:
            assert run.failed.kind.endswith("Error")
        assert any_box.outside.victim_lives
    finally:
        home = any_box.outside.home
        (home / ".bashrc").write_text("honest")
        assert (home / ".ssh/id_rsa").read_text() == SECRET
        assert (home / "course/asset.txt").read_text() == "an asset"


async def test_what_a_cell_may_do_works(any_box: Box) -> None:
    run = await any_box.run("""
print('asset', read(HOME + '/course/asset.txt'))
with open('mine.txt', 'w') as file: file.write('x')
print('scratch', read('mine.txt'))
with tempfile.NamedTemporaryFile() as file: print('temporary', file.name.startswith(os.getcwd()))
print('tensor', float((torch.ones(300, 300) @ torch.ones(300, 300)).sum()))
print('process', subprocess.run(['/bin/echo', 'hi'], capture_output=True, text=True).stdout)
print('home', os.path.expanduser('~') == os.getcwd())
""")
    assert run.failed is None, run.failed
    for line in ("asset an asset", "scratch x", "temporary True", "tensor 27000000.0"):
        assert line in run.output
    assert "process hi" in run.output
    assert "home True" in run.output


async def test_no_variable_of_the_learner_is_in_the_environment(any_box: Box) -> None:
    run = await any_box.run("""
print(dict(os.environ), read('/proc/self/environ'))
print(subprocess.run(['/usr/bin/env'], capture_output=True, text=True).stdout)
try: print(read(f'/proc/{os.getppid()}/environ'))
except OSError: print('refused')
""")
    assert "TORCHINDUCTOR_CACHE_DIR" in run.output
    assert os.environ["LEARNER_TOKEN"] == SECRET
    assert SECRET not in run.output.replace(f"SECRET = {SECRET!r}", "")
    assert "LEARNER_TOKEN" not in run.output


async def test_there_is_no_terminal(any_box: Box) -> None:
    run = await any_box.run("""
for path in ('/dev/tty', '/dev/console'):
    try:
        os.close(os.open(path, os.O_RDWR)); print('OPENED', path)
    except OSError as error: print('refused', path)
import fcntl
for number in (0, 1, 2):
    try: fcntl.ioctl(number, 0x5412, b'X'); print('TYPED')
    except OSError: print('refused ioctl')
""")
    assert "OPENED /dev/tty" not in run.output
    assert "TYPED" not in run.output
    assert run.output.count("refused ioctl") == 3


async def test_no_rights_can_be_gained(box: Box) -> None:
    run = await box.run("""
status = dict(line.split(':', 1) for line in read('/proc/self/status').splitlines())
print('caps', int(status['CapEff'], 16), int(status['CapBnd'], 16), int(status['CapPrm'], 16))
print('nnp', status['NoNewPrivs'].strip())
for name, call in {
    'unshare': lambda: checked(libc.unshare(0x10000000)),
    'mount': lambda: checked(libc.mount(b'none', b'/', b'tmpfs', 0, None)),
    'umount': lambda: checked(libc.umount2(HOME.encode() + b'/course/checks', 2)),
    'chroot': lambda: checked(libc.chroot(b'.')),
    'limit': lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40)),
    'score': lambda: open('/proc/self/oom_score_adj', 'w').write('-1000'),
}.items():
    try: call(); print('GAINED', name)
    except (OSError, ValueError): print('refused', name)
""")
    assert "caps 0 0 0" in run.output
    assert "nnp 1" in run.output
    assert run.output.count("refused") == 6
    assert "GAINED" not in run.output


async def test_killing_everything_in_sight_hits_only_itself(box: Box) -> None:
    run = await box.run("""
for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):
    if pid != os.getpid():
        try: os.kill(pid, signal.SIGKILL); print('KILLED', pid)
        except OSError: pass
try: os.kill(-1, signal.SIGKILL)
except OSError: pass
print('survived')
""")
    assert "KILLED" not in run.output
    assert box.zygote.alive
    assert (await box.run("print('next')")).output == "next\n"


async def test_a_lesson_with_loopback_reaches_itself_and_nobody_else(box: Box) -> None:
    if box.zygote.isolation.tier != "strong":
        pytest.skip("needs a private network")
    run = await box.run(
        """
with socket.create_server(('127.0.0.1', 0)) as server:
    with socket.create_connection(server.getsockname(), 5) as it: print('self reached')
for address in (('127.0.0.1', PORT), ('192.0.2.1', 80)):
    try: socket.create_connection(address, 2); print('REACHED', address)
    except OSError as error: print('failed', error)
""",
        network="loopback",
    )
    assert "self reached" in run.output
    assert run.output.count("failed") == 2, run.output
    assert "REACHED" not in run.output
