"""Images that differ in what is taken to be the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.artefacts.samples import Sample
from segbench.datasets.mixture import check_mixture
from segbench.errors import SegbenchError

GREY = Sample("s1", "s1", size=(40, 44))


def rows(*changes):
    return [replace(GREY, sample=f"s{k}", **change) for k, change in enumerate(changes)]


def complaint(samples, keeps_channels=True, keeps_scale=True):
    with pytest.raises(SegbenchError) as found:
        check_mixture(samples, keeps_channels, keeps_scale)
    return found.value


def test_grey_and_rgb_pictures_need_a_recipe_that_makes_one_of_both():
    mixed = rows({"channels": 3}, {}, {"channels": 3}, {}, {})
    error = complaint(mixed)
    assert error.what.endswith("2 have 3 channels (e.g. s0); 3 have 1 channel (e.g. s1)")
    assert "`channels: grey` or `channels: rgb` in the preprocessing recipe" in error.action
    check_mixture(mixed, keeps_channels=False, keeps_scale=True)


def test_other_numbers_of_channels_are_named_too():
    error = complaint(rows({"channels": 2}, {"channels": 5}))
    assert "1 have 2 channels (e.g. s0); 1 have 5 channels (e.g. s1)" in error.what


def test_channels_in_another_order():
    names = ("DAPI", "GFP")
    mixed = rows({"channel_names": names}, {"channel_names": names[::-1]}, {})
    error = complaint(mixed)
    assert "1 have DAPI, GFP (e.g. s0); 1 have GFP, DAPI (e.g. s1)" in error.what
    check_mixture(mixed, keeps_channels=False, keeps_scale=True)
    check_mixture(rows({"channel_names": names}, {}), True, True)


@pytest.mark.parametrize("other", ["uint16", "float32", "int16"])
def test_types_of_numbers_matter_where_their_scale_is_kept(other):
    mixed = rows({}, {"dtype": other})
    error = complaint(mixed)
    assert f"1 have {other} (e.g. s1)" in error.what
    assert "`normalise: minmax`" in error.action
    check_mixture(mixed, keeps_channels=True, keeps_scale=False)


@pytest.mark.parametrize("keeps", [True, False])
def test_images_and_volumes_never_go_together(keeps):
    error = complaint(rows({}, {"size": (5, 40, 44)}), keeps, keeps)
    assert "1 are images (e.g. s0); 1 are volumes (e.g. s1)" in error.what
    assert "`layout: {axes: zyx}`" in error.action


@given(st.lists(st.sampled_from([1, 3]), max_size=9))
def test_the_counts_are_those_of_the_samples(channels):
    samples = rows(*({"channels": c} for c in channels))
    if len(set(channels)) < 2:
        check_mixture(samples, keeps_channels=True, keeps_scale=True)
        return
    said = complaint(samples).what
    for count in (1, 3):
        first = channels.index(count)
        assert f"{channels.count(count)} have {count} channel" in said
        assert f"(e.g. s{first})" in said
