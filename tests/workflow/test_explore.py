"""`snakemake explore`: every dataset described, nothing trained; found again in the store."""

from __future__ import annotations

import json

import pytest

from workflow.project import Project

pytestmark = pytest.mark.workflow

OUTPUTS = {
    "summary.json", "appearance.tsv", "sizes.svg", "intensities.svg", "classes.svg",
    "objects.svg", "appearance.png", "sheet.png", "explore.cost.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    """A tiny project after `snakemake explore`."""
    folder = tmp_path_factory.mktemp("explore")
    project = Project(folder / "checkout", folder / "store").tiny()
    project.first = project.snakemake("explore", "--cores", "1")
    return project


def test_nothing_is_trained(explored):
    assert explored.first.computed >= {"acquire", "truth", "explore_dataset"}
    assert not explored.first.computed & {"preprocess", "split", "train", "predict", "score"}


def test_the_summary_agrees_with_the_index(explored):
    folder = explored.path("results/kidney_nuclei/explore")
    assert {path.name for path in folder.iterdir()} == OUTPUTS
    summary = json.loads((folder / "summary.json").read_text())
    rows = explored.path("results/kidney_nuclei/samples.tsv").read_text().splitlines()
    assert summary["samples"] == summary["images_opened"] == len(rows) - 1
    table = (folder / "appearance.tsv").read_text().splitlines()
    assert [row.split("\t")[0] for row in table] == [row.split("\t")[0] for row in rows]
    (nucleus,) = summary["classes"]
    assert nucleus["name"] == "nucleus"
    assert 0 < nucleus["share_of_pixels"] < 1


def test_a_second_run_has_nothing_to_do(explored):
    assert "Nothing to be done" in explored.snakemake("explore", "--cores", "1").output


def test_what_was_explored_once_is_found_in_the_store(explored):
    folder = explored.path("results/kidney_nuclei/explore")
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix != ".json"}
    for path in folder.iterdir():
        path.unlink()
    run = explored.snakemake("explore", "--cores", "1")
    assert run.restored == {"explore_dataset"}
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_another_image_is_explored_anew(explored):
    from PIL import Image

    lines = explored.path("inventory/kidney_nuclei/shard-0.tsv").read_text().splitlines()[1:]
    name = next(line.split("\t")[1] for line in lines if "1_Train" in line)
    image = explored.path("data/raw/kidney_nuclei") / name
    with Image.open(image) as picture:
        darker = picture.point(lambda value: value // 2)
    darker.save(image)
    run = explored.snakemake("explore", "--cores", "1")
    assert "explore_dataset" in run.computed
    assert "train" not in run.jobs
