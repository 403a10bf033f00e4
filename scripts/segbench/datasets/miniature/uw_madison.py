"""A miniature of UW-Madison's slices: made-up abdomens in a few cases, days and slices.

Difficulties, as in the real ones: more than half of the slices show no organ of the
three; kidneys and muscle look like bowel; the gain differs from scan to scan; the organs
touch, and their masks overlap a little. A scan has 14 slices, 6 of them with organs: stomach
on 3, large bowel on 5, small bowel on 4, which is 25 : 42 : 33 % as in the real table.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from segbench.datasets.miniature.drawing import (
    Outline,
    blend,
    check_no_test_samples,
    generator,
    save,
    texture,
)
from segbench.datasets.rle import encode
from segbench.files import write_text

SLICES = 14
#: Height and width in pixels; a case keeps its size. The real ones have four.
SIZES = ((67, 67), (78, 90), (59, 59), (69, 69))
#: Organ -> its first and last slice (from 1), in the order of the table.
REACH = {"large_bowel": (5, 9), "small_bowel": (5, 8), "stomach": (8, 10)}
#: Brightness of air and of fat, before the scan's gain.
AIR, FAT = 0.02, 0.8


@dataclass(frozen=True)
class Scan:
    """One day of one case.

    Attributes
    ----------
    case, day : int
        Numbers in the folder's name.
    shape : tuple of int
        Height and width in pixels.
    """

    case: int
    day: int
    shape: tuple[int, int]


def generate(root: Path, samples: int, test_samples: int, seed: int) -> None:
    """Write the miniature under `root`.

    Parameters
    ----------
    root : Path
        Folder that receives `train.csv` and `train`.
    samples : int
        Slices: scans of 14, the last one cut short. Every third scan is another day of the
        case before it.
    test_samples : int
        Must be 0: the publisher's test set is hidden.
    seed : int
        The same seed gives the same bytes.
    """
    check_no_test_samples(test_samples)
    rows = ["id,class,segmentation"]
    for number in range(-(-samples // SLICES)):
        scan = _scan(number)
        count = min(SLICES, samples - number * SLICES)
        rows += _write(root, scan, generator(seed, number), count)
    write_text(root / "train.csv", "\n".join(rows) + "\n")


def _scan(number: int) -> Scan:
    """Name the scan: cases 0, 1, 2, 2, 3, 4, 4, ... with other days."""
    case = number - number // 3
    return Scan(101 + 3 * case, 16 if number % 3 else 20, SIZES[case % len(SIZES)])


def _write(root: Path, scan: Scan, rng: np.random.Generator, count: int) -> list[str]:
    """Write the slices of a scan and give their rows."""
    images, masks = volume(rng, scan.shape)
    day = f"case{scan.case}_day{scan.day}"
    height, width = scan.shape
    rows = []
    for place in range(count):
        name = f"slice_{place + 1:04d}_{width}_{height}_1.50_1.50.png"
        save(root / "train" / f"case{scan.case}" / day / "scans" / name, images[place])
        for organ, mask in masks.items():
            rows.append(f"{day}_slice_{place + 1:04d},{organ},{encode(mask[place], 'row')}")
    return rows


def volume(
    rng: np.random.Generator, shape: tuple[int, int]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draw one scan.

    Parameters
    ----------
    rng : Generator
        Source of everything random in it.
    shape : tuple of int
        Height and width in pixels.

    Returns
    -------
    images : ndarray
        (z, y, x), uint16.
    masks : dict of str to ndarray
        Organ -> (z, y, x), bool.
    """
    scale = min(shape) / 67
    organs = {
        "large_bowel": [
            _outline(rng, shape, (0.5, 0.27), 6.5 * scale, 1.5),
            _outline(rng, shape, (0.45, 0.7), 6 * scale, 1.5),
        ],
        "small_bowel": [_outline(rng, shape, (0.58, 0.47), 9 * scale, 1.4)],
        "stomach": [_outline(rng, shape, (0.35, 0.6), 9.5 * scale, 1.4)],
    }
    kidneys = [_outline(rng, shape, (0.62, side), 4.5 * scale, 1.3) for side in (0.32, 0.68)]
    spine = _outline(rng, shape, (0.72, 0.5), 5 * scale, 1.0)
    images = np.zeros((SLICES, *shape))
    masks = {organ: np.zeros((SLICES, *shape), bool) for organ in REACH}
    for place in range(SLICES):
        image = _background(rng, shape, [*kidneys, spine], place)
        for organ in ("small_bowel", "large_bowel", "stomach"):
            depth = _depth(organs[organ], shape, place, REACH[organ])
            if depth is not None:
                masks[organ][place] = depth > 0
                _fill(rng, image, organ, depth)
        images[place] = image + 0.02 * rng.standard_normal(shape)
    images = ndimage.gaussian_filter(images, (0, 0.5, 0.5), mode="reflect")
    # The gain of the coil differs from scan to scan, by a factor of four.
    gain = 4000 * 4 ** rng.uniform(0, 1)
    return np.clip(np.rint(images * gain), 0, 65535).astype(np.uint16), masks


def _outline(
    rng: np.random.Generator,
    shape: tuple[int, int],
    place: tuple[float, float],
    radius_px: float,
    elongation: float,
) -> Outline:
    """Draw an outline about a place that is given as a part of height and width."""
    y, x = (
        side * (at + 0.02 * float(rng.standard_normal()))
        for side, at in zip(shape, place, strict=True)
    )
    return Outline(rng, (y, x), radius_px, elongation, 0.05)


def _depth(
    parts: list[Outline], shape: tuple[int, int], place: int, reach: tuple[int, int]
) -> np.ndarray | None:
    """Give the distance to an organ's outline on a slice; None beyond its last ones."""
    first, last = reach
    if not first <= place + 1 <= last:
        return None
    # An organ is a little smaller towards its ends.
    middle, half = (first + last) / 2, (last - first + 2) / 2
    shrink = 4 * ((place + 1 - middle) / half) ** 2
    depth: np.ndarray = np.max([part.depth(shape) for part in parts], axis=0) - shrink
    return depth


def _background(
    rng: np.random.Generator, shape: tuple[int, int], others: list[Outline], place: int
) -> np.ndarray:
    """Draw air, fat, muscle, kidneys and spine of one slice."""
    image = np.full(shape, AIR)
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    depth = (0.95 - np.hypot(1.25 * y, x)) * min(shape) / 2 - 0.3 * abs(place - SLICES / 2)
    blend(image, FAT, depth)
    blend(image, 0.35 + 0.03 * texture(rng, shape, 3), depth - 3)
    for kidney in others[:2]:
        if 3 <= place <= 11:
            blend(image, 0.5, kidney.depth(shape) - 0.3 * abs(place - 7))
    blend(image, 0.2, others[2].depth(shape))
    return image


def _fill(rng: np.random.Generator, image: np.ndarray, organ: str, depth: np.ndarray) -> None:
    """Draw one organ: content and wall."""
    shape: tuple[int, int] = image.shape  # type: ignore[assignment]
    value = {
        "large_bowel": 0.5 + 0.16 * texture(rng, shape, 2.5),
        "small_bowel": 0.62 + 0.1 * np.sign(texture(rng, shape, 1.5)),
        "stomach": 0.22 + 0.04 * texture(rng, shape, 4),
    }[organ]
    blend(image, value, depth)
    blend(image, 0.7, 0.8 - np.abs(depth - 0.5))
