"""The reader of the colonic crypts."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import tifffile

from segbench.datasets.organ_crypts import OrganCrypts, _rows, slide_of
from segbench.datasets.rle import decode, encode
from segbench.errors import SegbenchError
from unit.datasets.helpers import write_picture

READER = OrganCrypts()


SHAPE = (9, 7)


#: Rows x columns of the published images.
PUBLISHED = (4536, 4704)


NAMES = ("CL_HandE_1234_B004_topleft", "HandE_B005_CL_b_RGB_topright")


def mask(seed):
    return np.random.default_rng(seed).random(SHAPE) > 0.6


@pytest.fixture()
def tree(tmp_path):
    """Two training images (the second empty) and a test image, as masks and as rows."""
    root = tmp_path / "raw"
    base = root / "Colonic_crypt_dataset"
    for split, names in (("train", NAMES), ("test", ("CL_HandE_1234_B004_bottomleft",))):
        lines = ["id,predicted"]
        for number, name in enumerate(names):
            truth = mask(number) & (name != NAMES[1])
            colours = np.random.default_rng(hash(name) % 99).integers(0, 256, (*SHAPE, 3))
            write_picture(base / split / f"{name}.tiff", colours.astype(np.uint8))
            grey = np.where(truth, np.uint8(255), np.uint8(0))
            write_picture(base / f"{split}_mask" / f"{name}.tiff", grey)
            lines.append(f"{name},{encode(truth, 'column') or '0 0'}")
        (root / f"{split}.csv").write_text("\n".join(lines) + "\n")
    return root


def sample(root, name=NAMES[0]):
    return next(raw for raw in READER.scan(root) if raw.sample == name)


def masks(root, split="train"):
    return root / f"Colonic_crypt_dataset/{split}_mask"


def test_samples(tree):
    samples = list(READER.scan(tree))
    assert [(raw.sample, raw.split, raw.group) for raw in samples] == [
        ("CL_HandE_1234_B004_bottomleft", "test", "CL_HandE_1234_B004"),
        (NAMES[0], "train", "CL_HandE_1234_B004"),
        (NAMES[1], "train", "HandE_B005_CL_b_RGB"),
    ]
    assert samples[1].images == (f"Colonic_crypt_dataset/train/{NAMES[0]}.tiff",)
    assert samples[1].labels == (f"Colonic_crypt_dataset/train_mask/{NAMES[0]}.tiff", "train.csv")


def test_mask_and_table_agree(tree):
    label = READER.read_label(tree, sample(tree))
    assert label.dtype == np.uint8
    assert np.array_equal(label, mask(0).astype(np.uint8))
    image = READER.read_image(tree, sample(tree))
    assert (image.shape, image.dtype) == ((*SHAPE, 3), np.uint8)
    assert READER.stratum(sample(tree), image, label) == "crypts"


def test_the_row_0_0_is_an_empty_mask(tree):
    raw = sample(tree, NAMES[1])
    label = READER.read_label(tree, raw)
    assert not label.any()
    assert READER.stratum(raw, label[..., None], label) == "empty"


@pytest.mark.parametrize("name", NAMES)
def test_the_table_alone_is_enough(tree, name):
    expected = READER.read_label(tree, sample(tree, name))
    for path in masks(tree).iterdir():
        path.unlink()
    raw = sample(tree, name)
    assert raw.labels == ("train.csv",)
    assert np.array_equal(READER.read_label(tree, raw), expected)


def test_the_masks_alone_are_enough(tree):
    (tree / "train.csv").unlink()
    assert np.array_equal(READER.read_label(tree, sample(tree)), mask(0))


@pytest.mark.parametrize("place", ["", "Colonic_crypt_dataset/", "Colonic_crypt_dataset/train/"])
def test_places_of_the_table(tree, place):
    (tree / "train.csv").rename(tree / f"{place}train.csv")
    assert sample(tree).labels[1] == f"{place}train.csv"


def test_names_of_masks(tree):
    for path in masks(tree).iterdir():
        path.rename(path.with_name(f"{path.stem}_mask.tiff"))
    assert np.array_equal(READER.read_label(tree, sample(tree)), mask(0))


def test_masks_of_1_bit(tree):
    write_picture(masks(tree) / f"{NAMES[0]}.tiff", mask(0))
    assert np.array_equal(READER.read_label(tree, sample(tree)), mask(0))


def test_a_table_that_differs_from_the_mask_is_an_error(tree):
    changed = mask(0).copy()
    changed[2:4, 3] = ~changed[2:4, 3]
    write_picture(masks(tree) / f"{NAMES[0]}.tiff", changed)
    with pytest.raises(SegbenchError) as error:
        READER.read_label(tree, sample(tree))
    assert "differ in 2 of 63 pixels" in error.value.what
    assert NAMES[0] in error.value.what
    assert "train.csv" in error.value.what


def test_a_mask_of_another_size_is_an_error(tree):
    write_picture(masks(tree) / f"{NAMES[0]}.tiff", mask(0).T)
    with pytest.raises(SegbenchError, match=r"7 x 9 pixels"):
        READER.read_label(tree, sample(tree))


def test_a_row_outside_the_image_names_its_line(tree):
    (tree / "train.csv").write_text(f"id,predicted\n{NAMES[0]},60 9\n{NAMES[1]},0 0\n")
    with pytest.raises(SegbenchError, match=r"train\.csv: line 2 .*: run 60 9 is not inside"):
        READER.read_label(tree, sample(tree))


def test_an_image_without_mask_and_row_is_an_error(tree):
    (tree / "train.csv").unlink()
    (masks(tree) / f"{NAMES[1]}.tiff").unlink()
    with pytest.raises(SegbenchError, match=f"{NAMES[1]}.tiff: has no mask"):
        list(READER.scan(tree))


def test_a_mask_without_an_image_is_an_error(tree):
    write_picture(masks(tree) / "other.tiff", mask(3))
    with pytest.raises(SegbenchError, match="masks of other, of which there is no image"):
        list(READER.scan(tree))


def test_a_row_without_an_image_is_an_error_unless_it_is_empty(tree):
    (tree / f"Colonic_crypt_dataset/train/{NAMES[1]}.tiff").unlink()
    (masks(tree) / f"{NAMES[1]}.tiff").unlink()
    assert len(list(READER.scan(tree))) == 2
    with (tree / "train.csv").open("a") as handle:
        handle.write("gone,1 2\n")
    with pytest.raises(SegbenchError, match=r"train\.csv: line 4: there is no image gone"):
        list(READER.scan(tree))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,rle\na,1 2\n", r"line 1 is 'id,rle'"),
        ("", r"line 1 is ''"),
        ("id,predicted\na\n", "line 2 has 1 fields"),
        ("id,predicted\na,1 2,3\n", "line 2 has 3 fields"),
        ("id,predicted\na,1 2\na,3 4\n", "lines 2 and 3 are both of a"),
    ],
)
def test_broken_tables(tree, text, message):
    (tree / "train.csv").write_text(text)
    with pytest.raises(SegbenchError, match=message):
        list(READER.scan(tree))


def test_one_name_in_both_splits_is_an_error(tree):
    base = tree / "Colonic_crypt_dataset"
    for folder in ("", "_mask"):
        source = base / f"train{folder}" / f"{NAMES[0]}.tiff"
        (base / f"test{folder}" / source.name).write_bytes(source.read_bytes())
    with pytest.raises(SegbenchError, match=r"has the id 'CL_\w+_topleft', as .*/train/"):
        list(READER.scan(tree))


def test_no_folders(tmp_path):
    with pytest.raises(SegbenchError, match="publisher's folders are not in it"):
        list(READER.scan(tmp_path))


def test_a_corrupt_image_is_named(tree):
    path = tree / f"Colonic_crypt_dataset/train/{NAMES[0]}.tiff"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SegbenchError, match=f"{NAMES[0]}.tiff: cannot be decoded"):
        READER.read_image(tree, sample(tree))


@pytest.mark.parametrize(
    ("name", "slide"),
    [
        ("CL_HandE_1234_B004_bottomright", "CL_HandE_1234_B004"),
        ("HandE_B005_CL_b_RGB_topleft", "HandE_B005_CL_b_RGB"),
        ("HandE_B005_CL_b_RGB_Top_Left", "HandE_B005_CL_b_RGB"),
        ("slide_7", "slide_7"),
        ("topleft", "topleft"),
    ],
)
def test_slides(name, slide):
    assert slide_of(name) == slide


#: Area in pixels and number of separate crypts, counted on the published tables.
REAL = {
    "CL_HandE_1234_B004_bottomright": (1543293, 34),
    "CL_HandE_1234_B004_topleft": (2029298, 84),
    "CL_HandE_1234_B004_topright": (769369, 36),
    "HandE_B005_CL_b_RGB_bottomright": (513884, 37),
    "HandE_B005_CL_b_RGB_topleft": (827936, 30),
    "HandE_B005_CL_b_RGB_topright": (0, 0),
    "CL_HandE_1234_B004_bottomleft": (2544015, 116),
    "HandE_B005_CL_b_RGB_bottomleft": (671682, 36),
}


def real_rows(publisher_data):
    rows = {}
    for split in ("train", "test"):
        path = publisher_data / f"organ_cells/{split}.csv"
        if not path.is_file():
            pytest.skip("the crypts' tables are not here")
        rows.update(_rows(path, 0))
    return rows


def test_the_published_tables(publisher_data):
    """The runs are along columns of 4536 pixels: none crosses a border, pieces are whole."""
    import cv2

    rows = real_rows(publisher_data)
    assert rows.keys() == REAL.keys()
    for name, (line, runs) in rows.items():
        numbers = np.array(runs.split(), np.int64).reshape(-1, 2)
        found = decode(runs, PUBLISHED, "column", f"line {line}")
        area, crypts = REAL[name]
        assert int(found.sum()) == area == int(numbers[:, 1].sum())
        if not area:
            assert runs == "0 0"
            continue
        first, last = numbers[:, 0] - 1, numbers[:, 0] + numbers[:, 1] - 2
        assert (first // PUBLISHED[0] == last // PUBLISHED[0]).all()
        assert encode(found, "column") == runs
        assert cv2.connectedComponents(found.astype(np.uint8))[0] - 1 == crypts
        wrong = decode(runs, PUBLISHED[::-1], "column")
        assert cv2.connectedComponents(wrong.astype(np.uint8))[0] - 1 > 40 * crypts


def test_the_published_slides(publisher_data):
    slides = Counter(map(slide_of, real_rows(publisher_data)))
    assert slides == {"CL_HandE_1234_B004": 4, "HandE_B005_CL_b_RGB": 4}


def test_a_published_row_is_read_as_a_label(publisher_data, tmp_path):
    """At full size, with an image of zeros that is not written out in full."""
    name = "HandE_B005_CL_b_RGB_topleft"
    _, runs = real_rows(publisher_data)[name]
    for split, some in (("train", name), ("test", "other")):
        folder = tmp_path / "Colonic_crypt_dataset" / split
        folder.mkdir(parents=True)
        shape = (*PUBLISHED, 3) if split == "train" else (4, 4, 3)
        tifffile.imwrite(
            folder / f"{some}.tiff", shape=shape, dtype=np.uint8, photometric="rgb",
            data=None if split == "train" else np.zeros(shape, np.uint8),
        )  # fmt: skip
    (tmp_path / "train.csv").write_text(f"id,predicted\n{name},{runs}\n")
    (tmp_path / "test.csv").write_text("id,predicted\nother,0 0\n")
    raw = sample(tmp_path, name)
    assert raw.group == "HandE_B005_CL_b_RGB"
    label = READER.read_label(tmp_path, raw)
    assert label.shape == PUBLISHED
    assert int(label.sum()) == REAL[name][0]
