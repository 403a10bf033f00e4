"""Batches are made in advance, in order, and errors come through."""

from __future__ import annotations

import threading
import time

import pytest

from segbench.errors import SegbenchError
from segbench.training.prefetch import ahead


def test_order_is_kept():
    assert list(ahead(range(20))) == list(range(20))
    assert list(ahead([])) == []


def test_items_are_made_in_advance_but_not_all():
    made = []

    def items():
        for k in range(10):
            made.append(k)
            yield k

    iterator = ahead(items(), depth=2)
    assert next(iterator) == 0
    deadline = time.monotonic() + 5
    while len(made) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert 3 <= len(made) <= 5
    iterator.close()


def test_errors_come_through():
    def items():
        yield 1
        raise SegbenchError("a.png: damaged", "an image", "replace it")

    iterator = ahead(items())
    assert next(iterator) == 1
    with pytest.raises(SegbenchError, match=r"a\.png"):
        next(iterator)


def test_the_thread_ends_when_the_consumer_does():
    before = threading.active_count()
    iterator = ahead(iter(int, 1))  # endless
    next(iterator)
    iterator.close()
    assert threading.active_count() == before
