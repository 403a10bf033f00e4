"""What is said of a mask that is not as the config says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segbench.config.dataset import Ignore
from segbench.datasets.folder_diagnosis import counted, fractions, not_binary, unknown_labels
from segbench.datasets.folder_labels import to_classes
from segbench.datasets.folder_legend import Labels
from segbench.errors import SegbenchError
from unit.datasets.folders import COLOURED, TWO

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
        ("m.png", {1: 9, 2: 1, 3: 5}, "no pixel is 0: the labels seem to be counted from 1"),
        ("m.png", {0: 900, **dict.fromkeys(range(3, 20), 1)}, "the edges are smeared"),
        ("m.png", {0: 9, 7: 9}, "list them in the config: in `labels` of a class"),
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


def test_an_unknown_colour_comes_with_the_nearest():
    error = unknown_labels(PATH, {0x00C801: 4, 0: 9}, Labels.of(COLOURED, None))
    assert "#00c801 (4 px; nearest: #00c800, bowel)" in error.what


def test_fractions_and_more_than_two_values():
    error = fractions(PATH, np.array([0.25, 0.5]), 9)
    assert error.what == "mask.png: 2 of 9 values are not whole numbers: 0.25, 0.5"
    assert not_binary(PATH, {0: 3, 1: 2, 9: 1}).what == (
        "mask.png: holds the values 0 (3 px), 1 (2 px), 9 (1 px)"
    )


def test_the_message_of_a_large_mask_is_short():
    mask = np.random.default_rng(0).integers(0, 256, (300, 300), dtype=np.uint8)
    with pytest.raises(SegbenchError) as error:
        to_classes(PATH, mask, Labels.of(TWO, None))
    assert len(str(error.value)) < 600
    colours = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    with pytest.raises(SegbenchError) as error:
        to_classes(PATH, colours, Labels.of(COLOURED, None))
    assert len(str(error.value)) < 700


def test_unlabelled_pixels_are_never_said_to_be_background():
    """VOC's 255: what it means only the user knows, so the keys come with their meanings."""
    error = unknown_labels(PATH, {0: 90, 1: 9, 255: 5}, Labels.of(TWO, None))
    assert "`ignore: {labels: [...]}`, if nobody annotated these pixels" in error.action
    assert "`background: {labels: [...]}`, if they mean that no class is there" in error.action
    ignoring = Labels.of(TWO[:1], None, Ignore(labels=(3,)))
    error = unknown_labels(PATH, {0: 5, 255: 4}, ignoring)
    assert error.action == "set `labels: [255]` of the class cell in the dataset's config"
