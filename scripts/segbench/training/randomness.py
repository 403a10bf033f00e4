"""All randomness of a training, from (seed, purpose, epoch, step). No running state."""

from __future__ import annotations

import numpy as np

#: What a stream is for.
ORDER, CROP, STEP, FOCUS, CANDIDATES = 1, 2, 3, 4, 5


def generator(seed: int, *position: int) -> np.random.Generator:
    """A generator for one position (purpose, epoch, step ...)."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, *position])))


def step_seed(seed: int, epoch: int, step: int) -> np.ndarray:
    """Two numbers below 2**30 that seed what is drawn inside the compiled step, int32 (2,)."""
    words = np.random.SeedSequence([seed, STEP, epoch, step]).generate_state(2)
    return (words >> 2).astype(np.int32)


def visiting_order(seed: int, count: int, first: int, number: int) -> np.ndarray:
    """A stretch of the endless order in which samples are visited.

    Each run of `count` positions from a multiple of `count` on is a permutation, so every sample is
    visited equally often and no batch is ever cut short.
    """
    positions = np.arange(first, first + number)
    passes = positions // count
    result = np.empty(number, np.int64)
    for turn in np.unique(passes):
        here = passes == turn
        order = generator(seed, ORDER, int(turn)).permutation(count)
        result[here] = order[positions[here] % count]
    return result
