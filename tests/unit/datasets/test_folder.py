"""Folders of the user's own that are as they should be."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from segbench.config.dataset import Class
from segbench.datasets import reader_of
from segbench.datasets.folder import FolderSample
from segbench.datasets.inventory import write_shards
from segbench.errors import SegbenchError
from unit.datasets.folders import (
    COLOURED,
    ONE,
    SHAPE,
    TWO,
    folder_of,
    image,
    label,
    make,
    painted,
    read_labels,
    save,
    scan,
)
from unit.datasets.helpers import make_dataset, write_picture


def test_images_and_masks_of_equal_names(tmp_path):
    masks = {"b.png": label(2, 1), "a.png": label(2, 2)}
    root = folder_of(tmp_path, masks)
    found = scan(make(), root)
    assert list(found) == ["a", "b"]
    assert found["a"].images == ("images/a.png",)
    assert found["a"].labels == ("masks/a.png",)
    assert (found["a"].group, found["a"].split) == ("a", "train")
    labels = read_labels(make(), root)
    for name in "ab":
        assert labels[name].dtype == np.uint8
        assert np.array_equal(labels[name], masks[f"{name}.png"])


@pytest.mark.parametrize("ending", ["png", "tif", "tiff", "npy", "nii.gz", "nii"])
def test_kinds_of_masks(tmp_path, ending):
    mask = label(2)
    root = folder_of(tmp_path, {f"a.{ending}": mask})
    assert np.array_equal(read_labels(make(), root)["a"], mask)


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("a.png", image()),
        ("a.png", image(0, SHAPE)),
        ("a.tif", image()),
        ("a.tif", image(0, SHAPE).astype(np.uint16) * 200),
        ("a.npy", image(0, (*SHAPE, 4))),
        ("a.npy", image(0, SHAPE).astype(np.float32)),
        ("a.nii.gz", image(0, SHAPE).astype(np.int16)),
    ],
    ids=["rgb", "grey", "tiff", "16 bit", "four channels", "float", "nifti"],
)
def test_kinds_of_images(tmp_path, name, pixels):
    save(tmp_path / "images" / name, pixels)
    save(tmp_path / "masks/a.png", label(2))
    (raw,) = make().scan(tmp_path)
    found = make().read_image(tmp_path, raw)
    expected = pixels if pixels.ndim == 3 else pixels[..., None]
    assert found.dtype == pixels.dtype
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("ending", ["npy", "tif", "nii.gz"])
def test_volumes(tmp_path, ending):
    shape = (6, 8, 10)
    volume, mask = image(0, shape), label(2, 0, shape)
    save(tmp_path / f"images/a.{ending}", volume)
    save(tmp_path / f"masks/a.{ending}", mask)
    (raw,) = make().scan(tmp_path)
    assert np.array_equal(make().read_image(tmp_path, raw), volume[..., None])
    assert np.array_equal(make().read_label(tmp_path, raw), mask)


def test_labels_of_the_config(tmp_path):
    classes = (
        Class(name="cell", value=1, labels=(7, 9)),
        Class(name="debris", value=2, labels=(255,)),
    )
    mask = np.array([[0, 7, 9], [255, 7, 0]], np.uint8)
    root = folder_of(tmp_path, {"a.png": mask}, mask.shape)
    assert read_labels(make(classes=classes), root)["a"].tolist() == [[0, 1, 1], [2, 1, 0]]


def test_background_of_the_config(tmp_path):
    """One-based labels: 1 is the background, 255 is not annotated and counts as background."""
    classes = (Class(name="cell", value=1, labels=(2,)), Class(name="debris", value=2, labels=(3,)))
    mask = np.array([[1, 2, 3], [255, 1, 2]], np.uint8)
    root = folder_of(tmp_path, {"a.png": mask}, mask.shape)
    labels = read_labels(make(classes=classes, background=(1, 255)), root)
    assert labels["a"].tolist() == [[0, 1, 2], [0, 0, 1]]


@pytest.mark.parametrize("task", ["semantic", "overlapping"])
def test_ignored_labels_of_the_config(tmp_path, task):
    mask = np.array([[1, 2, 0], [255, 1, 255]], np.uint8)
    root = folder_of(tmp_path, {"a.png": mask}, mask.shape)
    found = read_labels(make(task, ignore=(255,)), root)["a"]
    if task == "semantic":
        assert np.array_equal(found, mask)
    else:
        assert found[..., 0].tolist() == [[1, 0, 0], [255, 1, 255]]
        assert found[..., 1].tolist() == [[0, 1, 0], [255, 0, 255]]


def test_ignored_values_in_the_folder_of_a_class_and_in_objects(tmp_path):
    mask = np.array([[1, 3, 0], [0, 3, 1]], np.uint8)
    save(tmp_path / "images/a.png", image(0, mask.shape))
    save(tmp_path / "masks/cell/a.png", mask)
    found = read_labels(make("overlapping", ignore=(3,)), tmp_path)["a"]
    assert found[..., 0].tolist() == [[1, 255, 0], [0, 255, 1]]
    assert not found[..., 1].any(), "no mask: annotated, and not there"
    save(tmp_path / "masks/cell/a.png", np.uint8([[9, 3, 0], [0, 3, 4]]))
    source = make("instances", ONE, ignore=(3,), masks="masks/cell")
    assert read_labels(source, tmp_path)["a"].tolist() == [[2, 65535, 0], [0, 65535, 1]]


def test_the_sheet_names_the_annotated_classes(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2), "b.png": label(2)})
    (root / "sheet.csv").write_text("sample,annotated\na,debris\nb,\n", encoding="utf-8")
    source = make(sheet="sheet.csv")
    assert {k: raw.annotated for k, raw in scan(source, root).items()} == {
        "a": ("debris",),
        "b": (),
    }
    (root / "sheet.csv").write_text("sample,annotated\na,debri\nb,\n", encoding="utf-8")
    with pytest.raises(SegbenchError, match="'debri' is not a class"):
        scan(source, root)


def test_a_class_that_is_0_in_the_files(tmp_path):
    classes = (Class(name="sky", value=1, labels=(0,)), Class(name="road", value=2, labels=(1,)))
    root = folder_of(tmp_path, {"a.png": label(1)})
    assert np.array_equal(read_labels(make(classes=classes), root)["a"], label(1) + 1)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_colours(tmp_path, ending):
    values = label(3)
    mask = painted(values, {1: "#ff0000", 2: "#00c800", 3: "#ffff00"})
    root = folder_of(tmp_path, {f"a.{ending}": mask})
    expected = np.array([0, 1, 2, 2], np.uint8)[values]
    assert np.array_equal(read_labels(make(classes=COLOURED), root)["a"], expected)


def test_an_opaque_alpha_channel_says_nothing(tmp_path):
    values = label(1)
    mask = np.dstack([painted(values, {1: "#ff0000"}), np.full(SHAPE, 255, np.uint8)])
    root = folder_of(tmp_path, {"a.png": mask})
    write_picture(root / "images/a.png", np.dstack([image(), np.full(SHAPE, 255, np.uint8)]))
    source = make(classes=COLOURED)
    assert np.array_equal(read_labels(source, root)["a"], values)
    (raw,) = source.scan(root)
    assert np.array_equal(source.read_image(root, raw), image())


@pytest.mark.parametrize("by_colour", [False, True])
def test_palettes_are_values_or_colours_as_the_config_says(tmp_path, by_colour):
    values = label(2)
    picture = Image.fromarray(values, mode="P")
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 200, 0])
    root = folder_of(tmp_path, {"a.png": values})
    picture.save(root / "masks/a.png")
    source = make(classes=COLOURED if by_colour else TWO)
    assert np.array_equal(read_labels(source, root)["a"], values)


@pytest.mark.parametrize("top", [1, 255])
def test_one_bit_masks_have_the_value_1(tmp_path, top):
    root = folder_of(tmp_path, {"a.png": label(1) > 0})
    assert np.array_equal(read_labels(make(classes=ONE), root)["a"], label(1))


def test_grey_saved_as_colour_is_grey(tmp_path):
    root = folder_of(tmp_path, {"a.png": np.dstack([label(2)] * 3)})
    assert np.array_equal(read_labels(make(), root)["a"], label(2))


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32, np.float64])
def test_whole_numbers_of_any_kind(tmp_path, dtype):
    root = folder_of(tmp_path, {"a.npy": label(2).astype(dtype)})
    found = read_labels(make(), root)["a"]
    assert found.dtype == np.uint8
    assert np.array_equal(found, label(2))


def test_names_may_have_endings_and_folders(tmp_path):
    for case in ("case_1", "case_2"):
        save(tmp_path / f"pictures/{case}/a_img.png", image())
        save(tmp_path / f"annotations/{case}/a_mask.png", label(2))
    layout = {
        "images": "pictures",
        "masks": "annotations",
        "image_suffix": "_img",
        "mask_suffix": "_mask",
    }
    found = scan(make(**layout), tmp_path)
    assert list(found) == ["case_1.a", "case_2.a"]
    assert found["case_2.a"].labels == ("annotations/case_2/a_mask.png",)


@pytest.mark.parametrize("layout", [{"images": "."}, {"images": "all", "masks": "all"}])
def test_images_and_masks_in_one_place(tmp_path, layout):
    folder = tmp_path / layout["images"]
    masks = tmp_path / layout.get("masks", "masks")
    save(folder / "a.png", image())
    save(masks / "a_mask.png", label(2))
    found = scan(make(mask_suffix="_mask", **layout), tmp_path)
    assert list(found) == ["a"]
    assert found["a"].labels[0].endswith("a_mask.png")


def test_the_folder_may_lie_deeper(tmp_path):
    folder_of(tmp_path / "unpacked/data", {"a.png": label(2)})
    assert scan(make(), tmp_path)["a"].images == ("unpacked/data/images/a.png",)


def test_what_is_left_behind_is_passed_over(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2)})
    for name in (
        "images/._a.png",
        "images/Thumbs.db",
        "masks/.DS_Store",
        "images/.ipynb_checkpoints/a.png",
        "images/__MACOSX/a.png",
        "masks/._a.png",
        "images/readme.txt",
        "masks/desktop.ini",
    ):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"junk")
    assert list(scan(make(), root)) == ["a"]


def test_instances_are_numbered_without_gaps(tmp_path):
    mask = np.zeros(SHAPE, np.uint16)
    mask[0, :3], mask[3, 2:4], mask[7, 7:] = 7, 65535, 300
    root = folder_of(tmp_path, {"a.tif": mask})
    found = read_labels(make("instances", ONE), root)["a"]
    assert found.dtype == np.uint16
    assert found[0, 0] == 1
    assert found[3, 3] == 3
    assert found[7, 9] == 2
    assert np.array_equal(found > 0, mask > 0)


def test_images_without_instances(tmp_path):
    root = folder_of(tmp_path, {"a.png": np.zeros(SHAPE, np.uint8)})
    assert not read_labels(make("instances", ONE), root)["a"].any()


def test_overlapping_masks_by_folder(tmp_path):
    """A class without a mask of an image does not occur in it; masks may overlap."""
    classes = (Class(name="bowel", value=1), Class(name="stomach", value=2, labels=("Magen",)))
    bowel, stomach = label(1, 1), label(1, 2)
    for name in "ab":
        save(tmp_path / f"images/{name}.png", image())
        save(tmp_path / f"masks/Bowel/{name}.png", bowel * np.uint8(255))
    save(tmp_path / "masks/Magen/a.png", stomach > 0)
    found = read_labels(make("overlapping", classes), tmp_path)
    assert found["a"].shape == (*SHAPE, 2)
    assert found["a"].dtype == np.uint8
    assert np.array_equal(found["a"][..., 0], bowel)
    assert np.array_equal(found["a"][..., 1], stomach)
    assert (bowel & stomach).any()
    assert not found["b"][..., 1].any()


@pytest.mark.parametrize("kind", ["colours", "array"])
def test_overlapping_masks_in_one_file(tmp_path, kind):
    masks = np.stack([label(1, 1), label(1, 2)], axis=-1)
    if kind == "colours":
        masks[..., 1][masks[..., 0] > 0] = 0
        values = masks[..., 0] + 2 * masks[..., 1]
        folder_of(tmp_path, {"a.png": painted(values, {1: "#ff0000", 2: "#00c800"})})
    else:
        folder_of(tmp_path, {"a.npy": masks})
    found = read_labels(make("overlapping", COLOURED), tmp_path)["a"]
    assert np.array_equal(found, masks)


def test_classification_by_folder(tmp_path):
    for folder, name in (("cell", "a"), ("Debris", "a"), ("cell", "deep/b")):
        save(tmp_path / f"images/{folder}/{name}.png", image())
    source = make("classification")
    found = scan(source, tmp_path)
    assert {name: source.read_label(tmp_path, raw).tolist() for name, raw in found.items()} == {
        "Debris.a": [2],
        "cell.a": [1],
        "cell.deep.b": [1],
    }
    raw = found["Debris.a"]
    assert raw.labels == ()
    assert source.stratum(raw, image(), source.read_label(tmp_path, raw)) == "debris"


def test_classification_by_sheet(tmp_path):
    for name in "ab":
        save(tmp_path / f"images/{name}.png", image())
    (tmp_path / "sheet.csv").write_text("sample,class\na,Cell\nb,debris\n")
    source = make("classification", sheet="sheet.csv")
    labels = read_labels(source, tmp_path)
    assert (labels["a"].tolist(), labels["b"].tolist()) == ([1], [2])
    assert labels["a"].dtype == np.uint8


def test_what_a_sheet_says(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2), "b.png": label(2)})
    (root / "sheet.tsv").write_text(
        "sample\tgroup\tsplit\tstratum\tspacing_y_mm\tspacing_x_mm\tdoctor\n"
        "a.png\tP1\ttrain\told\t0.5\t0.25\tX\n"
        "b\tP2\ttest\t\t\t\tY\n"
    )
    source = make(sheet="sheet.tsv")
    found = scan(source, root)
    assert [(r.group, r.split) for r in found.values()] == [("P1", "train"), ("P2", "test")]
    assert [source.stratum(r, image(), label()) for r in found.values()] == ["old", ""]
    assert [source.spacing_mm(root, r) for r in found.values()] == [(0.5, 0.25), None]
    assert found["a"].labels == ("masks/a.png", "sheet.tsv")
    assert np.array_equal(source.read_label(root, found["a"]), label(2))


def test_a_changed_sheet_is_seen_by_the_inventory(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2), "b.png": label(1)})
    source = make(sheet="sheet.csv")
    texts = []
    for table in (
        "sample,group\na,P1\nb,P3\n",
        "sample,group\na,P2\nb,P3\n",
        "group,sample,remark\nP3,b,another order\nP2,a,and a column that is ignored\n",
    ):
        (root / "sheet.csv").write_text(table)
        write_shards(source, root, {0: tmp_path / "shard.tsv"}, 1, tmp_path / "side")
        texts.append((tmp_path / "shard.tsv").read_text().splitlines())
    changed = [old.split("\t")[:2] for old, new in zip(*texts[:2], strict=True) if old != new]
    assert changed == [["a", "sheet.csv"]], "what it says of b has not changed"
    assert texts[1] == texts[2]


def test_the_spacing_of_nifti_files_unless_the_sheet_says_another(tmp_path):
    import nibabel

    for folder, values in (("images", image(0, (10, 8, 6))), ("masks", label(2, 0, (10, 8, 6)))):
        (tmp_path / folder).mkdir()
        volume = nibabel.Nifti1Image(values, np.diag([0.5, 0.7, 3.0, 1.0]))
        nibabel.save(volume, tmp_path / folder / "a.nii.gz")
    (raw,) = make().scan(tmp_path)
    assert make().spacing_mm(tmp_path, raw) == (3.0, 0.7, 0.5)
    (tmp_path / "sheet.csv").write_text(
        "sample;spacing_z_mm;spacing_y_mm;spacing_x_mm\na;2,5;0,7;0,5\n"
    )
    source = make(sheet="sheet.csv")
    (raw,) = source.scan(tmp_path)
    assert source.spacing_mm(tmp_path, raw) == (2.5, 0.7, 0.5)


def test_the_reader_follows_the_config(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(1) * np.uint8(9)})
    dataset = make_dataset(
        "folder", task="semantic", classes=(Class(name="cell", value=3, labels=(9,)),)
    )
    found = read_labels(reader_of(dataset), root)["a"]  # type: ignore[arg-type]
    assert np.array_equal(found, label(1) * 3)


def test_samples_of_other_readers_are_a_mistake_of_ours(tmp_path):
    from segbench.datasets import RawSample

    with pytest.raises(TypeError):
        make().read_label(tmp_path, RawSample("a", ("a.png",), ()))
    assert FolderSample("a", ("a.png",), ()).row.spacing_mm is None
