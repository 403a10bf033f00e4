"""The two commands of the README on the default benchmark, complete and offline."""

from __future__ import annotations

import csv
import os
import re
from html.parser import HTMLParser

import pytest

from workflow.project import Project

pytestmark = pytest.mark.workflow

#: IoU of the best predictor without training on the generated kidney images (everything is
#: nucleus, Otsu's or the best threshold of each image): 0.18. On the bowl's: 0.48.
KIDNEY_FLOOR = 0.18
BOWL_FLOOR = 0.48


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    """A complete run; $SEGBENCH_MINIATURE_STORE may hold finished work while developing."""
    folder = tmp_path_factory.mktemp("miniature")
    store = os.environ.get("SEGBENCH_MINIATURE_STORE", folder / "store")
    project = Project(folder / "checkout", store)
    project.first = project.snakemake("--quiet", "rules", "host", "reason")
    return project


def table(project, study):
    with open(project.path(f"tables/{study}.csv"), newline="") as handle:
        return {row["method"]: row for row in csv.DictReader(handle)}


def test_a_second_run_has_nothing_to_do(miniature):
    run = miniature.snakemake()
    assert "Nothing to be done" in run.output
    assert not run.jobs


#: Study -> arms, primary metric, and what no training reaches on these generated images.
STUDIES = {
    "brats_regions": (1, "dice", 0.15),
    "ccp_augmentation": (2, "iou", 0.06),
    "dsb2018_nuclei": (2, "dsb_map", 0.05),
    "dsb2018_transfer": (2, "iou", 0.0),
    "folder_example": (1, "dice", 0.2),
    "kidney_input_size": (2, "iou", KIDNEY_FLOOR),
    "kidney_mitochondria": (1, "iou", 0.3),
    "organ_crypts": (1, "dice", 0.2),
    "organ_resnets": (2, "f1", 1 / 12),
    "uw_madison_empty_slices": (2, "uw_mlebench", 0.0),
}


@pytest.mark.parametrize("study", STUDIES)
def test_what_is_trained_beats_what_is_not(miniature, study):
    arms, metric, floor = STUDIES[study]
    rows = [row for row in table(miniature, study).values() if row["model"]]
    assert len(rows) == arms
    assert max(float(row[f"{metric}_mean"]) for row in rows) > floor


def test_the_kidney_network_is_far_above_the_floor(miniature):
    rows = table(miniature, "kidney_input_size")
    assert max(float(row["iou_mean"]) for row in rows.values()) > 2 * KIDNEY_FLOOR


def test_the_bowl_network_is_far_above_the_floor(miniature):
    rows = table(miniature, "dsb2018_nuclei")
    assert max(float(row["iou_mean"]) for row in rows.values()) > BOWL_FLOOR + 0.1
    split = [float(r["dsb_map_mean"]) for r in rows.values() if "split" in r["model"]]
    plain = [float(r["dsb_map_mean"]) for r in rows.values() if "plain" in r["model"]]
    assert sum(split) > sum(plain), "splitting touching nuclei finds more of them"


def test_recipes_differ(miniature):
    for study, (_, metric, _) in STUDIES.items():
        values = [row[f"{metric}_mean"] for row in table(miniature, study).values()]
        assert len(set(values)) == len(values), f"{study}: two arms with the same score"


@pytest.mark.parametrize("study", STUDIES)
def test_generated_data_are_called_so_in_every_format(miniature, study):
    for kind in ("md", "tex", "html", "csv"):
        assert "generated" in miniature.path(f"tables/{study}.{kind}").read_text()
    kinds = {row["kind"] for row in table(miniature, study).values()}
    assert kinds == {"ours"}, "no published row beside figures of generated data"


def test_every_object_has_metadata_that_pass_their_shapes(miniature):
    runs = {path.parent for path in miniature.folder.glob("results/**/segmentation.zarr.zip")}
    described = {path.parent for path in miniature.folder.glob("results/**/objects.ttl")}
    classified = {run for run in runs if "organ_tissue" in run.parts}
    assert described == runs - classified
    assert len(described) >= 13


def test_every_dataset_is_explored(miniature):
    found = {path.parts[-3] for path in miniature.folder.glob("results/*/explore/summary.json")}
    assert found == {
        *("brats", "ccp", "dsb2018", "folder", "kidney_mitochondria", "kidney_nuclei"),
        *("organ_crypts", "organ_tissue", "uw_madison"),
    }


def test_the_competition_gets_its_file(miniature):
    run = miniature.snakemake("submissions")
    assert run.computed == {"submit"}
    paths = list(miniature.folder.glob("results/uw_madison/**/submission.csv"))
    assert len(paths) == 2
    with open(paths[0], newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == ["id", "class", "predicted"]
    assert len(rows) % 3 == 0
    assert {row["class"] for row in rows} == {"large_bowel", "small_bowel", "stomach"}


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.loaded = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("img", "script", "link", "source", "iframe"):
            self.loaded += [attrs[name] for name in ("src", "href") if attrs.get(name)]


def test_the_report_is_whole_and_loads_nothing_from_elsewhere(miniature):
    page = miniature.path("report/index.html")
    links = _Links()
    links.feed(page.read_text())
    assert len(links.loaded) >= 60, "curves, overlays of all arms, explorations of all datasets"
    for link in links.loaded:
        assert not re.match(r"(https?:)?//", link)
        assert (page.parent / link).is_file(), link


def test_a_study_is_a_target(miniature):
    assert "Nothing to be done" in miniature.snakemake("kidney_input_size").output
    assert "Nothing to be done" in miniature.snakemake("tables").output


def test_the_workflow_passes_the_linter(miniature):
    assert "Congratulations" in miniature.snakemake("--lint").output


def test_every_heavy_job_says_what_it_cost(miniature):
    costs = list(miniature.folder.glob("results/**/*cost.json"))
    stages = {path.name.removesuffix(".cost.json") for path in costs}
    assert stages >= {"train", "predict", "segment", "score", "measure", "describe", "explore"}
    # One a fold of each arm: the bowl's arms have two, and the crypts' one.
    trained = [path for path in costs if path.name == "train.cost.json"]
    assert len(trained) == sum(arms for arms, *_ in STUDIES.values()) + 2 + 1
