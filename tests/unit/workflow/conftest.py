"""A configuration with every kind of study, made of the project's own recipes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from snakemake.iocontainers import Wildcards

from segbench.config.loader import Config, load
from segbench.datasets.formats import FORMATS

ROOT = Path(__file__).resolve().parents[3]

MAIN = """
datasets:
  kidney_nuclei:
    source: generated
    shards: 2
    protocols: {published: {folds: 3}}
  dsb2018:
    source: generated
    shards: 3
    protocols: {cross-validation: {folds: 2, stratify_by: appearance}}
  uw_madison:
    source: generated
    shards: 1
    protocols: {held-out: {test: {by: fraction, fraction: 0.4}, stratify: true}}
  organ_tissue: {source: generated, shards: 1}
studies:
  kidney_input_size:
    preprocessing: [em-128]
    augmentation: [none, amplified-113]
    models: [unet-miniature]
    ensemble: true
  dsb2018_nuclei:
    augmentation: [jitter-nuclei]
    models: [nuclei-plain-miniature]
    seeds: [0, 1]
  uw_madison_empty_slices:
    protocol: held-out
    preprocessing: [uw-96]
    models: [uw-unet-miniature]
  organ_resnets:
    preprocessing: [organ-tissue-64]
    models: [organ-miniature]
    sweep: {points: 2}
"""


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Arms with an ensemble, folds, seeds, a sweep, amplification and a classifier."""
    main = tmp_path_factory.mktemp("config") / "main.yaml"
    main.write_text(MAIN)
    return load(main, root=ROOT, formats=FORMATS)


@pytest.fixture
def run() -> Any:
    """The wildcards of a run of `dsb2018_nuclei`, as Snakemake hands them over."""
    return Wildcards(
        fromdict={
            "dataset": "dsb2018",
            "protocol": "cross-validation",
            "preprocessing": "nuclei-native",
            "augmentation": "jitter-nuclei",
            "model": "nuclei-plain-miniature",
            "seed": "1",
            "fold": "0",
        }
    )
