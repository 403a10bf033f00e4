"""The layout of the results is written down once, and follows from its parts."""

from __future__ import annotations

from segbench.workflow import paths

NAMES = {
    "dataset": "d",
    "preprocessing": "p",
    "augmentation": "a",
    "model": "m",
    "seed": 0,
    "protocol": "cv",
    "fold": 1,
    "shard": 2,
    "study": "s",
}


def test_the_files_of_a_run_lie_below_its_recipes():
    run = "results/d/prep-p/aug-a/m/seed-0/cv/fold-1"
    assert paths.RUN.format(**NAMES) == run
    assert paths.MODEL.format(**NAMES) == f"{run}/model.keras"
    assert paths.OBJECTS.format(**NAMES) == f"{run}/objects.parquet"


def test_shards_are_shared_by_all_arms_of_a_recipe():
    assert paths.PREPARED_SHARD.format(**NAMES) == "results/d/prep-p/shard-2.zarr.zip"
    amplified = "results/d/prep-p/amplified-a/shard-2.zarr.zip"
    assert paths.AMPLIFIED_SHARD.format(**NAMES) == amplified


def test_figures_of_an_arm_lie_below_their_study():
    figures = "results/figures/s/d/prep-p/aug-a/m/seed-0/cv"
    assert paths.ARM_FIGURES.format(**NAMES) == figures


def test_logs_mirror_results():
    assert paths.log_of(paths.RUN).format(**NAMES) == "logs/d/prep-p/aug-a/m/seed-0/cv/fold-1"
    assert paths.log_of("results/results/x") == "logs/results/x"


def test_a_table_has_four_formats():
    assert paths.tables_of("s") == {
        "csv": "tables/s.csv",
        "md": "tables/s.md",
        "tex": "tables/s.tex",
        "html": "tables/s.html",
    }
