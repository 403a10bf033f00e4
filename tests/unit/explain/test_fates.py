"""What is in the store is restored, also behind what is restored; else it is at most."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segbench.archives import ArchiveWriter
from segbench.explain import fates as module
from segbench.explain.fates import Fates, Inputs
from segbench.explain.plan import Planned
from segbench.files import sha256_of_file
from segbench.provenance.keys import CachePolicy, Job, cache_policy_of, digest_input, work_key
from segbench.provenance.record import FileStat
from segbench.provenance.store import Store

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("raw", "folds"):
        Path(name).write_text(name)
    return tmp_path


def planned(number, rule="score", made=(), inputs=("raw",), output=None, **params):
    return Planned(
        number,
        rule,
        {"fold": str(number)},
        params,
        {"data": list(inputs)},
        {"out": output or f"out-{number}", "cost": f"cost-{number}"},
        dict(made),
    )


def finish(store, rule, job, content, selection=None, archive=False):
    """Do a job's work in a folder of its own, and publish it."""
    folder = Path("elsewhere")
    folder.mkdir(exist_ok=True)
    out = folder / Path(job.outputs["out"]).name
    if archive:
        with ArchiveWriter(out, {"axes": "yx"}) as writer:
            writer.add("a", {"label": np.full((2, 2), content, np.uint8)})
    else:
        out.write_text(content)
    inputs = {name: [Path(p) for p in paths] for name, paths in job.inputs.items()}
    ready = Job(inputs, {"out": out}, job.params, job.wildcards, 1)
    store.publish(work_key(rule, ready, selection), {"out": out}, {"rule": rule})
    return out


def fates(jobs, store, policies=None, seconds=30.0):
    found = Fates(
        store,
        lambda rule: (policies or {}).get(rule, CachePolicy(True, None)),
        Inputs(),
        seconds,
    )
    return list(found.of(jobs).values())


def test_the_fates_of_a_chain(place):
    """0 and 1 are in the store, 2 is not, and nobody knows what becomes of 3."""
    store = Store(place / "store")
    first = planned(0, "truth", output="t.zarr.zip")
    made = finish(store, "truth", first, 7, archive=True)
    second = planned(1, made={"t.zarr.zip": 0}, inputs=["folds", "t.zarr.zip"])
    third = planned(2, made={"out-1": 1}, inputs=["out-1"])
    fourth = planned(3, made={"out-2": 2}, inputs=["out-2", "out-1"])
    assert fates([first, second, third, fourth], store) == ["restored", "computed", "open", "open"]
    Path("t.zarr.zip").write_bytes(made.read_bytes())
    finish(store, "score", second, "b")
    Path("t.zarr.zip").unlink()
    assert fates([first, second, third, fourth], store) == [
        "restored",
        "restored",
        "computed",
        "open",
    ]
    assert not Path("out-1").exists(), "nothing is put in place"


def test_an_old_output_does_not_stand_for_the_one_to_come(place):
    store = Store(place / "store")
    Path("out-0").write_text("what an earlier run left")
    job = planned(1, made={"out-0": 0}, inputs=["out-0"])
    finish(store, "score", job, "b")
    assert fates([planned(0), job], store) == ["computed", "open"]


def test_equal_work_is_done_once(place):
    store = Store(place / "store")
    twin = replace(planned(0, output="other"), number=7)
    assert fates([planned(0), twin, planned(1)], store) == ["computed", "restored", "computed"]


def test_what_is_not_stored_is_computed(place):
    store = Store(place / "store")
    job = planned(0, "report")
    finish(store, "report", job, "b")
    assert fates([job], store) == ["restored"]
    assert fates([job], store, {"report": CachePolicy(False, None)}) == ["computed"]


def test_an_entry_without_its_objects_or_with_others_is_none(place):
    store = Store(place / "store")
    job = planned(0)
    out = finish(store, "score", job, "b")
    other = planned(0)
    other.outputs["more"] = "more"
    assert fates([other], store) == ["computed"]
    assert fates([job], store) == ["restored"]
    store.object_path(sha256_of_file(out)).unlink()
    assert fates([job], store) == ["computed"]


def test_a_selection_stands_for_the_files(place):
    store = Store(place / "store")

    def selection(job):
        return {"data": job.input("data").read_text()[:1]}

    job = planned(0, "train")
    finish(store, "train", job, "b", selection)
    Path("raw").write_text("rest of it differs")
    assert fates([job], store, {"train": CachePolicy(True, selection)}) == ["restored"]
    Path("raw").write_text("other")
    assert fates([job], store, {"train": CachePolicy(True, selection)}) == ["computed"]


@pytest.mark.parametrize("error", [ValueError, OSError, KeyError])
def test_inputs_that_do_not_fit_leave_the_fate_open(place, error):
    def selection(job):
        raise error("x")

    policies = {"train": CachePolicy(True, selection)}
    assert fates([planned(0, "train")], Store(place / "store"), policies) == ["open"]
    assert fates([planned(0, inputs=["not there"])], Store(place / "store")) == ["open"]


def test_looking_up_ends_in_time(place):
    store = Store(place / "store")
    finish(store, "score", planned(0), "b")
    assert fates([planned(0)], store, seconds=-1) == ["open"]


def test_a_file_that_a_record_has_seen_is_not_read_again(place, monkeypatch):
    status = Path("raw").stat()
    seen = FileStat("d" * 64, status.st_size, status.st_mtime_ns)
    assert Inputs()("raw", seen) == "d" * 64
    assert Inputs()("raw", seen._replace(mtime_ns=1)) == sha256_of_file("raw")
    assert Inputs()("raw") == sha256_of_file("raw")
    inputs = Inputs()
    digest = inputs("raw")
    monkeypatch.setattr(module, "digest_input", lambda path: pytest.fail("read again"))
    assert inputs("raw") == digest


def test_an_archive_is_told_by_the_name_it_will_have(place):
    with ArchiveWriter(place / "a.zarr.zip", {"axes": "yx"}) as writer:
        writer.add("a", {"label": np.ones((2, 2), np.uint8)})
    assert Inputs()("a.zarr.zip") == digest_input(place / "a.zarr.zip")


UNSTORED = {"acquire", "apply", "apply_model", "inspect_folder", "inventory", "report"}


def test_how_the_rules_keep_their_work():
    scripts = [p for p in (ROOT / "scripts").glob("*.py") if "snakemake, work" in p.read_text()]
    policies = {path.stem: cache_policy_of(path) for path in scripts}
    assert {name for name, policy in policies.items() if not policy.stored} == UNSTORED
    chosen = {name for name, policy in policies.items() if policy.selection}
    assert chosen >= {"train", "predict", "measure"}
    assert not chosen & UNSTORED
    assert json.dumps(sorted(policies)).count('"') >= 40
