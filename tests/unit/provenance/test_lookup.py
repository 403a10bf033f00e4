"""What the store has is known before the job is queued: by the very key the job will use."""

from __future__ import annotations

import os

import pytest

from segbench.provenance.keys import Job, work_key
from segbench.provenance.lookup import Lookup
from segbench.provenance.store import Store

SCRIPT = """
from segbench.provenance.job import run

def selection(job):
    return {"archives": job.input("folds").read_text() + job.wildcards["fold"]}

def work(job):
    raise AssertionError("nothing is worked on here")

if __name__ == "__main__":
    run(snakemake, work, selection=selection)
"""


class Asked:
    """A job of the rule `train`, and the questions about it."""

    def __init__(self, folder):
        self.store = Store(folder / "store")
        self.lookup = Lookup(self.store)
        self.script = folder / "train.py"
        self.script.write_text(SCRIPT)
        self.archive, self.folds, self.model = (
            folder / name for name in ("a.txt", "folds.tsv", "model")
        )
        for path in (self.archive, self.folds, self.model):
            path.write_text(path.name)
        self.inputs = {"archives": [self.archive], "folds": [str(self.folds)]}
        self.params = {"code": "c", "recipe": {"epochs": 2}, "jitter": None}
        self.wildcards = {"dataset": "d", "model": "unet", "fold": "0"}

    def publish(self):
        """Do what the job does when it has finished."""
        from runpy import run_path

        files = {"archives": [self.archive], "folds": [self.folds]}
        job = Job(files, {}, self.params, self.wildcards, threads=8)
        key = work_key("train", job, run_path(str(self.script))["selection"])
        self.store.publish(key, {"model": self.model}, {"rule": "train"})
        return key

    def holds(self, **changes):
        """Ask, with some of the job changed."""
        asked = {
            "script": self.script,
            "inputs": self.inputs,
            "params": self.params,
            "wildcards": self.wildcards,
        }
        return self.lookup.holds(**{**asked, **changes})


@pytest.fixture
def asked(tmp_path):
    """A job whose work the store has."""
    made = Asked(tmp_path)
    made.key = made.publish()
    return made


def test_finished_work_is_found(asked):
    assert asked.holds()


def test_before_it_is_finished_it_is_not(tmp_path):
    made = Asked(tmp_path)
    assert not made.holds()
    made.publish()
    assert made.holds(), "also when it was asked before"


@pytest.mark.parametrize(
    "changes",
    [
        {"params": {"code": "other", "recipe": {"epochs": 2}, "jitter": None}},
        {"params": {"code": "c", "recipe": {"epochs": 3}, "jitter": None}},
        {"params": {"code": "c", "recipe": {"epochs": 2}}},
        {"wildcards": {"dataset": "d", "model": "unet", "fold": "1"}},
        {"wildcards": {"dataset": "e", "model": "unet", "fold": "0"}},
    ],
)
def test_other_work_is_not(asked, changes):
    assert not asked.holds(**changes)


def test_the_name_of_the_recipe_is_no_part_of_it(asked):
    assert asked.holds(wildcards={**asked.wildcards, "model": "renamed"})


def test_a_changed_input_is_noticed_though_the_question_is_the_same(asked):
    assert asked.holds()
    asked.folds.write_text("other folds")
    assert not asked.holds()


def test_an_input_that_the_selection_stands_for_may_change(asked):
    asked.archive.write_text("a sample of another fold changed")
    assert asked.holds()


def test_before_the_inputs_are_there_nothing_is_known(asked):
    asked.folds.unlink()
    assert not asked.holds()


@pytest.mark.parametrize("text", ["", "{", '{"key": "x", "outputs": {}}'])
def test_a_damaged_entry_is_not_waited_for(asked, text):
    path = asked.store.entry_path(asked.key)
    os.chmod(path, 0o600)
    path.write_text(text)
    assert not asked.holds()


def test_an_object_that_is_gone_is_not_waited_for(asked):
    for path in asked.store.root.glob("objects/*/*"):
        path.unlink()
    assert not asked.holds()
