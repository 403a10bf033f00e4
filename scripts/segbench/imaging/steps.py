"""The steps that change intensities, in the order in which they are applied.

A new step is a key in `segbench.config.preprocessing.Preprocessing` and a function here, at its
place in the order. Steps that move pixels live in `segbench.imaging.prepare`, which moves the
label with the image, and need their inverse in `segbench.imaging.inverse`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.imaging.clahe import equalise
from segbench.imaging.pixel_values import require_unit
from segbench.imaging.remarks import EQUAL_PERCENTILES
from segbench.known_pixels import fill_unknown, known_pixels

#: The percentiles that become 0 and 1.
PERCENTILES = (1.0, 99.0)

#: A spread of this many times float32's precision is rounding.
ROUNDING = 8 * float(np.finfo(np.float32).eps)
#: Smallest float32 with full precision.
TINY = float(np.finfo(np.float32).tiny)

#: Image, recipe, and a set to which remarks on the image are added.
Change = Callable[[np.ndarray, Preprocessing, set[str]], np.ndarray]


@dataclass(frozen=True)
class Step:
    """One step of preprocessing.

    Attributes
    ----------
    key : str
        The recipe's key that switches it on.
    change : callable
        Gives the image, float32 (..., channel), after the step. Pixels without a value are NaN,
        take no part in what the step measures, and stay NaN.
    unit_only : bool
        Defined on values in 0...1 alone.
    images_only : bool
        Not defined on volumes.
    local : bool
        Each pixel's value depends on nothing but itself.
    """

    key: str
    change: Change
    unit_only: bool
    images_only: bool
    local: bool

    def is_on(self, recipe: Preprocessing) -> bool:
        """Whether the recipe asks for this step."""
        return getattr(recipe, self.key) not in (None, "none", "never")


#: In the order of application: the negative of a resized image is the resized negative, so
#: inverting can wait until the image is small. CLAHE and gamma need the range 0...1.
STEPS: list[Step] = []


def step(
    key: str, *, unit_only: bool = False, images_only: bool = False, local: bool = False
) -> Callable[[Change], Change]:
    """Register a function as the next step, see `Step`."""

    def register(change: Change) -> Change:
        STEPS.append(Step(key, change, unit_only, images_only, local))
        return change

    return register


def apply_steps(
    image: np.ndarray, recipe: Preprocessing, remarks: set[str] | None = None
) -> np.ndarray:
    """Apply all steps that the recipe asks for, then fill the pixels without a value.

    Parameters
    ----------
    image : ndarray of float32, (y, x, channel) or (z, y, x, channel)
        NaN where there is no value.
    remarks : set of str, optional
        Gets remarks on the image, see `segbench.imaging.remarks`.

    Returns
    -------
    ndarray of float32, same shape
        Without NaN. Pixels without a value are 0 after a normalisation: black, of z-scores the
        mean. Without one they take the smallest value of their channel.

    Raises
    ------
    SegbenchError
        If a step is not defined on the image's values or channels.
    """
    remarks = set() if remarks is None else remarks
    for each in STEPS:
        if each.is_on(recipe):
            if each.unit_only:
                require_unit(image, each.key)
            image = each.change(image, recipe, remarks)
    return fill_unknown(image, None if recipe.normalise == "none" else 0.0)


@step("invert")
def invert(image: np.ndarray, recipe: Preprocessing, remarks: set[str]) -> np.ndarray:
    """Turn an image with a bright background into its negative; leave others alone.

    Transmitted light (stained nuclei, dark on bright) and fluorescence (bright on dark) then
    look alike to a network. The negative, ``min + max - image``, has the same range.

    Notes
    -----
    The background is bright if the median lies above the middle of the image's range: most
    pixels of a micrograph of cells are background. Of 400 images of the Data Science Bowl
    2018, 83 of them with nuclei darker than the rest, this is wrong for 2.
    """
    known = known_pixels(image)
    values = image if known is None else image[known]
    if not values.size:
        return image
    low, high = values.min(), values.max()
    return (low + high) - image if is_bright(low, high, np.median(values)) else image


def is_bright(low: np.floating, high: np.floating, median: np.floating) -> bool:
    """Whether an image has a bright background: its median lies above the middle of its range."""
    return bool(median > (float(low) + float(high)) / 2)


@step("normalise")
def normalise(image: np.ndarray, recipe: Preprocessing, remarks: set[str]) -> np.ndarray:
    """Stretch each channel of an image or a volume linearly.

    minmax: smallest value to 0, largest to 1. percentile: 1st to 0, 99th to 1, clipped to
    0...1; where they are equal (fewer than 1 % of the pixels show something), as minmax. zscore:
    mean 0, standard deviation 1 (population). A channel without contrast becomes 0. Within
    ``nonzero`` the values of the channel that are 0 do not count and stay 0, e.g. around a
    brain that was cut out.
    """
    how, known = recipe.normalise, known_pixels(image)
    if recipe.normalise_within == "image" and image.ndim == 3 and known is None:
        return stretch(image, line_of(image, how, remarks), how)
    return by_channel(
        image, recipe, lambda _, values: stretch(values, line_of(values, how, remarks), how)
    )


def by_channel(
    image: np.ndarray,
    recipe: Preprocessing,
    change: Callable[[int, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Change the values that count of each channel, (n, 1, 1); the others stay 0, or NaN."""
    known = known_pixels(image)
    # One channel at a time: the doubles of a whole volume would fill half a gigabyte.
    result = np.zeros(image.shape, np.float32)
    for channel in range(image.shape[-1]):
        values = image[..., channel]
        counted = np.ones(values.shape, bool)
        if recipe.normalise_within == "nonzero":
            counted = values != 0
        if known is not None:
            counted &= known[..., channel]
            result[~known[..., channel], channel] = np.nan
        if counted.any():
            changed = change(channel, values[counted][:, None, None])
            result[counted, channel] = changed[:, 0, 0]
    return result


@dataclass(frozen=True)
class Line:
    """A linear stretch of each channel: (value - zero) * factor, in double precision."""

    zero: np.ndarray
    factor: np.ndarray

    def of(self, channel: int) -> Line:
        """That of one channel."""
        return Line(self.zero[channel : channel + 1], self.factor[channel : channel + 1])


def line_of(image: np.ndarray, how: str, remarks: set[str]) -> Line:
    """The stretch of all channels of (y, x, channel) over all their values, which are known."""
    # In double precision: the difference of two float32 may overflow.
    if how == "zscore":
        mean = image.mean(axis=(0, 1), dtype=np.float64)
        return z_scores(mean, image.std(axis=(0, 1), dtype=np.float64))
    low, high = image.min(axis=(0, 1)), image.max(axis=(0, 1))
    if how == "minmax":
        return between(low, high)
    zero, one = np.asarray(np.percentile(image, PERCENTILES, axis=(0, 1)), np.float64)
    return between_percentiles(zero, one, low, high, remarks)


def z_scores(mean: np.ndarray, sd: np.ndarray) -> Line:
    """The stretch to mean 0 and standard deviation 1."""
    return _line(mean, sd, np.abs(mean))


def between(zero: np.ndarray, one: np.ndarray) -> Line:
    """The stretch of `zero` to 0 and `one` to 1."""
    zero, one = zero.astype(np.float64), one.astype(np.float64)
    return _line(zero, one - zero, np.maximum(np.abs(zero), np.abs(one)))


def between_percentiles(
    zero: np.ndarray, one: np.ndarray, low: np.ndarray, high: np.ndarray, remarks: set[str]
) -> Line:
    """The same of percentiles; where they are equal, of the smallest and the largest value."""
    low, high = low.astype(np.float64), high.astype(np.float64)
    equal = _is_flat(one - zero, np.maximum(np.abs(zero), np.abs(one)))
    if (equal & ~_is_flat(high - low, np.maximum(np.abs(low), np.abs(high)))).any():
        remarks.add(EQUAL_PERCENTILES)
    return between(np.where(equal, low, zero), np.where(equal, high, one))


def _line(zero: np.ndarray, span: np.ndarray, size: np.ndarray) -> Line:
    flat = _is_flat(span, size)
    return Line(zero, np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, span)))


def stretch(image: np.ndarray, line: Line, how: str) -> np.ndarray:
    """Stretch (y, x, channel); what is no z-score is clipped to 0...1."""
    result: np.ndarray = ((image - line.zero) * line.factor).astype(np.float32)
    if how != "zscore":
        np.clip(result, 0, 1, out=result)
    return result


def _is_flat(span: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Whether a spread is none: rounding errors of values of this size, or below float32."""
    return np.asarray(span <= np.maximum(ROUNDING * size, TINY))


@step("clahe", unit_only=True, images_only=True)
def clahe(image: np.ndarray, recipe: Preprocessing, remarks: set[str]) -> np.ndarray:
    """Equalise the histogram of each neighbourhood, see `segbench.imaging.clahe`."""
    assert recipe.clahe is not None
    if image.shape[2] not in (1, 3):
        raise SegbenchError(
            f"preprocessing step clahe: the image has {image.shape[2]} channels",
            "one channel, or the three of a colour",
            "set `channels: grey` or `rgb`, or `clahe: null`, in the preprocessing recipe",
        )
    return equalise(image, recipe.clahe.tiles, recipe.clahe.bins, recipe.clahe.clip_limit)


@step("gamma", unit_only=True, local=True)
def gamma(image: np.ndarray, recipe: Preprocessing, remarks: set[str]) -> np.ndarray:
    """Raise an image in 0...1 to a power: above 1 darkens, below 1 brightens."""
    assert recipe.gamma is not None
    return np.asarray(np.power(image, np.float32(recipe.gamma), dtype=np.float32))
