"""A miniature of the organs' tissue: twelve textures in the colours of one stain.

Difficulties, as in the real ones: the stain varies from image to image by more than
from organ to organ, and pairs of classes (two parts of the endometrium, of the skin) are alike.
An organ is told by the size and density of its nuclei, by fibres, and by lumina.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from segbench.datasets.miniature.drawing import (
    generator,
    save,
    shading,
    texture,
    to_uint8,
    transmitted,
)

SIDE = 64
SPLITS = ("train", "test")


class Tissue(NamedTuple):
    """What tells one organ from another.

    Attributes
    ----------
    folder : str
        As the publisher spells it.
    nucleus_px : float
        Size of the nuclei.
    density : float
        Share of the picture that nuclei take.
    fibres : float
        How strongly the ground is drawn out in one direction.
    lumen : float
        Share of the picture that is white.
    """

    folder: str
    nucleus_px: float
    density: float
    fibres: float
    lumen: float


TISSUES = (
    Tissue("colon", 2.4, 0.22, 0.0, 0.18),
    Tissue("endotherium_1", 1.9, 0.40, 0.3, 0.06),
    Tissue("endotherium_3", 1.9, 0.30, 0.6, 0.06),
    Tissue("kidney", 3.1, 0.16, 0.0, 0.08),
    Tissue("liver", 4.1, 0.10, 0.0, 0.0),
    Tissue("lung", 2.0, 0.10, 0.0, 0.45),
    Tissue("lymph_node", 1.7, 0.60, 0.0, 0.0),
    Tissue("pancreas", 3.1, 0.30, 0.0, 0.0),
    Tissue("skin_1", 1.7, 0.06, 0.9, 0.0),
    Tissue("skin_2", 1.7, 0.14, 0.9, 0.0),
    Tissue("small_intestine", 2.4, 0.26, 0.0, 0.30),
    Tissue("spleen", 1.5, 0.42, 0.0, 0.0),
)


def generate(root: Path, samples: int, test_samples: int, seed: int) -> None:
    """Write the miniature under `root`.

    Parameters
    ----------
    root : Path
        Folder that receives `data`.
    samples, test_samples : int
        Images of data/train and data/test; the classes take turns, so that 12 or more give
        each class one.
    seed : int
        The same seed gives the same bytes.
    """
    for split, count in zip(SPLITS, (samples, test_samples), strict=True):
        for index in range(count):
            tissue = TISSUES[index % len(TISSUES)]
            number = index // len(TISSUES) + 1
            image = picture(generator(seed, SPLITS.index(split), index), tissue)
            save(root / "data" / split / tissue.folder / f"{tissue.folder}_{number}.tiff", image)


def picture(rng: np.random.Generator, tissue: Tissue) -> np.ndarray:
    """Draw one picture.

    Parameters
    ----------
    rng : Generator
        Source of everything random in it.
    tissue : Tissue
        Its organ.

    Returns
    -------
    ndarray
        (y, x, 3), uint8.
    """
    size = (SIDE, SIDE)
    grains = texture(rng, size, tissue.nucleus_px)
    nuclei = np.clip(2 * (grains - np.quantile(grains, 1 - tissue.density)), 0, 1)
    ground = 0.5 + 0.12 * texture(rng, size, 3)
    if tissue.fibres:
        angle = rng.uniform(0, 180)
        drawn = texture(rng, (2 * SIDE, 2 * SIDE), 1.5)
        drawn = ndimage.gaussian_filter1d(drawn, 9, axis=1, mode="reflect")
        drawn = ndimage.rotate(drawn, angle, reshape=False, order=1, mode="reflect")
        half = SIDE // 2
        ground += tissue.fibres * 0.8 * drawn[half : half + SIDE, half : half + SIDE]
    holes = texture(rng, size, 6)
    if tissue.lumen:
        open_ = np.clip(3 * (holes - np.quantile(holes, 1 - tissue.lumen)), 0, 1)
        nuclei, ground = nuclei * (1 - open_), ground * (1 - open_)
    # Each image has its own strength and tint of the stains.
    tint = rng.uniform(0.85, 1.15, (2, 3)) * rng.uniform(0.75, 1.3, (2, 1))
    colour = transmitted(nuclei, ground, ((0.9, 1.1, 0.35), (0.12, 0.5, 0.2)), tint)
    light = 0.95 * (1 + 0.05 * shading(rng, size))[..., None]
    return to_uint8(light * colour + 0.02 * rng.standard_normal((*size, 3)))
