"""A tiny dataset: bright discs on noise, as a preprocessed archive with folds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segbench.archives import ArchiveWriter
from segbench.artefacts import folds
from segbench.artefacts.folds import Assignment

ATTRIBUTES = {
    "stage": "preprocess",
    "axes": "yxc",
    "task": "semantic",
    "classes": ["nucleus"],
    "class_values": [1],
    "image_scale": 1 / 255,
}


def disc(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Image (y, x, 1) uint8 and label (y, x) uint8."""
    y, x = np.mgrid[:size, :size]
    cy, cx = rng.integers(size // 4, 3 * size // 4, 2)
    label = ((y - cy) ** 2 + (x - cx) ** 2 < (size // 5) ** 2).astype(np.uint8)
    image = np.clip(label * 70 + 80 + rng.normal(0, 20, label.shape), 0, 255)
    return image.astype(np.uint8)[..., None], label


@pytest.fixture
def write_folds(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write folds.tsv with the roles of fold 0."""

    def write(roles: dict[str, str]) -> Path:
        path = tmp_path / "folds.tsv"
        folds.write_folds([Assignment(0, n, n, "", role) for n, role in roles.items()], path)
        return path

    return write


@pytest.fixture
def write_archive(tmp_path: Path) -> Callable[..., Path]:
    """Write an archive: id -> (image, label, source)."""

    def write(samples: dict[str, Any], name: str = "all", **attributes: Any) -> Path:
        path = tmp_path / f"{name}.zarr.zip"
        with ArchiveWriter(path, {**ATTRIBUTES, **attributes}) as writer:
            for sample, (image, label, source) in sorted(samples.items()):
                writer.add(sample, {"image": image, "label": label}, {"source": source})
        return path

    return write


@pytest.fixture
def discs(
    write_archive: Callable[..., Path], write_folds: Callable[..., Path]
) -> tuple[Path, Path]:
    """12 images of 32 x 32: 8 to train, 2 to validate, 2 to test."""
    rng = np.random.default_rng(7)
    names = [f"s{k:02d}" for k in range(12)]
    roles = dict(zip(names, ["train"] * 8 + ["validation"] * 2 + ["test"] * 2, strict=True))
    return write_archive({n: (*disc(rng, 32), n) for n in names}), write_folds(roles)


@pytest.fixture
def volumes(write_archive):
    """Three volumes of several chunks, two modalities, three overlapping regions."""
    rng = np.random.default_rng(0)
    made = {}
    for number, sides in enumerate([(70, 40, 66), (20, 80, 30), (40, 40, 40)]):
        image = rng.integers(0, 255, (*sides, 2)).astype(np.uint8)
        label = (rng.random((*sides, 3)) < 0.02).astype(np.uint8)
        label[5:9, 8:14, 9:20, 0] = 1
        made[f"v{number}"] = (image, label, f"v{number}")
    return write_archive(
        made, axes="zyxc", task="overlapping", classes=["WT", "TC", "ET"], class_values=[1, 2, 3]
    )
