"""A miniature of the colonic crypts: quarters of slides, their masks and tables.

Difficulties, as in the real ones: a crypt is a ring of nuclei around pale goblet cells
and a lumen, and the stroma between has as many nuclei; vessels are pale and round too, but have
no ring of nuclei; crypts touch, and slides differ in their stain.
"""

from __future__ import annotations

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
    to_mask,
    to_uint8,
    transmitted,
)
from segbench.datasets.rle import encode
from segbench.files import write_text

FOLDER = "Colonic_crypt_dataset"
#: Height and width in pixels; the published ones have 4536 and 4704.
SHAPE = (256, 272)
#: The publisher's names of slides and quarters: three of each slide train, one tests.
SLIDES = ("CL_HandE_1234_B004", "HandE_B005_CL_b_RGB")
QUARTERS = {"train": ("bottomright", "topleft", "topright"), "test": ("bottomleft",)}
#: The publisher's sixth training image has no crypts.
EMPTY = 5


def generate(root: Path, samples: int, test_samples: int, seed: int) -> None:
    """Write the miniature under `root`.

    Parameters
    ----------
    root : Path
        Folder that receives `Colonic_crypt_dataset`, `train.csv` and `test.csv`.
    samples, test_samples : int
        Training and test images; the sixth training image is empty, as the published one.
    seed : int
        The same seed gives the same bytes.
    """
    for split, count in (("train", samples), ("test", test_samples)):
        lines = ["id,predicted"]
        for index in range(count):
            slide, name = _name(split, index)
            empty = split == "train" and index == EMPTY
            rng = generator(seed, ("train", "test").index(split), index)
            image, mask = picture(rng, generator(seed, 2, slide), crypts=0 if empty else 14)
            save(root / FOLDER / split / f"{name}.tiff", image)
            save(root / FOLDER / f"{split}_mask" / f"{name}.tiff", mask)
            lines.append(f"{name},{encode(mask, 'column') or '0 0'}")
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
        write_text(root / f"{split}.csv", "\n".join(lines) + "\n")


def _name(split: str, index: int) -> tuple[int, str]:
    """Number of the slide, and the image's name."""
    quarters = QUARTERS[split]
    slide, quarter = divmod(index, len(quarters))
    known = SLIDES[slide] if slide < len(SLIDES) else f"CL_HandE_{1234 + slide}_B{slide + 4:03d}"
    return slide, f"{known}_{quarters[quarter]}"


def picture(
    rng: np.random.Generator, slide: np.random.Generator, crypts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one image.

    Parameters
    ----------
    rng : Generator
        Source of everything random in the image.
    slide : Generator
        Source of the stain, which the images of a slide share.
    crypts : int
        Crypts that are tried; those on another are left out.

    Returns
    -------
    image : ndarray
        (y, x, 3), uint8.
    mask : ndarray
        (y, x), uint8, 0 and 255.
    """
    tint = slide.uniform(0.85, 1.15, (2, 3)) * slide.uniform(0.85, 1.15, (2, 1))
    nuclei = np.clip(1.3 * (texture(rng, SHAPE, 1.5) - 0.9), 0, 0.9)
    ground = 0.55 + 0.12 * texture(rng, SHAPE, 5) + 0.05 * texture(rng, SHAPE, 1.2)
    inside = np.zeros(SHAPE, bool)
    for number in range(crypts + 3):
        crypt = number < crypts
        radius = rng.uniform(14, 24) if crypt else rng.uniform(7, 12)
        centre = point(rng, SHAPE)
        depth = Outline(rng, centre, radius, rng.uniform(1, 1.6), 0.06).depth(SHAPE)
        if (inside & (depth > 0)).any():
            continue
        if crypt:
            _crypt(rng, nuclei, ground, depth)
            inside |= depth > 0
        else:
            # A vessel: as pale, but with a thin wall and without a ring.
            blend(nuclei, 0.0, depth)
            blend(ground, 0.05, depth)
    colour = transmitted(nuclei, ground, ((0.85, 1.05, 0.35), (0.1, 0.5, 0.2)), tint)
    light = 0.95 * (1 + 0.06 * shading(rng, SHAPE))[..., None]
    image = light * colour + 0.015 * rng.standard_normal((*SHAPE, 3))
    return to_uint8(image), to_mask(inside)


def _crypt(
    rng: np.random.Generator, nuclei: np.ndarray, ground: np.ndarray, depth: np.ndarray
) -> None:
    """A ring of nuclei under the rim, pale goblet cells, a lumen."""
    ring = np.clip(1.2 - np.abs(depth - 3) / 3, 0, 1)
    body = np.clip(0.55 + 0.3 * texture(rng, SHAPE, 1.3), 0, 1.1)
    blend(nuclei, 0.0, depth)
    blend(nuclei, body, np.where(depth > 0, ring, 0.0))
    blend(ground, 0.28 + 0.1 * texture(rng, SHAPE, 2.5), depth - 4)
    blend(ground, 0.03, (depth - 0.75 * float(depth.max())) / 2)
