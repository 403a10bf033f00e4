"""The mistakes that people make, and what they are told."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from PIL import Image

from segbench.config.dataset import Class
from segbench.errors import SegbenchError
from unit.datasets.folders import (
    COLOURED,
    ONE,
    SHAPE,
    TWO,
    fault,
    folder_of,
    image,
    label,
    make,
    painted,
    save,
    smeared,
)
from unit.datasets.helpers import write_picture

WIDE = (60, 80)


def blocks(values=(1, 2)):
    """A map with large pieces, so that smearing changes the edges only."""
    found = np.zeros(WIDE, np.uint8)
    found[5:40, 5:35], found[20:55, 45:75] = values
    return found


def test_no_folder_of_images(tmp_path):
    (tmp_path / "image").mkdir()
    error = fault(make(), tmp_path)
    assert error.what == f"{tmp_path}: has no folder 'images' (but image)"
    assert error.action.endswith("e.g. to 'image'")
    assert "(it is empty)" in fault(make(), tmp_path / "image").what
    assert "has no folder 'images'" in fault(make(), tmp_path / "gone").what


def test_no_folder_of_masks(tmp_path):
    save(tmp_path / "images/a.png", image())
    (tmp_path / "mask").mkdir()
    error = fault(make(), tmp_path)
    assert error.what.endswith("masks: there is no such folder")
    assert error.action.endswith("e.g. to 'mask'")


def test_images_and_masks_in_one_folder_without_a_suffix(tmp_path):
    save(tmp_path / "all/a.png", image())
    error = fault(make(images="all", masks="all"), tmp_path)
    assert "images and masks are in one folder" in error.what
    assert "layout.mask_suffix" in error.action


@pytest.mark.parametrize("place", ["../elsewhere", "/tmp", "a/../../b"])
@pytest.mark.parametrize("key", ["images", "masks", "sheet"])
def test_a_layout_that_leaves_the_folder(key, place):
    with pytest.raises(SegbenchError, match=f"layout.{key}: .* leaves the raw folder"):
        make(**{key: place})


def test_a_folder_of_masks_that_is_no_class(tmp_path):
    save(tmp_path / "images/a.png", image())
    for name in ("cell", "debriss"):
        save(tmp_path / f"masks/{name}/a.png", label(1))
    error = fault(make("overlapping"), tmp_path)
    assert "'debriss' is not a class" in error.what
    assert "is it debris?" in error.action


def test_an_image_without_a_mask_of_any_class(tmp_path):
    for name in "ab":
        save(tmp_path / f"images/{name}.png", image())
    save(tmp_path / "masks/cell/a.png", label(1))
    assert "1 of 2 images have no mask" in fault(make("overlapping"), tmp_path).what


def test_classification_without_a_class(tmp_path):
    save(tmp_path / "images/a.png", image())
    error = fault(make("classification"), tmp_path)
    assert "a.png: has no class" in error.what
    save(tmp_path / "images/cel/b.png", image())
    (tmp_path / "images/a.png").unlink()
    assert "'cel' is not a class" in fault(make("classification"), tmp_path).what


def test_masks_of_another_size(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2, 0, (8, 9))})
    error = fault(make(), root)
    assert error.what.endswith("masks/a.png: 8 x 9 pixels")
    assert error.expected == f"8 x 10 pixels, as {tmp_path}/images/a.png"
    assert "nearest pixel" in error.action


def test_rows_and_columns_swapped(tmp_path):
    root = folder_of(tmp_path, {"a.npy": label(2).T})
    assert "rows and columns are swapped" in fault(make(), root).action


def test_the_size_is_told_before_values_that_it_explains(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(200, 0, (16, 20))})
    assert "16 x 20 pixels" in fault(make(), root).what


def test_a_volume_with_a_flat_mask(tmp_path):
    save(tmp_path / "images/a.npy", image(0, (6, 8, 10)))
    save(tmp_path / "masks/a.npy", label(2))
    assert fault(make(), tmp_path).what.endswith("masks/a.npy: 8 x 10 pixels, one slice")


def nifti(path, array, affine):
    import nibabel

    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(array, affine), path)


def test_nifti_masks_of_another_shape(tmp_path):
    nifti(tmp_path / "images/a.nii.gz", np.zeros((5, 6, 7), np.int16), np.eye(4))
    nifti(tmp_path / "masks/a.nii.gz", np.zeros((5, 6, 4), np.uint8), np.eye(4))
    error = fault(make(), tmp_path)
    assert "masks/a.nii.gz: its voxels do not lie where those of " in error.what
    assert "4 x 6 x 5 voxels, not 7 x 6 x 5" in error.what


def test_nifti_masks_that_lie_elsewhere(tmp_path):
    moved = np.diag([1.0, 1.0, 3.0, 1.0])
    moved[0, 3] = -12.5
    nifti(tmp_path / "images/a.nii.gz", np.zeros((5, 6, 7), np.int16), np.diag([1.0, 1.0, 3.0, 1]))
    nifti(tmp_path / "masks/a.nii.gz", np.zeros((5, 6, 7), np.uint8), moved)
    error = fault(make(), tmp_path)
    assert "its centre 0 x 0 x -12.5 voxels (z, y, x) from the image's" in error.what
    assert "resample it onto the image's grid" in error.action


def test_jpeg_masks(tmp_path):
    root = folder_of(tmp_path, {"a.png": blocks((1, 1)) * np.uint8(255)}, WIDE)
    (root / "masks/a.png").unlink()
    smeared(root / "masks/a.jpg", blocks((1, 1)) * np.uint8(255))
    error = fault(make(classes=(Class(name="cell", value=1, labels=(255,)),)), root)
    assert "a.jpg: a JPEG mask with " in error.what
    assert "smeared by the compression: 0 (" in error.what
    assert " px), 255 (" in error.what
    assert "save the mask as PNG" in error.action


def test_masks_that_were_jpeg_once(tmp_path):
    path = smeared(tmp_path / "was.jpg", blocks((2, 1)) * np.uint8(120))
    with Image.open(path) as picture:
        root = folder_of(tmp_path / "raw", {"a.png": np.asarray(picture)}, WIDE)
    classes = (Class(name="a", value=1, labels=(120,)), Class(name="b", value=2, labels=(240,)))
    error = fault(make(classes=classes), root)
    assert "a.png: holds values that belong to no class" in error.what
    assert "the edges are smeared" in error.action
    assert "0 (background), 120 (a), 240 (b)" in error.expected


def test_jpeg_masks_in_colour(tmp_path):
    root = folder_of(tmp_path, {"a.png": blocks()}, WIDE)
    (root / "masks/a.png").unlink()
    smeared(root / "masks/a.jpeg", painted(blocks(), {1: "#ff0000", 2: "#00c800"}))
    error = fault(make(classes=COLOURED), root)
    assert "a JPEG mask with " in error.what
    assert "colours, smeared" in error.what
    assert "#000000 (" in error.what


def test_0_255_for_one_class(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(1) * np.uint8(255)})
    error = fault(make(classes=ONE), root)
    assert "holds values that belong to no class: 255 (" in error.what
    assert error.action == "set `labels: [255]` of the class cell in the dataset's config"


def test_16_bit_full_range(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(1).astype(np.uint16) * 65535})
    assert "`labels: [65535]`" in fault(make(classes=ONE), root).action


def test_one_based_labels(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2) + np.uint8(1)})
    error = fault(make(), root)
    assert "no class: 3 (" in error.what
    assert "counted from 1, the background included" in error.action
    assert "background: {labels: [1]}" in error.action
    assert "cell: [2], debris: [3]" in error.action


def test_unknown_labels(tmp_path):
    mask = label(2)
    mask[2, 2:5] = 7
    root = folder_of(tmp_path, {"a.png": mask})
    error = fault(make(), root)
    assert error.what.endswith("holds values that belong to no class: 7 (3 px)")
    assert error.expected == "0 (background), 1 (cell), 2 (debris)"
    assert "`labels: [7]` of a class" in error.action
    assert "`background: {labels: [0, 7]}`" in error.action


def test_negative_and_large_values(tmp_path):
    mask = label(2).astype(np.int32)
    mask[0, :3] = -1, 70000, -1
    root = folder_of(tmp_path, {"a.npy": mask})
    assert "-1 (2 px), 70000 (1 px)" in fault(make(), root).what


def test_probabilities(tmp_path):
    chance = np.linspace(0, 1, 80, dtype=np.float32).reshape(SHAPE)
    root = folder_of(tmp_path, {"a.npy": chance})
    error = fault(make(), root)
    assert "78 of 80 values are not whole numbers: 0.01266" in error.what
    assert "threshold" in error.action


def test_values_that_are_not_finite(tmp_path):
    chance = np.zeros(SHAPE)
    chance[0, 0] = np.nan
    root = folder_of(tmp_path, {"a.npy": chance})
    assert "1 of 80 values are not whole numbers: nan" in fault(make(), root).what


def test_colours_where_values_are_expected(tmp_path):
    root = folder_of(tmp_path, {"a.png": painted(label(2), {1: "#ff0000", 2: "#00c800"})})
    error = fault(make(), root)
    assert "the mask is in colour (3 colours, the commonest: " in error.what
    assert "'#ff0000'" in error.what
    assert "write the colours into the dataset's config" in error.action


def test_values_where_colours_are_expected(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2)})
    error = fault(make(classes=COLOURED), root)
    assert "#010101 (" in error.what
    assert "nearest: #000000, background" in error.what


def test_colours_that_are_no_class(tmp_path):
    root = folder_of(tmp_path, {"a.png": painted(label(2), {1: "#ff0000", 2: "#05c502"})})
    error = fault(make(classes=COLOURED), root)
    assert "#05c502 (" in error.what
    assert "nearest: #00c800, bowel)" in error.what
    assert "#ff0000 (stomach)" in error.expected


def test_16_bit_colours(tmp_path):
    root = folder_of(tmp_path, {"a.tif": painted(label(1), {1: "#ff0000"}).astype(np.uint16)})
    assert "uint16 values, 8 x 10 x 3" in fault(make(classes=COLOURED), root).what


@pytest.mark.parametrize("classes", [TWO, COLOURED], ids=["values", "colours"])
def test_transparent_masks(tmp_path, classes):
    values = label(1)
    mask = np.dstack([painted(values, {1: "#ff0000"}), values * np.uint8(255)])
    root = folder_of(tmp_path, {"a.png": mask})
    error = fault(make(classes=classes), root)
    assert "has an alpha channel, and " in error.what
    assert "; 1 colours are opaque" in error.what
    assert "without an alpha channel" in error.action


def test_transparent_images(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2)})
    alpha = np.full(SHAPE, 255, np.uint8)
    alpha[:4] = 0
    write_picture(root / "images/a.png", np.dstack([image(), alpha]))
    error = fault(make(), root)
    assert "has an alpha channel, and 50.0% of its pixels are transparent" in error.what


def test_labels_that_are_neither_values_nor_colours(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2)})
    for wrong in ("red", "#00c80", "00c800"):
        classes = (Class(name="cell", value=1, labels=(wrong,)),)
        assert f"the label is '{wrong}'" in fault(make(classes=classes), root).what
    named = (Class(name="cell", value=1, labels=("red",)),)
    assert fault(make(classes=named), root).what.startswith(f"{root}/masks/a.png: classes: cell: ")
    mixed = (Class(name="a", value=1, labels=("#00c800",)), Class(name="b", value=2, labels=(2,)))
    assert "classes: b: the label is 2" in fault(make(classes=mixed), root).what


def test_one_label_of_two_classes():
    classes = (Class(name="a", value=1, labels=(5,)), Class(name="b", value=2, labels=(5,)))
    with pytest.raises(SegbenchError, match="classes: 5 is a label of a and of b"):
        make(classes=classes)


def test_a_label_of_a_class_and_of_the_background(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2)})
    error = fault(make(background=(0, 2)), root)
    assert "the label 2 stands for debris and for background" in error.what


def test_masks_that_are_not_numbered(tmp_path):
    root = folder_of(tmp_path, {"a.png": (blocks() > 0) * np.uint8(255)}, WIDE)
    error = fault(make("instances", ONE), root)
    assert "2 separate pieces all have the number 255" in error.what
    assert "number the objects; or set `task: semantic`" in error.action


def test_numbers_in_jpeg_and_in_colour(tmp_path):
    root = folder_of(tmp_path, {"a.png": painted(blocks(), {1: "#ff0000", 2: "#00c800"})}, WIDE)
    assert "each object has its own number" in fault(make("instances", ONE), root).action
    (root / "masks/a.png").unlink()
    smeared(root / "masks/a.jpg", blocks((90, 200)))
    assert "a JPEG mask, whose" in fault(make("instances", ONE), root).what


def test_negative_numbers_and_fractions(tmp_path):
    root = folder_of(tmp_path, {"a.npy": label(2).astype(np.int16) - 1})
    assert "holds numbers below 0: -1 (" in fault(make("instances", ONE), root).what
    np.save(root / "masks/a.npy", label(2) / 2)
    assert "are not whole numbers: 0.5" in fault(make("instances", ONE), root).what


def test_more_objects_than_16_bits_can_number(tmp_path):
    root = folder_of(tmp_path, {"a.npy": np.arange(260 * 260).reshape(260, 260)}, (260, 260))
    assert "67599 objects" in fault(make("instances", ONE), root).what


def test_masks_of_a_class_with_more_values_than_two(tmp_path):
    save(tmp_path / "images/a.png", image())
    save(tmp_path / "masks/cell/a.png", label(2))
    error = fault(make("overlapping"), tmp_path)
    assert "cell/a.png: holds the values " in error.what
    assert error.expected == "0, and 255 (or 1) where the class is"


@pytest.mark.parametrize(
    ("name", "advice"),
    [("a.czi", "OME-TIFF"), ("a.mat", ".npy"), ("a.LIF", "OME-TIFF")],
)
def test_kinds_that_are_not_read(tmp_path, name, advice):
    root = folder_of(tmp_path, {"a.png": label()})
    (root / "masks" / name).write_bytes(b"x")
    error = fault(make(), root)
    assert f"{name}: unsupported file format" in error.what
    assert advice in error.action


def test_pickles_are_refused_and_not_run(tmp_path):
    root = folder_of(tmp_path, {"a.png": label(2)})
    (root / "masks/a.png").unlink()

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "pwned"), "w"))

    np.save(root / "masks/a.npy", np.array([Evil()], object), allow_pickle=True)
    error = fault(make(), root)
    assert "pickled objects are refused" in error.expected
    (root / "masks/a.npy").write_bytes(pickle.dumps(Evil()))
    assert "a.npy: cannot be decoded" in fault(make(), root).what
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(5), "has the axes none (5)"),
        (np.zeros((1, 2, 3, 4, 5)), "has the axes none (1 x 2 x 3 x 4 x 5)"),
        (np.zeros((0, 3)), "holds float64 values of shape"),
        (np.array([["a"]]), "holds <U1 values"),
    ],
)
def test_arrays_that_are_no_picture(tmp_path, array, message):
    root = folder_of(tmp_path, {"a.png": label(2)})
    (root / "masks/a.png").unlink()
    np.save(root / "masks/a.npy", array)
    assert message in fault(make(), root).what


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jpg", "a.npy", "a.nii.gz"])
def test_damaged_files_are_named(tmp_path, name):
    root = folder_of(tmp_path, {"a.png": label(2)})
    (root / "images/a.png").unlink()
    path = save(root / "images" / name, image(0, SHAPE))
    path.write_bytes(path.read_bytes()[:-20])
    error = fault(make(), root)
    assert str(path) in error.what
    assert "cannot be" in error.what
