"""One image and its label through all steps of a recipe, in the published order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.imaging.channels import to_channels
from segbench.imaging.clahe import clahe
from segbench.imaging.gamma import apply_gamma
from segbench.imaging.invert import invert_bright
from segbench.imaging.normalise import normalise
from segbench.imaging.quantise import quantise
from segbench.imaging.resampling import resize_image, resize_label
from segbench.imaging.unit_range import finite

Step = Callable[[np.ndarray, Preprocessing], np.ndarray]


def _pixels(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    """Channels and size in one pass over the raw pixels."""
    image = finite(image)
    convert = partial(to_channels, channels=recipe.channels)
    if recipe.resize is None:
        return convert(image)
    size = (recipe.resize.height, recipe.resize.width)
    return resize_image(image, size, recipe.interpolation, recipe.antialias, convert)


def _invert(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    return invert_bright(image) if recipe.invert == "bright_background" else image


def _normalise(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    return normalise(image, recipe.normalise)


def _clahe(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    step = recipe.clahe
    return image if step is None else clahe(image, step.tiles, step.bins, step.clip_limit)


def _gamma(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    return image if recipe.gamma is None else apply_gamma(image, recipe.gamma)


def _quantise(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    return quantise(image, recipe.dtype)


#: The order of the kidney project's later code; the negative of a resized image is the
#: resized negative, so inverting comes after the image has become small. A new step is a
#: function here, a line in this table and a key in `Preprocessing`; one that moves pixels
#: also moves the label below and needs its way back in `segbench.imaging.inverse`.
STEPS: tuple[Step, ...] = (
    _pixels,
    _invert,
    _normalise,
    _clahe,
    _gamma,
    _quantise,
)


def check(recipe: Preprocessing) -> None:
    """Refuse combinations of steps that have no meaning.

    Raises
    ------
    SegbenchError
        If z-scores are to be stored as integers or fed to CLAHE or gamma.
    """
    if recipe.normalise != "zscore":
        return
    clashes = [
        key
        for key, clash in (
            ("clahe", recipe.clahe is not None),
            ("gamma", recipe.gamma is not None),
            (f"dtype: {recipe.dtype}", recipe.dtype != "float32"),
        )
        if clash
    ]
    if clashes:
        raise SegbenchError(
            f"preprocessing recipe: normalise: zscore together with {', '.join(clashes)}",
            "dtype: float32, no clahe and no gamma: they are defined on 0...1",
            "set `normalise: minmax` or switch these steps off",
        )


def prepare(
    image: np.ndarray, label: np.ndarray, recipe: Preprocessing
) -> tuple[np.ndarray, np.ndarray]:
    """Apply channels, resize, invert, normalise, CLAHE, gamma and quantise, in this order.

    Parameters
    ----------
    image : ndarray, (y, x) or (y, x, channel)
        As published, any real dtype.
    label : ndarray of integers, (y, x)
    recipe : Preprocessing

    Returns
    -------
    image : ndarray of `recipe.dtype`, (y, x, channel)
        Times `image_scale(recipe.dtype)` it is 0...1 (or z-scores).
    label : ndarray, (y, x)
        Same dtype, same size as the image.

    Raises
    ------
    SegbenchError
        If the two differ in size, or a step cannot be applied.

    Examples
    --------
    >>> from segbench.config.preprocessing import Preprocessing, Size
    >>> recipe = Preprocessing(resize=Size(height=2, width=2))
    >>> image, label = prepare(np.eye(4), np.eye(4, dtype=np.uint8), recipe)
    >>> image.shape, image.dtype.name, label.tolist()
    ((2, 2, 1), 'uint8', [[1, 0], [0, 1]])
    """
    check(recipe)
    if label.ndim != 2 or image.shape[:2] != label.shape:
        raise SegbenchError(
            f"the image is {image.shape} and its label {label.shape}",
            "equal heights and widths",
            "check that image and mask belong together",
        )
    if 0 in label.shape:
        raise SegbenchError(
            f"the image has no pixels: {image.shape}", "an image", "remove or replace the file"
        )
    for step in STEPS:
        image = step(image, recipe)
    if recipe.resize is not None:
        label = resize_label(label, (recipe.resize.height, recipe.resize.width))
    return image, label
