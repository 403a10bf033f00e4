"""What holds for every miniature: equal bytes, independent samples, seconds."""

from __future__ import annotations

import pytest

from unit.datasets.miniature.made import make, tree


@pytest.mark.parametrize(("name", "tests"), [("kidney_nuclei", 1), ("dsb2018", 0)])
def test_seeds(tmp_path_factory, name, tests):
    one, same, other = (tree(make(tmp_path_factory, name, 3, tests, s)) for s in (5, 5, 6))
    assert one == same
    assert set(one.values()).isdisjoint(v for k, v in other.items() if "/images/" in k)
    assert one != other


@pytest.mark.parametrize(("name", "tests"), [("kidney_nuclei", 2), ("dsb2018", 0)])
def test_more_samples_leave_the_others_as_they_are(tmp_path_factory, name, tests):
    few, many = (tree(make(tmp_path_factory, name, n, tests)) for n in (2, 4))
    assert few.items() <= many.items()
