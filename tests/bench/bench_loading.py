"""Each publisher's format: our reader against the bare decoder, and against reading the bytes.

The files are made by the miniatures' generators at about the publishers' sizes. What a reader
adds to the decoder is its checks and the label; 1 means that it costs nothing.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bench.measuring import Row, alternately, row, timed
from segbench.config.dataset import Dataset
from segbench.datasets import generator, reader_of

ROOT = Path(__file__).resolve().parents[2]
AIM = 0.5

#: Dataset -> constants of its generator that make the files as large as the publisher's.
SIZES: dict[str, dict[str, Any]] = {
    "kidney_nuclei": {},
    "kidney_mitochondria": {"SIDE": 1024},
    "dsb2018": {},
    "ccp": {"WIDTH": 550},
    "uw_madison": {"SIZES": ((266, 266),)},
    "brats": {"SIZE": (155, 240, 240)},
    "organ_tissue": {"SIDE": 1500},
    "organ_crypts": {"SHAPE": (2268, 2352)},
    "folder": {"SIDE": 1024},
}


def decode(path: Path) -> Any:
    """Decode one file with the library of its format, and nothing else."""
    if path.name.endswith(".nii.gz"):
        import nibabel

        return np.asanyarray(nibabel.load(path).dataobj)
    if path.suffix == ".mat":
        from scipy.io import loadmat

        return loadmat(path)
    if path.suffix in (".tif", ".tiff"):
        import tifffile

        return tifffile.imread(path)
    if path.suffix in (".csv", ".tsv", ".json", ".txt"):
        return path.read_text()
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image)


def dataset_of(name: str) -> Dataset:
    """The dataset as config/datasets says it."""
    text = (ROOT / f"config/datasets/{name}.yaml").read_text(encoding="utf-8")
    # Through JSON, of whose lists pydantic makes tuples.
    return Dataset.model_validate_json(json.dumps(yaml.safe_load(text)))


def measure() -> Iterator[Row]:
    """One row a format."""
    for name, constants in SIZES.items():
        dataset = dataset_of(name)
        module = import_module(f"segbench.datasets.miniature.{dataset.format}")
        before = {key: getattr(module, key) for key in constants}
        with tempfile.TemporaryDirectory() as folder:
            try:
                for key, value in constants.items():
                    setattr(module, key, value)
                made = dataset.generated
                assert made is not None
                # A tree of classified images has each class in both of the publisher's splits.
                classes = len(dataset.classes) if dataset.task == "classification" else 0
                test = min(made.test_samples, max(2, classes))
                generator(dataset.format)(Path(folder), max(4, classes), test, 0)
                yield _row(name, dataset, Path(folder))
            finally:
                for key, value in before.items():
                    setattr(module, key, value)


def _row(name: str, dataset: Dataset, root: Path) -> Row:
    source = reader_of(dataset)
    samples = list(source.scan(root))[:4]
    files = [root / file for raw in samples for file in dict.fromkeys(raw.files)]

    def ours() -> None:
        for raw in samples:
            source.read_image(root, raw)
            source.read_label(root, raw)

    def bare() -> None:
        for path in files:
            decode(path)

    took, peers = alternately(ours, bare, 3)
    seconds, _ = timed(lambda: [path.read_bytes() for path in files], 3)
    size = sum(path.stat().st_size for path in files) / 1e6
    count = len(samples)
    note = (
        f"{size / count:.2f} MB a sample; {took / seconds:.0f} times as long as reading the bytes, "
        f"{size / took:.0f} MB/s"
    )
    return row(f"load {name}", took / count, "decoder", peers / count, AIM, note)
