"""Mistakes in the config and in raw files are reported with their place; other jobs still run."""

from __future__ import annotations

import pytest

from workflow.project import Project

pytestmark = pytest.mark.workflow

RAW = "data/raw/kidney_nuclei/02_ImageDataset/01_Mouse_B6J_Kidney_Nucleus_All_ver190903"


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "checkout", tmp_path / "store").tiny()


def test_all_mistakes_in_the_config_are_told_at_once_and_nothing_is_run(project):
    project.edit("config/models/tiny.yaml", "batch: 2", "bach: 2")
    project.edit("config/studies/tiny.yaml", "[tiny]\naug", "[tinny]\naug")
    project.edit("config/preprocessing/tiny.yaml", "gamma: 1.2", "gamma: -1")
    run = project.snakemake(expect=1)
    for words in ("config/models/tiny.yaml", "bach", "batch", "tinny", "tiny", "gamma", "-1"):
        assert words in run.output, words
    assert "Traceback" not in run.output
    assert not project.path("data").exists()
    assert not project.path("results").exists()


def test_a_mistake_on_the_command_line_is_told_too(project):
    run = project.snakemake("-n", "--config", "studdies=x", expect=1)
    assert "studdies" in run.output
    assert "studies" in run.output


def test_what_would_only_fail_after_the_trainings_is_told_before_the_dag(project):
    """Policies that differ, a metric in mm without a spacing, a folder that is not there."""
    study = project.path("config/studies/tiny.yaml").read_text()
    project.write("config/studies/other.yaml", f"{study}empty: one\n")
    project.edit("config/studies/tiny.yaml", "[iou, dice]", "[iou, nsd_1mm]")
    project.edit("config/config.yaml", "  tiny: {}", "  tiny: {}\n  other: {}")
    project.edit("config/config.yaml", "source: generated", "source: folder\n    folder: {path: x}")
    run = project.snakemake("-n", expect=1)
    for words in (
        "the configuration has 3 errors",
        "must be one, as in the study other, which shares an arm (config/studies/other.yaml, "
        "line 11)",
        "is in millimetres, but kidney_nuclei has no pixel spacing",
        f"the nearest folder is {project.folder.resolve()}",
    ):
        assert words in run.output, words
    assert "Traceback" not in run.output
    assert "InputFunctionException" not in run.output


def test_a_target_that_is_not_there_is_told_with_the_command_that_is_meant(project):
    """A study of another configuration, a misspelt one, and a target behind --configfile."""
    main = project.path("config/config.yaml").read_text()
    project.write("config/isbi.yaml", "folder: isbi\n" + main.replace("tiny: {}", "isbi: {}"))
    study = project.path("config/studies/tiny.yaml").read_text()
    project.write("config/studies/isbi.yaml", study)
    command = "snakemake isbi --configfile config/isbi.yaml"
    for words, told in (
        (["isbi"], f"run `{command}`"),
        (["tiney"], "did you mean `snakemake tiny`?"),
        (["--configfile", "config/isbi.yaml", "isbi"], f"run `{command}`"),
        (["isbi", "--configfile", "config/ibsi.yaml"], "did you mean config/isbi.yaml?"),
    ):
        run = project.snakemake("-n", *words, expect=1)
        assert told in run.output, words
        assert "Building DAG" not in run.output
        assert "Traceback" not in run.output
    run = project.snakemake("-n", *command.split()[1:])
    assert f"Outputs are in {project.folder / 'isbi'}" in run.output


def test_a_corrupt_image_is_named_and_healed_by_replacing_it(project):
    project.snakemake("inventory/kidney_nuclei/shard-0.tsv", "inventory/kidney_nuclei/shard-1.tsv")
    image = sorted(project.path(f"{RAW}/3_Test").glob("*.png"))[0]
    whole = image.read_bytes()
    image.write_bytes(whole[: len(whole) // 2])
    run = project.snakemake("results/kidney_nuclei/samples.tsv", expect=1)
    assert image.name in run.output
    assert "what to do" in run.output
    shards = project.path("results/kidney_nuclei/samples")
    assert len(list(shards.glob("*.tsv"))) == 1, "the other shard is finished"
    image.write_bytes(whole)
    project.snakemake("results/kidney_nuclei/samples.tsv")
    assert project.path("results/kidney_nuclei/samples.tsv").read_text().count("\n") == 9


def test_a_leak_fails_the_run(project):
    """Give the split a hole, as an edit of the code could: the check stops the run."""
    project.snakemake("results/kidney_nuclei/folds-published.tsv")
    folds = project.path("results/kidney_nuclei/folds-published.tsv")
    rows = folds.read_text().splitlines()
    tested = next(row.split("\t") for row in rows if row.endswith("\ttest"))
    leaked = "\t".join([*tested[:-1], "train"])
    folds.chmod(0o644)
    folds.write_text("\n".join([*rows, leaked]) + "\n")
    run = project.snakemake("tables/tiny.csv", expect=1)
    assert tested[0] in run.output
    assert not list(project.folder.glob("results/**/model.keras")), "nothing was trained on it"


def test_a_patch_that_does_not_fit_is_told_before_anything_is_trained(project):
    project.edit("config/preprocessing/tiny.yaml", "resize: {height: 32, width: 32}\n", "")
    project.edit("config/models/tiny.yaml", "batch: 2", "batch: 2, patch: [2048, 64]")
    run = project.snakemake("tables/tiny.csv", expect=1)
    assert "training.patch 2048 x 64 is larger than sample" in run.output
    assert "Traceback" not in run.output
    assert not list(project.folder.glob("results/**/model.keras"))


def test_a_project_in_a_folder_with_spaces_and_umlauts(tmp_path):
    project = Project(tmp_path / "mein Projekt ä" / "checkout", tmp_path / "der Store ß").tiny()
    project.snakemake("results/kidney_nuclei/prep-tiny/shard-0.zarr.zip")
    assert project.path("results/kidney_nuclei/prep-tiny/shard-0.zarr.zip").exists()


def test_another_main_file_has_a_folder_of_its_own(project):
    project.write(
        "config/other.yaml", "folder: elsewhere\n" + project.path("config/config.yaml").read_text()
    )
    project.snakemake("data/acquired/kidney_nuclei.json", "--configfile", "config/other.yaml")
    assert project.path("elsewhere/data/acquired/kidney_nuclei.json").exists()
    assert not project.path("data").exists()
