"""Several users, each with an umask that would lock the others out, share one store."""

from __future__ import annotations

import os
import signal
import stat
import time

import pytest

from unit.provenance.stores import ANNA, BELA, GROUP, OUTSIDER, group, key

KEY = key("work")
PUBLISH = f"""
here.joinpath("model").write_text("weights")
print(store.publish({KEY!r}, {{"model": here / "model"}}, {{"rule": "train"}}))
"""
RESTORE = f"""
entry = store.restore({KEY!r}, {{"model": here / "restored"}})
print(entry and (here / "restored").read_text())
"""


def permissions(root):
    """Kind of path -> modes and groups that occur."""
    found = {}
    for path in [root, *root.rglob("*")]:
        about = path.lstat()
        parts = path.relative_to(root).parts
        top = parts[0] if parts else ""
        kind = "folder" if stat.S_ISDIR(about.st_mode) else top
        found.setdefault(kind, set()).add((oct(stat.S_IMODE(about.st_mode)), about.st_gid))
    return found


@pytest.mark.parametrize(
    ("mode", "finished", "changing"),
    [(0o2770, 0o440, 0o660), (0o2775, 0o444, 0o664), (0o770, 0o440, 0o660)],
    ids=["for the group", "readable by all", "without set-group-id"],
)
def test_everything_takes_the_mode_of_the_root_whatever_the_umask(mode, finished, changing):
    with group(mode) as team:
        team.run(ANNA, PUBLISH + f"store.state({KEY!r}).joinpath('s').write_text('1')")
        team.run(BELA, RESTORE)
        found = permissions(team.root)
        # What a training writes into the folder of its state is its own affair.
        assert {oct_mode for oct_mode, _ in found.pop("partial")} == {"0o600"}
        assert found == {
            "folder": {(oct(mode), GROUP)},
            "objects": {(oct(finished), GROUP)},
            "entries": {(oct(finished), GROUP)},
            "used": {(oct(changing), GROUP)},
            "locks": {(oct(changing), GROUP)},
        }


def test_a_member_restores_drops_and_replaces_what_another_has_made():
    with group() as team:
        assert team.run(ANNA, PUBLISH) == "True"
        assert team.run(BELA, RESTORE) == "weights"
        (entry,) = team.root.glob("entries/*/*")
        assert entry.stat().st_uid == ANNA
        assert team.run(BELA, f"print(store.drop({KEY!r}))") == "True"
        assert team.run(ANNA, RESTORE) == "None"
        assert team.run(BELA, PUBLISH) == "True"
        assert team.run(ANNA, RESTORE) == "weights"
        (entry,) = team.root.glob("entries/*/*")
        assert entry.stat().st_uid == BELA


def test_a_damaged_object_of_another_member_is_dropped_and_made_again():
    with group() as team:
        team.run(ANNA, PUBLISH)
        (target,) = team.root.glob("objects/*/*")
        os.chown(target, ANNA, GROUP)
        target.chmod(0o640)
        target.write_text("WEIGHTS")
        target.chmod(0o440)
        assert "Dropped damaged store entry" in team.run(BELA, RESTORE)
        assert team.run(BELA, PUBLISH) == "True"
        assert team.run(ANNA, RESTORE) == "weights"


def test_an_object_that_a_member_may_not_read_is_replaced_by_his_own():
    """A store from before it looked after its permissions heals itself."""
    with group() as team:
        team.run(ANNA, PUBLISH)
        (target,) = team.root.glob("objects/*/*")
        target.chmod(0o400)
        assert "Cannot read from the store" in team.run(BELA, RESTORE)
        assert team.run(BELA, PUBLISH) == "True"
        assert team.run(ANNA, RESTORE) == "weights"


def test_the_time_of_the_last_use_is_noted_by_any_member():
    with group() as team:
        team.run(ANNA, PUBLISH)
        team.run(ANNA, RESTORE)
        (mark,) = team.root.glob("used/*/*")
        os.utime(mark, (1, 1))
        team.run(BELA, RESTORE)
        assert mark.stat().st_mtime > time.time() - 60


def test_the_state_of_a_training_goes_from_one_member_to_another():
    save = f"""
    with atomic_path(store.state({KEY!r}) / "training-state.npz") as beside:
        beside.write_text("EPOCH")
    """
    with group() as team:
        team.run(ANNA, save.replace("EPOCH", "3"))
        team.run(BELA, save.replace("EPOCH", "4"))
        (state,) = team.root.glob("partial/*/*")
        assert (state.read_text(), state.stat().st_uid) == ("4", BELA)
        team.run(ANNA, PUBLISH)
        assert list(team.root.glob("partial/*")) == []


def test_one_member_waits_for_the_other_and_then_finds_the_work():
    with group() as team:
        first = team.start(
            ANNA,
            f"""
            with store.locks.key({KEY!r}):
                print("computing", flush=True)
                time.sleep(1)
                {PUBLISH.strip().splitlines()[0]}
                {PUBLISH.strip().splitlines()[1]}
            """,
        )
        assert first.stdout.readline() == "computing\n"
        found = team.run(BELA, f"with store.locks.key({KEY!r}):\n  pass\n{RESTORE}")
        assert found.splitlines()[-1] == "weights"
        assert "Waiting for another process" in found
        first.communicate(timeout=30)


def test_the_lock_of_a_killed_member_holds_nobody_up():
    with group() as team:
        hold = f"with store.locks.key({KEY!r}):\n  print('held', flush=True)\n  time.sleep(60)"
        first = team.start(ANNA, hold)
        assert first.stdout.readline() == "held\n"
        first.send_signal(signal.SIGKILL)
        first.communicate(timeout=30)
        (left,) = team.root.glob("locks/*")
        assert left.stat().st_uid == ANNA
        assert team.run(BELA, f"with store.locks.key({KEY!r}):\n  print('mine')") == "mine"
        assert list(team.root.glob("locks/*")) == [], "and it is cleared away"


def test_outsiders_read_an_open_store_and_say_that_they_keep_nothing():
    with group(0o2775) as team:
        team.run(ANNA, PUBLISH)
        with_lock = f"with store.locks.key({KEY!r}):\n  pass\n{RESTORE}"
        assert team.run(OUTSIDER, with_lock) == "weights"
        other = PUBLISH.replace(KEY, key("more")) * 2
        said = team.run(OUTSIDER, other).splitlines()
        assert said[1:] == ["False", "False"]
        assert "is not writable (Permission denied)" in said[0]
        assert "new results are not stored" in said[0]
        state = team.run(OUTSIDER, "print(store.state('k'))").splitlines()
        assert state[-1] == ".segbench/partial/k", "with the outputs, where it can be written"
        assert team.run(OUTSIDER, f"print(store.drop({KEY!r}))").splitlines()[-1] == "False"


def test_outsiders_of_a_closed_store_compute_everything_themselves():
    with group(0o2770) as team:
        team.run(ANNA, PUBLISH)
        assert team.run(OUTSIDER, RESTORE).splitlines()[-1] == "None"
        assert team.run(OUTSIDER, PUBLISH).splitlines()[-1] == "False"
        made = team.run(OUTSIDER, f"print(store.state({KEY!r}))").splitlines()[-1]
        assert made == f".segbench/partial/{KEY}"
        said = team.run(OUTSIDER, PUBLISH).splitlines()
        assert sum("is not writable" in line for line in said) == 1
        assert not (team.home(OUTSIDER) / made).exists(), "the spare state goes, too"


def test_ten_jobs_of_two_members_with_one_key_compute_it_once():
    work = f"""
    with store.locks.key({KEY!r}):
        if store.restore({KEY!r}, {{"model": here / f"model-{{os.getpid()}}"}}):
            print("restored")
        else:
            time.sleep(0.2)
            mine = here / f"made-{{os.getpid()}}"
            mine.write_text("weights")
            store.publish({KEY!r}, {{"model": mine}})
            print("computed")
    """
    with group() as team:
        jobs = [team.start(user, work) for user in (ANNA, BELA) * 5]
        said = [job.communicate(timeout=60)[0].splitlines()[-1] for job in jobs]
        assert sorted(said) == ["computed"] + ["restored"] * 9
        copies = [path for user in (ANNA, BELA) for path in team.home(user).glob("m*-*")]
        assert {path.read_text() for path in copies} == {"weights"}
        assert len(copies) == 10
