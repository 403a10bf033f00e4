"""Old and new become sentences; the cause of a job is its own, not that of its makers."""

from __future__ import annotations

import pytest

from segbench.explain.causes import Cause, Causes, code_causes, list_causes, moved_symbols
from segbench.explain.differences import ABSENT, FileChange
from segbench.explain.plan import Planned
from segbench.provenance.record import FileStat

WILDCARDS = {"dataset": "ccp", "model": "unet-128", "preprocessing": "p", "fold": "0"}
PARTS = {
    "old": {
        "script:work": "1",
        "segbench.m:iou": "1",
        "numpy": "numpy==2.4.5",
        "scipy": "x==1",
    },
    "new": {"script:work": "1", "segbench.m:iou": "2", "numpy": "numpy==2.4.6", "cv2": "y==1"},
}


class World:
    """What is known when a job is explained."""

    def __init__(self, folder, record=None, lists=None, new=()):
        self.folder = folder
        self.record = record
        self.lists = lists or {}
        self.new = new
        self.read = []

    def causes(self, **changes):
        job = Planned(
            1,
            changes.pop("rule", "train"),
            changes.pop("wildcards", WILDCARDS),
            changes.pop("params", {}),
            reason="Params have changed.",
            **changes,
        )
        finder = Causes(
            lambda _: self.record,
            PARTS.get,
            self.digest,
            self.lists.get,
            lambda rule, name, value: (name, value) in self.new,
            lambda listed, file: f"data/{file}",
        )
        return finder.of(job)

    def digest(self, path, seen):
        self.read.append(path)
        return (self.folder / path).read_text()

    def sentences(self, **changes):
        return [cause.sentence() for cause in self.causes(**changes)]


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(params=None, inputs=None, **changes):
        seen = {path: FileStat(digest, 1, 1) for path, digest in (inputs or {}).items()}
        return World(tmp_path, {"params": params or {}, "inputs": seen}, **changes)

    return make


@pytest.mark.parametrize(
    ("rule", "old", "new", "sentence"),
    [
        (
            "train",
            {"recipe": {"training": {"optimizer": {"learning_rate": 0.001}}}},
            {"recipe": {"training": {"optimizer": {"learning_rate": 0.0005}}}},
            "parameter training.optimizer.learning_rate of model unet-128: 0.001 -> 0.0005",
        ),
        (
            "preprocess",
            {"recipe": {"resize": [32, 32]}},
            {"recipe": {"resize": [64, 32]}},
            "parameter resize of preprocessing p: [32, 32] -> [64, 32]",
        ),
        (
            "index",
            {"dataset": {"classes": ["a"]}},
            {"dataset": {"classes": ["a", "b"]}},
            'parameter classes of dataset ccp: ["a"] -> ["a", "b"]',
        ),
        ("inventory", {"shards": 2}, {"shards": 4}, "parameter shards of dataset ccp: 2 -> 4"),
        ("draw", {"title": "a"}, {"title": "b"}, 'parameter title: "a" -> "b"'),
        (
            "report",
            {"config": {"models": {"m": {"depth": 1}}}},
            {"config": {"models": {"m": {"depth": 2}}}},
            "parameter config.models.m.depth: 1 -> 2",
        ),
        ("score", {"a": 1}, {}, "parameter a: 1 -> (absent)"),
        (
            "train",
            {"recipe": None},
            {"recipe": {"b": 1}},
            'parameter recipe of model unet-128: null -> {"b": 1}',
        ),
        (
            "score",
            {"code": "old"},
            {"code": "gone"},
            "code changed; its earlier version is not recorded",
        ),
        (
            "report",
            {"codes": {"train": "gone"}},
            {"codes": {"train": "new"}},
            "code of train changed; its earlier version is not recorded",
        ),
    ],
)
def test_a_parameter_is_named_as_in_its_recipe(world, rule, old, new, sentence):
    assert world(params=old).sentences(rule=rule, params=new) == [sentence]


@pytest.mark.parametrize("param", [{"code": "{}"}, {"codes": {"score": "{}"}}])
def test_code_is_named_by_symbol_and_packages_by_version(world, param):
    def at(digest):
        return {k: digest if v == "{}" else {"score": digest} for k, v in param.items()}

    assert world(params=at("old")).sentences(params=at("new")) == [
        "code segbench.m:iou changed",
        "package cv2 (absent) -> 1",
        "package numpy 2.4.5 -> 2.4.6",
        "package scipy 1 -> (absent)",
    ]


def test_parts_that_come_and_go():
    old = {"a:f": "1", "a:#0": "1", "a:g": "1", "file:a.css": "1"}
    new = {"a:h": "3", "a:#0": "2", "a:g": "2", "file:a.css": "2"}
    assert [cause.sentence() for cause in dict.fromkeys(code_causes(old, new))] == [
        "code a changed",
        "code a:f no longer used",
        "code a:g changed",
        "code a:h newly used",
        "data file a.css changed",
    ]
    assert list(code_causes(old, old)) == []


def test_a_name_that_means_something_else_is_a_change_of_its_user():
    old = {"m:score": "1 n:hd n:dice", "n:hd": "2", "n:dice": "3"}
    new = {**old, "m:score": "1 n:dice n:hd"}
    assert [cause.what for cause in code_causes(old, new)] == ["m:score changed"]


def test_what_has_only_moved_is_not_told():
    old = {"m:score": "1 n:hd", "n:hd": "2 n:dice", "n:dice": "3"}
    moved = {"m:score": "1 k:hd", "k:hd": "2 n:dice", "n:dice": "3"}
    assert moved_symbols(old, moved) == {"n:hd": "k:hd"}
    assert list(code_causes(old, moved)) == []
    assert [c.what for c in code_causes(old, {**moved, "n:dice": "4"})] == ["n:dice changed"]


def test_a_changed_input_is_named_with_its_digests(world, tmp_path):
    (tmp_path / "w.h5").write_text("b" * 64)
    found = world(inputs={"w.h5": "a" * 64}).sentences(inputs={"weights": ["w.h5"]})
    assert found == ["input w.h5 changed (aaaaaaaa.. -> bbbbbbbb..)"]


def test_an_input_that_is_made_anew_is_no_cause(world, tmp_path):
    (tmp_path / "x").write_text("new")
    here = world(inputs={"x": "old"})
    assert here.sentences(inputs={"a": ["x"]}, makers={"x": 7}) == []
    assert here.read == [], "not even read"


def test_inputs_that_come_and_go(world):
    here = world(inputs={"a": "1", "b": "1"})
    makers = {"b": 2, "c": 3, "a": 4}
    assert here.sentences(inputs={"x": ["b", "c"]}, makers=makers) == [
        "set of inputs: a removed",
        "set of inputs: c added",
    ]
    many = [f"f{number}" for number in range(9)]
    assert here.sentences(inputs={"x": [*many, "a", "b"]}, makers=makers) == [
        "set of inputs: 9 files like f0 added"
    ]


LIST = "sample\tpath\tbytes\tsha256\n"


def test_a_changed_raw_file_is_named(world, tmp_path):
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory/shard-2.tsv").write_text(LIST + f"s\timg_03.tif\t1\t{'9' * 64}\n")
    old = LIST + f"s\timg_03.tif\t1\t{'1' * 64}\n"
    here = world(inputs={"inventory/shard-2.tsv": "d"}, lists={"d": old})
    assert here.sentences(inputs={"manifest": ["inventory/shard-2.tsv"]}) == [
        "raw file data/img_03.tif changed (11111111.. -> 99999999.., inventory/shard-2.tsv)"
    ]


def test_samples_that_come_and_go_are_one_cause_each():
    changes = [
        FileChange("a", "a.png", "1", None),
        FileChange("a", "a.txt", "1", None),
        FileChange("b", "b.png", None, "1"),
        FileChange("c", "c.png", "1", "2"),
        FileChange("c", "c.txt", None, "3"),
    ]
    assert list(list_causes(changes, "m.tsv")) == [
        Cause("sample", "a", "m.tsv", new="removed"),
        Cause("sample", "b", "m.tsv", new="added"),
        Cause("raw file", "c.png", "m.tsv", "1", "2"),
        Cause("raw file", "c.txt", "m.tsv", ABSENT, "3"),
    ]
    assert Cause("sample", "a", "m.tsv", new="removed").sentence() == "sample a removed (m.tsv)"


def test_a_missing_output(world):
    assert world().sentences(missing=("tables/x.csv",)) == ["output missing: tables/x.csv"]
    assert world().sentences(missing=("b", "a", "c")) == [
        "output missing: a and 2 more of the same job"
    ]


def test_a_job_without_a_cause_of_its_own_follows_or_is_explained_by_snakemake(world):
    assert world().causes(makers={"a": 3}) == []
    assert world().sentences() == ["Params have changed."]


@pytest.mark.parametrize(
    ("new", "missing", "sentence"),
    [
        ([("model", "unet-128"), ("fold", "0")], ("m",), "never made before: model unet-128"),
        ([("model", "unet-128"), ("dataset", "ccp")], ("m",), "never made before: dataset ccp"),
        ([], ("m",), "never made before"),
        ([], (), "no record of the last run; Snakemake says: Params have changed."),
    ],
)
def test_a_job_without_a_record(tmp_path, new, missing, sentence):
    assert World(tmp_path, None, new=new).sentences(missing=missing) == [sentence]


def test_equal_causes_are_equal(world):
    here = world(params={"recipe": {"a": 1}})
    first = here.causes(params={"recipe": {"a": 2}})
    assert first == here.causes(params={"recipe": {"a": 2}}, wildcards={**WILDCARDS, "fold": "1"})
    assert first != here.causes(params={"recipe": {"a": 3}})
