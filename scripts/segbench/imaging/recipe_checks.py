"""Checks of preprocessing recipes: steps that contradict each other or the samples."""

from __future__ import annotations

from segbench.config.preprocessing import Preprocessing
from segbench.errors import SegbenchError
from segbench.imaging.steps import STEPS


def check(recipe: Preprocessing) -> None:
    """Refuse combinations of steps that have no meaning, whatever the images are.

    Raises
    ------
    SegbenchError
        If z-scores are to be stored as integers or passed to a step that is defined on
        0...1, nothing is normalised within what is not 0, or a step for images meets one
        for volumes.
    """
    clashes = [step.key for step in STEPS if step.unit_only and step.is_on(recipe)]
    if not recipe.dtype.startswith("float"):
        clashes.append(f"dtype: {recipe.dtype}")
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
    images, volumes = _for_images(recipe), _for_volumes(recipe)
    if images and volumes:
        raise SegbenchError(
            f"preprocessing recipe: {', '.join(images)} together with {', '.join(volumes)}",
            f"either steps for images ({', '.join(images)}) or for volumes ({', '.join(volumes)})",
            "switch one or the other off",
        )


def check_kind(recipe: Preprocessing, volume: bool) -> None:
    """Raise a `SegbenchError` if a step for images is asked of volumes, or the reverse."""
    wrong = _for_images(recipe) if volume else _for_volumes(recipe)
    if wrong:
        here, there = ("volumes", "images") if volume else ("images", "volumes")
        raise SegbenchError(
            f"preprocessing recipe: {', '.join(wrong)}, but the samples are {here}",
            f"steps that are defined on {here}; these are for {there}",
            "switch them off, or use a recipe made for this dataset",
        )


def _for_images(recipe: Preprocessing) -> list[str]:
    asked = {
        "resize": recipe.resize is not None,
        **{step.key: step.is_on(recipe) for step in STEPS if step.images_only},
        "neighbours": recipe.neighbours > 0,
        "channels: rgb": recipe.channels == "rgb",
    }
    return [key for key, on in asked.items() if on]


def _for_volumes(recipe: Preprocessing) -> list[str]:
    asked = {
        f"crop: {recipe.crop}": recipe.crop != "none",
        "spacing_mm": recipe.spacing_mm is not None,
    }
    return [key for key, on in asked.items() if on]
