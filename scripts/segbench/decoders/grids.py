"""Where the pixels of two files lie: compared, and a mask brought to its image's grid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from segbench.decoders.affines import spacing_from
from segbench.decoders.decoder import Decoded, Header
from segbench.decoders.faults import warn_once
from segbench.errors import SegbenchError

#: How far the corners of two grids may lie apart, in voxels of the image, where they count as one
#: grid. Headers hold float32 and rounded numbers; a mask has no finer place than its voxels.
TOLERANCE = 0.1


def align(part: Decoded, path: Path, image: Header, image_path: Path) -> np.ndarray:
    """Bring a mask, or a channel, to the grid of its image.

    Grids are compared as far as both files say where they lie: sizes, voxel sizes, affines. Of a
    file that gives two places, one must fit: programs differ in which they take.
    Mirrored and permuted axes are put in the image's order, and a partial segmentation
    (`Header.partial`) is put in its place; both move whole voxels only. The log tells of moved
    axes, once a file.

    Parameters
    ----------
    part : Decoded
        The mask or channel.
    path : Path
        Its file, for messages.
    image : Header
        Of the image; of an image in several files, of its first channel.
    image_path : Path
        The image, for messages.

    Returns
    -------
    ndarray
        The pixels of `part` with the spatial axes of `image`; channels stay last.

    Raises
    ------
    SegbenchError
        The grids differ otherwise: in size, voxel size, angle or place; the error says in what.
    """
    pixels, size = part.pixels, _three(image.size)
    if part.header.partial and part.header.affine is None and not pixels.any():
        # A segmentation of nothing does not say where.
        return np.zeros(image.size + pixels.shape[len(part.header.size) :], pixels.dtype)
    volume = pixels.reshape(_three(part.header.size) + pixels.shape[len(part.header.size) :])
    mine, theirs = _places(part.header), _places(image)
    if not mine or not theirs:
        _check_unplaced(part.header, path, image, image_path)
        return volume.reshape(image.size + volume.shape[3:])
    moves = [_Move.between(one, volume.shape[:3], other) for one in mine for other in theirs]
    move = next((one for one in moves if one.fits(size, part.header.partial)), None)
    if move is None:
        raise _elsewhere(part.header, path, image, image_path)
    if move.what:
        warn_once(f"{path}: {move.what}; its voxels are put in the order of {image_path}")
    volume = move.turned(volume)
    if part.header.partial:
        volume = _embedded(volume, move.low, size, path, image_path)
    return volume.reshape(image.size + volume.shape[3:])


@dataclass(frozen=True)
class _Move:
    """How the voxels of a grid lie in another one, to the nearest whole voxels.

    Attributes
    ----------
    size : tuple of int
        Of the grid.
    order : tuple of int
        For each axis (z, y, x) of the other grid, the axis of this one along it.
    mirrored : tuple of bool
        For each axis of the other grid, whether this one runs against it.
    low : tuple of int
        Voxel of the other grid in which this one begins, once turned.
    error : float
        How far the corners lie from there, in voxels of the other grid; inf: no axis is along.
    what : str
        What was moved, for the log; empty: nothing.
    """

    size: tuple[int, ...]
    order: tuple[int, ...]
    mirrored: tuple[bool, ...]
    low: tuple[int, ...]
    error: float
    what: str

    @staticmethod
    def between(affine: np.ndarray, size: tuple[int, ...], other: np.ndarray) -> _Move:
        """From the affines of both (x, y, z, 1) and the size (z, y, x) of the first."""
        step = np.linalg.solve(other, affine)
        turn, start = step[2::-1, 2::-1], step[2::-1, 3]  # (z, y, x)
        sides = np.array(size) - 1
        # An axis of one voxel has no direction: it takes the place that is left.
        long = [axis for axis in range(3) if sides[axis]]
        rows = [int(np.argmax(np.abs(turn[:, axis]))) for axis in long]
        if len(set(rows)) < len(rows):
            return _Move(size, (0, 1, 2), (False,) * 3, (0, 0, 0), np.inf, "")
        left = [row for row in range(3) if row not in rows]
        place = dict(zip(rows, long, strict=True))
        place |= dict(zip(left, (axis for axis in range(3) if axis not in long), strict=True))
        order = tuple(place[row] for row in range(3))
        signs = [-1 if row in rows and turn[row, place[row]] < 0 else 1 for row in range(3)]
        whole = np.zeros((3, 3))
        whole[range(3), order] = signs
        first = np.rint(start)
        corners = sides[:, None] * np.array(list(product((0, 1), repeat=3))).T
        error = np.abs((turn - whole) @ corners + (start - first)[:, None]).max()
        low = tuple(
            int(first[row] - (sides[order[row]] if signs[row] < 0 else 0)) for row in range(3)
        )
        mirrored = tuple(sign < 0 for sign in signs)
        along = ", ".join("zyx"[order.index(axis)] for axis in range(3))
        told = [f"its axes z, y, x run along the image's {along}"] if order != (0, 1, 2) else []
        names = " and ".join("zyx"[row] for row in range(3) if mirrored[row])
        told += [f"it is mirrored along {names}"] if names else []
        return _Move(size, order, mirrored, low, float(error), ", ".join(told))

    def fits(self, size: tuple[int, ...], partial: bool) -> bool:
        """Whether this moves whole voxels only, and to all of a grid of `size` or a part of it."""
        whole = tuple(self.size[axis] for axis in self.order) == size and not any(self.low)
        return self.error <= TOLERANCE and (whole or partial)

    def turned(self, volume: np.ndarray) -> np.ndarray:
        """An array (z, y, x) or (z, y, x, channel) with the axes of the other grid."""
        if not self.what:
            return volume
        volume = volume.transpose(*self.order, *range(3, volume.ndim))
        steps = tuple(slice(None, None, -1 if against else 1) for against in self.mirrored)
        return np.ascontiguousarray(volume[steps])


def _embedded(
    volume: np.ndarray, low: tuple[int, ...], size: tuple[int, ...], path: Path, image: Path
) -> np.ndarray:
    """A part of a grid in the whole of it, the rest 0."""
    inside = [(max(a, 0), min(a + n, m)) for a, n, m in zip(low, volume.shape, size, strict=False)]
    taken = volume[
        tuple(slice(a - b, max(c - b, 0)) for (a, c), b in zip(inside, low, strict=True))
    ]
    if np.count_nonzero(taken) != np.count_nonzero(volume):
        raise SegbenchError(
            f"{path}: a part of the segmentation lies outside {image}",
            "a segmentation of this image",
            "pair each image with its own segmentation; or export the segmentation again with "
            "this image as its reference",
        )
    whole = np.zeros(size + volume.shape[3:], volume.dtype)
    if taken.size:
        whole[tuple(slice(a, c) for a, c in inside)] = taken
    return whole


def _check_unplaced(part: Header, path: Path, image: Header, image_path: Path) -> None:
    """Compare sizes and voxel sizes where one of both does not say where it lies, and tell it."""
    placed = bool(_places(part)), bool(_places(image))
    if _three(part.size) != _three(image.size):
        if part.partial:
            raise SegbenchError(
                f"{path}: covers a part of an image, and {image_path} does not say where it lies",
                "an image with origin, voxel size and axes; or a segmentation of all of it",
                "export the segmentation as a label map with the image as its reference (in 3D "
                "Slicer: Segmentations, Export to labelmap), or use the image that was annotated",
            )
        unit = "pixels" if len(image.size) == 2 else "voxels"
        check_size(path, part.size, image.size, image_path, unit)
    _check_spacing(part, path, image, image_path)
    if len(image.size) == 3 and any(placed):
        silent, other = (image_path, path) if placed[0] else (path, image_path)
        warn_once(
            f"{silent}: does not say where its voxels lie; they are paired with those of {other} "
            "as both are stored"
        )


def _check_spacing(part: Header, path: Path, image: Header, image_path: Path) -> None:
    """Compare voxel sizes where no place is said."""
    if part.spacing_mm is None or image.spacing_mm is None:
        return
    axes = min(len(part.spacing_mm), len(image.spacing_mm))
    ratio = np.divide(part.spacing_mm[-axes:], image.spacing_mm[-axes:])
    if (np.abs(ratio - 1) * image.size[-axes:] <= TOLERANCE).all():
        return
    if len(image.size) == 2:
        # The resolution of a picture is often left over from a printer or a screen.
        warn_once(
            f"{path}: says that its pixels are {_numbers(part.spacing_mm)} mm, and {image_path} "
            f"{_numbers(image.spacing_mm)} mm; they are paired as both are equally large"
        )
        return
    raise _elsewhere(part, path, image, image_path)


def _elsewhere(part: Header, path: Path, image: Header, image_path: Path) -> SegbenchError:
    return SegbenchError(
        f"{path}: its voxels do not lie where those of {image_path} do: "
        + "; ".join(_differences(part, image)),
        "the same grid (mirrored or permuted axes are put in order), within "
        f"{TOLERANCE} of a voxel",
        "resample it onto the image's grid (masks with nearest neighbour), e.g. with "
        "SimpleITK.Resample or antsApplyTransforms; or, if only its header is wrong, copy the "
        "image's header into it",
    )


def _differences(part: Header, image: Header) -> list[str]:
    """What differs between two grids, in the order in which it explains the rest."""
    found = []
    sizes = [_three(one.size) for one in (part, image)]
    if sizes[0] != sizes[1]:
        found.append("{} voxels, not {}".format(*(" x ".join(map(str, one)) for one in sizes)))
    mine, theirs = part.spacing_mm, image.spacing_mm
    if mine and theirs and (len(mine) != len(theirs) or not np.allclose(mine, theirs, 1e-4, 0)):
        found.append(f"voxels of {_numbers(mine)} mm, not {_numbers(theirs)} mm")
    if part.affine is None or image.affine is None:
        return found
    units = [one[:3, :3] / spacing_from(one)[::-1] for one in (part.affine, image.affine)]
    turn = np.linalg.solve(units[1], units[0])
    whole = np.rint(turn) if (np.abs(np.rint(turn)).sum(0) == 1).all() else np.eye(3)
    cosine = (np.trace(turn @ whole.T) - 1) / 2
    if (angle := np.degrees(np.arccos(np.clip(cosine, -1, 1)))) > 0.01:
        found.append(f"turned by {angle:.2f} degrees")
    step = np.linalg.solve(image.affine, part.affine)
    centres = [np.array([*((np.array(one[::-1]) - 1) / 2), 1]) for one in sizes]
    shift = (step @ centres[0] - centres[1])[2::-1]
    if np.abs(shift).max() > 0.01:
        found.append(f"its centre {_numbers(shift)} voxels (z, y, x) from the image's")
    return found or ["its corners differ"]


def _places(header: Header) -> list[np.ndarray]:
    """Where a file says that its voxels lie, the place that counts first."""
    return [one for one in (header.affine, header.other_affine) if one is not None]


def _three(size: tuple[int, ...]) -> tuple[int, ...]:
    """A picture is one slice."""
    return (1,) * (3 - len(size)) + size


def _numbers(values: np.ndarray | tuple[float, ...]) -> str:
    return " x ".join(f"{round(float(value), 4) + 0:.4g}" for value in values)


def check_size(
    where: str | Path,
    found: tuple[int, ...],
    size: tuple[int, ...],
    image: str | Path,
    unit: str = "pixels",
) -> None:
    """Refuse a label, or a channel, of another size than its image.

    Parameters
    ----------
    where : str or Path
        The label, for the error.
    found, size : tuple of int
        Its size and that of the image.
    image : str or Path
        The image, for the error.
    unit : str
        What sizes count.

    Raises
    ------
    SegbenchError
        With both sizes, and whether rows and columns are swapped.
    """
    if found == size:
        return
    swapped = len(size) == 2 and found == size[::-1]
    raise SegbenchError(
        f"{where}: {' x '.join(map(str, found))} {unit}",
        f"{' x '.join(map(str, size))} {unit}, as {image}",
        "rows and columns are swapped: transpose the mask, or save image and mask upright"
        if swapped
        else "fetch the image and its label again; if the label was resized, make it again at the "
        "image's size (resize labels to the nearest pixel only)",
    )
