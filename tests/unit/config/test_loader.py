from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import segbench
from segbench.arms import Arm
from segbench.config.loader import ConfigError, load
from segbench.config.problems import key_text
from segbench.datasets.formats import FORMATS

if TYPE_CHECKING:
    from tests.unit.config.conftest import Tree

SCRIPTS = Path(segbench.__file__).parents[1]


def test_what_the_studies_use_is_there_and_nothing_else(tree: Tree) -> None:
    config = tree.load()
    assert list(config.datasets) == ["cells", "tissue"]
    assert list(config.preprocessing) == ["small"]
    assert list(config.augmentation) == ["copies", "none"]
    assert list(config.models) == ["split", "unet"]
    assert list(config.studies) == ["cells", "which"]
    tree.write("config.yaml", {"studies": {"cells": {}}})
    assert list(tree.load().datasets) == ["cells"]
    assert list(tree.load().models) == ["split"]


def test_arms_are_the_product_of_the_lists_in_their_order(tree: Tree) -> None:
    tree.set("studies/which.yaml", "seeds", [3, 1])
    arms = tree.load().arms("which")
    assert arms == [
        Arm("tissue", "small", "none", "unet", 3, "cv"),
        Arm("tissue", "small", "none", "unet", 1, "cv"),
        Arm("tissue", "small", "copies", "unet", 3, "cv"),
        Arm("tissue", "small", "copies", "unet", 1, "cv"),
    ]
    assert arms[0]._asdict() == {
        "dataset": "tissue", "protocol": "cv", "preprocessing": "small", "augmentation": "none",
        "model": "unet", "seed": 3,
    }  # fmt: skip


def test_the_main_file_replaces_single_keys_of_datasets_and_studies(tree: Tree) -> None:
    tree.write(
        "config.yaml",
        {
            "datasets": {"tissue": {"protocols": {"cv": {"folds": 2}}, "shards": 3}},
            "studies": {"which": {"augmentation": ["none"], "bootstrap": 100}},
        },
    )
    config = tree.load()
    protocol = config.datasets["tissue"].protocols["cv"]
    assert (protocol.folds, protocol.validation.fraction) == (2, 0.15)
    assert config.datasets["tissue"].shards == 3
    assert config.datasets["tissue"].protocols["fixed"].validation.count == 2
    assert config.studies["which"].augmentation == ("none",)
    assert config.studies["which"].models == ("unet",)


def test_overrides_win_over_files_and_nest(tree: Tree) -> None:
    overrides = {
        "folder": "elsewhere",
        "datasets": {"tissue": {"generated": {"samples": 20}}},
        "studies": {"which": {"seeds": [5]}},
    }
    config = tree.load(overrides)
    assert config.main.folder == "elsewhere"
    generated = config.datasets["tissue"].generated
    assert generated is not None
    assert (generated.samples, generated.test_samples) == (20, 4)
    assert config.studies["which"].seeds == (5,)
    assert "cells" in config.studies


def test_later_main_files_win_over_earlier_ones(tree: Tree) -> None:
    tree.write("more.yaml", {"folder": "more", "studies": {"which": {"bootstrap": 7}}})
    config = load(
        [tree.path("config.yaml"), tree.path("more.yaml")],
        root=tree.root,
        formats=FORMATS,
    )
    assert (config.main.folder, config.studies["which"].bootstrap) == ("more", 7)
    reverse = load(
        [str(tree.path("more.yaml")), tree.path("config.yaml")],
        root=str(tree.root),
        formats=FORMATS,
    )
    # `which: {}` in the later file adds nothing and takes nothing away.
    assert reverse.studies["which"].bootstrap == 7


def test_an_override_that_is_wrong_is_reported_where_it_was_written(tree: Tree) -> None:
    tree.write(
        "config.yaml", "studies:\n  which: {}\ndatasets:\n  tissue:\n    shardz: 3\n    shards: 0\n"
    )
    found = [(p.file, p.line, key_text(p.key), p.nearest) for p in tree.problems()]
    assert found == [
        ("config/config.yaml", 5, "datasets.tissue.shardz", "shards"),
        ("config/config.yaml", 6, "datasets.tissue.shards", ""),
    ]
    found = [
        (p.file, key_text(p.key))
        for p in tree.problems({"datasets": {"tissue": {"shards": "two"}}})
    ]
    assert found == [
        ("config/config.yaml", "datasets.tissue.shardz"),
        ("the command line", "datasets.tissue.shards"),
    ]


@pytest.mark.parametrize(
    ("overrides", "key", "near"),
    [
        ({"fodler": "x"}, "fodler", "folder"),
        ({"folder": 3}, "folder", ""),
        ({"folder": ""}, "folder", ""),
        ({"store": ["x"]}, "store", ""),
        ({"studies": {"witch": {}}}, "studies.witch", "which"),
        ({"datasets": {"tisue": {}}}, "datasets.tisue", "tissue"),
        ({"studies": {"which": 3}}, "studies.which", ""),
        ({"datasets": []}, "datasets", ""),
        ({"studies": {"which": {"models": ["unett"]}}}, "studies.which.models[0]", "unet"),
        ({"studies": {"which": {"seeds": [True]}}}, "studies.which.seeds[0]", ""),
        ({"datasets": {"tissue": {"shards": True}}}, "datasets.tissue.shards", ""),
        (
            {"datasets": {"tissue": {"protocols": {"cv": {"folds": 1}}}}},
            "datasets.tissue.protocols.cv.folds",
            "",
        ),
    ],
)
def test_mistakes_on_the_command_line(
    tree: Tree, overrides: dict[str, Any], key: str, near: str
) -> None:
    (problem,) = tree.problems(overrides)
    assert (problem.file, key_text(problem.key)) == ("the command line", key)
    assert problem.nearest == near


def test_values_of_the_command_line_may_be_dates(tree: Tree) -> None:
    import datetime

    assert tree.load({"folder": datetime.date(2018, 1, 1)}).main.folder == "2018-01-01"


def test_a_run_without_studies_is_refused(tree: Tree) -> None:
    for content in ({"folder": "."}, {"studies": {}}):
        tree.write("config.yaml", content)
        problem = tree.only("config.yaml", "studies")
        assert problem.what == "names no study"
        assert problem.allowed == "one or more of cells, which"


def test_missing_main_file_and_missing_folders(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config/config.yaml", root=tmp_path, formats=FORMATS)
    assert [str(p).splitlines()[0] for p in caught.value.problems] == ["config/config.yaml"]
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("studies: {a: {}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"has no file config/studies/a\.yaml"):
        load(tmp_path / "config/config.yaml", root=tmp_path, formats=FORMATS)


def test_a_main_file_outside_the_project(tree: Tree, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("other") / "mine.yaml"
    path.write_text("studies: {which: {}}\nfoldr: x\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, root=tree.root, formats=FORMATS)
    assert caught.value.problems[0].file == path.as_posix()


def test_files_that_no_study_uses_are_checked_too(tree: Tree) -> None:
    tree.set("augmentation/jitter.yaml", "jitter.flip_horizontl", 0.5)
    assert tree.only("augmentation/jitter.yaml", "jitter.flip_horizontl").nearest == (
        "flip_horizontal"
    )


@pytest.mark.parametrize(
    "name",
    ["models/U-Net.yaml", "models/a b.yaml", "models/unet.yml", "models/a__b.yaml", "models/-.yaml",
     "studies/readme.txt"],
)  # fmt: skip
def test_names_that_cannot_stand_in_a_path(tree: Tree, name: str) -> None:
    tree.write(name, {})
    (problem,) = tree.problems()
    assert problem.file == f"config/{name}"
    assert problem.what == "this file has an unusable name"


def test_hidden_files_and_folders_are_passed_over(tree: Tree) -> None:
    tree.write("models/.unet.yaml.swp", "[")
    tree.write("models/old/unet.yaml", "[")
    tree.load()


def test_all_mistakes_of_all_files_in_one_message(tree: Tree) -> None:
    tree.write(
        "models/unet.yaml",
        "network: {depth: 3}\n"
        "training:\n"
        "  patch: [60, 64]\n"
        "  batch: 8\n"
        "  batch: 16\n"
        "loss: {name: dise}\n",
    )
    tree.set("preprocessing/native.yaml", "normalise", "z-score")
    tree.set("studies/cells.yaml", "primary", "map")
    tree.set("studies/which.yaml", "dataset", "tissues")
    with pytest.raises(ConfigError) as caught:
        tree.load({"fodler": "x"})
    assert str(caught.value) == (
        "the configuration has 6 errors:\n"
        "\n"
        "config/models/unet.yaml, line 5: training.batch\n"
        "    is a duplicate key, first in line 4\n"
        "    allowed: each key once\n"
        "\n"
        "config/models/unet.yaml, line 6: loss.name\n"
        '    is not one of the choices (it is "dise")\n'
        "    allowed: one of bce, ce, dice, bce_dice, ce_dice, focal, focal_dice, tversky\n"
        "    did you mean: dice\n"
        "\n"
        "config/preprocessing/native.yaml, line 1: normalise\n"
        '    is not one of the choices (it is "z-score")\n'
        "    allowed: one of none, minmax, percentile, zscore\n"
        "    did you mean: zscore\n"
        "\n"
        "config/studies/cells.yaml, line 15: primary\n"
        '    is not one of the study\'s metrics (it is "map")\n'
        "    allowed: dsb_map, iou\n"
        "    did you mean: dsb_map\n"
        "\n"
        "config/studies/which.yaml, line 3: dataset\n"
        '    has no file config/datasets/tissues.yaml (it is "tissues")\n'
        "    allowed: cells, tissue\n"
        "    did you mean: tissue\n"
        "\n"
        "the command line: fodler\n"
        '    is not a known key (it is "x")\n'
        "    allowed: datasets, folder, gpus, images, layout, masks, model, name, spacing_um, "
        "store, studies\n"
        "    did you mean: folder\n"
        "\n"
        "  expected: the keys and values of docs/reference/configuration.md\n"
        "  what to do: correct the above and run the same command again; nothing was computed"
    )


def test_what_cannot_be_read_is_not_reported_a_second_time(tree: Tree) -> None:
    tree.write("models/unet.yaml", "training: !x {batch: 0}\nloss: {smooth: -1}\n")
    found = [(p.line, key_text(p.key)) for p in tree.problems()]
    assert found == [(1, "training"), (2, "loss.smooth")]


SPOILS = {
    ("models/unet.yaml", "training.epochs"): 0,
    ("models/split.yaml", "targett"): 1,
    ("datasets/cells.yaml", "task"): "instance",
    ("datasets/tissue.yaml", "licence"): None,
    ("preprocessing/small.yaml", "resize.height"): "64",
    ("augmentation/copies.yaml", "amplification.copies"): 3,
    ("augmentation/jitter.yaml", "jitter.scale"): [2, 1],
    ("studies/which.yaml", "metrics"): ["iu"],
    ("studies/cells.yaml", "bootstrap"): -1,
    ("config.yaml", "fold"): 1,
}


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25
)
@given(chosen=st.sets(st.sampled_from(sorted(SPOILS)), min_size=1))
def test_any_set_of_mistakes_is_reported_whole(
    tree: Tree, chosen: set[tuple[str, str]], tmp_path_factory: Any
) -> None:
    fresh = type(tree)(tmp_path_factory.mktemp("tree"))
    for file, key in chosen:
        fresh.set(file, key, SPOILS[file, key])
    found = {(p.file.removeprefix("config/"), key_text(p.key)) for p in fresh.problems()}
    assert {(f, k) if k != "metrics" else (f, "metrics[0]") for f, k in chosen} <= found


def test_reading_twice_gives_the_same(tree: Tree) -> None:
    assert tree.load() == tree.load()


def test_nothing_can_be_changed(tree: Tree) -> None:
    config = tree.load()
    with pytest.raises(AttributeError):
        config.main = None  # type: ignore[misc,assignment]
    with pytest.raises(ValueError, match="frozen"):
        config.models["unet"].boundary_px = 3  # type: ignore[misc]


def test_the_store(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGBENCH_STORE", raising=False)
    assert tree.load().store() == tree.root / ".segbench/store"
    assert tree.load({"store": "kept"}).store() == tree.root / "kept"
    assert tree.load({"store": "/group/store"}).store() == Path("/group/store")
    assert tree.load().store({"SEGBENCH_STORE": "/mine"}) == Path("/mine")
    assert tree.load().store({"SEGBENCH_STORE": ""}) == tree.root / ".segbench/store"
    monkeypatch.setenv("SEGBENCH_STORE", "/env")
    assert tree.load({"store": "kept"}).store() == Path("/env")
    monkeypatch.setenv("HOME", "/home/user")
    assert tree.load().store({"SEGBENCH_STORE": "~/s"}) == Path("/home/user/s")


def test_importing_the_config_is_light() -> None:
    heavy = ("keras", "tensorflow", "cv2", "skimage", "scipy", "numpy", "pandas", "matplotlib")
    heavy += ("pyarrow",)
    code = f"import sys, segbench.config.loader; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert result.stdout.strip() == "[]"


def test_unknown_names_of_the_package() -> None:
    import segbench.config

    with pytest.raises(AttributeError, match="nothing"):
        _ = segbench.config.nothing
