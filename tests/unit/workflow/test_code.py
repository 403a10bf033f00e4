"""Digests of code cover the reader of the job's dataset, its network, and no other."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import segbench
from segbench.decoders.registry import FORMATS
from segbench.provenance.code import code_of, code_parts
from segbench.workflow import code as module
from segbench.workflow.code import Code

SCRIPTS = Path("scripts")
LIBRARY = Path(segbench.__file__).parent


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


#: Decoders of the publishers' pictures.
PICTURES = ("segbench.decoders.pictures", "segbench.decoders.tiff")


def test_the_reader_is_that_of_the_dataset_with_its_decoders(config, asked, run):
    code = Code(config, SCRIPTS)
    code.with_reader("index")(run)
    code.with_reader_of("index", "kidney_nuclei")
    own = config.datasets["dsb2018"].model_copy(update={"format": "folder"})
    Code(replace(config, datasets={"own": own}), SCRIPTS).with_reader_of("index", "own")
    assert [modules for _, _, modules in asked[:2]] == [
        ("segbench.datasets.dsb2018", *PICTURES),
        ("segbench.datasets.kidney_nuclei", *PICTURES),
    ]
    every = {f"segbench.decoders.{one.module}" for one in FORMATS}
    assert set(asked[2][2]) == {"segbench.datasets.folder", *every}


def test_new_images_may_be_of_any_format(config, asked):
    Code(config, SCRIPTS).applying("apply_model", config.models)
    every = [f"segbench.decoders.{one.module}" for one in FORMATS]
    assert list(asked[0][2][-len(every) :]) == every


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
        ("segbench.datasets.dsb2018", *PICTURES, "segbench.datasets.miniature.dsb2018"),
        ("segbench.datasets.dsb2018", *PICTURES),
    ]


def parts(rule: str, library: Path = LIBRARY) -> dict[str, str]:
    """The code of a rule whose job uses a U-Net."""
    script = LIBRARY.parent / f"{rule}.py"
    return code_parts(script, library, ["segbench.models.networks.unet"])


def test_stages_that_only_read_recipes_do_not_reach_what_builds_networks():
    """Else an edit of a loss or of a network would recompute what has nothing to do with it."""
    reached = {rule: set(parts(rule)) for rule in ("segment", "predict", "train")}
    builders = {
        "segbench.models.networks.unet:build",
        "segbench.models.losses:LOSSES",
        "segbench.models.optimizers:OPTIMIZERS",
        "segbench.models.schedules:SCHEDULES",
    }
    assert builders <= reached["train"]
    assert "segbench.models.networks.unet:UNet" in reached["segment"] & reached["predict"]
    assert not (builders | {"segbench.models.losses:dice"}) & reached["segment"]
    assert not (builders | {"segbench.models.losses:dice"}) & reached["predict"]
    assert not [name for name in reached["train"] if "networks.classifier" in name]


@pytest.mark.parametrize("rule", ["train", "predict", "segment", "apply_model"])
def test_another_network_leaves_the_code_of_a_unet_as_it_is(rule, tmp_path):
    library = tmp_path / "segbench"
    shutil.copytree(LIBRARY, library, ignore=shutil.ignore_patterns("__pycache__"))
    unet = library / "models/networks/unet.py"
    unet.with_name("plain.py").write_text(unet.read_text().replace("unet", "plain"))
    kinds = library / "models/kinds.py"
    kinds.write_text(
        kinds.read_text()
        .replace("[UNet |", "[Plain | UNet |")
        .replace(
            "from pydantic",
            "from segbench.models.networks.plain import UNet as Plain\nfrom pydantic",
        )
    )
    assert parts(rule, library) == parts(rule)
    unet.write_text(unet.read_text().replace("Field(16, description", "Field(17, description"))
    code_of.cache_clear()
    assert parts(rule, library) != parts(rule)


@pytest.mark.parametrize("rule", ["index", "truth", "preprocess", "inventory", "measure"])
def test_an_edit_of_a_decoder_reruns_what_opens_images_with_it(tmp_path, rule):
    library = tmp_path / "segbench"
    shutil.copytree(LIBRARY, library, ignore=shutil.ignore_patterns("__pycache__"))
    script = LIBRARY.parent / f"{rule}.py"
    modules = ["segbench.datasets.dsb2018", *PICTURES]
    before = code_parts(script, library, modules)
    decoder = library / "decoders/pictures.py"
    decoder.write_text(
        decoder.read_text("utf-8")
        .replace("def upright(", "def turned(")
        .replace("upright(pixels, orientation)", "turned(pixels, 1)")
    )
    code_of.cache_clear()
    assert code_parts(script, library, modules) != before
