"""An interrupt in the midst of an import: libraries arrive whole, the learner's modules do not
keep anybody waiting."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import run_cell, until
from tests.worker.children import Child
from tests.worker.test_cells import finished, values
from tutor.session.api import Code
from tutor.session.session import Session
from tutor.wire.messages import CellFinished, StillImporting

DEEP = """
import sys
class Announce:
    seen = False
    def find_spec(self, name, path=None, target=None):
        if name == "torch._dynamo.variables" and not self.seen:
            Announce.seen = True
            print("deep inside", flush=True)
sys.meta_path.insert(0, Announce())
assert "torch._dynamo" not in sys.modules
"""
WHOLE = (
    "import torch._dynamo\n"
    "(torch._dynamo.__spec__._initializing, 'torch._dynamo.eval_frame' in sys.modules,"
    " torch.compile(lambda x: x + 1, backend='eager')(torch.ones(1)))"
)


def test_a_library_is_imported_to_its_end_before_an_interrupt_takes_effect(worker: Child) -> None:
    worker.run(DEEP)
    worker.begin("import torch._dynamo\nwhile True: pass")
    worker.wait_for_output("deep inside")
    worker.interrupt()
    messages = worker.until(CellFinished)
    assert finished(messages).interrupted
    assert StillImporting() in messages
    assert values(worker.run(WHOLE)) == ["(False, True, tensor([2.]))"]


def test_a_module_of_the_learner_may_import_one_without_being_waited_for(
    worker: Child, tmp_path: Path
) -> None:
    (tmp_path / "mine_lazy.py").write_text("import torch._dynamo\nprint('mine goes on')\n")
    worker.run(f"{DEEP}\nsys.path.insert(0, {str(tmp_path)!r})")
    worker.begin("import mine_lazy")
    worker.wait_for_output("deep inside")
    worker.interrupt()
    assert finished(worker.until(CellFinished)).interrupted
    assert "mine goes on" not in worker.output()
    assert values(worker.run(WHOLE)) == ["(False, True, tensor([2.]))"]
    assert values(worker.run("'mine_lazy' in sys.modules")) == ["False"]


def test_an_endless_module_of_the_learner_is_stopped_at_once(worker: Child, tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text("print('on', flush=True)\nwhile True: pass\n")
    worker.begin(f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport endless")
    worker.wait_for_output("on")
    worker.interrupt()
    messages = worker.until(CellFinished)
    assert finished(messages).interrupted
    assert StillImporting() not in messages


def test_who_insists_stops_a_library_too(worker: Child) -> None:
    worker.run(
        "import sys, time\n"
        "class Endless:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        while name == 'tabnanny':\n"
        "            print('.', end='', flush=True)\n"
        "            time.sleep(0.2)\n"
        "sys.meta_path.insert(0, Endless()); sys.modules.pop('tabnanny', None)\n"
    )
    worker.begin("kept = 1\nimport tabnanny")
    worker.wait_for_output(".")
    worker.interrupt()
    worker.until(StillImporting)
    worker.wait_for_output("." * 10)
    worker.interrupt()
    assert finished(worker.until(CellFinished)).interrupted
    assert values(worker.run("kept")) == ["1"]


async def test_the_app_gives_an_import_more_time_than_other_code(session: Session) -> None:
    slow = (
        "import sys, time\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'tabnanny':\n"
        "            print('on', flush=True)\n"
        "            end = time.monotonic() + 3\n"
        "            while time.monotonic() < end: pass\n"
        "sys.meta_path.insert(0, Slow()); sys.modules.pop('tabnanny', None)\n"
        "kept = 'kept'\nimport tabnanny\nkept = 'lost'"
    )
    session.run(Code("slow", slow))
    await until(session, lambda s: "slow" in s.runs and bool(s.runs["slow"].output.lines))
    session.interrupt()
    snapshot = await until(session, lambda s: s.runs["slow"].state not in ("queued", "running"))
    assert snapshot.runs["slow"].state == "interrupted"
    assert (await run_cell(session, "kept", "after")).runs["after"].value == "'kept'"
