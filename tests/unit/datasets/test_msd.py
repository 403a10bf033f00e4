"""The Decathlon's and nnU-Net's layouts, and the real files."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest
from PIL import Image

from segbench.config.dataset import Class
from segbench.datasets import reader_of
from unit.datasets.msd_trees import (
    SHAPE,
    decathlon,
    described,
    expect,
    image_of,
    label_of,
    nnunet,
    write,
)

# ---- layouts


def test_decathlon(tmp_path):
    decathlon(tmp_path)
    source = reader_of(described())
    first, second = source.scan(tmp_path)
    assert (first.sample, second.sample) == ("BRATS_001", "BRATS_002")
    assert first.images == ("Task01_BrainTumour/imagesTr/BRATS_001.nii.gz",)
    assert first.labels == (
        "Task01_BrainTumour/labelsTr/BRATS_001.nii.gz",
        "Task01_BrainTumour/dataset.json",
    )
    assert (first.split, first.group, first.stack) == ("train", "BRATS_001", "")
    image, label = source.read_image(tmp_path, second), source.read_label(tmp_path, second)
    np.testing.assert_array_equal(image, image_of(1))
    expected = np.array([0, 1, 7, 3], np.uint8)[label_of(1)]
    np.testing.assert_array_equal(label, expected)
    assert label.dtype == np.uint8
    assert source.spacing_mm(tmp_path, first) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("task", ["semantic", "overlapping"])
def test_nnunets_ignore_label_needs_no_config(tmp_path, task):
    labels = {"background": 0, "edema": 1, "tumour": 2, "ignore": 3}
    nnunet(tmp_path, labels=labels)
    classes = (Class(name="edema", value=4), Class(name="tumour", value=9))
    source = reader_of(described(classes, task))
    raw = next(source.scan(tmp_path))
    found = source.read_label(tmp_path, raw)
    assert found.dtype == np.uint8
    stored = label_of(0)
    if task == "semantic":
        assert np.array_equal(found, np.array([0, 4, 9, 255], np.uint8)[stored])
    else:
        for number, value in enumerate((1, 2)):
            expected = np.where(stored == 3, 255, stored == value)
            assert np.array_equal(found[..., number], expected)


def test_nnunet_joins_the_channels(tmp_path):
    nnunet(tmp_path)
    source = reader_of(described())
    samples = list(source.scan(tmp_path))
    assert [raw.sample for raw in samples] == ["case_01", "case_02"]
    assert [name.rsplit("/")[-1] for name in samples[0].images] == [
        "case_01_0000.nii.gz",
        "case_01_0001.nii.gz",
    ]
    np.testing.assert_array_equal(source.read_image(tmp_path, samples[0]), image_of(0))
    expected = np.array([0, 1, 7, 3], np.uint8)[label_of(0)]
    np.testing.assert_array_equal(source.read_label(tmp_path, samples[0]), expected)


def test_a_decathlon_case_may_look_like_a_channel(tmp_path):
    decathlon(tmp_path, names=("lung_0001", "lung_0002"))
    assert [raw.sample for raw in reader_of(described()).scan(tmp_path)] == [
        "lung_0001",
        "lung_0002",
    ]


def test_one_modality_has_a_channel_axis(tmp_path):
    base = decathlon(tmp_path, modality={"0": "CT"})
    write(base / "imagesTr" / "BRATS_001.nii.gz", image_of(0)[..., 0])
    raw = next(reader_of(described()).scan(tmp_path))
    assert reader_of(described()).read_image(tmp_path, raw).shape == (*SHAPE, 1)


def test_uncompressed_files(tmp_path):
    nnunet(tmp_path, ending=".nii")
    assert len(list(reader_of(described()).scan(tmp_path))) == 2


def test_pictures_of_nnunet(tmp_path):
    base = tmp_path / "Dataset120_Roads"
    rgb = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    for folder, name, pixels in (
        ("imagesTr", "road_1_0000.png", rgb), ("labelsTr", "road_1.png", (rgb[..., 0] > 99)),
    ):  # fmt: skip
        (base / folder).mkdir(parents=True)
        Image.fromarray(pixels.astype(np.uint8)).save(base / folder / name)
    (base / "dataset.json").write_text(json.dumps({
        "channel_names": {"0": "R", "1": "G", "2": "B"},
        "labels": {"background": 0, "road": 1}, "file_ending": ".png",
    }))  # fmt: skip
    source = reader_of(described((Class(name="road", value=4),)))
    (raw,) = source.scan(tmp_path)
    np.testing.assert_array_equal(source.read_image(tmp_path, raw), rgb)
    np.testing.assert_array_equal(source.read_label(tmp_path, raw), 4 * (rgb[..., 0] > 99))
    assert source.spacing_mm(tmp_path, raw) is None
    assert source.affine(tmp_path, raw) is None


def test_junk_and_unlabelled_test_images_are_skipped(tmp_path):
    base = decathlon(tmp_path)
    for folder in ("imagesTr", "labelsTr"):
        (base / folder / "._BRATS_001.nii.gz").write_bytes(b"\x00\x05\x16\x07")
        (base / folder / ".DS_Store").write_bytes(b"x")
    write(base / "imagesTs" / "BRATS_485.nii.gz", image_of(9))
    samples = list(reader_of(described()).scan(tmp_path))
    assert [raw.sample for raw in samples] == ["BRATS_001", "BRATS_002"]
    assert not any("._" in name for raw in samples for name in raw.files)


def test_spacing_and_affine_are_kept(tmp_path):
    base = decathlon(tmp_path)
    affine = np.array([[-0.5, 0, 0, 9], [0, 0.7, 0, -3], [0, 0, 3, 1], [0, 0, 0, 1.0]])
    for folder, array in (("imagesTr", image_of(0)), ("labelsTr", label_of(0))):
        write(base / folder / "BRATS_001.nii.gz", array, affine)
    source = reader_of(described())
    raw = next(source.scan(tmp_path))
    assert source.spacing_mm(tmp_path, raw) == (3.0, 0.7, 0.5)
    np.testing.assert_allclose(source.affine(tmp_path, raw), affine)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirrored_label_is_brought_to_the_grid_of_its_image(tmp_path, caplog, axis):
    base = decathlon(tmp_path)
    mirrored = np.eye(4)
    mirrored[axis, axis], mirrored[axis, 3] = -1, SHAPE[2 - axis] - 1
    stored = np.ascontiguousarray(np.flip(label_of(0), 2 - axis))
    write(base / "labelsTr" / "BRATS_001.nii.gz", stored, mirrored)
    source = reader_of(described())
    raw = next(source.scan(tmp_path))
    with caplog.at_level(logging.WARNING):
        label = source.read_label(tmp_path, raw)
    np.testing.assert_array_equal(label, np.array([0, 1, 7, 3])[label_of(0)])
    assert f"BRATS_001.nii.gz: it is mirrored along {'xyz'[axis]}" in caplog.text


def test_another_grid_of_the_label_is_refused(tmp_path):
    base = decathlon(tmp_path)
    write(base / "labelsTr" / "BRATS_001.nii.gz", label_of(0), np.diag([2.0, 2, 2, 1]))
    source = reader_of(described())
    with expect("labelsTr/BRATS_001.nii.gz: its voxels do not lie", "2 x 2 x 2 mm, not 1 x 1 x 1"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


# ---- bad trees and files


def test_no_dataset_json(tmp_path):
    (decathlon(tmp_path) / "dataset.json").unlink()
    with expect(str(tmp_path), "dataset.json with the folders imagesTr"):
        list(reader_of(described()).scan(tmp_path))


def test_no_folder_of_labels(tmp_path):
    base = decathlon(tmp_path)
    (base / "labelsTr").rename(base / "labels")
    with expect("labelsTr: there is no such folder"):
        list(reader_of(described()).scan(tmp_path))


def test_an_image_without_a_label(tmp_path):
    base = decathlon(tmp_path)
    (base / "labelsTr" / "BRATS_002.nii.gz").unlink()
    with expect("imagesTr/BRATS_002.nii.gz", "has no label"):
        list(reader_of(described()).scan(tmp_path))


def test_a_label_without_an_image(tmp_path):
    base = decathlon(tmp_path)
    (base / "imagesTr" / "BRATS_002.nii.gz").unlink()
    with expect("labelsTr/BRATS_002.nii.gz", "its images are none"):
        list(reader_of(described()).scan(tmp_path))


def test_a_missing_channel(tmp_path):
    base = nnunet(tmp_path)
    (base / "imagesTr" / "case_02_0000.nii.gz").unlink()
    with expect("case_02", "its images are case_02_0001.nii.gz", "case_02_0000.nii.gz"):
        list(reader_of(described()).scan(tmp_path))


def test_too_few_channels(tmp_path):
    base = nnunet(tmp_path)
    (base / "imagesTr" / "case_01_0001.nii.gz").unlink()
    raw = next(reader_of(described()).scan(tmp_path))
    with expect("case_01_0000.nii.gz: 1 channels", "2 channels"):
        reader_of(described()).read_image(tmp_path, raw)


def test_both_kinds_of_image_for_one_case(tmp_path):
    base = nnunet(tmp_path)
    write(base / "imagesTr" / "case_01.nii.gz", image_of(0))
    with expect("case_01.nii.gz, case_01_0000.nii.gz"):
        list(reader_of(described()).scan(tmp_path))


def test_channels_of_two_sizes(tmp_path):
    base = nnunet(tmp_path)
    write(base / "imagesTr" / "case_01_0001.nii.gz", image_of(0)[1:, ..., 0])
    raw = next(reader_of(described()).scan(tmp_path))
    with expect("case_01_0001.nii.gz: its voxels do not lie", "3 x 5 x 6 voxels, not 4 x 5 x 6"):
        reader_of(described()).read_image(tmp_path, raw)


def test_a_label_of_another_size(tmp_path):
    base = decathlon(tmp_path)
    write(base / "labelsTr" / "BRATS_001.nii.gz", label_of(0)[:, 1:])
    raw = next(reader_of(described()).scan(tmp_path))
    with expect("labelsTr/BRATS_001.nii.gz: its voxels do", "4 x 4 x 6 voxels, not 4 x 5 x 6"):
        reader_of(described()).read_label(tmp_path, raw)


def test_an_ending_that_is_not_read(tmp_path):
    nnunet(tmp_path, file_ending=".mnc")
    with expect("file_ending '.mnc'", ".nii.gz"):
        list(reader_of(described()).scan(tmp_path))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (np.float32([0, 1.5]), "values are not whole numbers: 1.5"),
        (np.int16([0, -1]), "holds the labels -1"),
        (np.float32([0, np.nan]), "values are not whole numbers: nan"),
    ],
)
def test_labels_that_are_no_labels(tmp_path, values, named):
    base = decathlon(tmp_path)
    write(base / "labelsTr" / "BRATS_001.nii.gz", values[label_of(0) % 2])
    raw = next(reader_of(described()).scan(tmp_path))
    with expect("BRATS_001.nii.gz", named):
        reader_of(described()).read_label(tmp_path, raw)


def test_a_label_of_several_channels(tmp_path):
    base = decathlon(tmp_path)
    write(base / "labelsTr" / "BRATS_001.nii.gz", np.stack([label_of(0), label_of(1)], axis=-1))
    raw = next(reader_of(described()).scan(tmp_path))
    with expect("the mask has 2 channels that differ"):
        reader_of(described()).read_label(tmp_path, raw)


def test_a_damaged_image(tmp_path):
    base = decathlon(tmp_path)
    path = base / "imagesTr" / "BRATS_001.nii.gz"
    path.write_bytes(path.read_bytes()[:-20])
    raw = next(reader_of(described()).scan(tmp_path))
    with expect("imagesTr/BRATS_001.nii.gz: cannot be decoded"):
        reader_of(described()).read_image(tmp_path, raw)
