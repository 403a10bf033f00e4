from __future__ import annotations

import logging
import shutil

import numpy as np
import pytest

from segbench.datasets.dsb2018 import TABLE, Dsb2018, appearance
from segbench.datasets.rle import encode
from segbench.errors import SegbenchError
from unit.datasets.helpers import write_picture

READER = Dsb2018()
A, B = "a" * 64, "b" * 64


def label_of(root, sample=A):
    return READER.read_label(root, {s.sample: s for s in READER.scan(root)}[sample])


def to_table(root, where):
    """Turn the masks into the publisher's table."""
    rows = ["ImageId,EncodedPixels"]
    for raw in READER.scan(root):
        label = READER.read_label(root, raw)
        rows += [f"{raw.sample},{encode(label == k, 'column')}" for k in range(1, label.max() + 1)]
        shutil.rmtree(root / "stage1_train" / raw.sample / "masks")
    (root / where / TABLE).write_text("\n".join(rows) + "\n")


def test_scan(dsb_tree):
    first, second = READER.scan(dsb_tree)
    assert (first.sample, first.split, first.group) == (A, "train", A)
    assert first.images == (f"stage1_train/{A}/images/{A}.png",)
    assert first.labels == tuple(f"stage1_train/{A}/masks/{k:064x}.png" for k in range(2))
    assert second.sample == B
    assert len(second.labels) == 1


def test_ids_at_the_top_level(dsb_tree):
    assert [s.sample for s in READER.scan(dsb_tree / "stage1_train")] == [A, B]
    assert next(READER.scan(dsb_tree / "stage1_train")).images == (f"{A}/images/{A}.png",)


def test_the_test_set_beside_it_is_not_read(dsb_tree):
    for stage in ("stage1_test", "__MACOSX"):
        folder = dsb_tree / stage / ("0" * 64) / "images"
        write_picture(folder / "x.png", np.zeros((2, 2), np.uint8))
    assert [s.sample for s in READER.scan(dsb_tree)] == [A, B]


def test_image_has_no_alpha(dsb_tree):
    raw = next(READER.scan(dsb_tree))
    image = READER.read_image(dsb_tree, raw)
    expected = np.random.default_rng(2).integers(0, 90, (8, 9, 1))
    assert (image.shape, image.dtype) == ((8, 9, 3), np.uint8)
    assert np.array_equal(image, np.repeat(expected, 3, axis=2))
    assert image.flags.c_contiguous


def test_alpha_that_says_something_is_refused(dsb_tree):
    raw = next(READER.scan(dsb_tree))
    pixels = np.full((8, 9, 4), 255, np.uint8)
    pixels[3, 3, 3] = 254
    path = write_picture(dsb_tree / raw.images[0], pixels)
    with pytest.raises(SegbenchError, match="transparent") as error:
        READER.read_image(dsb_tree, raw)
    assert str(path) in error.value.what


def test_rgb_and_grey_files_give_three_channels(dsb_tree):
    raw = next(READER.scan(dsb_tree))
    expected = READER.read_image(dsb_tree, raw)
    for pixels in (expected, expected[..., 0]):
        write_picture(dsb_tree / raw.images[0], pixels)
        assert np.array_equal(READER.read_image(dsb_tree, raw), expected)
    write_picture(dsb_tree / raw.images[0], expected[..., 0].astype(np.uint16))
    with pytest.raises(SegbenchError, match="uint16 pixels"):
        READER.read_image(dsb_tree, raw)


def test_objects_are_numbered_in_the_order_of_their_files(dsb_tree):
    label = label_of(dsb_tree)
    expected = np.zeros((8, 9), int)
    expected[0:2, 0:3] = 1
    expected[4:8, 5:9] = 2
    assert label.dtype == np.uint16
    assert np.array_equal(label, expected)


@pytest.mark.parametrize("where", ["", "stage1_train"])
def test_table_instead_of_masks(dsb_tree, where):
    expected = {s: label_of(dsb_tree, s) for s in (A, B)}
    to_table(dsb_tree, where)
    for sample, label in expected.items():
        assert np.array_equal(label_of(dsb_tree, sample), label)
    assert next(READER.scan(dsb_tree)).labels == ((f"{where}/" if where else "") + TABLE,)


def test_table_is_read_again_when_it_changed(dsb_tree):
    to_table(dsb_tree, "")
    assert label_of(dsb_tree).max() == 2
    table = dsb_tree / TABLE
    table.write_text(f"ImageId,EncodedPixels\n{A},1 3\n{B},1 1\n")
    assert label_of(dsb_tree).sum() == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{A},1 2\n", "line 1 is 'aaaa"),
        (f"ImageId,EncodedPixels\n{A},1 2,9\n", "line 2 has 3 fields"),
        (f"ImageId,EncodedPixels\n{B},1 2\n", f"no row for {A}"),
        (f"ImageId,EncodedPixels\n{A},70 9\n", "line 2: run 70 9 is not inside"),
        (f"ImageId,EncodedPixels\n{A},1 2\n{A},\n", "row 2 of this image: the mask is empty"),
    ],
)
def test_bad_tables(dsb_tree, text, message):
    to_table(dsb_tree, "")
    (dsb_tree / TABLE).write_text(text)
    with pytest.raises(SegbenchError) as error:
        label_of(dsb_tree)
    assert TABLE in error.value.what
    assert message in error.value.what


def test_no_masks_and_no_table(dsb_tree):
    shutil.rmtree(dsb_tree / "stage1_train" / B / "masks")
    with pytest.raises(SegbenchError, match=rf"{B}/masks: no masks"):
        list(READER.scan(dsb_tree))


@pytest.mark.parametrize("count", [0, 2])
def test_not_one_image(dsb_tree, count):
    folder = dsb_tree / "stage1_train" / A / "images"
    if count:
        shutil.copy(folder / f"{A}.png", folder / "other.png")
    else:
        (folder / f"{A}.png").unlink()
    with pytest.raises(SegbenchError, match=f"images: {count} pictures"):
        list(READER.scan(dsb_tree))


def test_mask_of_another_size(dsb_tree):
    path = dsb_tree / "stage1_train" / A / "masks" / f"{1:064x}.png"
    write_picture(path, np.full((8, 8), 255, np.uint8))
    with pytest.raises(SegbenchError) as error:
        label_of(dsb_tree)
    assert error.value.what == f"{path}: 8 x 8 pixels"
    assert error.value.expected == f"8 x 9 pixels, as stage1_train/{A}/images/{A}.png"


def test_empty_mask(dsb_tree):
    path = dsb_tree / "stage1_train" / A / "masks" / f"{1:064x}.png"
    write_picture(path, np.zeros((8, 9), np.uint8))
    with pytest.raises(SegbenchError) as error:
        label_of(dsb_tree)
    assert error.value.what == f"{path}: the mask is empty"


def test_overlaps_are_reported(dsb_tree, caplog):
    mask = np.zeros((8, 9), np.uint8)
    mask[1:3, 2:4] = 255
    write_picture(dsb_tree / "stage1_train" / A / "masks" / ("f" * 64 + ".png"), mask)
    with caplog.at_level(logging.WARNING):
        label = label_of(dsb_tree)
    assert label[1, 2] == 3
    assert f"{A}: 1 pixels lie in more than one mask" in caplog.text


@pytest.mark.parametrize(
    ("colour", "kind"),
    [
        ((20, 20, 20), "fluorescence"),
        ((127, 127, 127), "fluorescence"),
        ((128, 128, 128), "brightfield"),
        ((220, 210, 230), "histology_white"),
        ((140, 80, 190), "histology_purple"),
        ((10, 20, 30), "histology_purple"),
    ],
)
def test_appearance(colour, kind):
    image = np.full((10, 10, 3), colour, np.uint8)
    assert appearance(image) == kind


def test_a_tenth_of_glass_makes_a_white_slide():
    image = np.full((10, 10, 3), (140, 80, 190), np.uint8)
    image[0, :9] = 220
    assert appearance(image) == "histology_purple"
    image[0, 9] = 220
    assert appearance(image) == "histology_white"


def test_real_counts(publisher_data):
    root = publisher_data / "dsb2018"
    samples = list(READER.scan(root))
    assert len(samples) == 400
    assert sum(len(s.labels) for s in samples) == 17051
    assert len({s.sample for s in samples}) == 400
    assert all(len(s.sample) == 64 for s in samples)


def test_real_images(publisher_data):
    root = publisher_data / "dsb2018"
    sizes, kinds = set(), set()
    for raw in list(READER.scan(root))[::9]:
        image = READER.read_image(root, raw)
        assert image.shape[2] == 3
        sizes.add(image.shape[:2])
        kinds.add(appearance(image))
    assert len(sizes) >= 5
    assert kinds == {"fluorescence", "brightfield", "histology_white", "histology_purple"}


def test_real_label(publisher_data, caplog):
    """The one image of the 400 whose masks overlap, by one pixel."""
    root = publisher_data / "dsb2018"
    raw = next(s for s in READER.scan(root) if s.sample.startswith("f26f4c2c"))
    with caplog.at_level(logging.WARNING):
        label = READER.read_label(root, raw)
    assert label.shape == (256, 256)
    assert label.max() == len(raw.labels) == 53
    assert np.unique(label).size == 54
    assert "1 pixels lie in more than one mask" in caplog.text


def test_real_table_round_trip(publisher_data, tmp_path):
    """Masks of the publisher, written as its table, give the same objects."""
    root = publisher_data / "dsb2018"
    raw = next(READER.scan(root))
    shutil.copytree(root / "stage1_train" / raw.sample, tmp_path / "stage1_train" / raw.sample)
    expected = READER.read_label(root, raw)
    (tmp_path / "stage1_train" / raw.sample).chmod(0o755)
    to_table_root = tmp_path / "stage1_train" / raw.sample / "masks"
    for path in [to_table_root, *to_table_root.iterdir()]:
        path.chmod(0o755)
    to_table(tmp_path, "")
    assert np.array_equal(label_of(tmp_path, raw.sample), expected)
