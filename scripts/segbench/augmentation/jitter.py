"""Random changes of image and target together, inside the compiled training step.

Two tables say what there is: `GEOMETRY` moves the point at which each pixel is looked
up, so one lookup serves image (bilinear) and target (nearest) and the two cannot part;
`PHOTOMETRY` changes the image's values alone. A new knob is one function in one of the
tables, under the name of its key in `segbench.config.augmentation.Jitter`.

Randomness is drawn from (seed, knob): the caller's seed names run, epoch and step, and
each knob has a stream of its own, so switching one on does not change what another draws.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from segbench.config.augmentation import Jitter

#: (batch, y, x, 2): where each pixel of the result comes from, in pixels from the centre.
Grid = Any


class Draw:
    """Random numbers from a seed that may be a tensor.

    Parameters
    ----------
    generator : keras.random.SeedGenerator
        Lends its variable; whatever state it is in does not matter.
    seed : tensor (2,) or sequence of two int
        Non-negative, below 2**31.
    batch : int
        Samples.
    """

    def __init__(self, generator: keras.random.SeedGenerator, seed: Any, batch: int) -> None:
        self.generator = generator
        self.seed = ops.cast(ops.convert_to_tensor(seed), generator.state.dtype)
        self.batch = batch

    def begin(self, knob: str) -> None:
        """Go to the start of a knob's own stream."""
        stream = ops.convert_to_tensor(
            np.array([zlib.crc32(knob.encode()) >> 2, 0]), self.generator.state.dtype
        )
        self.generator.state.assign(self.seed + stream)

    def uniform(self, low: float = 0.0, high: float = 1.0, shape: Sequence[int] = ()) -> Any:
        """Uniform in [low, high), (batch, *shape)."""
        return keras.random.uniform((self.batch, *shape), low, high, "float32", self.generator)

    def normal(self, shape: Sequence[int] = ()) -> Any:
        """Standard normal, (batch, *shape)."""
        return keras.random.normal((self.batch, *shape), 0.0, 1.0, "float32", self.generator)

    def chance(self, probability: float) -> Any:
        """1.0 with this probability, else 0.0, (batch,)."""
        return ops.cast(self.uniform() < probability, "float32")

    def between(self, limits: tuple[float, float], probability: float, neutral: float) -> Any:
        """Uniform in a range with this probability, else the neutral value, (batch,)."""
        drawn = self.uniform(*limits)
        return ops.where(self.uniform() < probability, drawn, neutral)


def _per_sample(values: Any, rank: int) -> Any:
    return ops.reshape(values, (-1,) + (1,) * (rank - 1))


def _turn(grid: Grid, cosine: Any, sine: Any) -> Grid:
    """Look up at points turned about the centre: the picture turns counter-clockwise."""
    y, x = grid[..., 0], grid[..., 1]
    cosine, sine = _per_sample(cosine, 3), _per_sample(sine, 3)
    return ops.stack([cosine * y + sine * x, cosine * x - sine * y], axis=-1)


def _flip_horizontal(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    sign = 1.0 - 2.0 * draw.chance(config.flip_horizontal)
    return grid * ops.stack([ops.ones_like(sign), sign], axis=-1)[:, None, None, :]


def _flip_vertical(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    sign = 1.0 - 2.0 * draw.chance(config.flip_vertical)
    return grid * ops.stack([sign, ops.ones_like(sign)], axis=-1)[:, None, None, :]


def _rotate90(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    """Quarter turns of square images; of others only the half turn, which fits."""
    turns = 1.0 + ops.floor(draw.uniform(0.0, 3.0))
    if grid.shape[1] != grid.shape[2]:
        turns = 2.0 * ops.ones_like(turns)
    turns = turns * draw.chance(config.rotate90)
    even = 1.0 - turns % 2.0
    cosine = even * (1.0 - turns)
    sine = (1.0 - even) * (2.0 - turns)
    return _turn(grid, cosine, sine)


def _rotation(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    assert config.rotation_degrees is not None
    degrees = draw.between(config.rotation_degrees, config.probability, 0.0)
    angle = degrees * (math.pi / 180)
    return _turn(grid, ops.cos(angle), ops.sin(angle))


def _shift(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    assert config.shift_fraction is not None
    limits = config.shift_fraction
    chosen = draw.chance(config.probability)
    rows = draw.uniform(*limits) * chosen * grid.shape[1]
    columns = draw.uniform(*limits) * chosen * grid.shape[2]
    return grid - ops.stack([rows, columns], axis=-1)[:, None, None, :]


def _scale(grid: Grid, draw: Draw, config: Jitter) -> Grid:
    assert config.scale is not None
    low, high = (math.log(x) for x in config.scale)
    return grid * _per_sample(ops.exp(-draw.between((low, high), config.probability, 0.0)), 4)


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
    return grid + ops.transpose(field, (0, 2, 3, 1)) * _per_sample(strength, 4)


def _spread(length: int, sigma: float) -> np.ndarray:
    """Gaussian weights (length, lattice) that sum to 1 over the lattice."""
    lattice = np.arange(-sigma, length + 2 * sigma, sigma)
    distance = (np.arange(length)[:, None] - lattice) / sigma
    weights: np.ndarray = np.exp(-0.5 * distance**2)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)


def _blur(image: Any, draw: Draw, config: Jitter) -> Any:
    """Mean over a square of 1 to `blur_px` pixels, centred also where the side is even.

    A square of even side covers its outermost pixels by half, so nothing is shifted
    against the target.
    """
    assert config.blur_px is not None
    reach = config.blur_px // 2
    side = 1.0 + ops.floor(draw.uniform(0.0, float(config.blur_px)))
    side = ops.where(draw.uniform() < config.probability, side, 1.0)
    for axis in (1, 2):
        length = image.shape[axis]
        padding = [(0, 0)] * 4
        padding[axis] = (reach, reach)
        padded = ops.pad(image, padding, mode="symmetric")
        total: Any = 0.0
        for offset in range(-reach, reach + 1):
            share = ops.clip(side / 2 - abs(offset) + 0.5, 0.0, 1.0) / side
            window = [slice(None)] * 4
            window[axis] = slice(offset + reach, offset + reach + length)
            total = total + padded[tuple(window)] * _per_sample(share, 4)
        image = total
    return image


def _gamma(image: Any, draw: Draw, config: Jitter) -> Any:
    """Power of the values, scaled to 0...1 between each sample's extremes and back."""
    assert config.gamma is not None
    low, high = (math.log(x) for x in config.gamma)
    power = ops.exp(draw.between((low, high), config.probability, 0.0))
    darkest = ops.min(image, axis=(1, 2, 3), keepdims=True)
    span = ops.max(image, axis=(1, 2, 3), keepdims=True) - darkest
    unit = ops.maximum((image - darkest) / (span + 1e-7), 1e-7)
    return unit ** _per_sample(power, 4) * span + darkest


def _contrast(image: Any, draw: Draw, config: Jitter) -> Any:
    assert config.contrast is not None
    factor = _per_sample(draw.between(config.contrast, config.probability, 1.0), 4)
    mean = ops.mean(image, axis=(1, 2, 3), keepdims=True)
    return (image - mean) * factor + mean


def _brightness(image: Any, draw: Draw, config: Jitter) -> Any:
    assert config.brightness is not None
    limits = (-config.brightness, config.brightness)
    return image + _per_sample(draw.between(limits, config.probability, 0.0), 4)


def _noise(image: Any, draw: Draw, config: Jitter) -> Any:
    assert config.noise_sd is not None
    deviation = draw.between((0.0, config.noise_sd), config.probability, 0.0)
    return image + draw.normal(image.shape[1:]) * _per_sample(deviation, 4)


#: Key of the configuration -> what it does to the grid. The picture passes them upwards:
#: it is flipped first and distorted last.
GEOMETRY: dict[str, Callable[[Grid, Draw, Jitter], Grid]] = {
    "elastic_alpha_px": _elastic,
    "shift_fraction": _shift,
    "scale": _scale,
    "rotation_degrees": _rotation,
    "rotate90": _rotate90,
    "flip_vertical": _flip_vertical,
    "flip_horizontal": _flip_horizontal,
}

#: Those that carry pixels onto pixels, so that nothing is interpolated.
EXACT = frozenset({"rotate90", "flip_vertical", "flip_horizontal"})

#: Key of the configuration -> what it does to the image, in this order.
PHOTOMETRY: dict[str, Callable[[Any, Draw, Jitter], Any]] = {
    "blur_px": _blur,
    "gamma": _gamma,
    "contrast": _contrast,
    "brightness": _brightness,
    "noise_sd": _noise,
}


def _reflected(position: Any, length: int) -> Any:
    """Fold positions into 0 ... length - 1 by mirrors along the image's edges."""
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


def jitter(config: Jitter, image: Any, target: Any, draw: Draw) -> tuple[Any, Any]:
    """Change a batch at random.

    Parameters
    ----------
    config : Jitter
        Which knobs, and how far.
    image : tensor (batch, y, x, channel), float32
        Values; `noise_sd` and `brightness` are in their unit (1 is the full range of an
        image stretched to 0...1). Results are not clipped.
    target : tensor (batch, y, x, map), any dtype
        Follows the image by nearest neighbour.
    draw : Draw
        The random numbers.

    Returns
    -------
    tuple of tensor
        Image and target of the same shapes and dtypes.
    """
    moves = [name for name in GEOMETRY if getattr(config, name)]
    if moves:
        height, width = image.shape[1:3]
        grid = ops.convert_to_tensor(_centred_grid(draw.batch, height, width))
        for name in moves:
            draw.begin(name)
            grid = GEOMETRY[name](grid, draw, config)
        lookup = _Lookup(grid)
        target = lookup.nearest(target)
        image = lookup.nearest(image) if EXACT.issuperset(moves) else lookup.bilinear(image)
    for name, change in PHOTOMETRY.items():
        if getattr(config, name):
            draw.begin(name)
            image = change(image, draw, config)
    return image, target
