"""A miniature of the Data Science Bowl 2018: made-up micrographs with one mask per nucleus.

Difficulties, as in the real ones: fluorescent nuclei on dark ground and stained ones
on bright ground in one set; nuclei that touch; brightness that varies from nucleus to nucleus
and over the picture by more than a nucleus differs from its surroundings; cytoplasm, blurred
nuclei of another plane and debris that are as bright as nuclei.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
from scipy import ndimage

from segbench.datasets.miniature.drawing import (
    Outline,
    blend,
    check_no_test_samples,
    generator,
    point,
    save,
    shading,
    texture,
    to_mask,
    to_uint8,
    transmitted,
)

#: Heights and widths in pixels, as the published set has nine of them.
SIZES = (
    (64, 64),
    (97, 131),
    (128, 128),
    (101, 101),
    (128, 160),
    (77, 103),
    (113, 89),
    (141, 117),
    (159, 159),
)
#: Kinds of the pictures, in turn; the published set has mostly fluorescence.
KINDS = ("fluorescence", "histology", "fluorescence", "fluorescence", "brightfield")
#: A nucleus keeps its place if at least this part of it is free.
MIN_FREE = 0.7


def generate(root: Path, samples: int, test_samples: int, seed: int) -> None:
    """Write the miniature under `root`.

    Parameters
    ----------
    root : Path
        Folder that receives `stage1_train`.
    samples : int
        Pictures.
    test_samples : int
        Must be 0: the publisher gives no masks with its test sets.
    seed : int
        The same seed gives the same bytes.
    """
    check_no_test_samples(test_samples)
    for index in range(samples):
        rng = generator(seed, index)
        kind = KINDS[index % len(KINDS)]
        image, label = picture(rng, SIZES[index % len(SIZES)], kind)
        name = _name(seed, index)
        alpha = np.full((*label.shape, 1), 255, np.uint8)
        folder = root / "stage1_train" / name
        save(folder / "images" / f"{name}.png", np.concatenate((image, alpha), axis=2))
        for number in range(1, int(label.max()) + 1):
            mask = to_mask(label == number)
            save(folder / "masks" / f"{_name(seed, index, number)}.png", mask)


def _name(*key: int) -> str:
    """64 hexadecimal digits, as the publisher's ids."""
    return sha256(("miniature " + " ".join(map(str, key))).encode()).hexdigest()


def picture(
    rng: np.random.Generator, shape: tuple[int, int], kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one picture.

    Parameters
    ----------
    rng : Generator
        Source of everything random in it.
    shape : tuple of int
        Height and width in pixels.
    kind : {"fluorescence", "histology", "brightfield"}
        How it seems to have been made.

    Returns
    -------
    image : ndarray
        (y, x, 3), uint8.
    label : ndarray
        (y, x), int64, numbered nuclei.
    """
    depths, label = _nuclei(rng, shape)
    density = _signal(rng, depths, label)
    if kind == "fluorescence":
        grey = 0.04 + 0.5 * density * (1 + 0.5 * shading(rng, shape))
        grey += 0.1 * (1 + shading(rng, shape))
        grey += 0.02 * rng.standard_normal(shape)
        return np.repeat(to_uint8(grey)[..., None], 3, axis=2), label
    noise = 0.02 * rng.standard_normal((*shape, 3))
    light = 1 + 0.1 * shading(rng, shape)
    if kind == "brightfield":
        grey = (0.88 - 0.55 * density) * light + noise[..., 0]
        return np.repeat(to_uint8(grey)[..., None], 3, axis=2), label
    eosin = 0.55 + 0.25 * texture(rng, shape, 5)
    colour = transmitted(density, eosin, ((0.9, 1.25, 0.3), (0.15, 0.45, 0.12)))
    return to_uint8(0.95 * colour * light[..., None] + noise), label


def _nuclei(
    rng: np.random.Generator, shape: tuple[int, int]
) -> tuple[list[tuple[int, np.ndarray]], np.ndarray]:
    """Place nuclei, some in touching clusters; give each one's depth map, and the label."""
    label = np.zeros(shape, np.int64)
    depths: list[tuple[int, np.ndarray]] = []
    size = rng.uniform(5.5, 9.5)
    wanted = max(4, int(shape[0] * shape[1] / (size**2 * rng.uniform(11, 18))))
    centre, radius = (0.0, 0.0), 0.0
    for attempt in range(4 * wanted):
        if len(depths) == wanted:
            break
        if attempt and rng.random() < 0.5:
            # Beside the one before, so near that the two touch.
            angle, gap = rng.uniform(0, 2 * np.pi), 1.8 * size
            centre = (centre[0] + gap * np.sin(angle), centre[1] + gap * np.cos(angle))
        else:
            centre = point(rng, shape)
        radius = size * rng.uniform(0.75, 1.25)
        depth = Outline(rng, centre, radius, rng.uniform(1, 1.8), 0.06).depth(shape)
        inside = depth > 0
        free = inside & (label == 0)
        if free.sum() < max(20, MIN_FREE * inside.sum()) or ndimage.label(free)[1] != 1:
            continue
        depths.append((len(depths) + 1, depth))
        label[free] = len(depths)
    return depths, label


def _signal(
    rng: np.random.Generator, depths: list[tuple[int, np.ndarray]], label: np.ndarray
) -> np.ndarray:
    """Amount of stain, about 0 to 1.3: nuclei and look-alikes."""
    shape: tuple[int, int] = label.shape  # type: ignore[assignment]
    signal = np.clip(0.12 + 0.05 * texture(rng, shape, 6), 0, None)
    # Cytoplasm: sheets as bright as the dimmer nuclei, with edges but without grain.
    sheets = np.clip(4 * (texture(rng, shape, 11) - rng.uniform(-0.4, 0.3)), 0, 1)
    blend(signal, rng.uniform(0.4, 0.62) * (1 + 0.1 * texture(rng, shape, 4)), sheets)
    for _ in range(max(2, len(depths) // 2)):
        # Nuclei of another plane: as large and as bright, but blurred.
        centre = point(rng, shape)
        depth = Outline(rng, centre, rng.uniform(5, 10), 1.3).depth(shape)
        signal += rng.uniform(0.35, 0.8) * np.clip((depth + 8) / 16, 0, 1)
    grain = texture(rng, shape, 1.2)
    for number, depth in depths:
        amount = rng.uniform(0.55, 1.0)
        body = amount * (1 + 0.2 * grain + 0.15 * np.clip(2 - depth, 0, 2))
        blend(signal, body, np.where(label == number, 0.6 + depth / 2, 0.0))
    for _ in range(max(3, len(depths) // 2)):
        # Debris: brighter than a nucleus and too small to be one.
        centre = point(rng, shape)
        depth = Outline(rng, centre, rng.uniform(1, 2.2), 1.5).depth(shape)
        blend(signal, rng.uniform(0.8, 1.3), np.where(label == 0, depth, 0.0))
    blurred: np.ndarray = ndimage.gaussian_filter(signal, 0.6, mode="reflect")
    return blurred
