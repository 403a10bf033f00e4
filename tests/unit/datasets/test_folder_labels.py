"""Masks and classes: what comes out is what the config says, whatever the values are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segbench.config.dataset import Class
from segbench.datasets.folder_files import ending_of, listing, read_array, read_image_file, size_of
from segbench.datasets.folder_labels import (
    check_numbers,
    opaque,
    to_binary,
    to_classes,
    to_objects,
)
from segbench.datasets.folder_legend import Labels
from segbench.errors import SegbenchError
from unit.datasets.folders import image, label, painted, save

PATH = Path("mask.png")


@given(
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=6, unique=True),
    st.integers(0, 2**32 - 1),
)
def test_any_values_become_the_classes_in_their_order(values, seed):
    classes = [Class(name=f"c{v}", value=k, labels=(v,)) for k, v in enumerate(values, start=1)]
    labels = Labels.of(classes, None)
    truth = np.random.default_rng(seed).integers(1, len(values) + 1, (5, 7))
    mask = np.array([0, *values], np.int64)[truth]
    found = to_classes(PATH, mask, labels)
    assert found.dtype == np.uint8
    assert np.array_equal(found, truth)


@given(st.lists(st.integers(0, 0xFFFFFF), min_size=1, max_size=5, unique=True))
def test_any_colours_become_the_classes_in_their_order(numbers):
    colours = [f"#{number:06x}" for number in numbers]
    classes = [Class(name=c, value=k, labels=(c,)) for k, c in enumerate(colours, start=1)]
    truth = label(len(colours), 1)
    if 0 in numbers:
        truth = np.where(truth == 0, numbers.index(0) + 1, truth)
    mask = painted(truth, dict(enumerate(colours, start=1)))
    assert np.array_equal(to_classes(PATH, mask, Labels.of(classes, None)), truth)


@given(st.integers(0, 2**32 - 1), st.integers(1, 400))
def test_objects_keep_their_pixels_and_lose_their_gaps(seed, count):
    rng = np.random.default_rng(seed)
    numbers = np.unique(rng.integers(1, 10**6, count))
    truth = rng.integers(0, len(numbers) + 1, (20, 30))
    found = to_objects(PATH, np.array([0, *numbers])[truth])
    _, expected = np.unique(truth, return_inverse=True)
    if truth.min() > 0:
        expected = expected + 1
    assert np.array_equal(found, expected.reshape(truth.shape))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.float32])
def test_binary_masks(dtype):
    mask = label(1).astype(dtype)
    assert np.array_equal(to_binary(PATH, mask), label(1))
    if dtype is not bool:
        assert np.array_equal(to_binary(PATH, mask * 255), label(1))
    assert to_binary(PATH, mask).dtype == np.uint8


def test_both_255_and_1_are_refused():
    with pytest.raises(SegbenchError, match="holds the values"):
        to_binary(PATH, np.array([[0, 1, 255]], np.uint8))


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.PNG", ".PNG"), ("a.b.nii.gz", ".nii.gz"), ("a.nii", ".nii"), ("a.gz", ""), (".png", "")],
)
def test_endings(name, ending):
    assert ending_of(name) == ending


def test_listing_is_sorted_whatever_the_folder_says(tmp_path):
    for name in ("b/a.png", "a.tif", "B.png", "b/._a.png", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert listing(tmp_path) == ["B.png", "a.tif", "b/a.png"]


def test_16_bits_a_channel_are_kept(tmp_path):
    import cv2

    pixels = image().astype(np.uint16) * 257 + 3
    cv2.imwrite(str(tmp_path / "a.png"), pixels[..., ::-1])
    found = read_image_file(tmp_path / "a.png")
    assert found.dtype == np.uint16
    assert np.array_equal(found, pixels)


def test_one_bit_images_are_0_and_255(tmp_path):
    found = read_image_file(save(tmp_path / "a.png", label(1) > 0))
    assert np.array_equal(found[..., 0], label(1) * 255)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("a.png", (8, 10, 3)),
        ("a.jpg", (8, 10)),
        ("a.tif", (8, 10, 3)),
        ("a.npy", (6, 8, 10)),
        ("a.npy", (6, 8, 10, 2)),
        ("a.nii.gz", (6, 8, 10)),
    ],
)
def test_size_is_that_of_the_image(tmp_path, name, shape):
    path = save(tmp_path / name, image(0, shape))
    assert size_of(path) == read_image_file(path).shape[:-1] == shape[: 3 if shape[0] == 6 else 2]


def test_absent_arrays_are_named(tmp_path):
    for name in ("a.npy", "a.png", "a.tif", "a.nii.gz"):
        with pytest.raises(SegbenchError, match=f"{name}: there is no such file"):
            read_array(tmp_path / name)


def test_an_alpha_channel_that_is_opaque_is_dropped():
    mask = np.dstack([label(2), np.full(label(2).shape, 255, np.uint8)])
    assert np.array_equal(opaque(PATH, mask), label(2)[..., None])
    mask[0, 0, 1] = 3
    with pytest.raises(SegbenchError, match=r"alpha channel, and 1\.2% of its pixels"):
        opaque(PATH, mask)


@pytest.mark.parametrize(
    ("name", "numbers", "says"),
    [
        ("m.jpg", [[0, 1]], "a JPEG mask, whose 2 values are smeared: 0 (1 px), 1 (1 px)"),
        ("m.png", [[0, -1]], "1 x 2 values from -1 on"),
        ("m.png", [[255, 0, 255]], "2 separate pieces all have the number 255"),
    ],
)
def test_what_cannot_be_numbered_objects(name, numbers, says):
    found = np.array(numbers)
    counts = dict(zip(*np.unique(found, return_counts=True), strict=True))
    with pytest.raises(SegbenchError) as error:
        check_numbers(Path(name), found, {int(k): int(n) for k, n in counts.items()})
    assert error.value.what == f"{name}: {says}"
