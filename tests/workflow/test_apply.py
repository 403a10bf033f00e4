"""A folder of new images, segmented with a trained model by the real Snakemake."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from workflow.project import Project

pytestmark = pytest.mark.workflow

OUT = "applied/slides-tiny-best"


@pytest.fixture(scope="module")
def applied(tmp_path_factory):
    """A study of two folds, applied to two new images in nested folders."""
    folder = tmp_path_factory.mktemp("apply")
    project = Project(folder / "checkout", folder / "store").tiny()
    project.edit(
        "config/config.yaml",
        "{validation: {count: 2}}",
        "{folds: 2, validation: {by: none, count: null}}",
    )
    random = np.random.default_rng(0)
    for name, size in (("a.png", (48, 64)), ("day 2/b.tif", (40, 40))):
        path = project.path(f"slides/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, size, dtype=np.uint8)).save(path)
    project.first = apply(project)
    return project


def apply(project, *more, expect=0, model="tiny/best"):
    config = ["images=slides", f"model={model}", *more]
    return project.snakemake("apply", "--config", *config, expect=expect)


def mask(project, name, out=OUT):
    with Image.open(project.path(f"{out}/masks/{name}")) as image:
        return np.asarray(image)


def record(project, out=OUT):
    return json.loads(project.path(f"{out}/applied.json").read_text())


def test_masks_overlays_objects_and_metadata(applied):
    assert mask(applied, "a.png").shape == (48, 64)
    assert mask(applied, "day 2/b.tif").shape == (40, 40)
    assert set(np.unique(mask(applied, "a.png"))) <= {0, 1}
    for name in ("overlays/a.png", "overlays/day 2/b.png", "objects.parquet", "summary.txt"):
        assert applied.path(f"{OUT}/{name}").is_file()
    for name in ("objects.ttl", "objects.jsonld"):
        assert applied.path(f"{OUT}/{name}").is_file()
    assert [one["image"] for one in record(applied)["images"]] == ["a.png", "day 2/b.tif"]
    networks = record(applied)["networks"]
    assert [one["fold"] for one in networks] == [0, 1]
    assert all(applied.path(one["path"]).is_file() for one in networks)
    assert record(applied)["arm"]["preprocessing"] == "tiny"
    (log,) = applied.first.jobs["apply_model"]
    assert "1 of 2: a.png: segmented" in log
    assert "train" in applied.first.computed, "what the model needs is made first"


def test_a_second_run_has_nothing_to_do(applied):
    assert "Nothing to be done" in apply(applied).output


def test_one_new_image_is_the_only_one_computed(applied):
    before = applied.path(f"{OUT}/masks/a.png").read_bytes()
    shutil.copy(applied.path("slides/a.png"), applied.path("slides/new.png"))
    Image.fromarray(np.zeros((32, 32), np.uint8)).save(applied.path("slides/new.png"))
    run = apply(applied)
    assert run.computed == {"apply_model", "apply"}
    (log,) = run.jobs["apply_model"]
    assert "3 images: 1 segmented, 2 unchanged, 0 failed" in log
    assert applied.path(f"{OUT}/masks/a.png").read_bytes() == before
    applied.path("slides/new.png").unlink()
    apply(applied)
    assert not applied.path(f"{OUT}/masks/new.png").exists()


def test_a_bad_image_is_named_and_stops_no_other(applied):
    applied.path("slides/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    run = apply(applied, expect=1)
    assert "1 of 3 images could not be segmented" in run.output
    assert "broken.png" in run.output
    assert applied.path(f"{OUT}/masks/a.png").is_file()
    assert [one["image"] for one in record(applied)["failed"]] == ["broken.png"]
    again = apply(applied, expect=1)
    assert "apply_model" not in again.jobs, "nothing is computed to say it once more"
    applied.path("slides/broken.png").unlink()
    assert record(applied)["failed"]
    apply(applied)
    assert not record(applied)["failed"]


def test_another_model_needs_another_name(applied):
    before = applied.path(f"{OUT}/masks/a.png").read_bytes()
    arm = "tiny/tiny/none/tiny/0/fold-1"
    run = apply(applied, "name=slides-tiny-best", expect=1, model=arm)
    assert "holds the results of model tiny/best" in run.output
    assert record(applied)["model"] == "tiny/best", "the record that was there is there again"
    assert applied.path(f"{OUT}/masks/a.png").read_bytes() == before
    apply(applied, "name=one-fold", model=arm)
    assert [one["fold"] for one in record(applied, "applied/one-fold")["networks"]] == [1]
    (log,) = apply(applied).jobs["apply_model"]
    assert "0 segmented, 2 unchanged" in log, "the job that was refused left no trace"


@pytest.mark.parametrize(
    ("model", "said"),
    [("tiny/bets", "not the name of a model"), ("tyni/best", "did you mean 'tiny'")],
)
def test_a_model_that_is_not_there(applied, model, said):
    assert said in apply(applied, expect=1, model=model).output


def test_nothing_is_asked_for(applied):
    run = applied.snakemake("apply", expect=1)
    assert "nothing to apply" in run.output
    assert "--config images=FOLDER model=STUDY/best" in run.output
