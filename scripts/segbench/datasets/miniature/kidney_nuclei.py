"""A miniature of the kidney nuclei: made-up electron micrographs in the newer layout.

Difficulties, as in the real ones: a nucleus is as bright as the cytoplasm around it
and differs in its texture and its dark, ragged rim; mitochondria and erythrocytes are as
dark as its heterochromatin; vessels are bright; two series differ in contrast and size.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segbench.datasets.miniature.drawing import (
    Outline,
    blend,
    generator,
    point,
    save,
    shading,
    texture,
    to_uint8,
)

FOLDER = "02_ImageDataset/01_Mouse_B6J_Kidney_Nucleus_All_ver190903"
TRAIN, TEST = 0, 1


@dataclass(frozen=True)
class Series:
    """How the pictures of one series differ from the others'."""

    name: str
    contrast: float
    brightness: float
    scale: float


NEPKID = Series("NepKid_{:02d}-000", contrast=0.85, brightness=0.52, scale=1.0)
WIDEEM = Series("WideEM_x1024-R{:04d}-000", contrast=1.1, brightness=0.58, scale=0.85)


def generate(root: Path, samples: int, test_samples: int, seed: int) -> None:
    """Write the miniature under `root`.

    Parameters
    ----------
    root : Path
        Folder that receives `02_ImageDataset`.
    samples : int
        Training pairs; a fifth of them (from 5 on) are blanks, called `Z_*`, and copied to
        `5_Blank` under another name.
    test_samples : int
        Pairs of the fixed test set.
    seed : int
        The same seed gives the same bytes.
    """
    base = root / FOLDER
    for folder in ("3_Test", "4_Test_GT", "5_Blank"):
        (base / folder).mkdir(parents=True)
    blanks = samples // 5
    for index in range(samples - blanks):
        image, mask, name = _picture(seed, TRAIN, index)
        for folder in ("1st_Train", "2nd_Train"):
            save(base / folder / "1_Train" / f"{name}.png", image)
            save(base / folder / "2_Teacher" / f"{name}.png", mask)
    for index in range(blanks):
        image, mask, name = _picture(seed, TRAIN, samples - blanks + index, nuclei=0)
        path = base / "2nd_Train" / "1_Train" / f"Z_{index + 1:02d}.png"
        save(path, image)
        save(base / "2nd_Train" / "2_Teacher" / path.name, mask)
        shutil.copyfile(path, base / "5_Blank" / f"WideEM_x1024-R{7 + 8 * index:04d}.png")
    for index in range(test_samples):
        image, mask, name = _picture(seed, TEST, index)
        save(base / "3_Test" / f"{name}.png", image)
        save(base / "4_Test_GT" / f"{name}.png", mask)
    # The publisher's odd pair: nothing at all, once with 1 bit and once with 8.
    nothing = np.zeros((256, 256), bool)
    save(base / "5_Blank" / "Blank_01.png", nothing)
    save(base / "5_Blank" / "Blank_01.tif", nothing.astype(np.uint8))


def _picture(
    seed: int, split: int, index: int, nuclei: int | None = None
) -> tuple[np.ndarray, np.ndarray, str]:
    """Draw one picture: (y, x) uint8, its mask (y, x) bool, and its name."""
    rng = generator(seed, split, index)
    series = NEPKID if index % 3 == 0 else WIDEEM
    number = index if split == TRAIN else 40 + index
    name = series.name.format(20 + number if series is NEPKID else 1000 + 7 * number)
    height, width = (int(side) for side in 250 + rng.integers(0, 19, 2))
    shape = (height, width)
    image, scale = _cytoplasm(rng, shape), series.scale
    _vessel(rng, image, scale)
    _mitochondria(rng, image, scale)
    _erythrocytes(rng, image, scale)
    count = int(rng.integers(1, 4)) if nuclei is None else nuclei
    mask = np.zeros(shape, bool)
    for _ in range(count):
        mask |= _nucleus(rng, image, mask, scale)
    image += 0.035 * rng.standard_normal(shape)
    image = (image - 0.5) * series.contrast + series.brightness + 0.07 * shading(rng, shape)
    return to_uint8(image), mask, name


def _cytoplasm(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Grey ground with fine grain, membranes as dark lines and folds as stripes."""
    image = 0.55 + 0.05 * texture(rng, shape, 12) + 0.06 * texture(rng, shape, 1.2)
    for _ in range(3):
        level = texture(rng, shape, 28)
        blend(image, 0.25, 0.8 - np.abs(level) * 14)
    y, x = np.mgrid[: shape[0], : shape[1]]
    angle, bend = rng.uniform(0, np.pi), texture(rng, shape, 15)
    stripes = np.cos((np.cos(angle) * x + np.sin(angle) * y) * 1.1 + 2.5 * bend)
    where = texture(rng, shape, 25)
    blend(image, 0.5 + 0.17 * stripes, np.clip(3 * (where - 0.6), 0, 0.8))
    return image


def _vessel(rng: np.random.Generator, image: np.ndarray, scale: float) -> None:
    """Cut a bright, empty lumen with a dark wall into half of the pictures."""
    if rng.random() < 0.5:
        return
    outline = Outline(rng, point(rng, image.shape, 30), rng.uniform(35, 60) * scale, 1.5, 0.12)
    depth = outline.depth(image.shape)  # type: ignore[arg-type]
    blend(image, 0.3, 1 - np.abs(depth) / 3)
    blend(image, 0.8 + 0.01 * texture(rng, image.shape, 3), depth - 2)  # type: ignore[arg-type]


def _mitochondria(rng: np.random.Generator, image: np.ndarray, scale: float) -> None:
    """Scatter small dark ellipses with inner stripes."""
    where = texture(rng, image.shape, 30)  # type: ignore[arg-type]
    height, width = image.shape
    y, x = np.mgrid[:height, :width]
    for _ in range(int(rng.integers(60, 110))):
        centre = point(rng, image.shape, -4)
        if where[int(centre[0]), int(centre[1])] < -0.3:
            continue
        radius = rng.uniform(5, 10) * scale
        outline = Outline(rng, centre, radius, rng.uniform(1, 2.2), 0.06)
        reach = int(radius * 2.5)
        box = np.s_[
            max(0, int(centre[0]) - reach) : int(centre[0]) + reach,
            max(0, int(centre[1]) - reach) : int(centre[1]) + reach,
        ]
        outline.centre = (centre[0] - box[0].start, centre[1] - box[1].start)
        part = image[box]
        depth = outline.depth(part.shape)
        angle = rng.uniform(0, np.pi)
        cristae = np.cos((np.cos(angle) * x[box] + np.sin(angle) * y[box]) * 1.5)
        blend(part, rng.uniform(0.36, 0.46) + 0.05 * cristae, depth)
        blend(part, 0.22, 0.9 - np.abs(depth) / 1.5)


def _erythrocytes(rng: np.random.Generator, image: np.ndarray, scale: float) -> None:
    """Put in dark, even bodies of about a nucleus's size, without its texture."""
    for _ in range(int(rng.integers(0, 3))):
        outline = Outline(rng, point(rng, image.shape, 10), rng.uniform(18, 32) * scale, 1.5, 0.08)
        depth = outline.depth(image.shape)  # type: ignore[arg-type]
        grey = rng.uniform(0.32, 0.5)
        blend(image, 0.75, (depth + 9) / 4)
        blend(image, grey + 0.02 * texture(rng, image.shape, 2), depth)  # type: ignore[arg-type]


def _nucleus(
    rng: np.random.Generator, image: np.ndarray, taken: np.ndarray, scale: float
) -> np.ndarray:
    """Draw one nucleus and return where it is: speckled, with dark clumps along its rim."""
    shape = taken.shape
    for _ in range(20):
        outline = Outline(
            rng, point(rng, image.shape, 5), rng.uniform(32, 62) * scale, rng.uniform(1, 1.7), 0.07
        )
        depth = outline.depth(shape)
        inside = depth > 0
        if not (inside & taken).any() and inside.sum() > 400:
            break
    else:
        return np.zeros(shape, bool)
    light = 0.6 + 0.13 * texture(rng, shape, 1.3) + 0.05 * texture(rng, shape, 4)
    clumps = texture(rng, shape, 5) + 1.6 * np.exp(-np.maximum(depth, 0) / 4)
    dark = 0.33 + 0.05 * texture(rng, shape, 1)
    inner = light.copy()
    blend(inner, dark, 2.5 * (clumps - 1.1))
    blend(image, 0.6, (depth + 3) / 2)
    blend(image, inner, depth)
    blend(image, 0.25, 0.8 - np.abs(depth - 0.5) / 1.2)
    return inside
