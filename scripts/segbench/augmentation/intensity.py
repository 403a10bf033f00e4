"""Jitter of intensities: random changes of the values of images and volumes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras import ops

from segbench.augmentation.draw import Draw, per_image
from segbench.config.augmentation import Jitter

Change = Callable[[Any, Draw, Jitter], Any]

#: Key of the configuration -> what it does to the image, in the order of application.
PHOTOMETRY: dict[str, Change] = {}


def _knob(key: str) -> Callable[[Change], Change]:
    """Register the next change of `PHOTOMETRY`."""
    return lambda change: PHOTOMETRY.setdefault(key, change)


def _of_sample(image: Any) -> tuple[int, ...]:
    """All axes but the first."""
    return tuple(range(1, len(image.shape)))


@_knob("blur_px")
def _blur(image: Any, draw: Draw, config: Jitter) -> Any:
    """Mean over a square or cube of 1 to `blur_px` pixels, centred even if its side is even.

    A square of even side covers its outermost pixels by half, so nothing is shifted
    against the target.
    """
    assert config.blur_px is not None
    reach = config.blur_px // 2
    side = 1.0 + ops.floor(draw.uniform(0.0, float(config.blur_px)))
    side = ops.where(draw.uniform() < config.probability, side, 1.0)
    rank = len(image.shape)
    for axis in range(1, rank - 1):
        length = image.shape[axis]
        padding = [(0, 0)] * rank
        padding[axis] = (reach, reach)
        padded = ops.pad(image, padding, mode="symmetric")
        total: Any = 0.0
        for offset in range(-reach, reach + 1):
            share = ops.clip(side / 2 - abs(offset) + 0.5, 0.0, 1.0) / side
            window = [slice(None)] * rank
            window[axis] = slice(offset + reach, offset + reach + length)
            total = total + padded[tuple(window)] * per_image(share, image)
        image = total
    return image


@_knob("gamma")
def _gamma(image: Any, draw: Draw, config: Jitter) -> Any:
    """Raise the values, scaled to 0...1 between each sample's extremes, to a power."""
    assert config.gamma is not None
    low, high = (math.log(x) for x in config.gamma)
    power = ops.exp(draw.between((low, high), config.probability, 0.0))
    darkest = ops.min(image, axis=_of_sample(image), keepdims=True)
    span = ops.max(image, axis=_of_sample(image), keepdims=True) - darkest
    unit = ops.maximum((image - darkest) / (span + 1e-7), 1e-7)
    return unit ** per_image(power, image) * span + darkest


@_knob("contrast")
def _contrast(image: Any, draw: Draw, config: Jitter) -> Any:
    assert config.contrast is not None
    factor = per_image(draw.between(config.contrast, config.probability, 1.0), image)
    mean = ops.mean(image, axis=_of_sample(image), keepdims=True)
    return (image - mean) * factor + mean


@_knob("brightness")
def _brightness(image: Any, draw: Draw, config: Jitter) -> Any:
    assert config.brightness is not None
    limits = (-config.brightness, config.brightness)
    return image + per_image(draw.between(limits, config.probability, 0.0), image)


@_knob("noise_sd")
def _noise(image: Any, draw: Draw, config: Jitter) -> Any:
    assert config.noise_sd is not None
    deviation = draw.between((0.0, config.noise_sd), config.probability, 0.0)
    return image + draw.normal(image.shape[1:]) * per_image(deviation, image)
