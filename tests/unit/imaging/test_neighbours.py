"""2.5-D: the slices of a stack as channels."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from segbench.datasets.base import RawSample
from segbench.errors import SegbenchError
from segbench.imaging.neighbours import Neighbours, in_order
from segbench.imaging.shard import ShardSample


def item(stack, position, name=None):
    name = name or f"{stack}_{position:03d}"
    raw = RawSample(name, (f"{name}.png",), (), stack=stack, position=position)
    return ShardSample(raw, "train", None)


class Counted:
    """Slices of one pixel and two channels: (position, -position)."""

    def __init__(self, sizes=None):
        self.made, self.sizes = [], sizes or {}

    def __call__(self, wanted):
        self.made.append(wanted.raw.sample)
        value = wanted.raw.position
        shape = self.sizes.get(wanted.raw.sample, (1, 1))
        return np.broadcast_to(np.float32([value, -value]), (*shape, 2)), (9, 9, 2)


def channels(neighbours, wanted):
    return neighbours.image(wanted)[0].ravel().tolist()


def test_channels_run_from_before_to_after():
    stack = [item("a", position) for position in range(5)]
    made = Neighbours(stack, Counted(), 1)
    assert channels(made, stack[2]) == [1, -1, 2, -2, 3, -3]
    assert made.image(stack[2])[1] == (9, 9, 2)


def test_ends_are_repeated():
    stack = [item("a", position) for position in range(1, 4)]
    made = Neighbours(stack, Counted(), 2)
    assert channels(made, stack[0])[::2] == [1, 1, 1, 2, 3]
    assert channels(made, stack[2])[::2] == [1, 2, 3, 3, 3]


def test_a_stack_of_one_slice():
    stack = [item("a", 7)]
    assert channels(Neighbours(stack, Counted(), 1), stack[0])[::2] == [7, 7, 7]


def test_positions_count_not_names():
    stack = [item("a", 10, "z"), item("a", 9, "y10"), item("a", 2, "y9")]
    made = Neighbours(stack, Counted(), 1)
    assert channels(made, stack[1])[::2] == [2, 9, 10]
    assert [one.raw.position for one in in_order(stack)] == [2, 9, 10]


def test_stacks_do_not_mix():
    items = [item("a", 1), item("a", 2), item("b", 3), item("b", 4)]
    made = Neighbours(items, Counted(), 1)
    assert channels(made, items[1])[::2] == [1, 2, 2]
    assert channels(made, items[2])[::2] == [3, 3, 4]


@pytest.mark.parametrize("reach", [1, 3])
def test_each_slice_is_made_once(reach):
    items = [item(stack, position) for stack in "ab" for position in range(12)]
    make = Counted()
    made = Neighbours(items, make, reach)
    for one in in_order(items):
        made.image(one)
    assert len(make.made) == len(set(make.made)) == 24


def test_few_slices_are_kept():
    items = [item("a", position) for position in range(50)]
    made = Neighbours(items, Counted(), 2, keep=3)
    for one in items:
        made.image(one)
        assert len(made._kept) <= 2 * 2 + 1 + 3


def test_threads_get_the_same():
    items = [item("a", position) for position in range(30)]
    alone, shared = Neighbours(items, Counted(), 2), Neighbours(items, Counted(), 2)
    found = {}

    def work(mine):
        for one in mine:
            found[one.raw.sample] = channels(shared, one)

    threads = [threading.Thread(target=work, args=(items[k::4],)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {one.raw.sample: channels(alone, one) for one in items}


def test_samples_that_are_no_slices():
    with pytest.raises(SegbenchError, match="'_001' is no slice of a stack"):
        Neighbours([item("", 1)], Counted(), 1)


def test_slices_of_two_sizes():
    stack = [item("a", 1), item("a", 2)]
    made = Neighbours(stack, Counted({"a_002": (2, 2)}), 1)
    with pytest.raises(SegbenchError, match=r"'a_002' is \(2, 2, 2\) and its neighbour 'a_001'"):
        made.image(stack[0])
