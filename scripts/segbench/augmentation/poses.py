"""The poses of a sample: quarter turns, flips and shifts, exact to the pixel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import floor
from typing import Literal

import numpy as np

from segbench.config.augmentation import Amplification
from segbench.errors import SegbenchError

Fill = Literal["wrap", "reflect", "zero"]

#: What enters at the border -> NumPy's name for it.
_PADDING: dict[Fill, Literal["wrap", "symmetric", "constant"]] = {
    "wrap": "wrap",
    "reflect": "symmetric",
    "zero": "constant",
}


@dataclass(frozen=True)
class Pose:
    """What is done to a sample, in this order: turn, flip, shift.

    Attributes
    ----------
    rotation : {0, 90, 180, 270}
        Degrees, counter-clockwise.
    flip : {"none", "horizontal", "vertical"}
        Left and right exchanged, or top and bottom.
    dx, dy : float
        Shift to the right and downwards, as fractions of the turned width and height.
    """

    rotation: int = 0
    flip: Literal["none", "horizontal", "vertical"] = "none"
    dx: float = 0.0
    dy: float = 0.0

    @property
    def name(self) -> str:
        """The pose as a part of a sample's id.

        Examples
        --------
        >>> Pose(90, "horizontal", dx=3 / 8).name, Pose(0, "none", dy=0.1).name
        ('r090-fh-x3of8', 'r000-fn-y1of10')
        """
        shift = "".join(
            f"-{axis}{part.numerator}of{part.denominator}"
            for axis, part in (("x", _part(self.dx)), ("y", _part(self.dy)))
            if part
        )
        return f"r{self.rotation:03d}-f{self.flip[0]}{shift}"

    def record(self) -> dict[str, int | float | str]:
        """Give the pose as plain values for an archive's record."""
        return asdict(self)


def _part(fraction: float) -> Fraction:
    return Fraction(fraction).limit_denominator(1000)


def poses(recipe: Amplification) -> list[Pose]:
    """List all poses of a recipe: the original, then rotations x flips x shifts.

    Parameters
    ----------
    recipe : Amplification
        Horizontal and vertical shifts are taken one at a time, so the kidney protocol's
        4 rotations, 2 flips and 7 + 7 shifts give 1 + 4 * 2 * 14 = 113 poses.

    Returns
    -------
    list of Pose
        `recipe.copies` poses with different names; the original is the first.

    Raises
    ------
    SegbenchError
        If the number is not `recipe.copies`, or a pose occurs twice.

    Examples
    --------
    >>> len(poses(Amplification()))
    113
    """
    result = [Pose(), *_product(recipe)]
    if len(result) != recipe.copies:
        raise SegbenchError(
            f"amplification: rotations x flips x shifts give {len(result)} copies",
            f"copies: {recipe.copies}",
            f"set `copies: {len(result)}`, or change the rotations, flips or shifts",
        )
    if len({pose.name for pose in result}) != len(result):
        raise SegbenchError(
            "amplification: a pose occurs twice",
            "different rotations, flips and shifts, none of the shifts 0",
            "remove the repeated values",
        )
    return result


def _product(recipe: Amplification) -> Iterator[Pose]:
    for rotation in recipe.rotations_degrees:
        for flip in recipe.flips:
            yield from (Pose(rotation, flip, dx=dx) for dx in recipe.horizontal_shifts)
            yield from (Pose(rotation, flip, dy=dy) for dy in recipe.vertical_shifts)


def apply_pose(array: np.ndarray, pose: Pose, fill: Fill) -> np.ndarray:
    """Put an image or a label into a pose, without interpolation.

    Parameters
    ----------
    array : ndarray, (y, x) or (y, x, channel), any dtype
    pose : Pose
        Shifts are rounded to whole pixels, halves up: floor(fraction * side + 1/2).
    fill : {"wrap", "reflect", "zero"}
        What enters at the border: the opposite side, the mirror image (the border pixel
        is repeated, as "symmetric" in NumPy), or 0.

    Returns
    -------
    ndarray
        A new contiguous array of the same dtype. 90 and 270 degrees exchange height and
        width.

    Notes
    -----
    The mirror image of a numbered object carries the object's number, and "wrap" may cut
    an object in two: image and label stay pixel for pixel what they were.

    Examples
    --------
    >>> apply_pose(np.array([[1, 2, 3, 4]]), Pose(dx=0.25), "reflect").tolist()
    [[1, 1, 2, 3]]
    >>> apply_pose(np.array([[1, 2, 3, 4]]), Pose(90), "zero").tolist()
    [[4], [3], [2], [1]]
    """
    turned = np.rot90(array, pose.rotation // 90)
    if pose.flip == "horizontal":
        turned = turned[:, ::-1]
    elif pose.flip == "vertical":
        turned = turned[::-1]
    sides = turned.shape[:2]
    shifts = [floor(f * side + 0.5) for f, side in zip((pose.dy, pose.dx), sides, strict=True)]
    before = [(shift, 0) for shift in shifts] + [(0, 0)] * (turned.ndim - 2)
    moved = np.pad(turned, before, mode=_PADDING[fill])
    return np.ascontiguousarray(moved[: sides[0], : sides[1]])
