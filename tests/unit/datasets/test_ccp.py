from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.io import loadmat, savemat

from segbench.config.dataset import Background, Class, Dataset
from segbench.datasets import reader_of
from segbench.datasets.base import RawSample
from segbench.datasets.ccp import Ccp, class_table, label_names
from segbench.datasets.miniature.ccp import LABELS, save_mat
from segbench.errors import SegbenchError
from unit.datasets.helpers import make_dataset, shipped

#: Eight labels are enough for a tree; the reader takes them from the file.
NAMES = ("null", "accessories", "bag", "belt", "hair", "hat", "skin", "t-shirt")
CLASSES = (
    Class(name="hair", value=1, labels=("hair",)),
    Class(name="skin", value=2, labels=("skin",)),
    Class(name="things", value=3, labels=("bag", "belt", "accessories")),
    Class(name="hat", value=4),
    Class(name="shirt", value=5, labels=("t-shirt",)),
)


def cells(names: tuple[object, ...]) -> np.ndarray:
    row = np.empty((1, len(names)), object)
    row[0, :] = names
    return row


def dataset(classes: tuple[Class, ...] = CLASSES, **changes: object) -> Dataset:
    return make_dataset("ccp", task="semantic", classes=classes, **changes)


@pytest.fixture()
def tree(tmp_path: Path) -> Path:
    """Three photos, two of them with pixel labels."""
    root = tmp_path / "ccp"
    rng = np.random.default_rng(1)
    (root / "photos").mkdir(parents=True)
    for name in ("0001", "0002", "0003"):
        pixels = rng.integers(0, 256, (9, 7, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "photos" / f"{name}.jpg")
    save_mat(root / "label_list.mat", "label_list", cells(NAMES))
    label = np.arange(63, dtype=np.uint8).reshape(9, 7) % 8
    save_mat(root / "annotations/pixel-level/0001.mat", "groundtruth", label)
    save_mat(root / "annotations/pixel-level/0002.mat", "groundtruth", np.zeros_like(label))
    save_mat(root / "annotations/image-level/0003.mat", "tags", np.array([[0, 4]], np.uint8))
    return root


def samples(root: Path, source: Ccp | None = None) -> dict[str, RawSample]:
    return {raw.sample: raw for raw in (source or reader_of(dataset())).scan(root)}


def test_only_photos_with_pixel_labels_are_samples(tree):
    assert samples(tree) == {
        name: RawSample(
            sample=name,
            images=(f"photos/{name}.jpg",),
            labels=(f"annotations/pixel-level/{name}.mat", "label_list.mat"),
            group=name,
        )
        for name in ("0001", "0002")
    }


def test_a_tree_inside_other_folders(tree, tmp_path):
    outer = tmp_path / "download" / "clothing-co-parsing-master"
    outer.parent.mkdir()
    tree.rename(outer)
    found = samples(tmp_path / "download")
    assert found["0001"].images == ("clothing-co-parsing-master/photos/0001.jpg",)


def test_junk_and_capitals(tree):
    (tree / "photos/0001.jpg").rename(tree / "photos/0001.JPG")
    (tree / "photos/._0002.jpg").write_bytes(b"junk")
    (tree / "annotations/pixel-level/._0002.mat").write_bytes(b"junk")
    (tree / "annotations/pixel-level/readme.txt").write_text("words")
    assert samples(tree)["0001"].images == ("photos/0001.JPG",)
    assert len(samples(tree)) == 2


def test_labels_become_classes(tree):
    source = reader_of(dataset())
    label = source.read_label(tree, samples(tree)["0001"])
    # null, accessories, bag, belt, hair, hat, skin, t-shirt
    assert label.dtype == np.uint8
    assert label.ravel()[:8].tolist() == [0, 3, 3, 3, 1, 4, 2, 5]
    assert label.shape == (9, 7)


def test_photos_are_rgb(tree):
    raw = samples(tree)["0001"]
    image = reader_of(dataset()).read_image(tree, raw)
    assert (image.shape, image.dtype) == ((9, 7, 3), np.uint8)
    with Image.open(tree / raw.images[0]) as photo:
        assert np.array_equal(image, np.asarray(photo))


def test_a_grey_photo_gets_three_equal_channels(tree):
    Image.fromarray(np.full((9, 7), 30, np.uint8)).save(tree / "photos/0001.jpg")
    image = reader_of(dataset()).read_image(tree, samples(tree)["0001"])
    assert image.shape == (9, 7, 3)
    assert np.unique(image).tolist() == [30]


def test_a_photo_in_other_colours_is_refused(tree):
    Image.new("CMYK", (7, 9)).save(tree / "photos/0001.jpg")
    with pytest.raises(SegbenchError, match=r"0001\.jpg.*CMYK"):
        reader_of(dataset()).read_image(tree, samples(tree)["0001"])


def test_a_png_with_alpha_under_the_name_of_a_photo_is_refused(tree):
    Image.new("RGBA", (7, 9)).save(tree / "photos/0001.jpg", format="PNG")
    with pytest.raises(SegbenchError, match="has an alpha channel, and 100"):
        reader_of(dataset()).read_image(tree, samples(tree)["0001"])


@pytest.mark.parametrize("keep", [0.5, 0.0])
def test_a_damaged_photo_is_named(tree, keep):
    path = tree / "photos/0002.jpg"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(SegbenchError, match=r"0002\.jpg: cannot be decoded"):
        reader_of(dataset()).read_image(tree, samples(tree)["0002"])


@pytest.mark.parametrize("damage", ["cut", "text", "empty"])
def test_a_damaged_annotation_is_named(tree, damage):
    path = tree / "annotations/pixel-level/0001.mat"
    data = path.read_bytes()
    path.write_bytes({"cut": data[:150], "text": b"no MATLAB at all" * 20, "empty": b""}[damage])
    with pytest.raises(SegbenchError, match=r"0001\.mat: cannot be read") as caught:
        reader_of(dataset()).read_label(tree, samples(tree)["0001"])
    assert "groundtruth" in caught.value.expected


def test_an_annotation_without_its_variable(tree):
    save_mat(tree / "annotations/pixel-level/0001.mat", "mask", np.zeros((9, 7), np.uint8))
    with pytest.raises(SegbenchError, match=r"0001\.mat: has no variable groundtruth"):
        reader_of(dataset()).read_label(tree, samples(tree)["0001"])


@pytest.mark.parametrize("shape", [(7, 9), (9, 8), (9, 7, 3)])
def test_a_mask_of_another_size_than_its_photo(tree, shape):
    save_mat(tree / "annotations/pixel-level/0001.mat", "groundtruth", np.zeros(shape, np.uint8))
    text = " x ".join(map(str, shape))
    with pytest.raises(SegbenchError, match=rf"0001\.mat: {text}") as caught:
        reader_of(dataset()).read_label(tree, samples(tree)["0001"])
    assert caught.value.expected == "9 x 7 pixels, as photos/0001.jpg"


@pytest.mark.parametrize("label", [np.full((9, 7), 8, np.uint8), np.full((9, 7), -1.0)])
def test_labels_that_have_no_name(tree, label):
    save_mat(tree / "annotations/pixel-level/0001.mat", "groundtruth", label)
    with pytest.raises(SegbenchError, match="holds") as caught:
        reader_of(dataset()).read_label(tree, samples(tree)["0001"])
    assert "from 0 to 7" in caught.value.expected


def test_labels_that_matlab_stores_as_floats(tree):
    path = tree / "annotations/pixel-level/0001.mat"
    source, raw = reader_of(dataset()), samples(tree)["0001"]
    label = source.read_label(tree, raw)
    save_mat(path, "groundtruth", loadmat(path)["groundtruth"].astype(float))
    assert np.array_equal(source.read_label(tree, raw), label)
    save_mat(path, "groundtruth", np.full((9, 7), 0.5))
    with pytest.raises(SegbenchError, match="63 of 63 values are not whole numbers"):
        source.read_label(tree, raw)


def test_missing_photos_are_listed(tree):
    (tree / "photos/0002.jpg").unlink()
    with pytest.raises(SegbenchError, match="1 photos are missing: 0002"):
        samples(tree)


def test_a_tree_without_annotations(tree):
    for path in (tree / "annotations/pixel-level").iterdir():
        path.unlink()
    with pytest.raises(SegbenchError, match=r"there are no \.mat files"):
        samples(tree)


@pytest.mark.parametrize("part", ["photos", "annotations/pixel-level", "label_list.mat"])
def test_a_tree_that_lacks_a_part(tree, part):
    (tree / part).rename(tree / "elsewhere")
    with pytest.raises(SegbenchError, match="the publisher's folders are not in it") as caught:
        samples(tree)
    assert "label_list.mat" in caught.value.expected


def test_the_list_of_names_is_read_again_when_it_changes(tree):
    source = reader_of(dataset())
    raw = samples(tree, source)["0001"]
    assert source.read_label(tree, raw).ravel()[4] == 1
    swapped = (*NAMES[:4], "hat", "hair", *NAMES[6:])
    save_mat(tree / "label_list.mat", "label_list", cells(swapped))
    assert source.read_label(tree, raw).ravel()[4] == 4


@pytest.mark.parametrize("names", [np.zeros((1, 3)), cells(("null", 3.0)), cells(())])
def test_a_list_that_names_nothing(tmp_path, names):
    save_mat(tmp_path / "label_list.mat", "label_list", names)
    with pytest.raises(SegbenchError, match="label_list is not a list of names"):
        label_names(tmp_path / "label_list.mat")


# The mapping from the publisher's labels to classes.


def change(**labels: tuple[str | int, ...]) -> dict[str, tuple[int, tuple[str | int, ...]]]:
    """The mapping of `CLASSES`, with other labels for some."""
    whole = {"background": (0, ("null",))}
    whole |= {c.name: (c.value, c.labels) for c in CLASSES}
    return whole | {name: (whole[name][0], value) for name, value in labels.items()}


def test_labels_by_name_by_number_and_by_the_name_of_the_class():
    table = class_table(NAMES, change(hair=(4,), hat=(), things=(1, "bag", 3)), "list")
    assert table.tolist() == [0, 3, 3, 3, 1, 4, 2, 5]
    assert table.dtype == np.uint8


def test_several_labels_as_background():
    changed = change(background=("null", "hat"))
    del changed["hat"]
    assert class_table(NAMES, changed, "list").tolist() == [0, 3, 3, 3, 1, 0, 2, 5]


def test_a_label_in_no_class():
    with pytest.raises(SegbenchError, match="labels of list in no class: accessories, belt"):
        class_table(NAMES, change(things=("bag",)), "list")


def test_a_label_in_two_classes():
    with pytest.raises(SegbenchError, match="the label 'hair' is in hair and in hat"):
        class_table(NAMES, change(hat=("hat", "hair")), "list")


def test_a_label_twice_in_one_class():
    with pytest.raises(SegbenchError, match="the label 'bag' is in things and in things"):
        class_table(NAMES, change(things=("bag", 2, "belt", "accessories")), "list")


def test_an_unknown_label_and_the_nearest():
    with pytest.raises(SegbenchError, match="class shirt: the label 'tshirt' is not in") as caught:
        class_table(NAMES, change(shirt=("tshirt",)), "list")
    assert caught.value.expected == "did you mean 't-shirt'?"


@pytest.mark.parametrize("number", [8, -1])
def test_a_number_beyond_the_labels(number):
    with pytest.raises(SegbenchError, match=f"class shirt: the label {number} is not in"):
        class_table(NAMES, change(shirt=(number,)), "list")


def test_a_wrong_mapping_is_found_before_any_annotation_is_read(tree):
    for path in (tree / "annotations/pixel-level").iterdir():
        path.write_bytes(b"")
    with pytest.raises(SegbenchError, match=r"labels of .*label_list\.mat in no class: t-shirt"):
        samples(tree, reader_of(dataset(CLASSES[:4])))


def test_the_background_may_have_another_name(tree):
    background = Background(name="street", labels=("null", "t-shirt"))
    found = reader_of(dataset(CLASSES[:4], background=background))
    label = found.read_label(tree, samples(tree, found)["0001"])
    assert label.ravel()[:8].tolist() == [0, 3, 3, 3, 1, 4, 2, 0]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_any_partition_becomes_the_table_it_describes(owners):
    names = tuple(f"label{n}" for n in range(len(owners)))
    classes = {
        f"class{value}": (value, tuple(n for n, o in zip(names, owners, strict=True) if o == value))
        for value in sorted(set(owners))
    }
    assert class_table(names, classes, "list").tolist() == owners


# The shipped mapping and the publisher's files.


def test_the_shipped_mapping_is_a_partition_of_the_59_labels():
    found = shipped("ccp")
    classes = {c.name: (c.value, c.labels) for c in found.classes}
    classes["background"] = (0, found.background.labels)
    table = class_table(LABELS, classes, "list")
    assert table.size == 59
    assert np.unique(table).tolist() == list(range(14))
    as_published = {"bag": 3, "cape": 3, "vest": 5, "suit": 6, "romper": 8, "necklace": 12}
    as_published |= {"tights": 11, "swimwear": 10, "boots": 13, "t-shirt": 6, "null": 0}
    assert {name: int(table[LABELS.index(name)]) for name in as_published} == as_published


def test_the_shipped_mapping_is_the_published_one(publisher_data):
    with (publisher_data / "ccp/mapping_59_to_14.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert label_names(publisher_data / "ccp/label_list.mat") == LABELS
    assert tuple(row["old_name"] for row in rows) == LABELS
    found = shipped("ccp")
    classes = {c.name: (c.value, c.labels) for c in found.classes}
    classes[found.background.name] = (0, found.background.labels)
    assert class_table(LABELS, classes, "list").tolist() == [int(row["new_id"]) for row in rows]
    names = {c.name: c.value for c in found.classes} | {found.background.name: 0}
    assert names == {row["new_name"]: int(row["new_id"]) for row in rows}


def test_the_publishers_photos(publisher_data):
    root = publisher_data / "ccp"
    source = reader_of(shipped("ccp"))
    found = list(source.scan(root))
    assert [raw.sample for raw in found] == [f"{n:04d}" for n in range(1, 1005)]
    for raw in found[::201]:
        image, label = source.read_image(root, raw), source.read_label(root, raw)
        assert image.shape == (*label.shape, 3)
        assert image.shape[1] == 550
        assert 801 <= image.shape[0] <= 873
        assert label.max() <= 13
    # The first photo: 59 labels read by SciPy alone, counted class by class.
    first = found[0]
    plain = loadmat(root / first.labels[0])["groundtruth"]
    mapped = source.read_label(root, first)
    assert plain.shape == (832, 550)
    assert np.array_equal(mapped == 2, plain == LABELS.index("skin"))
    assert np.array_equal(mapped == 0, plain == 0)


def test_scipys_own_files_are_read(tmp_path):
    savemat(tmp_path / "label_list.mat", {"label_list": cells(NAMES), "other": 1})
    assert label_names(tmp_path / "label_list.mat") == NAMES
