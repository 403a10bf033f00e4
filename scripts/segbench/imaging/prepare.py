"""One sample through all steps of a recipe: image and label on the network's grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.imaging.cropping import Box, nonzero_box, window
from segbench.imaging.known_resampling import resample_known
from segbench.imaging.pixel_values import quantise, to_channels
from segbench.imaging.recipe_checks import check, check_kind
from segbench.imaging.remarks import UNKNOWN
from segbench.imaging.resampling import resize_image, resize_label
from segbench.imaging.steps import apply_steps
from segbench.imaging.volume_resampling import resample_volume, resampled_size
from segbench.known_pixels import known_pixels, mark_unknown


@dataclass(frozen=True)
class Prepared:
    """A sample as the network sees it, and what the inverse needs.

    Attributes
    ----------
    image : ndarray of the recipe's dtype, (y, x, channel) or (z, y, x, channel)
        Times `image_scale` of that dtype it is 0...1 (or z-scores).
    label : ndarray
        Same dtype as before; as large as the image, or (1,).
    size : tuple of int
        Of the raw image: (y, x) or (z, y, x).
    crop : tuple of (int, int) or None
        The box of the raw volume that was kept.
    """

    image: np.ndarray
    label: np.ndarray
    size: tuple[int, ...]
    crop: Box | None = None


def prepare_sample(
    image: np.ndarray,
    label: np.ndarray,
    recipe: Preprocessing,
    spacing_mm: tuple[float, ...] | None = None,
    remarks: set[str] | None = None,
) -> Prepared:
    """Crop, resample or resize image and label, then change the image's intensities.

    Parameters
    ----------
    image : ndarray, (y, x), (y, x, channel) or (z, y, x, channel)
        As published, any real dtype.
    label : ndarray of integers, (y, x), (z, y, x), either with an axis of classes, or (1,)
        Labels of whole images, (1,), are not changed.
    spacing_mm : tuple of float, optional
        Voxel depth, height and width; needed if the recipe resamples.
    remarks : set of str, optional
        Gets remarks on the image, see `segbench.imaging.remarks`.

    Raises
    ------
    SegbenchError
        If the two differ in size, the spacing is needed and not known, or a step cannot be
        applied.

    Examples
    --------
    >>> from segbench.config.preprocessing import Preprocessing, Size
    >>> recipe = Preprocessing(resize=Size(height=2, width=2))
    >>> found = prepare_sample(np.eye(4), np.eye(4, dtype=np.uint8), recipe)
    >>> found.image.shape, found.image.dtype.name, found.label.tolist()
    ((2, 2, 1), 'uint8', [[1, 0], [0, 1]])
    """
    if image.ndim != 4:
        prepared = prepare_image(image, recipe, remarks)
        return Prepared(prepared, prepare_label(label, image.shape, recipe), image.shape[:2])
    _check_image(image, recipe)
    _check_label(image.shape[:3], label)
    size, crop = image.shape[:3], None
    image = marked(image, remarks)
    if recipe.crop == "nonzero":
        crop = nonzero_box(image)
        image = image[window(crop)]
        label = label if label.ndim == 1 else label[window(crop)]
    if recipe.spacing_mm is not None:
        if spacing_mm is None or len(spacing_mm) != 3:
            raise SegbenchError(
                "preprocessing recipe: spacing_mm, but the volume's own spacing is not known",
                "files that say the size of their voxels in three directions",
                "set `spacing_mm: null` in the preprocessing recipe",
            )
        grid = resampled_size(image.shape[:3], spacing_mm, recipe.spacing_mm)
        change = partial(
            resample_volume,
            size=grid,
            interpolation=recipe.interpolation,
            antialias=recipe.antialias,
        )
        # What all is known in must not be copied: volumes are large.
        image = change(image) if known_pixels(image) is None else resample_known(image, change)
        label = label if label.ndim == 1 else resize_label(label, grid)
    image = apply_steps(to_channels(image, recipe.channels), recipe, remarks)
    return Prepared(quantise(image, recipe.dtype), np.ascontiguousarray(label), size, crop)


def prepare_image(
    image: np.ndarray, recipe: Preprocessing, remarks: set[str] | None = None
) -> np.ndarray:
    """Do to an image (y, x) or (y, x, channel) what `prepare_sample` does."""
    _check_image(image, recipe)
    image = marked(image, remarks)
    convert = partial(to_channels, channels=recipe.channels)
    if recipe.resize is None:
        image = convert(image)
    else:
        change = partial(
            resize_image,
            size=(recipe.resize.height, recipe.resize.width),
            interpolation=recipe.interpolation,
            antialias=recipe.antialias,
        )
        all_known = known_pixels(image) is None
        # Converted band by band where that is possible: the floats never exist as a whole.
        image = (
            change(image, convert=convert) if all_known else resample_known(convert(image), change)
        )
    return quantise(apply_steps(image, recipe, remarks), recipe.dtype)


def marked(image: np.ndarray, remarks: set[str] | None) -> np.ndarray:
    """The image with NaN for all pixels without a value, on which there is a remark."""
    image = mark_unknown(image)
    if remarks is not None and known_pixels(image) is not None:
        remarks.add(UNKNOWN)
    return image


def prepare_label(
    label: np.ndarray, image_shape: tuple[int, ...], recipe: Preprocessing
) -> np.ndarray:
    """Do to the label of an image, whose raw shape is given, what `prepare_sample` does."""
    _check_label(image_shape[:2], label)
    if label.ndim == 1 or recipe.resize is None:
        return label
    return resize_label(label, (recipe.resize.height, recipe.resize.width))


def _check_image(image: np.ndarray, recipe: Preprocessing) -> None:
    check(recipe)
    check_kind(recipe, volume=image.ndim == 4)
    if 0 in image.shape:
        raise SegbenchError(
            f"the image has no pixels: {image.shape}", "an image", "remove or replace the file"
        )


def _check_label(size: tuple[int, ...], label: np.ndarray) -> None:
    """Refuse a label of another size; one axis more is that of the classes."""
    if label.ndim == 1:
        return
    if label.ndim - len(size) not in (0, 1) or label.shape[: len(size)] != size:
        raise SegbenchError(
            f"the image is {size} and its label {label.shape}",
            "equal heights and widths, and depths of volumes",
            "check that image and mask belong together",
        )
