"""Threads: order, bounds, errors."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from segbench.parallel import keep_freed_memory, log_progress, ordered_map


@pytest.mark.parametrize("threads", [0, 1, 2, 5])
def test_results_come_in_order(threads):
    def slow_first(number):
        time.sleep(0.01 if number == 0 else 0)
        return number * number

    assert list(ordered_map(slow_first, range(20), threads)) == [n * n for n in range(20)]


@pytest.mark.parametrize("threads", [1, 3])
def test_no_items(threads):
    assert list(ordered_map(str, [], threads)) == []


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_few_items_are_taken_ahead(threads):
    taken, ahead = 0, []

    def items():
        nonlocal taken
        for number in range(50):
            taken += 1
            yield number

    for fetched, _ in enumerate(ordered_map(lambda x: x, items(), threads), 1):
        ahead.append(taken - fetched)
    assert max(ahead) < 2 * threads


def test_several_threads_work():
    barrier = threading.Barrier(2, timeout=5)
    # Would time out if one thread did it all.
    assert list(ordered_map(lambda x: barrier.wait() >= 0, range(2), 2)) == [True, True]


def test_one_thread_is_the_caller():
    (name,) = ordered_map(lambda _: threading.current_thread(), [0], 1)
    assert name is threading.main_thread()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_first_error_in_order_comes_out(threads):
    done = []

    def work(number):
        if number >= 3:
            raise ValueError(f"item {number}")
        done.append(number)
        return number

    results = ordered_map(work, range(100), threads)
    with pytest.raises(ValueError, match="item 3"):
        list(results)
    assert sorted(done) == [0, 1, 2]


def test_giving_up_early_stops_the_threads():
    before = threading.active_count()
    results = ordered_map(lambda x: x, range(1000), 3)
    assert next(results) == 0
    results.close()
    assert threading.active_count() == before


def test_keeping_freed_memory_is_harmless():
    keep_freed_memory()
    keep_freed_memory()


@pytest.mark.parametrize(
    ("total", "expected"),
    [(3, [1, 2, 3]), (25, [*range(2, 25, 2), 25]), (100, [*range(10, 101, 10)])],
)
def test_every_tenth_and_the_last_are_logged(caplog, total, expected):
    with caplog.at_level(logging.INFO):
        for number in range(1, total + 1):
            log_progress(logging.getLogger("x"), "stage: %d of %d samples", number, total)
    assert caplog.messages == [f"stage: {n} of {total} samples" for n in expected]
