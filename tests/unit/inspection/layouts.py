"""Folders in the layouts that people use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (64, 72)


def image(path: Path, seed: int = 0, channels: int = 3, size: tuple[int, int] = SIZE) -> None:
    """A picture of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = size if channels == 1 else (*size, channels)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, shape, np.uint8)).save(path)


def blocks(values: Sequence[int], size: tuple[int, int] = SIZE) -> np.ndarray:
    """A block of 10 x 20 pixels of each value, none touching."""
    mask = np.zeros(size, np.uint8)
    for number, value in enumerate(values):
        mask[2 + 12 * number : 12 + 12 * number, 5:25] = value
    return mask


def mask(path: Path, values: Sequence[int] = (255,)) -> None:
    """A mask of `blocks`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(blocks(values)).save(path)


def plain(root: Path) -> None:
    """images/ and masks/."""
    for k in range(6):
        image(root / f"images/cell_{k}.png", k)
        mask(root / f"masks/cell_{k}.png")


def suffix(root: Path) -> None:
    """One folder; names that end in _mask."""
    for k in range(6):
        image(root / f"mouse-{k // 2}_{k % 2}.tif", k, channels=1)
        mask(root / f"mouse-{k // 2}_{k % 2}_mask.tif", (1, 2))


def split(root: Path) -> None:
    """train/images, train/masks, val/..., test/..."""
    for k, part in enumerate(("train", "train", "train", "val", "test", "test")):
        image(root / f"{part}/images/a{k}.png", k)
        mask(root / f"{part}/masks/a{k}.png", (1,))


def nnunet(root: Path) -> None:
    """nnU-Net's raw dataset."""
    base = root / "Dataset001_Cells"
    for k in range(6):
        image(base / f"imagesTr/c{k}_0000.png", k, channels=1)
        mask(base / f"labelsTr/c{k}.png", (1, 2))
    labels = {"background": 0, "cell": 1, "debris": 2}
    text = {"channel_names": {"0": "x"}, "labels": labels, "numTraining": 6, "file_ending": ".png"}
    (base / "dataset.json").write_text(json.dumps(text))


def ring(left: float, top: float, right: float, bottom: float) -> list[float]:
    """The corners of a rectangle, as COCO lists them."""
    return [left, top, right, top, right, bottom, left, bottom]


def coco(root: Path, names: Sequence[str] = ("cat", "dog")) -> None:
    """One JSON file for six pictures, the last two without objects."""
    for k in range(6):
        image(root / f"train/i{k}.png", k)
    content = {
        "images": [
            {"id": k, "file_name": f"i{k}.png", "height": SIZE[0], "width": SIZE[1]}
            for k in range(6)
        ],
        "categories": [{"id": 3 + 4 * k, "name": name} for k, name in enumerate(names)],
        "annotations": [
            {
                "id": k, "image_id": k // 2, "category_id": 3 + 4 * (k % len(names)), "iscrowd": 0,
                "segmentation": [ring(5 + 30 * (k % 2), 5, 25 + 30 * (k % 2), 15)],
            }
            for k in range(8)
        ],
    }  # fmt: skip
    (root / "train/_annotations.coco.json").write_text(json.dumps(content))


def yolo(root: Path) -> None:
    """images/ and labels/ of polygons; the first picture has no objects, the last no file."""
    for k in range(6):
        image(root / f"images/train/i{k}.png", k)
    for k in range(5):
        path = root / f"labels/train/i{k}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f"0 {0.25 * j} 0 {0.25 * j + 0.125} 0 {0.25 * j + 0.125} 0.5 {0.25 * j} 0.5"
            for j in range(k)
        ]
        path.write_text("\n".join(lines))
    (root / "data.yaml").write_text("names: [leaf]\n")
