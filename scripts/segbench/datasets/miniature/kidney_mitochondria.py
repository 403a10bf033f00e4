"""A miniature of the kidney mitochondria: made-up electron micrographs as the hub has them.

Difficulties, as in the real ones: dozens of small objects per tile, many in touch; other
dark bodies (lysosomes, without stripes) of about their size; a grey close to the cytoplasm's.
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
)

SIDE = 192
IMAGES, MASKS = "All_Mito_1024_OriginalData", "All_Mito_1024_GroundTruth"


def generate(root: Path, samples: int, test_samples: int, seed: int) -> None:
    """Write the miniature under `root`.

    Parameters
    ----------
    root : Path
        Folder that receives `01_Training` and `02_Testing`.
    samples, test_samples : int
        Tiles of the two. Two tiles of training are cut from one micrograph each. Every eighth
        tile shows no mitochondrion.
    seed : int
        The same seed gives the same bytes.
    """
    for split, (folder, count) in enumerate(
        (("01_Training", samples), ("02_Testing", test_samples))
    ):
        (root / folder / IMAGES).mkdir(parents=True)
        (root / folder / MASKS).mkdir(parents=True)
        for index in range(count):
            image, mask = picture(generator(seed, split, index), empty=index % 8 == 7)
            name = f"Mito{'' if split == 0 else 'Test'}_{index // 2 + 1:03d}-{index % 2:03d}.png"
            save(root / folder / IMAGES / name, image)
            save(root / folder / MASKS / name, mask)


def picture(rng: np.random.Generator, empty: bool) -> tuple[np.ndarray, np.ndarray]:
    """Draw one tile.

    Parameters
    ----------
    rng : Generator
        Source of everything random in it.
    empty : bool
        Without mitochondria: a vessel's lumen.

    Returns
    -------
    image : ndarray
        (y, x), uint8.
    mask : ndarray
        (y, x), uint8: 0 and 255.
    """
    shape = (SIDE, SIDE)
    image = 0.58 + 0.04 * texture(rng, shape, 10) + 0.06 * texture(rng, shape, 1.2)
    for _ in range(2):
        blend(image, 0.28, 0.7 - np.abs(texture(rng, shape, 24)) * 12)
    if empty:
        image += 0.2
    mask = np.zeros(shape, bool)
    for _ in range(0 if empty else int(rng.integers(25, 50))):
        _mitochondrion(rng, image, mask)
    for _ in range(int(rng.integers(4, 10))):
        depth = Outline(rng, point(rng, shape), rng.uniform(3, 8), 1.2, 0.05).depth(shape)
        # A lysosome lies on free ground: even and dark, where a mitochondrion has stripes.
        blend(image, rng.uniform(0.25, 0.36), np.where(mask, 0.0, depth))
    image += 0.03 * rng.standard_normal(shape) + 0.06 * shading(rng, shape)
    return to_uint8(image), to_mask(mask)


def _mitochondrion(rng: np.random.Generator, image: np.ndarray, mask: np.ndarray) -> None:
    """Draw one: a dark rim, and cristae across it."""
    centre = point(rng, mask.shape)
    outline = Outline(rng, centre, rng.uniform(5, 10), rng.uniform(1, 2.4), 0.06)
    depth = outline.depth((SIDE, SIDE))
    y, x = np.mgrid[:SIDE, :SIDE]
    angle = rng.uniform(0, np.pi)
    cristae = np.cos((np.cos(angle) * x + np.sin(angle) * y) * 1.6)
    blend(image, rng.uniform(0.38, 0.46) + 0.06 * cristae, depth)
    blend(image, 0.24, 0.9 - np.abs(depth) / 1.5)
    mask |= depth > 0
