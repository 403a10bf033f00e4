"""Random changes of image and target together, inside the compiled training step.

Two registries hold the knobs: those in `GEOMETRY` move the point at which each pixel is
looked up, so one lookup serves image (bilinear) and target (nearest) and both move alike;
those in `PHOTOMETRY` change the image's values alone. A new knob is one function, registered
under its key in `segbench.config.augmentation.Jitter`.

Randomness is drawn from (seed, knob): the caller's seed names run, epoch and step, and
each knob has a stream of its own, so switching one on does not change what another draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from segbench.augmentation.draw import Draw, per_image, per_sample
from segbench.augmentation.intensity import PHOTOMETRY
from segbench.config.augmentation import Jitter
from segbench.errors import SegbenchError

#: (batch, y, x, 2): where each pixel of the result comes from, in pixels from the centre.
Grid = Any
Change = Callable[[Grid, Draw, Jitter], Grid]


@dataclass(frozen=True)
class Move:
    """What a knob does to the grid.

    Attributes
    ----------
    change : callable
    in_plane : bool
        Can be applied to each slice of a volume.
    exact : bool
        Maps pixels to pixels, without interpolation.
    """

    change: Change
    in_plane: bool
    exact: bool


#: Key of the configuration -> move, in the order in which an image passes them: it is flipped
#: first and distorted last. The grid passes them in reverse.
GEOMETRY: dict[str, Move] = {}


def _move(key: str, *, in_plane: bool = False, exact: bool = False) -> Callable[[Change], Change]:
    """Register the next move of `GEOMETRY`."""

    def register(change: Change) -> Change:
        GEOMETRY[key] = Move(change, in_plane, exact)
        return change

    return register


def _turn(grid: Grid, cosine: Any, sine: Any) -> Grid:
    """Rotate the grid about the centre: the image turns counter-clockwise."""
    y, x = grid[..., 0], grid[..., 1]
    cosine, sine = per_sample(cosine, 3), per_sample(sine, 3)
    return ops.stack([cosine * y + sine * x, cosine * x - sine * y], axis=-1)


@_move("flip_horizontal", in_plane=True, exact=True)
def _flip_horizontal(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    sign = 1.0 - 2.0 * draw.chance(config.flip_horizontal)
    return grid * ops.stack([ops.ones_like(sign), sign], axis=-1)[:, None, None, :]


@_move("flip_vertical", in_plane=True, exact=True)
def _flip_vertical(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    sign = 1.0 - 2.0 * draw.chance(config.flip_vertical)
    return grid * ops.stack([sign, ops.ones_like(sign)], axis=-1)[:, None, None, :]


@_move("rotate90", in_plane=True, exact=True)
def _rotate90(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    """Quarter turns of square images; half turns of others."""
    turns = 1.0 + ops.floor(draw.uniform(0.0, 3.0))
    if grid.shape[1] != grid.shape[2]:
        turns = 2.0 * ops.ones_like(turns)
    turns = turns * draw.chance(config.rotate90)
    even = 1.0 - turns % 2.0
    cosine = even * (1.0 - turns)
    sine = (1.0 - even) * (2.0 - turns)
    return _turn(grid, cosine, sine)


@_move("rotation_degrees", in_plane=True)
def _rotation(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    assert config.rotation_degrees is not None
    degrees = draw.between(config.rotation_degrees, config.probability, 0.0)
    angle = degrees * (math.pi / 180)
    return _turn(grid, ops.cos(angle), ops.sin(angle))


@_move("scale")
def _scale(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    assert config.scale is not None
    low, high = (math.log(x) for x in config.scale)
    return grid * per_sample(ops.exp(-draw.between((low, high), config.probability, 0.0)), 4)


@_move("shift_fraction")
def _shift(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    assert config.shift_fraction is not None
    limits = config.shift_fraction
    chosen = draw.chance(config.probability)
    rows = draw.uniform(*limits) * chosen * grid.shape[1]
    columns = draw.uniform(*limits) * chosen * grid.shape[2]
    # Both are drawn in any case: what is drawn next does not depend on the axes.
    rows = rows * float(config.shift_axes != "horizontal")
    columns = columns * float(config.shift_axes != "vertical")
    return grid - ops.stack([rows, columns], axis=-1)[:, None, None, :]


@_move("elastic_alpha_px")
def _elastic(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    """Smooth displacement; its largest component is drawn from 0 to `elastic_alpha_px`.

    Random vectors on a lattice of `elastic_sigma_px`, spread by a Gaussian of that
    standard deviation.

    References
    ----------
    Simard, Steinkraus, Platt 2003, Best practices for convolutional neural networks
    applied to visual document analysis, ICDAR, doi:10.1109/ICDAR.2003.1227801.
    """
    assert config.elastic_alpha_px is not None
    rows = _spread(grid.shape[1], config.elastic_sigma_px)
    columns = _spread(grid.shape[2], config.elastic_sigma_px)
    lattice = draw.uniform(-1.0, 1.0, (2, rows.shape[1], columns.shape[1]))
    field = ops.matmul(ops.matmul(rows, lattice), np.ascontiguousarray(columns.T))
    field = field / (ops.max(ops.abs(field), axis=(1, 2, 3), keepdims=True) + 1e-6)
    strength = draw.between((0.0, config.elastic_alpha_px), config.probability, 0.0)
    return grid + ops.transpose(field, (0, 2, 3, 1)) * per_sample(strength, 4)


def _spread(length: int, sigma: float) -> np.ndarray:
    """Gaussian weights (length, lattice) that sum to 1 over the lattice."""
    lattice = np.arange(-sigma, length + 2 * sigma, sigma)
    distance = (np.arange(length)[:, None] - lattice) / sigma
    weights: np.ndarray = np.exp(-0.5 * distance**2)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)


def _reflected(position: Any, length: int) -> Any:
    """Fold positions into 0 ... length - 1 by reflection at the image's edges."""
    folded = (position + 0.5) % (2.0 * length)
    folded = ops.minimum(folded, 2.0 * length - folded) - 0.5
    return ops.clip(folded, 0.0, length - 1.0)


def _centred_grid(batch: int, height: int, width: int) -> np.ndarray:
    rows = np.arange(height, dtype=np.float32) - (height - 1) / 2
    columns = np.arange(width, dtype=np.float32) - (width - 1) / 2
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)
    return np.broadcast_to(grid, (batch, height, width, 2))


class _Lookup:
    """Reads (batch, y, x, channel) arrays at the points of a grid.

    Parameters
    ----------
    grid : tensor (batch, y, x, 2)
        Pixels from the centre; points outside are mirrored in.
    """

    def __init__(self, grid: Grid) -> None:
        self.batch, self.height, self.width = grid.shape[:3]
        self.y = _reflected(grid[..., 0] + (self.height - 1) / 2, self.height)
        self.x = _reflected(grid[..., 1] + (self.width - 1) / 2, self.width)
        starts = np.arange(self.batch, dtype=np.int32) * (self.height * self.width)
        self.start = starts[:, None, None]

    def _take(self, array: Any, y: Any, x: Any) -> Any:
        flat = ops.reshape(array, (-1, array.shape[-1]))
        return ops.take(flat, self.start + y * self.width + x, axis=0)

    def nearest(self, array: Any) -> Any:
        """Value of the nearest pixel."""
        y, x = (ops.cast(ops.floor(value + 0.5), "int32") for value in (self.y, self.x))
        return self._take(array, y, x)

    def bilinear(self, array: Any) -> Any:
        """Weighted mean of the four pixels around."""
        top, left = ops.floor(self.y), ops.floor(self.x)
        down, right = (self.y - top)[..., None], (self.x - left)[..., None]
        y0, x0 = ops.cast(top, "int32"), ops.cast(left, "int32")
        y1, x1 = ops.minimum(y0 + 1, self.height - 1), ops.minimum(x0 + 1, self.width - 1)
        above = self._take(array, y0, x0) * (1 - right) + self._take(array, y0, x1) * right
        below = self._take(array, y1, x0) * (1 - right) + self._take(array, y1, x1) * right
        return above * (1 - down) + below * down


def _flip_depth(image: Any, target: Any, draw: Draw, config: Jitter) -> tuple[Any, Any]:
    """Reverse the slices of some volumes."""
    draw.begin("flip_depth")
    chosen = draw.chance(config.flip_depth) > 0
    return tuple(
        ops.where(per_image(chosen, array), ops.flip(array, axis=1), array)
        for array in (image, target)
    )  # type: ignore[return-value]


def _slices_as_channels(volume: Any) -> Any:
    """(batch, z, y, x, c) as (batch, y, x, z * c)."""
    depth, height, width, channels = volume.shape[1:]
    turned = ops.transpose(volume, (0, 2, 3, 1, 4))
    return ops.reshape(turned, (-1, height, width, depth * channels))


def _channels_as_slices(image: Any, depth: int) -> Any:
    """Undo `_slices_as_channels`."""
    height, width, channels = image.shape[1:]
    parted = ops.reshape(image, (-1, height, width, depth, channels // depth))
    return ops.transpose(parted, (0, 3, 1, 2, 4))


def check_volumes(config: Jitter) -> None:
    """Raise a `SegbenchError` if a knob is set that works on images only."""
    wrong = [n for n, move in GEOMETRY.items() if getattr(config, n) and not move.in_plane]
    if wrong:
        raise SegbenchError(
            f"jitter.{wrong[0]} on volumes",
            "flips, rotate90 and rotation_degrees (about the z axis), and changes of intensity",
            f"remove {' and '.join(wrong)} from the augmentation recipe",
        )


def _apply_moves(
    config: Jitter, image: Any, target: Any, draw: Draw, moves: Sequence[str]
) -> tuple[Any, Any]:
    """Move image (batch, y, x, channel) and target alike; the class of a whole image stays."""
    grid = ops.convert_to_tensor(_centred_grid(draw.batch, *image.shape[1:3]))
    for name in reversed(moves):
        draw.begin(name)
        grid = GEOMETRY[name].change(grid, draw, config)
    lookup = _Lookup(grid)
    if len(target.shape) == len(image.shape):
        target = lookup.nearest(target)
    exact = all(GEOMETRY[name].exact for name in moves)
    image = lookup.nearest(image) if exact else lookup.bilinear(image)
    return image, target


def jitter(config: Jitter, image: Any, target: Any, draw: Draw) -> tuple[Any, Any]:
    """Change a batch at random.

    Parameters
    ----------
    config : Jitter
        Which knobs, and how far.
    image : tensor (batch, y, x, channel) or (batch, z, y, x, channel), float32
        Values; `noise_sd` and `brightness` are in their unit (1 is the full range of an
        image stretched to 0...1). Results are not clipped. The slices of a volume are
        turned and flipped alike.
    target : tensor (batch, ..., map), any dtype
        Follows the image by nearest neighbour; of whole images (batch, 1): stays.
    draw : Draw
        The random numbers.

    Returns
    -------
    tuple of tensor
        Image and target of the same shapes and dtypes.

    Raises
    ------
    SegbenchError
        If the samples are volumes and a knob has no meaning for them.
    """
    moves = [name for name in GEOMETRY if getattr(config, name)]
    if len(image.shape) == 5:
        check_volumes(config)
        depth = image.shape[1]
        if config.flip_depth:
            image, target = _flip_depth(image, target, draw, config)
        if moves:
            flat = _slices_as_channels(image), _slices_as_channels(target)
            moved = _apply_moves(config, *flat, draw, moves)
            image, target = (_channels_as_slices(array, depth) for array in moved)
    elif moves:
        image, target = _apply_moves(config, image, target, draw, moves)
    for name, change in PHOTOMETRY.items():
        if getattr(config, name):
            draw.begin(name)
            image = change(image, draw, config)
    return image, target
