"""What is drawn depends on seed, epoch and step alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.training import feeding, randomness, samples


def plain(height, width, value=0):
    image = np.full((height, width, 1), value, np.uint8)
    return samples.Sample(image, np.zeros((height, width, 1), np.uint8))


@settings(max_examples=50)
@given(
    count=st.integers(1, 20),
    batch=st.integers(1, 7),
    steps=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_every_sample_equally_often_and_no_short_batch(count, batch, steps, seed):
    feed = feeding.Feed([plain(4, 4, k) for k in range(count)], (4, 4), batch, steps, seed)
    seen = [
        int(value)
        for epoch in range(1, 5)
        for made in feed.epoch(epoch)
        for value in made["image"][:, 0, 0, 0]
    ]
    assert len(seen) == 4 * steps * batch
    for start in range(0, len(seen) - count + 1, count):
        assert sorted(seen[start : start + count]) == list(range(count))


def test_order_differs_between_passes():
    first = randomness.visiting_order(0, 50, 0, 50).tolist()
    second = randomness.visiting_order(0, 50, 50, 50).tolist()
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


def test_step_seeds_are_distinct_and_small():
    made = {tuple(randomness.step_seed(s, e, k).tolist()) for s in (0, 1) for e in (1, 2)
            for k in range(50)}  # fmt: skip
    assert len(made) == 200
    assert all(0 <= word < 2**30 for pair in made for word in pair)
