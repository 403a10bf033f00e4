"""The published protocols on the publishers' real files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from PIL import Image

from segbench.artefacts.samples import Sample, write_samples
from segbench.config.dataset import Fixed, Protocol
from segbench.folds.leaks import check_leaks
from segbench.folds.protocol import make_folds


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def verdict(tmp_path: Path, samples: list[Sample], protocol: Protocol) -> dict:
    sheet = tmp_path / "samples.tsv"
    write_samples(samples, sheet)
    make_folds(sheet, protocol, tmp_path / "folds.tsv")
    check_leaks(tmp_path / "folds.tsv", sheet, [], tmp_path / "verdict.json")
    return json.loads((tmp_path / "verdict.json").read_text())


def test_kidney_nuclei(publisher_data, tmp_path):
    (root,) = (publisher_data / "kidney_em" / "02_ImageDataset").iterdir()
    samples = []
    for folder, split in (("2nd_Train/1_Train", "train"), ("3_Test", "test")):
        for path in sorted((root / folder).iterdir()):
            image = digest(path)
            # Byte-identical images are one group, wherever they lie.
            blank = "blank" if path.name.startswith("Z_") else "nuclei"
            samples.append(Sample(f"{split}-{path.stem}", image[:12], split, blank, image))
    protocol = Protocol(
        test=Fixed(by="publisher"), validation=Fixed(by="count", count=5), stratify=True
    )
    found = verdict(tmp_path, samples, protocol)
    assert found["roles"] == [{"fold": 0, "train": 60, "validation": 5, "test": 7}]
    assert found["checked"]["groups"] == 72
    # No test image is a byte copy of a training image in the publisher's tree.
    assert found["left_out"] == []
    # With the blank tiles' originals among the samples, a copy and its original stay together.
    for path in sorted((root / "5_Blank").glob("WideEM_*")):
        image = digest(path)
        samples.append(Sample(f"blank-{path.stem}", image[:12], "train", "blank", image))
    found = verdict(tmp_path, samples, protocol)
    assert found["checked"]["groups"] < found["checked"]["samples"] == len(samples)
    assert found["roles"][0]["validation"] == 5


def test_dsb2018(publisher_data, tmp_path):
    samples = []
    for path in sorted((publisher_data / "dsb2018" / "stage1_train").glob("*/images/*.png")):
        with Image.open(path) as image:
            size = f"{image.height}x{image.width}"
        samples.append(Sample(path.stem, path.stem, "train", size, digest(path)))
    protocol = Protocol(folds=5, validation=Fixed(by="fraction", fraction=0.15), stratify=True)
    found = verdict(tmp_path, samples, protocol)
    assert found["scheme"] == "cross-validation"
    sizes = [fold["test"] for fold in found["roles"]]
    assert sum(sizes) == len(samples) == 400
    assert max(sizes) - min(sizes) <= 2
    strata = {row.sample: row.stratum for row in samples}
    rows = [line.split("\t") for line in (tmp_path / "folds.tsv").read_text().splitlines()[1:]]
    for stratum in set(strata.values()):
        share = [
            sum(r[4] == "test" and r[3] == str(f) and strata[r[0]] == stratum for r in rows)
            for f in range(5)
        ]
        assert max(share) - min(share) <= 1
