"""No two jobs ever have the same GPU, whatever becomes of them; and none waits for nothing."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.errors import SegbenchError
from segbench.provenance import devices
from segbench.provenance.devices import claim, claiming, parse_listing, visible_devices

ROOT = Path(__file__).resolve().parents[3]

TWO = [("GPU-aa", []), ("GPU-bb", [])]

#: Claims, writes down when it had what, and ends or stays.
CHILD = """
import json, os, sys, time
from segbench.provenance.devices import claim
count, seconds = int(sys.argv[1]), float(sys.argv[2])
with claim(count, lambda line: print(json.dumps(line), flush=True)) as mine:
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ",".join(mine)
    began = time.monotonic()
    print(json.dumps([began, list(mine)]), flush=True)
    time.sleep(seconds)
    print(json.dumps([time.monotonic(), list(mine)]), flush=True)
"""


@pytest.fixture(autouse=True)
def locks(tmp_path, monkeypatch):
    """Locks and devices of this test alone."""
    monkeypatch.setenv("SEGBENCH_DEVICE_LOCKS", str(tmp_path / "locks"))
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(devices, "_listing", lambda: None)
    monkeypatch.setattr(devices, "SECONDS_BETWEEN_LOOKS", 0.02)
    return tmp_path / "locks"


def child(count, seconds, shown="0,1,2", **environment):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(count), str(seconds)],
        env={
            **os.environ,
            "CUDA_VISIBLE_DEVICES": shown,
            "PATH": "/nowhere",  # no nvidia-smi
            "PYTHONPATH": str(ROOT / "scripts"),
            **environment,
        },
        stdout=subprocess.PIPE,
        text=True,
    )


def lines(process):
    """What a child said, after its end."""
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return [json.loads(line) for line in out.splitlines()]


def until_it_has(process):
    """Read a child's lines up to the one that says what it has."""
    while not isinstance(said := json.loads(process.stdout.readline()), list):
        pass
    return said[1]


def test_many_jobs_never_share_a_device():
    wants = [1, 2, 1, 3, 1, 1, 2, 1, 1, 3, 2, 1]
    jobs = [child(count, 0.1 + 0.02 * k) for k, count in enumerate(wants)]
    spans = []
    for job, count in zip(jobs, wants, strict=True):
        *_, (began, mine), (ended, same) = lines(job)
        assert len(set(mine)) == count and mine == same
        spans += [(device, began, ended) for device in mine]
    assert len(spans) == sum(wants)
    for device in "012":
        held = sorted((began, ended) for name, began, ended in spans if name == device)
        assert all(end <= start for (_, end), (start, _) in pairwise(held))
    assert {device for device, *_ in spans} == set("012")


def test_a_killed_job_lets_go_at_once():
    holder = child(2, 60, shown="0,1")
    assert until_it_has(holder) == ["0", "1"]
    waiter = child(1, 0, shown="0,1")
    assert "waiting for 1 of the GPUs 0, 1: other jobs have them" in waiter.stdout.readline()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert until_it_has(waiter) == ["0"]
    assert waiter.wait(10) == 0


def test_a_job_that_needs_several_is_not_overtaken_for_ever():
    first = [child(1, 0.5, shown="0,1"), child(1, 1.0, shown="0,1")]
    for job in first:
        until_it_has(job)
    large = child(2, 0.1, shown="0,1")
    large.stdout.readline()  # it waits
    small = [child(1, 0.1, shown="0,1") for _ in range(4)]
    had = lines(large)[-1][0]
    assert all(lines(job)[-2][0] >= had for job in small)
    assert [len(lines(job)) for job in first]


def test_jobs_that_see_different_devices_do_not_wait_for_each_other():
    holder = child(1, 60, shown="0")
    until_it_has(holder)
    waiter = child(1, 0, shown="0")
    waiter.stdout.readline()
    assert lines(child(1, 0, shown="1"))[0] == "claimed GPU 1"
    assert lines(child(1, 0, shown="0,1"))[0] == "claimed GPU 1"
    holder.kill()
    assert lines(waiter)[0] == "claimed GPU 0"
    holder.communicate()


def test_odd_names_survive(monkeypatch, locks):
    shown = "3, GPU-5c89-aa ,MIG-GPU-5c89/7/0"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    said = []
    with claim(3, said.append) as mine:
        assert mine == ("3", "GPU-5c89-aa", "MIG-GPU-5c89/7/0")
        assert os.environ["CUDA_VISIBLE_DEVICES"] == ",".join(mine)
        assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == shown
    assert "CUDA_DEVICE_ORDER" not in os.environ
    assert said == ["claimed GPU 3, GPU-5c89-aa, MIG-GPU-5c89/7/0"]
    assert sorted(path.name for path in locks.glob("[!q]*")) == [
        "3.lock",
        "GPU-5c89-aa.lock",
        "MIG-GPU-5c89_7_0.lock",
    ]
    with claim(3, said.append) as again:
        assert again == mine


def test_without_a_setting_the_devices_are_those_that_nvidia_smi_lists(monkeypatch):
    monkeypatch.setattr(devices, "_listing", lambda: TWO)
    with claim(1, print) as mine:
        assert mine == ("GPU-aa",)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-aa"
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_a_number_and_a_uuid_of_one_device_are_one_device(monkeypatch, locks):
    monkeypatch.setattr(devices, "_listing", lambda: TWO)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    with claim(1, print) as mine:
        assert mine == ("1",)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
        with claim(1, print) as other:
            assert other == ("GPU-aa",)
    assert (locks / "GPU-bb.lock").exists()


@pytest.mark.parametrize(
    ("count", "environment"),
    [
        (0, {"CUDA_VISIBLE_DEVICES": "0,1"}),
        (-1, {"CUDA_VISIBLE_DEVICES": "0,1"}),
        (1, {}),  # no nvidia-smi, no setting
        (1, {"CUDA_VISIBLE_DEVICES": ""}),
        (2, {"CUDA_VISIBLE_DEVICES": "-1"}),
        (1, {"CUDA_VISIBLE_DEVICES": "NoDevFiles"}),
        (1, {"CUDA_VISIBLE_DEVICES": "0", "SLURM_JOB_ID": "7"}),
        (2, {"CUDA_VISIBLE_DEVICES": "1,3", "SLURM_JOB_ID": "7"}),
    ],
)
def test_what_is_granted_or_absent_is_not_claimed(monkeypatch, locks, count, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with claim(count, pytest.fail) as mine:
        assert mine == ()
        assert dict(os.environ) == before
    assert not locks.exists()


def test_of_a_larger_grant_a_part_is_claimed(monkeypatch):
    """Several jobs of one Snakemake inside one allocation of Slurm."""
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    with claim(1, print) as mine:
        assert mine == ("4",)


def test_fewer_devices_than_asked_for(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,5")
    with (
        pytest.raises(SegbenchError, match=r"gpu: 3, but only 2 can be seen here \(0, 5\)"),
        claim(3, print),
    ):
        pass


def test_work_has_its_devices_and_no_others(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")

    class Job:
        devices = 2
        said: list[str] = []  # noqa: RUF012

        def say(self, line):
            self.said.append(line)

    with ExitStack() as process:
        monkeypatch.setattr(devices, "_UNTIL_THE_END", process)
        assert claiming(lambda job: os.environ["CUDA_VISIBLE_DEVICES"])(Job()) == "0,1"
        assert Job.said == ["claimed GPU 0, 1"]
        # The work is done, but Keras still has their memory.
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
        with claim(1, print) as other:
            assert other == ("2",)
    with claim(3, print) as mine:
        assert len(mine) == 3


# --- the folder


def test_the_folder_is_for_all_users(monkeypatch, locks):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    before = os.umask(0o077)
    try:
        with claim(1, print):
            pass
    finally:
        assert os.umask(before) == 0o077
    assert stat.S_IMODE(locks.stat().st_mode) == 0o1777
    assert {stat.S_IMODE(path.stat().st_mode) for path in locks.iterdir()} == {0o644}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become other users")
def test_two_users_meet_at_one_lock(locks):
    """The second may read the first one's file, and need not write it."""
    with claim_as(12345) as holder:
        assert until_it_has(holder) == ["0"]
        assert locks.stat().st_uid == 12345
        waiter = claim_as(12346)
        assert "waiting" in waiter.stdout.readline()
        holder.kill()
        assert until_it_has(waiter) == ["0"]
        waiter.kill()
        waiter.communicate()


def claim_as(user):
    """A child of another user, in a folder that all may use."""
    locks = Path(os.environ["SEGBENCH_DEVICE_LOCKS"])
    for folder in [locks.parent, *locks.parent.parents][:4]:  # pytest's are closed to others
        folder.chmod(folder.stat().st_mode | (0o777 if folder == locks.parent else 0o011))
    program = CHILD.replace("count, seconds", f"os.setuid({user})\ncount, seconds", 1)
    return subprocess.Popen(
        [sys.executable, "-c", program, "1", "60"],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "0", "PYTHONPATH": str(ROOT / "scripts")},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("made", ["file", "link"])
def test_a_folder_that_is_none(monkeypatch, tmp_path, locks, made):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    if made == "file":
        locks.write_text("")
    else:
        (tmp_path / "elsewhere").mkdir()
        locks.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SegbenchError, match="SEGBENCH_DEVICE_LOCKS"), claim(1, print):
        pass


def test_a_folder_that_cannot_be_made(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("SEGBENCH_DEVICE_LOCKS", "/proc/locks")
    with pytest.raises(SegbenchError, match="/proc/locks"), claim(1, print):
        pass


def test_a_lock_file_is_not_followed_elsewhere(monkeypatch, tmp_path, locks):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    locks.mkdir()
    (tmp_path / "precious").write_text("x")
    (locks / "0.lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError), claim(1, print):
        pass
    assert (tmp_path / "precious").read_text() == "x"


def test_a_removed_lock_file_does_not_make_two_owners(monkeypatch, locks):
    """Whoever gets the lock of a file that is gone takes that of the new file instead."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    locks.mkdir()
    real, removed = fcntl.flock, []

    def flock(descriptor, how):
        if not removed and os.readlink(f"/proc/self/fd/{descriptor}").endswith("/0.lock"):
            removed.append((locks / "0.lock").unlink())
        return real(descriptor, how)

    monkeypatch.setattr(devices.fcntl, "flock", flock)
    with claim(1, print) as mine:
        assert mine == ("0",) and removed
        with open(locks / "0.lock") as handle, pytest.raises(BlockingIOError):
            real(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_waiting_job_does_not_use_the_processor(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with claim(1, print):
        waiter = child(1, 0, shown="0")
        waiter.stdout.readline()
        before = os.times().children_user
        time.sleep(0.3)
    lines(waiter)
    assert os.times().children_user - before < 5


# --- names


def test_listing_of_nvidia_smi():
    text = (
        "GPU 0: NVIDIA H200 (UUID: GPU-1f2e3d4c-0000-1111-2222-333344445555)\n"
        "GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-5c89852c)\n"
        "  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef)\n"
        "  MIG 3g.20gb     Device  1: (UUID: MIG-GPU-5c89852c/2/0)\n"
        "a warning\n"
    )
    assert parse_listing(text) == [
        ("GPU-1f2e3d4c-0000-1111-2222-333344445555", []),
        ("GPU-5c89852c", ["MIG-c6d4f1ef", "MIG-GPU-5c89852c/2/0"]),
    ]


@pytest.mark.parametrize(
    ("shown", "order", "expected"),
    [
        ("0,1", None, {"0": "GPU-aa", "1": "GPU-bb"}),
        ("1", "PCI_BUS_ID", {"1": "GPU-bb"}),
        ("1", "FASTEST_FIRST", {"1": "1"}),  # not nvidia-smi's number
        ("7", None, {"7": "7"}),
        ("0,-1,1", None, {"0": "GPU-aa"}),
        ("GPU-bb,", None, {"GPU-bb": "GPU-bb"}),
        ("no,0", None, {}),
    ],
)
def test_names_of_locks(shown, order, expected):
    environment = {"CUDA_VISIBLE_DEVICES": shown} | ({"CUDA_DEVICE_ORDER": order} if order else {})
    assert visible_devices(environment, TWO) == expected


@given(st.lists(st.integers(0, 15), unique=True, min_size=1), st.text(max_size=5))
def test_numbers_are_kept_in_order_up_to_the_first_that_is_none(numbers, end):
    shown = ",".join(map(str, numbers)) + ",x" + end
    assert list(visible_devices({"CUDA_VISIBLE_DEVICES": shown}, None)) == [*map(str, numbers)]
