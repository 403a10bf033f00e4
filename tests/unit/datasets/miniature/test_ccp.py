"""The miniature of Clothing Co-Parsing: equal bytes, the publisher's files, rare classes."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat, savemat

from segbench.datasets import generator as miniature
from segbench.datasets import reader_of
from segbench.datasets.miniature.ccp import LABELS, MATLAB_HEAD, picture, save_mat
from segbench.datasets.miniature.drawing import generator
from segbench.errors import SegbenchError
from unit.datasets.helpers import shipped

SAMPLES = 12


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("ccp")
    miniature("ccp")(root, SAMPLES, 0, 0)
    return root


@pytest.fixture(scope="module")
def loaded(tree):
    source = reader_of(shipped("ccp"))
    return [(source.read_image(tree, r), source.read_label(tree, r)) for r in source.scan(tree)]


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_the_publishers_layout(tree):
    folders = Counter(name.rsplit("/", 1)[0] for name in files(tree))
    assert folders == {
        "photos": SAMPLES + 2,
        "annotations/pixel-level": SAMPLES,
        "annotations/image-level": 2,
        "label_list.mat": 1,
    }


def test_the_publishers_kinds_of_file(tree):
    with Image.open(tree / "photos/0001.jpg") as photo:
        assert (photo.format, photo.mode, photo.width) == ("JPEG", "RGB", 220)
    found = loadmat(tree / "annotations/pixel-level/0001.mat")["groundtruth"]
    assert found.dtype == np.uint8
    assert found.ndim == 2
    tags = loadmat(tree / f"annotations/image-level/{SAMPLES + 1:04d}.mat")["tags"]
    assert (tags.dtype, tags.shape[0], int(tags[0, 0])) == (np.uint8, 1, 0)
    names = loadmat(tree / "label_list.mat")["label_list"]
    assert names.shape == (1, 59)
    assert [str(cell.item()) for cell in names[0]] == list(LABELS)


def test_equal_bytes_whenever_it_is_made(tree, tmp_path):
    time.sleep(1.1)  # SciPy writes the second into the head of its files
    miniature("ccp")(tmp_path, SAMPLES, 0, 0)
    assert files(tmp_path) == files(tree)


def test_another_seed_draws_other_photos(tree, tmp_path):
    miniature("ccp")(tmp_path, 2, 0, 1)
    one, other = files(tree), files(tmp_path)
    assert one["photos/0001.jpg"] != other["photos/0001.jpg"]
    assert one["label_list.mat"] == other["label_list.mat"]


def test_more_samples_leave_the_first_ones_alone(tree, tmp_path):
    miniature("ccp")(tmp_path, 3, 0, 0)
    few, many = files(tmp_path), files(tree)
    for name in ("photos/0003.jpg", "annotations/pixel-level/0003.mat"):
        assert few[name] == many[name]


def test_every_class_occurs(loaded):
    found = Counter(value for _, label in loaded for value in np.unique(label).tolist())
    assert set(found) == set(range(14))
    assert found[0] == found[1] == found[2] == found[13] == SAMPLES


def test_shares_of_pixels_are_as_in_the_real_photos(loaded):
    """Measured on the 1,004: background .769, shirt .043, hat .001, underwear .001."""
    counts = sum(np.bincount(label.ravel(), minlength=14) for _, label in loaded)
    share = counts / counts.sum()
    assert 0.7 < share[0] < 0.85
    assert 0.02 < share[6] < 0.08
    assert (share[[4, 10, 12]] < 0.006).all()
    assert (share[1:] > 0).all()


def test_a_person_stands_upright(loaded):
    for _, label in loaded:
        rows = {value: np.flatnonzero((label == value).any(axis=1)).mean() for value in (1, 2, 13)}
        assert rows[1] < rows[2] < rows[13]  # hair, skin, shoes


def test_colour_alone_does_not_tell_a_class(loaded):
    """Shirts of different people differ more than a shirt from the trousers below it."""
    means = [image[label == 6].mean(axis=0) for image, label in loaded if (label == 6).any()]
    assert np.std(means, axis=0).min() > 20


def test_regions_are_of_one_colour_in_the_photo(loaded):
    """What is drawn where: inside a label the photo varies less than over the whole person."""
    for image, label in loaded[:4]:
        grey = image.mean(axis=2)
        inside = [grey[label == v].std() for v in np.unique(label)[1:] if (label == v).sum() > 200]
        assert np.median(inside) < grey[label > 0].std()


def test_one_picture():
    image, label = picture(generator(0, 3), 3)
    assert image.shape == (*label.shape, 3)
    assert 320 <= image.shape[0] < 350
    assert LABELS.index("hat") in label
    again, _ = picture(generator(0, 3), 3)
    assert np.array_equal(image, again)


def test_the_date_of_a_matlab_file_is_fixed(tmp_path):
    value = np.arange(6, dtype=np.uint8).reshape(2, 3)
    save_mat(tmp_path / "a/one.mat", "groundtruth", value)
    data = (tmp_path / "a/one.mat").read_bytes()
    assert data[:116] == MATLAB_HEAD.ljust(116)
    assert np.array_equal(loadmat(tmp_path / "a/one.mat")["groundtruth"], value)
    # Nothing but the words for people differs from what SciPy writes.
    savemat(tmp_path / "two.mat", {"groundtruth": value}, do_compression=True)
    assert data[116:] == (tmp_path / "two.mat").read_bytes()[116:]


def test_a_test_set_is_refused(tmp_path):
    with pytest.raises(SegbenchError, match=r"generated\.test_samples: 3"):
        miniature("ccp")(tmp_path, 2, 3, 0)
