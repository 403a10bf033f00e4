"""The Decathlon's and nnU-Net's layouts, and the real files."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest
from PIL import Image

from segbench.config.dataset import Background, Class, Dataset
from segbench.datasets import reader_of
from segbench.decoders.nifti import nifti_bytes
from segbench.errors import SegbenchError

LABELS = {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"}
MODALITY = {"0": "FLAIR", "1": "T1w"}
SHAPE = (4, 5, 6)
BRATS = (
    Class(name="edema", value=1),
    Class(name="core", value=7, labels=("Non_Enhancing  Tumor",)),
    Class(name="enhancing tumour", value=3),
)


def described(classes=BRATS, task="semantic", **keys):
    return Dataset(
        title="t", format="msd", task=task, classes=classes, licence="", citation="",
        protocols={}, **keys,
    )  # fmt: skip


def write(path, array, affine=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(nifti_bytes(array, np.eye(4) if affine is None else affine))


def image_of(seed, channels=2):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 900, (*SHAPE, channels)).astype(np.int16)


def label_of(seed):
    return np.random.default_rng(seed).integers(0, 4, SHAPE).astype(np.uint8)


def decathlon(root, names=("BRATS_001", "BRATS_002"), **content):
    base = root / "Task01_BrainTumour"
    for seed, name in enumerate(names):
        write(base / "imagesTr" / f"{name}.nii.gz", image_of(seed))
        write(base / "labelsTr" / f"{name}.nii.gz", label_of(seed))
    (base / "dataset.json").write_text(
        json.dumps({"modality": MODALITY, "labels": LABELS, **content})
    )
    return base


def nnunet(root, names=("case_01", "case_02"), ending=".nii.gz", **content):
    base = root / "Dataset007_Heads"
    for seed, name in enumerate(names):
        for channel in range(2):
            write(base / "imagesTr" / f"{name}_{channel:04d}{ending}", image_of(seed)[..., channel])
        write(base / "labelsTr" / f"{name}{ending}", label_of(seed))
    labels = {"background": 0, "edema": 1, "non-enhancing tumor": 2, "enhancing tumour": 3}
    known = {
        "channel_names": MODALITY, "labels": labels, "numTraining": 2, "file_ending": ending,
        **content,
    }  # fmt: skip
    (base / "dataset.json").write_text(json.dumps(known))
    return base


def expect(*parts):
    class Caught:
        def __enter__(self):
            self.context = pytest.raises(SegbenchError)
            self.found = self.context.__enter__()
            return self

        def __exit__(self, *error):
            swallowed = self.context.__exit__(*error)
            for part in parts:
                assert part in str(self.found.value)
            return swallowed

    return Caught()


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


# ---- what labels mean


def test_another_release_gives_other_numbers(tmp_path):
    """The same config reads BraTS as MSD numbers it and as BraTS 2023 does."""
    other = {"0": "background", "2": "edema", "1": "non-enhancing tumor", "3": "enhancing tumour"}
    decathlon(tmp_path / "msd")
    decathlon(tmp_path / "2023", labels=other)
    source = reader_of(described())
    results = []
    for root in (tmp_path / "msd", tmp_path / "2023"):
        raw = next(source.scan(root))
        results.append(source.read_label(root, raw))
    assert np.array_equal(results[0] == 1, label_of(0) == 1)
    assert np.array_equal(results[1] == 1, label_of(0) == 2)
    assert np.array_equal(results[0] == 3, results[1] == 3)


def test_overlapping_classes_of_nnunet_regions(tmp_path):
    labels = {"background": 0, "whole_tumor": [1, 2, 3], "tumor-core": [2, 3], "enhancing": 3}
    nnunet(tmp_path, labels=labels, regions_class_order=[1, 2, 3])
    classes = tuple(
        Class(name=name, value=number + 1)
        for number, name in enumerate(("Whole Tumor", "enhancing", "tumor core"))
    )
    source = reader_of(described(classes, "overlapping"))
    raw = next(source.scan(tmp_path))
    masks, label = source.read_label(tmp_path, raw), label_of(0)
    assert masks.dtype == np.uint8
    np.testing.assert_array_equal(masks[..., 0], label > 0)
    np.testing.assert_array_equal(masks[..., 1], label == 3)
    np.testing.assert_array_equal(masks[..., 2], label > 1)


def test_several_labels_make_one_class_and_numbers_are_taken_too(tmp_path):
    decathlon(tmp_path)
    classes = (Class(name="tumour", value=5, labels=("edema", 2, "enhancing tumour")),)
    source = reader_of(described(classes))
    raw = next(source.scan(tmp_path))
    np.testing.assert_array_equal(source.read_label(tmp_path, raw), 5 * (label_of(0) > 0))


def test_labels_can_be_given_to_the_background(tmp_path):
    decathlon(tmp_path)
    background = Background(name="rest", labels=("non-enhancing tumor", 3))
    source = reader_of(described((Class(name="edema", value=1),), background=background))
    raw = next(source.scan(tmp_path))
    np.testing.assert_array_equal(source.read_label(tmp_path, raw), label_of(0) == 1)


def test_float_labels_of_whole_numbers(tmp_path):
    base = decathlon(tmp_path)
    write(base / "labelsTr" / "BRATS_001.nii.gz", label_of(0).astype(np.float32))
    source = reader_of(described())
    raw = next(source.scan(tmp_path))
    assert source.read_label(tmp_path, raw).dtype == np.uint8


def test_a_class_that_dataset_json_does_not_name(tmp_path):
    decathlon(tmp_path)
    source = reader_of(described((Class(name="enhancing", value=3),)))
    with expect("dataset.json", "'enhancing'", "did you mean 'enhancing tumour'?"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))
    source = reader_of(described((Class(name="x", value=3, labels=(9,)),)))
    with expect("has no label 9", "'edema'"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


def test_a_label_that_no_class_takes(tmp_path):
    decathlon(tmp_path)
    source = reader_of(described(BRATS[:2]))
    with expect(
        "labelsTr/BRATS_001.nii.gz",
        "3 (enhancing tumour)",
        "`background: {labels",
        "`ignore: {labels",
    ):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


def test_a_value_that_dataset_json_does_not_know(tmp_path):
    base = decathlon(tmp_path)
    write(base / "labelsTr" / "BRATS_001.nii.gz", label_of(0) * 2)
    source = reader_of(described())
    with expect("BRATS_001", "4 (not in dataset.json), 6"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


def test_one_label_in_two_classes(tmp_path):
    nnunet(tmp_path, labels={"background": 0, "whole": [1, 2, 3], "core": [2, 3]})
    classes = (Class(name="whole", value=1), Class(name="core", value=2))
    source = reader_of(described(classes))
    with expect("the label 2 is in the classes whole and core", "overlapping"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


@pytest.mark.parametrize("task", ["instances", "classification"])
def test_other_tasks(tmp_path, task):
    decathlon(tmp_path)
    source = reader_of(described(BRATS[:1], task))
    with expect(f"the task {task}"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


@pytest.mark.parametrize(
    "content", ["[]", "{", '{"labels": ["edema"]}', '{"labels": {"edema": "one"}}', "{}"]
)
def test_a_dataset_json_that_says_nothing(tmp_path, content):
    base = decathlon(tmp_path)
    source = reader_of(described())
    raw = next(source.scan(tmp_path))
    (base / "dataset.json").write_text(content)
    with expect("dataset.json"):
        source.read_label(tmp_path, raw)


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


# ---- real files


def test_the_real_crops(publisher_data):
    root = publisher_data / "brats" / "Task01_BrainTumour_crops"
    classes = (
        Class(name="edema", value=1),
        Class(name="non-enhancing tumour", value=2, labels=("non-enhancing tumor",)),
        Class(name="Enhancing_Tumour", value=4),
    )
    source = reader_of(described(classes))
    found = {raw.sample: raw for raw in source.scan(root)}
    assert list(found) == ["BRATS_009", "BRATS_119"]
    counts = {
        "BRATS_009": [945669, 120454, 31643, 0, 42219],
        "BRATS_119": [656013, 64972, 17516, 0, 5979],
    }
    shapes = {"BRATS_009": (55, 141, 147), "BRATS_119": (33, 160, 141)}
    origins = {"BRATS_009": [73, 43, 58], "BRATS_119": [57, 40, 72]}
    for name, raw in found.items():
        image, label = source.read_image(root, raw), source.read_label(root, raw)
        assert image.shape == (*shapes[name], 4)
        assert image.dtype == np.float32
        assert label.shape == shapes[name]
        assert np.bincount(label.ravel()).tolist() == counts[name]
        assert source.spacing_mm(root, raw) == (1.0, 1.0, 1.0)
        assert source.affine(root, raw)[:3, 3].tolist() == origins[name]
        # The rim takes up contrast agent, edema is bright in FLAIR: names and channels agree.
        flair, t1, t1gd = (image[..., channel] for channel in range(3))
        assert (t1gd - t1)[label == 4].mean() > (t1gd - t1)[label == 1].mean() + 100
        assert flair[label == 1].mean() > 1.3 * flair[(label == 0) & (flair > 0)].mean()


def test_the_real_labels_alone(publisher_data):
    from segbench.decoders.nifti import read_nifti

    folder = publisher_data / "brats" / "Task01_BrainTumour_labels_only"
    for path in sorted(folder.glob("*.nii.gz")):
        label = read_nifti(path)
        assert label.shape == (155, 240, 240, 1)
        assert label.dtype == np.uint8
        assert set(np.unique(label).tolist()) == {0, 1, 2, 3}


def test_real_files_of_another_release_with_other_labels(publisher_data, tmp_path):
    """BRATS 2013: float labels 1 necrosis, 2 edema, 3 non-enhancing, 4 enhancing; two files."""
    folder = publisher_data / "brats/brats2013_flair_t1c/test/brats_2013_pat0001_1"
    base = tmp_path / "Dataset013"
    for kind in ("imagesTr", "labelsTr"):
        (base / kind).mkdir(parents=True)
    for name, place in (
        ("Flair_subtrMeanDivStd", "imagesTr/pat0001_0000"),
        ("T1c_subtrMeanDivStd", "imagesTr/pat0001_0001"),
        ("OTMultiClass", "labelsTr/pat0001"),
    ):
        (base / f"{place}.nii.gz").symlink_to((folder / f"{name}.nii.gz").resolve())
    labels = {
        "background": 0, "necrosis": 1, "edema": 2, "non-enhancing tumor": 3,
        "enhancing tumor": 4,
    }  # fmt: skip
    (base / "dataset.json").write_text(
        json.dumps({"channel_names": {"0": "FLAIR", "1": "T1Gd"}, "labels": labels})
    )
    core = Class(name="core", value=2, labels=("necrosis", "non_enhancing tumor"))
    source = reader_of(described((BRATS[0], core, Class(name="Enhancing-Tumor", value=3))))
    (raw,) = source.scan(tmp_path)
    image, label = source.read_image(tmp_path, raw), source.read_label(tmp_path, raw)
    assert image.shape == (155, 240, 240, 2)
    assert label.dtype == np.uint8
    assert set(np.unique(label).tolist()) == {0, 1, 2, 3}
    assert image[..., 1][label == 3].mean() > image[..., 1][label == 1].mean()
    assert image[..., 0][label == 1].mean() > image[..., 0][label == 0].mean() + 1
