"""Digests of code cover the reader of the job's dataset, its network, and no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segbench.workflow import code as module
from segbench.workflow.code import Code

SCRIPTS = Path("scripts")


@pytest.fixture
def asked(monkeypatch):
    """What is digested, in order."""
    calls = []

    def digest(script, library, modules):
        calls.append((script.name, library, modules))
        return f"digest {len(calls)}"

    monkeypatch.setattr(module, "code_digest", digest)
    return calls


def test_a_script_is_digested_once(config, asked):
    code = Code(config, SCRIPTS)
    assert code.of("train") == code.of("train") == "digest 1"
    assert asked == [("train.py", SCRIPTS / "segbench", ())]


def test_the_reader_is_that_of_the_dataset(config, asked, run):
    code = Code(config, SCRIPTS)
    code.with_reader("index")(run)
    code.with_reader_of("index", "kidney_nuclei")
    assert [modules for _, _, modules in asked] == [
        ("segbench.datasets.dsb2018",),
        ("segbench.datasets.kidney_nuclei",),
    ]


def test_the_networks_are_those_of_the_models(config, asked, run):
    code = Code(config, SCRIPTS)
    code.with_network("train")(run)
    code.with_networks_of("segment", config.models)
    assert [(script, modules) for script, _, modules in asked] == [
        ("train.py", ("segbench.models.networks.unet",)),
        ("segment.py", ("segbench.models.networks.classifier", "segbench.models.networks.unet")),
    ]


def test_the_generator_counts_only_where_data_are_generated(config, asked, run):
    Code(config, SCRIPTS).acquire(run)
    dataset = config.datasets["dsb2018"].model_copy(update={"source": "download"})
    downloaded = replace(config, datasets={"dsb2018": dataset})
    Code(downloaded, SCRIPTS).acquire(run)
    assert [modules for _, _, modules in asked] == [
        ("segbench.datasets.dsb2018", "segbench.datasets.miniature.dsb2018"),
        ("segbench.datasets.dsb2018",),
    ]
