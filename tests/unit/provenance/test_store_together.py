"""Many processes, with locks and without: nothing is corrupted, whoever is last."""

from __future__ import annotations

import subprocess
import sys

import pytest

from segbench.provenance.store import Store
from unit.provenance.stores import ROOT, everything, key

#: Stands for a filesystem whose locks do not reach other nodes, or that has none.
NO_LOCKS = """
import errno, fcntl
def flock(*_):
    raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = flock
"""

START = """
import os, random, sys, time
from pathlib import Path
from segbench.provenance.store import Store
store, me, key = Store(sys.argv[1]), sys.argv[2], sys.argv[3]
here = Path(sys.argv[1]).parent / f"job-{me}"
here.mkdir()
names = ("model", "history")
random.seed(int(me))
"""


def together(tmp_path, code, count=6):
    """Run `count` processes at once; what each printed."""
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", START + code, str(tmp_path / "store"), str(me), key("work")],
            env={"PYTHONPATH": str(ROOT / "scripts")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for me in range(count)
    ]
    said = []
    for job in jobs:
        output, errors = job.communicate(timeout=90)
        assert job.returncode == 0, errors
        # Where there are no locks, an object may go while its entry is read: that is told.
        lines = [line for line in errors.splitlines() if not line.startswith("Dropped damaged")]
        assert lines == []
        said.append(output.split())
    return said


WORK = """
made = restored = 0
for round in range(15):
    outputs = {name: here / f"{name}-{round}" for name in names}
    with store.locks.key(f"{round:064d}"):
        if store.restore(f"{round:064d}", outputs):
            restored += 1
        else:
            for path in outputs.values():
                path.write_text(f"{round}" * 1000)
            store.publish(f"{round:064d}", outputs)
            made += 1
    assert {path.read_text() for path in outputs.values()} == {f"{round}" * 1000}
print(made, restored)
"""


def test_each_piece_of_work_is_done_once_where_there_are_locks(tmp_path):
    said = together(tmp_path, WORK)
    assert sum(int(made) for made, _ in said) == 15
    assert sum(int(restored) for _, restored in said) == 75
    assert all(name.split("/")[0] != "locks" for name in everything(tmp_path / "store"))


def test_without_locks_work_may_be_done_twice_and_is_sound(tmp_path):
    said = together(tmp_path, NO_LOCKS + WORK)
    assert 15 <= sum(int(made) for made, _ in said) <= 90
    assert sum(int(n) for pair in said for n in pair) == 90
    left = everything(tmp_path / "store")
    assert not [name for name in left if "partial" in name or name.startswith("locks")]
    assert len([name for name in left if name.startswith("objects")]) == 15


#: A training on a GPU that is not deterministic: each process makes other bytes.
UNLIKE = """
for round in range(25):
    outputs = {name: here / f"{name}-{round}" for name in names}
    for name, path in outputs.items():
        path.write_text(f"{me} {round} " * 2000)
    store.publish(key, outputs)
    copies = {name: here / f"{name}-{round}-copy" for name in names}
    assert store.restore(key, copies), "an entry is replaced, never missing"
    model, history = (path.read_text() for path in copies.values())
    assert model == history, "both are of one publisher and one round"
print("ok")
"""


def test_bytes_of_two_publishers_are_never_mixed(tmp_path):
    assert together(tmp_path, NO_LOCKS + UNLIKE) == [["ok"]] * 6
    store = Store(tmp_path / "store")
    copies = {name: tmp_path / name for name in ("model", "history")}
    assert store.restore(key("work"), copies)
    assert copies["model"].read_bytes() == copies["history"].read_bytes()


#: Everything at once: the same key published, restored, dropped, verified and pruned.
STORM = """
from segbench.maintenance.pruning import Policy, prune
from segbench.maintenance.verifying import verify
served = 0
for round in range(12):
    outputs = {name: here / f"{name}-{round}" for name in names}
    what = random.choice(["publish", "publish", "restore", "restore", "drop", "verify", "prune"])
    if what == "publish":
        for path in outputs.values():
            path.write_text("the same bytes" * 1000)
        with store.locks.key(key):
            assert store.publish(key, outputs)
    elif what == "restore":
        with store.locks.key(key):
            found = store.restore(key, outputs)
        served += bool(found)
        assert all(path.exists() == bool(found) for path in outputs.values())
        assert not found or all(
            path.read_text() == "the same bytes" * 1000 for path in outputs.values()
        )
    elif what == "drop":
        store.drop(key)
    elif what == "verify":
        verify(store)
    else:
        prune(store, Policy(max_bytes=0), dry=False, now=time.time() + 7200)
print(served)
"""


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
def test_a_store_survives_everything_at_once(tmp_path, locks):
    together(tmp_path, ("" if locks else NO_LOCKS) + STORM)
    store = Store(tmp_path / "store")
    from segbench.maintenance.verifying import verify

    assert len(verify(store).damaged) <= (0 if locks else 1)
    assert verify(store).damaged == [], "whatever is left is sound"
