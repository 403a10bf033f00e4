"""Drawing kit of the generators: textures, smooth outlines, stains, files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from segbench.errors import SegbenchError


def check_no_test_samples(test_samples: int) -> None:
    """Refuse to generate a test set for a publisher that has none with public labels.

    Raises
    ------
    SegbenchError
        Test samples are wanted.
    """
    if test_samples:
        raise SegbenchError(
            f"generated.test_samples: {test_samples}",
            "0: this publisher has no test set with public labels",
            "set it to 0 and choose the test set in the protocol, or use cross-validation",
        )


def generator(seed: int, *path: int) -> np.random.Generator:
    """Random numbers that depend on a seed and a position alone, e.g. (split, index)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=path)))


def texture(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> np.ndarray:
    """Gaussian noise smoothed to grains of `sigma_px`; mean 0, standard deviation 1.

    Returns
    -------
    ndarray
        (y, x), float64.
    """
    # Coarse grains are drawn on a coarse grid: 20 times as fast, and as smooth.
    step = max(1, int(sigma_px // 4))
    coarse = [side // step + 3 for side in shape]
    noise: np.ndarray = ndimage.gaussian_filter(
        rng.standard_normal(coarse), sigma_px / step, mode="reflect"
    )
    if step > 1:
        noise = ndimage.zoom(noise, step, order=1, mode="nearest", grid_mode=True)
    noise = noise[step : step + shape[0], step : step + shape[1]].copy()
    noise -= noise.mean()
    noise /= noise.std()
    return noise


def shading(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Uneven illumination: a plane in a random direction, about -1 to 1 over the image.

    Returns
    -------
    ndarray
        (y, x), float64.
    """
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    plane: np.ndarray = 0.75 * (np.cos(angle) * x + np.sin(angle) * y)
    return plane


def point(
    rng: np.random.Generator, shape: Sequence[int], beyond_px: float = 0.0
) -> tuple[float, float]:
    """Draw a point (y, x) in the image, or up to `beyond_px` outside it (inside, if negative)."""
    y, x = (float(rng.uniform(-beyond_px, side + beyond_px)) for side in shape)
    return y, x


class Outline:
    """A closed smooth outline: an ellipse whose radius wavers.

    Parameters
    ----------
    rng : Generator
        Source of the outline's shape.
    centre : tuple of float
        (y, x) in pixels; may lie outside the image.
    radius_px : float
        Mean radius.
    elongation : float
        Long to short axis.
    wobble : float
        Relative standard deviation of the radius; 0 is an ellipse.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        centre: tuple[float, float],
        radius_px: float,
        elongation: float = 1.0,
        wobble: float = 0.0,
    ) -> None:
        self.centre = centre
        self.radius_px = radius_px
        self._angle = rng.uniform(0, np.pi)
        self._stretch = float(np.sqrt(elongation))
        waves = np.arange(2, 6)
        self._waves = waves
        self._sizes = wobble * rng.standard_normal(waves.size) / np.sqrt(waves)
        self._phases = rng.uniform(0, 2 * np.pi, waves.size)

    def depth(self, shape: tuple[int, int]) -> np.ndarray:
        """Approximate distance to the outline in pixels, positive inside.

        Returns
        -------
        ndarray
            (y, x), float64.
        """
        y, x = np.ogrid[: shape[0], : shape[1]]
        dy, dx = y - self.centre[0], x - self.centre[1]
        along = (np.cos(self._angle) * dx + np.sin(self._angle) * dy) / self._stretch
        across = (np.cos(self._angle) * dy - np.sin(self._angle) * dx) * self._stretch
        theta = np.arctan2(across, along)
        radius = np.ones(shape)
        for wave, size, phase in zip(self._waves, self._sizes, self._phases, strict=True):
            radius += size * np.cos(wave * theta + phase)
        depth: np.ndarray = self.radius_px * np.maximum(radius, 0.3) - np.hypot(along, across)
        return depth


def blend(image: np.ndarray, value: np.ndarray | float, alpha: np.ndarray) -> None:
    """Paint `value` over `image` in place, with an opacity of 0 to 1 per pixel."""
    image += np.clip(alpha, 0, 1) * (value - image)


def transmitted(
    nuclei: np.ndarray,
    ground: np.ndarray,
    absorption: tuple[ArrayLike, ArrayLike],
    tint: ArrayLike = ((1.0,), (1.0,)),
) -> np.ndarray:
    """Light through two stains, by the law of Beer and Lambert.

    Parameters
    ----------
    nuclei, ground : ndarray
        (y, x), amounts of haematoxylin and of eosin.
    absorption : tuple
        Of red, green and blue by each of the two.
    tint : array, (2, 3)
        How much stronger the stains of an image absorb.

    Returns
    -------
    ndarray
        (y, x, 3), 0 to 1.
    """
    first, second = np.asarray(tint)
    absorbed = nuclei[..., None] * first * absorption[0]
    absorbed += np.clip(ground, 0, None)[..., None] * second * absorption[1]
    light: np.ndarray = np.exp(-absorbed)
    return light


def to_mask(inside: np.ndarray) -> np.ndarray:
    """A mask of 0 and 255, uint8."""
    return np.where(inside, np.uint8(255), np.uint8(0))


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Round 0...1 to 0...255."""
    rounded: np.ndarray = np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)
    return rounded


def save(path: Path, pixels: np.ndarray) -> None:
    """Write a picture; bool arrays become 1-bit files. The same pixels give the same bytes."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
