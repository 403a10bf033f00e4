"""Trees in the Decathlon's and nnU-Net's layouts for the tests."""

from __future__ import annotations

import json

import numpy as np
import pytest

from segbench.config.dataset import Class, Dataset
from segbench.decoders.nifti import nifti_bytes
from segbench.errors import SegbenchError

LABELS = {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"}
MODALITY = {"0": "FLAIR", "1": "T1w"}
SHAPE = (4, 5, 6)
BRATS = (
    Class(name="edema", value=1),
    Class(name="core", value=7, labels=("Non_Enhancing  Tumor",)),
    Class(name="enhancing tumour", value=3),
)


def described(classes=BRATS, task="semantic", **keys):
    return Dataset(
        title="t", format="msd", task=task, classes=classes, licence="", citation="",
        protocols={}, **keys,
    )  # fmt: skip


def write(path, array, affine=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(nifti_bytes(array, np.eye(4) if affine is None else affine))


def image_of(seed, channels=2):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 900, (*SHAPE, channels)).astype(np.int16)


def label_of(seed):
    return np.random.default_rng(seed).integers(0, 4, SHAPE).astype(np.uint8)


def decathlon(root, names=("BRATS_001", "BRATS_002"), **content):
    base = root / "Task01_BrainTumour"
    for seed, name in enumerate(names):
        write(base / "imagesTr" / f"{name}.nii.gz", image_of(seed))
        write(base / "labelsTr" / f"{name}.nii.gz", label_of(seed))
    (base / "dataset.json").write_text(
        json.dumps({"modality": MODALITY, "labels": LABELS, **content})
    )
    return base


def nnunet(root, names=("case_01", "case_02"), ending=".nii.gz", **content):
    base = root / "Dataset007_Heads"
    for seed, name in enumerate(names):
        for channel in range(2):
            write(base / "imagesTr" / f"{name}_{channel:04d}{ending}", image_of(seed)[..., channel])
        write(base / "labelsTr" / f"{name}{ending}", label_of(seed))
    labels = {"background": 0, "edema": 1, "non-enhancing tumor": 2, "enhancing tumour": 3}
    known = {
        "channel_names": MODALITY, "labels": labels, "numTraining": 2, "file_ending": ending,
        **content,
    }  # fmt: skip
    (base / "dataset.json").write_text(json.dumps(known))
    return base


def expect(*parts):
    class Caught:
        def __enter__(self):
            self.context = pytest.raises(SegbenchError)
            self.found = self.context.__enter__()
            return self

        def __exit__(self, *error):
            swallowed = self.context.__exit__(*error)
            for part in parts:
                assert part in str(self.found.value)
            return swallowed

    return Caught()
