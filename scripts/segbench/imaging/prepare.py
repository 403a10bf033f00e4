"""One image and its label through all steps of a recipe, in the published order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.imaging.channels import to_channels
from segbench.imaging.clahe import clahe
from segbench.imaging.cropping import Box, nonzero_box, window
from segbench.imaging.gamma import apply_gamma
from segbench.imaging.invert import invert_bright
from segbench.imaging.normalise import normalise
from segbench.imaging.quantise import quantise
from segbench.imaging.recipe_checks import check, check_kind
from segbench.imaging.resampling import resize_image, resize_label
from segbench.imaging.unit_range import finite
from segbench.imaging.volume_resampling import resample_label, resample_volume, resampled_size


@dataclass(frozen=True)
class Prepared:
    """A sample as the network sees it, and what the way back needs.

    Attributes
    ----------
    image : ndarray, (y, x, channel) or (z, y, x, channel)
    label : ndarray
        As large as the image, or (1,).
    size : tuple of int
        Of the raw image: (y, x) or (z, y, x).
    crop : tuple of (int, int) or None
        The box of the raw volume that was cut out.
    """

    image: np.ndarray
    label: np.ndarray
    size: tuple[int, ...]
    crop: Box | None = None


Step = Callable[[np.ndarray, Preprocessing], np.ndarray]


def _pixels(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    """Channels and size in one pass over the raw pixels; volumes have their size already."""
    image = finite(image)
    convert = partial(to_channels, channels=recipe.channels)
    if recipe.resize is None:
        return convert(image)
    size = (recipe.resize.height, recipe.resize.width)
    return resize_image(image, size, recipe.interpolation, recipe.antialias, convert)


def _invert(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    return invert_bright(image) if recipe.invert == "bright_background" else image


def _normalise(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    return normalise(image, recipe.normalise, recipe.normalise_within)


def _clahe(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    step = recipe.clahe
    if step is None:
        return image
    if image.shape[2] not in (1, 3):
        raise SegbenchError(
            f"preprocessing step clahe: the image has {image.shape[2]} channels",
            "one channel, or the three of a colour",
            "set `channels: grey` or `rgb`, or `clahe: null`, in the preprocessing recipe",
        )
    return clahe(image, step.tiles, step.bins, step.clip_limit)


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


def prepare(
    image: np.ndarray, label: np.ndarray, recipe: Preprocessing
) -> tuple[np.ndarray, np.ndarray]:
    """Apply channels, resize, invert, normalise, CLAHE, gamma and quantise, in this order.

    Parameters
    ----------
    image : ndarray, (y, x) or (y, x, channel)
        As published, any real dtype.
    label : ndarray of integers, (y, x), (y, x, class) or (1,)
        Of whole images, (1,), nothing is changed.
    recipe : Preprocessing

    Returns
    -------
    image : ndarray of `recipe.dtype`, (y, x, channel)
        Times `image_scale(recipe.dtype)` it is 0...1 (or z-scores).
    label : ndarray, (y, x), (y, x, class) or (1,)
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
    return prepare_image(image, recipe), prepare_label(label, image.shape, recipe)


def prepare_image(image: np.ndarray, recipe: Preprocessing) -> np.ndarray:
    """Apply the steps of `prepare` to an image alone.

    Parameters
    ----------
    image : ndarray, (y, x) or (y, x, channel)
    recipe : Preprocessing

    Returns
    -------
    ndarray of `recipe.dtype`, (y, x, channel)
    """
    check(recipe)
    check_kind(recipe, volume=False)
    _refuse_empty(image)
    for step in STEPS:
        image = step(image, recipe)
    return image


def prepare_label(
    label: np.ndarray, image_shape: tuple[int, ...], recipe: Preprocessing
) -> np.ndarray:
    """Do to a label what `prepare_image` does to its image.

    Parameters
    ----------
    label : ndarray of integers, (y, x), (y, x, class) or (1,)
    image_shape : tuple of int
        Of the image before any step; it must be the label's.
    recipe : Preprocessing
    """
    if label.ndim == 1:
        return label
    if label.ndim not in (2, 3) or image_shape[:2] != label.shape[:2]:
        raise _differ(image_shape, label.shape)
    if recipe.resize is None:
        return label
    return resize_label(label, (recipe.resize.height, recipe.resize.width))


def prepare_sample(
    image: np.ndarray,
    label: np.ndarray,
    recipe: Preprocessing,
    spacing_mm: tuple[float, ...] | None = None,
) -> Prepared:
    """Prepare an image (y, x, channel) or a volume (z, y, x, channel), as its axes say.

    Parameters and errors are those of `prepare` and `prepare_volume`.
    """
    if image.ndim == 4:
        prepared, moved, crop = prepare_volume(image, label, recipe, spacing_mm)
        return Prepared(prepared, moved, image.shape[:3], crop)
    prepared, moved = prepare(image, label, recipe)
    return Prepared(prepared, moved, image.shape[:2])


def prepare_volume(
    image: np.ndarray,
    label: np.ndarray,
    recipe: Preprocessing,
    spacing_mm: tuple[float, ...] | None = None,
) -> tuple[np.ndarray, np.ndarray, Box | None]:
    """Apply crop, resampling and then the steps of `prepare` to a volume.

    Parameters
    ----------
    image : ndarray, (z, y, x, channel)
        As published, any real dtype.
    label : ndarray of integers, (z, y, x), (z, y, x, class) or (1,)
    recipe : Preprocessing
    spacing_mm : tuple of float, optional
        Voxel depth, height and width; needed if the recipe resamples.

    Returns
    -------
    image : ndarray of `recipe.dtype`, (z, y, x, channel)
    label : ndarray
        As large as the image; same dtype.
    crop : tuple of (int, int) or None
        First and one past the last voxel of the box that was cut out; None: not cut.

    Raises
    ------
    SegbenchError
        If the two differ in size, the spacing is needed and not known, or a step cannot be
        applied.
    """
    check(recipe)
    check_kind(recipe, volume=True)
    whole = label.ndim == 1
    if not whole and (label.ndim not in (3, 4) or image.shape[:3] != label.shape[:3]):
        raise _differ(image.shape, label.shape)
    _refuse_empty(image)
    image, crop = finite(image), None
    if recipe.crop == "nonzero":
        crop = nonzero_box(image)
        image = image[window(crop)]
        label = label if whole else label[window(crop)]
    if recipe.spacing_mm is not None:
        if spacing_mm is None or len(spacing_mm) != 3:
            raise SegbenchError(
                "preprocessing recipe: spacing_mm, but the volume's own spacing is not known",
                "files that say the size of their voxels in three directions",
                "set `spacing_mm: null` in the preprocessing recipe",
            )
        size = resampled_size(image.shape[:3], spacing_mm, recipe.spacing_mm)
        image = resample_volume(image, size, recipe.interpolation, recipe.antialias)
        label = label if whole else resample_label(label, size)
    for step in STEPS:
        image = step(image, recipe)
    return image, np.ascontiguousarray(label), crop


def _differ(image: tuple[int, ...], label: tuple[int, ...]) -> SegbenchError:
    return SegbenchError(
        f"the image is {image} and its label {label}",
        "equal heights and widths, and depths of volumes",
        "check that image and mask belong together",
    )


def _refuse_empty(image: np.ndarray) -> None:
    if 0 in image.shape:
        raise SegbenchError(
            f"the image has no pixels: {image.shape}", "an image", "remove or replace the file"
        )
