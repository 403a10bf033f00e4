"""How the axes of images and labels are named in archives: z, y, x, c(hannel), k (map), s."""

from __future__ import annotations


def image_axes(volume: bool) -> str:
    """Axes of an image.

    Examples
    --------
    >>> image_axes(False), image_axes(True)
    ('yxc', 'zyxc')
    """
    return "zyxc" if volume else "yxc"


def label_axes(task: str, volume: bool) -> str:
    """Axes of a label: overlapping classes have one mask each, whole images one value.

    Parameters
    ----------
    task : {"semantic", "overlapping", "instances", "classification"}
        The dataset's `label_task`.

    Examples
    --------
    >>> label_axes("semantic", True), label_axes("overlapping", False)
    ('zyx', 'yxk')
    >>> label_axes("classification", False)
    's'
    """
    if task == "classification":
        return "s"
    return ("zyx" if volume else "yx") + ("k" if task == "overlapping" else "")


def spatial(task: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The part of a label's shape that says how large the sample is; whole images: none.

    Examples
    --------
    >>> spatial("overlapping", (155, 240, 240, 3)), spatial("classification", (1,))
    ((155, 240, 240), ())
    """
    if task == "classification":
        return ()
    return shape[:-1] if task == "overlapping" else shape
