"""Preprocessing recipes whose steps have no meaning, together or for what is at hand."""

from __future__ import annotations

from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError


def check(recipe: Preprocessing) -> None:
    """Refuse combinations of steps that have no meaning, whatever the images are.

    Raises
    ------
    SegbenchError
        If z-scores are to be stored as integers or fed to CLAHE or gamma, nothing is
        normalised within what is not 0, or a step of images meets one of volumes.
    """
    clashes = [
        key
        for key, clash in (
            ("clahe", recipe.clahe is not None),
            ("gamma", recipe.gamma is not None),
            (f"dtype: {recipe.dtype}", not recipe.dtype.startswith("float")),
        )
        if clash
    ]
    if recipe.normalise == "zscore" and clashes:
        raise SegbenchError(
            f"preprocessing recipe: normalise: zscore together with {', '.join(clashes)}",
            "dtype: float32 or float16, no clahe and no gamma: they are defined on 0...1",
            "set `normalise: minmax` or switch these steps off",
        )
    if recipe.normalise == "none" and recipe.normalise_within == "nonzero":
        raise SegbenchError(
            "preprocessing recipe: normalise: none together with normalise_within: nonzero",
            "something to do within what is not 0",
            "set `normalise`, or `normalise_within: image`",
        )
    images, volumes = _of_images(recipe), _of_volumes(recipe)
    if images and volumes:
        raise SegbenchError(
            f"preprocessing recipe: {', '.join(images)} together with {', '.join(volumes)}",
            f"either steps of images ({', '.join(images)}) or of volumes ({', '.join(volumes)})",
            "switch one or the other off",
        )


def check_kind(recipe: Preprocessing, volume: bool) -> None:
    """Refuse the steps of images for volumes, and those of volumes for images.

    Raises
    ------
    SegbenchError
        Naming the steps.
    """
    strange = _of_images(recipe) if volume else _of_volumes(recipe)
    if strange:
        here, there = ("volumes", "images") if volume else ("images", "volumes")
        raise SegbenchError(
            f"preprocessing recipe: {', '.join(strange)}, but the samples are {here}",
            f"steps that are defined on {here}; these are for {there}",
            "switch them off, or use a recipe made for this dataset",
        )


def _of_images(recipe: Preprocessing) -> list[str]:
    switched = {
        "resize": recipe.resize is not None,
        "clahe": recipe.clahe is not None,
        "neighbours": recipe.neighbours > 0,
        "channels: rgb": recipe.channels == "rgb",
    }
    return [key for key, on in switched.items() if on]


def _of_volumes(recipe: Preprocessing) -> list[str]:
    switched = {
        f"crop: {recipe.crop}": recipe.crop != "none",
        "spacing_mm": recipe.spacing_mm is not None,
    }
    return [key for key, on in switched.items() if on]
