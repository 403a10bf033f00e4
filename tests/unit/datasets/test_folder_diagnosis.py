"""What is said of a mask that is not as the config says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segbench.config.dataset import Background, Class, Ignore
from segbench.datasets.folder_diagnosis import counted, fractions, not_binary, unknown_labels
from segbench.datasets.folder_labels import to_classes
from segbench.datasets.folder_legend import Labels
from segbench.errors import SegbenchError
from unit.datasets.folders import COLOURED, TWO, decoded

PATH = Path("mask.png")


def test_values_are_counted_the_commonest_first():
    assert counted({value: 10 - value for value in range(9)}) == (
        "0 (10 px), 1 (9 px), 2 (8 px), 3 (7 px), 4 (6 px), 5 (5 px) and 3 more"
    )
    assert counted({51200: 3}, Labels.of(COLOURED, None)) == "#00c800 (3 px)"


@pytest.mark.parametrize(
    ("path", "counts", "says"),
    [
        ("m.jpg", {0: 9, 3: 1}, "JPEG does not keep labels"),
        ("m.png", {1: 9, 2: 1, 3: 5}, "no pixel is 0. If the labels are counted from 1"),
        ("m.png", {0: 900, **dict.fromkeys(range(3, 20), 1)}, "the edges are smeared"),
        ("m.png", {0: 9, 7: 9}, "config what they are: `labels: [7]` of a class"),
        ("m.png", {0: 9, 7: 9}, "`background: {labels: [0, 7]}` if nothing is there"),
        ("m.png", {0: 9, 7: 9}, "`ignore: {labels: [7]}` if nobody annotated it"),
    ],
)
def test_what_can_be_done_about_unknown_labels(path, counts, says):
    error = unknown_labels(Path(path), counts, Labels.of(TWO, None))
    assert says in error.action
    assert error.expected == "0 (background), 1 (cell), 2 (debris)"


def test_a_mask_of_0_and_255_is_of_the_one_class():
    labels = Labels.of(TWO[:1], None)
    error = unknown_labels(PATH, {0: 5, 255: 4}, labels)
    assert error.action == "set `labels: [255]` of the class cell in the dataset's config"


ZERO = (Class(name="membrane", value=1, labels=(0,)),)


@pytest.mark.parametrize("counts", [{0: 5, 255: 4}, {0: 1, 255: 90}, {255: 9}, {0: 2, 1: 3, 2: 4}])
def test_where_0_is_the_class_the_rest_is_asked_for_as_background(counts):
    error = unknown_labels(PATH, counts, Labels.of(ZERO, None))
    rest = sorted(set(counts) - {0})
    assert f"`background: {{labels: {rest}}}` if nothing is there" in error.action
    assert f"`ignore: {{labels: {rest}}}`" in error.action
    assert "of the class" not in error.action, "255 is not the class: that would invert the mask"


def test_what_is_the_background_already_is_never_made_the_class():
    labels = Labels.of(TWO[:1], Background(labels=(255,)))
    error = unknown_labels(PATH, {0: 5, 255: 4}, labels)
    assert "`background: {labels: [0, 255]}`" in error.action
    assert "labels: [255]` of the class" not in error.action


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from([0, 1, 2, 3, 255, 65535]), st.integers(1, 99), min_size=1),
    st.sampled_from([(0,), (1,), (255,), (1, 2)]),
    st.sampled_from([None, (0,), (255,), (1, 3)]),
)
def test_no_advice_contradicts_the_config(counts, of_class, background):
    """Neither may the only class be moved off a label that occurs, nor take the background's."""
    named = Background(labels=background) if background else None
    if background and set(background) & set(of_class):
        return
    labels = Labels.of((Class(name="cell", value=1, labels=of_class),), named)
    if set(counts) <= set(labels.classes):
        return
    action = unknown_labels(PATH, counts, labels).action
    moved = re.match(r"set `labels: \[(\d+)\]` of the class cell", action)
    if moved:
        assert not set(of_class) & set(counts)
        assert labels.classes.get(int(moved[1])) is None
        assert labels.classes[0] == 0


def test_an_unknown_colour_comes_with_the_nearest():
    error = unknown_labels(PATH, {0x00C801: 4, 0: 9}, Labels.of(COLOURED, None))
    assert "#00c801 (4 px; nearest: #00c800, bowel)" in error.what


def test_what_is_no_number_is_to_be_ignored():
    error = fractions(PATH, np.array([np.nan, np.nan]), 9)
    assert "2 of 9 values are not whole numbers: nan" in error.what
    assert "`ignore: {labels: [...]}`" in error.action


def test_fractions_and_more_than_two_values():
    error = fractions(PATH, np.array([0.25, 0.5]), 9)
    assert error.what == "mask.png: 2 of 9 values are not whole numbers: 0.25, 0.5"
    assert not_binary(PATH, {0: 3, 1: 2, 9: 1}).what == (
        "mask.png: holds the values 0 (3 px), 1 (2 px), 9 (1 px)"
    )


def test_the_message_of_a_large_mask_is_short():
    mask = np.random.default_rng(0).integers(0, 256, (300, 300), dtype=np.uint8)
    with pytest.raises(SegbenchError) as error:
        to_classes(PATH, decoded(mask), Labels.of(TWO, None))
    assert len(str(error.value)) < 600
    colours = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    with pytest.raises(SegbenchError) as error:
        to_classes(PATH, decoded(colours, "yxc"), Labels.of(COLOURED, None))
    assert len(str(error.value)) < 700


def test_unlabelled_pixels_are_never_said_to_be_background():
    """VOC's 255: what it means only the user knows, so the keys come with their meanings."""
    error = unknown_labels(PATH, {0: 90, 1: 9, 255: 5}, Labels.of(TWO, None))
    assert "`ignore: {labels: [255]}` if nobody annotated it" in error.action
    assert "`background: {labels: [0, 255]}` if nothing is there" in error.action
    ignoring = Labels.of(TWO[:1], None, Ignore(labels=(3,)))
    error = unknown_labels(PATH, {0: 5, 255: 4}, ignoring)
    assert error.action == "set `labels: [255]` of the class cell in the dataset's config"
    error = unknown_labels(PATH, {0: 5, 1: 2, 9: 4}, ignoring)
    assert "`ignore: {labels: [3, 9]}`" in error.action, "the list replaces the one there is"


def test_a_third_value_in_the_mask_of_one_class_may_be_ignored():
    assert "`ignore: {labels: [...]}`" in not_binary(PATH, {0: 3, 255: 2, 128: 1}).action
