"""Names of arms, as pictures and pages print them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segbench.arms import WITHIN_STUDY


def arm_label(names: Mapping[str, object]) -> str:
    """Name an arm.

    Parameters
    ----------
    names : mapping
        ``preprocessing``, ``augmentation``, ``model``, ``seed``; those given are named.

    Examples
    --------
    >>> arm_label({"preprocessing": "em-128", "augmentation": "none", "model": "unet", "seed": 0})
    'em-128 · none · unet · seed 0'
    """
    keys = [key for key in WITHIN_STUDY if key in names]
    return " · ".join(f"seed {names[key]}" if key == "seed" else str(names[key]) for key in keys)


def arm_labels(arms: Sequence[Mapping[str, object]]) -> list[str]:
    """Name some arms, without the names that all of them share.

    Parameters
    ----------
    arms : sequence of mapping
        See `arm_label`; all have the same keys. An arm may occur more than once.

    Examples
    --------
    >>> arm_labels([{"preprocessing": "128", "model": "unet"},
    ...             {"preprocessing": "256", "model": "unet"}])
    ['128', '256']
    """
    keys = [key for key in WITHIN_STUDY if arms and key in arms[0]]
    varying = [key for key in keys if len({str(names[key]) for names in arms}) > 1] or keys
    return [arm_label({key: names[key] for key in varying}) for names in arms]
