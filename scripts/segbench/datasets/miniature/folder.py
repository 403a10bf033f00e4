"""A miniature of a folder of the user's own: coloured shapes, and masks in colour.

Discs and squares of random colours lie on patterned ground; stars and rings, which are
neither, lie between them. Colour and brightness say nothing: shape does.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segbench.datasets.miniature.drawing import blend, generator, save, texture, to_uint8
from segbench.files import write_text

#: Colour of each class in the masks, as config/datasets/folder.yaml lists them.
COLOURS = {"disc": (230, 25, 75), "square": (0, 200, 0)}
SIDE = 64
#: So many pictures in a row are of one plate, which is their group.
PLATE = 2


def generate(root: Path, samples: int, test_samples: int, seed: int) -> None:
    """Write the miniature under `root`.

    Parameters
    ----------
    root : Path
        Folder that receives `images`, `masks` and `sheet.csv`.
    samples, test_samples : int
        Pictures of which the sheet says train, and test.
    seed : int
        The same seed gives the same bytes.
    """
    lines = ["sample,group,split,stratum,spacing_y_mm,spacing_x_mm"]
    for split, count in enumerate((samples, test_samples)):
        for index in range(count):
            rng = generator(seed, split, index)
            few = index % 2 == 0
            image, mask = picture(rng, 2 if few else 4)
            role = ("train", "test")[split]
            name = f"{role}_{index + 1:03d}"
            save(root / "images" / f"{name}.png", image)
            save(root / "masks" / f"{name}.png", mask)
            plate = f"{role}-plate-{index // PLATE + 1}"
            lines.append(f"{name},{plate},{role},{'few' if few else 'many'},0.0005,0.0005")
    write_text(root / "sheet.csv", "\n".join(lines) + "\n")


def picture(rng: np.random.Generator, shapes: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw one picture.

    Parameters
    ----------
    rng : Generator
        Source of everything random in it.
    shapes : int
        Discs and squares, up to 4; one for which there is no room is left out.

    Returns
    -------
    image, mask : ndarray
        (y, x, 3), uint8; the mask black where there is no class.
    """
    size = (SIDE, SIDE)
    ground = rng.uniform(0.25, 0.75, 3)
    image = (
        ground + 0.07 * texture(rng, size, 4)[..., None] + 0.03 * rng.standard_normal((*size, 3))
    )
    mask = np.zeros((*size, 3), np.uint8)
    free = np.ones(size, bool)
    for kind in (*("square", "disc", "square", "disc")[:shapes], "ring", "star"):
        tries = (_depth(rng, kind) for _ in range(20))
        depth = next((one for one in tries if free[one > -2].all()), None)
        if depth is None:
            continue
        free &= depth <= -2
        sign = rng.choice([-1, 1], 3) if kind in COLOURS else rng.choice([-1, 1])
        colour = np.clip(ground + sign * rng.uniform(0.15, 0.4, 3), 0.02, 0.98)
        blend(image, colour, depth[..., None])
        if kind in COLOURS:
            mask[depth > 0] = COLOURS[kind]
    return to_uint8(image), mask


def _depth(rng: np.random.Generator, kind: str) -> np.ndarray:
    """About the distance to the outline of a shape somewhere, positive inside, in pixels."""
    radius = rng.uniform(7, 10)
    y0, x0 = rng.uniform(radius, SIDE - radius, 2)
    y, x = np.ogrid[:SIDE, :SIDE]
    angle = rng.uniform(-0.3, 0.3)
    along = np.cos(angle) * (x - x0) + np.sin(angle) * (y - y0)
    across = np.cos(angle) * (y - y0) - np.sin(angle) * (x - x0)
    distance = np.hypot(along, across)
    depths: dict[str, np.ndarray] = {
        "disc": radius - distance,
        "square": 0.88 * radius - np.maximum(np.abs(along), np.abs(across)),
        "ring": 2.0 - np.abs(radius - 2 - distance),
        "star": radius * (0.45 + 0.55 * np.cos(2.5 * np.arctan2(across, along)) ** 2)
        - distance
        - 1,
    }
    return depths[kind]
