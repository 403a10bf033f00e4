"""Random numbers of the jitter, one stream for each knob."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


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
    parts : int, optional
        Of a batch that several devices share evenly: how many they are.
    part : int or tensor (), optional
        Which of them these samples are. What is drawn is drawn for the samples of all parts
        and these rows are taken, so that a sample's numbers do not depend on `parts`.
    """

    def __init__(
        self,
        generator: keras.random.SeedGenerator,
        seed: Any,
        batch: int,
        parts: int = 1,
        part: Any = 0,
    ) -> None:
        self.generator = generator
        self.seed = ops.cast(ops.convert_to_tensor(seed), generator.state.dtype)
        self.batch = batch
        self.parts, self.part = parts, part

    def _rows(self, values: Any) -> Any:
        """The rows of this device among those of all devices."""
        return values if self.parts == 1 else rows_of(values, self.part, self.batch)

    def begin(self, knob: str) -> None:
        """Start the stream of a knob."""
        stream = ops.convert_to_tensor(
            np.array([zlib.crc32(knob.encode()) >> 2, 0]), self.generator.state.dtype
        )
        self.generator.state.assign(self.seed + stream)

    def uniform(self, low: float = 0.0, high: float = 1.0, shape: Sequence[int] = ()) -> Any:
        """Uniform in [low, high), (batch, *shape)."""
        whole = (self.batch * self.parts, *shape)
        return self._rows(keras.random.uniform(whole, low, high, "float32", self.generator))

    def normal(self, shape: Sequence[int] = ()) -> Any:
        """Standard normal, (batch, *shape)."""
        whole = (self.batch * self.parts, *shape)
        return self._rows(keras.random.normal(whole, 0.0, 1.0, "float32", self.generator))

    def chance(self, probability: float) -> Any:
        """1.0 with this probability, else 0.0, (batch,)."""
        return ops.cast(self.uniform() < probability, "float32")

    def between(self, limits: tuple[float, float], probability: float, neutral: float) -> Any:
        """Uniform in a range with this probability, else the neutral value, (batch,)."""
        drawn = self.uniform(*limits)
        return ops.where(self.uniform() < probability, drawn, neutral)


def rows_of(values: Any, part: Any, rows: int) -> Any:
    """Rows of one part of an array that is divided into parts of equal length."""
    return ops.slice(
        values, (part * rows, *(0,) * (len(values.shape) - 1)), (rows, *values.shape[1:])
    )


def per_sample(values: Any, rank: int) -> Any:
    """One number per sample, as an array with some axes."""
    return ops.reshape(values, (-1,) + (1,) * (rank - 1))


def per_image(values: Any, image: Any) -> Any:
    """One number per sample, broadcast over its pixels and channels."""
    return per_sample(values, len(image.shape))
