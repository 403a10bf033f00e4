"""What `snakemake apply` needs, and what it says when nothing is asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segbench.errors import SegbenchError
from segbench.workflow.applied import Applied


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "new images"
    folder.mkdir()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / "a.png")
    return folder


def applied(config, images, model):
    main = config.main.model_copy(update={"images": str(images), "model": model})
    return Applied.from_config(replace(config, main=main), images.parent / "project")


def test_nothing_is_asked_for(config, tmp_path):
    nothing = Applied.from_config(config, tmp_path)
    assert nothing.folder == "applied/nothing"
    nothing.refresh()
    for ask in (nothing.images, nothing.models, nothing.table, nothing.settings):
        with pytest.raises(SegbenchError, match="neither images= nor model=") as caught:
            ask()
        assert "snakemake apply --config images=FOLDER" in caught.value.action


def test_the_best_arm_is_chosen_by_the_table_among_all_networks(config, images):
    asked = applied(config, images, "dsb2018_nuclei/best")
    assert asked.folder == "applied/new-images-dsb2018_nuclei-best"
    assert asked.table() == ["tables/dsb2018_nuclei.csv"]
    folder = "results/dsb2018/prep-nuclei-native/aug-jitter-nuclei/nuclei-plain-miniature"
    assert asked.models() == [
        f"{folder}/seed-{seed}/cross-validation/fold-{fold}/model.keras"
        for seed in (0, 1)
        for fold in (0, 1)
    ]
    assert asked.settings()["study"] == "dsb2018_nuclei"


def test_a_named_fold_is_one_network_without_a_table(config, images):
    model = "dsb2018_nuclei/nuclei-native/jitter-nuclei/nuclei-plain-miniature/1/fold-1"
    asked = applied(config, images, model)
    assert asked.table() == []
    assert asked.models() == [
        "results/dsb2018/prep-nuclei-native/aug-jitter-nuclei/nuclei-plain-miniature/seed-1/"
        "cross-validation/fold-1/model.keras"
    ]


def test_the_list_of_images_is_brought_up_to_date(config, images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = applied(config, images, "dsb2018_nuclei/best")
    asked.refresh()
    rows = Path(asked.images()).read_text().splitlines()
    assert [row.split("\t")[:2] for row in rows] == [["sample", "path"], ["a", "a.png"]]
    assert Path(".segbench/applied", f"{asked.name}.json").is_file()


def test_both_a_folder_and_a_model_are_needed(config, images, tmp_path):
    main = config.main.model_copy(update={"images": str(images)})
    asked = Applied.from_config(replace(config, main=main), tmp_path)
    asked.refresh()  # images= alone is for another target
    with pytest.raises(SegbenchError, match="nothing to apply: model= is not given"):
        asked.images()
    main = config.main.model_copy(update={"model": "dsb2018_nuclei/best"})
    with pytest.raises(SegbenchError, match="model= is given, but images= is not"):
        Applied.from_config(replace(config, main=main), tmp_path)


def test_a_misspelt_study_is_told_with_the_nearest(config, images):
    with pytest.raises(SegbenchError) as caught:
        applied(config, images, "dsb2018_nucleii/best")
    assert "did you mean 'dsb2018_nuclei'" in caught.value.action


def test_networks_are_listed_in_the_order_of_the_settings(config, images):
    """The job gets files and settings apart, and pairs them by their order."""
    asked = applied(config, images, "dsb2018_nuclei/best")
    named = [
        f"seed-{arm['names']['seed']}/{arm['names']['protocol']}/fold-{fold}/model.keras"
        for arm in asked.settings()["arms"]
        for fold in arm["folds"]
    ]
    assert all(path.endswith(name) for path, name in zip(asked.models(), named, strict=True))
