"""The miniature brain tumours: the publisher's format, and something to learn."""

from __future__ import annotations

import json

import numpy as np
import pytest

from segbench.datasets import generator, reader_of
from segbench.datasets.miniature.msd import FOLDER, SIZE
from unit.datasets.helpers import shipped


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("msd")
    generator("msd")(folder, 6, 2, 0)
    return folder


@pytest.fixture(scope="module")
def cases(root):
    source = reader_of(shipped("brats"))
    return [
        (raw, source.read_image(root, raw), source.read_label(root, raw))
        for raw in source.scan(root)
    ]


def tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_the_publishers_layout(root):
    names = sorted(tree(root / FOLDER))
    assert names == sorted(
        [
            "dataset.json",
            "imagesTr/._BRATS_001.nii.gz",
            "labelsTr/._BRATS_001.nii.gz",
            *(f"imagesTr/BRATS_00{n}.nii.gz" for n in range(1, 7)),
            *(f"labelsTr/BRATS_00{n}.nii.gz" for n in range(1, 7)),
            "imagesTs/BRATS_007.nii.gz",
            "imagesTs/BRATS_008.nii.gz",
        ]
    )


def test_dataset_json_is_spelt_as_the_publishers(root, publisher_data):
    ours = json.loads((root / FOLDER / "dataset.json").read_text())
    path = publisher_data / "brats" / "Task01_BrainTumour_crops" / "dataset.json"
    theirs = json.loads(path.read_text())
    for key in ("name", "tensorImageSize", "modality", "labels", "licence"):
        assert ours[key] == theirs[key]
    assert ours["numTraining"] == len(ours["training"]) == 6
    assert ours["training"][0].keys() == theirs["training"][0].keys()
    assert ours["test"] == ["./imagesTs/BRATS_007.nii.gz", "./imagesTs/BRATS_008.nii.gz"]


def test_arrays_are_as_the_publishers(root, cases):
    source = reader_of(shipped("brats"))
    assert len(cases) == 6
    for raw, image, label in cases:
        assert image.shape == (*SIZE, 4)
        assert image.dtype == np.float32
        assert label.shape == SIZE
        assert label.dtype == np.uint8
        assert source.spacing_mm(root, raw) == (1.0, 1.0, 1.0)
        np.testing.assert_array_equal(source.affine(root, raw), np.eye(4))
        assert (image == np.rint(image)).all()
        assert image.min() == 0


def test_skulls_are_stripped(cases):
    for _, image, label in cases:
        brain = (image != 0).any(axis=-1)
        assert 0.15 < brain.mean() < 0.4
        assert ((image != 0) == brain[..., None]).all()
        assert not (label[~brain]).any()
        assert not brain[0].any(), "there is something to crop"


def test_regions_are_nested_and_one_in_five_has_no_rim(cases):
    from scipy import ndimage

    for number, (_, _, label) in enumerate(cases):
        assert (label > 0).sum() > 500
        assert (label == 2).any()
        assert (label == 3).any() == (number % 5 != 4)
        # The core lies within the edema: what surrounds it is tumour or the brain's edge.
        core = label > 1
        shell = ndimage.binary_dilation(core) & ~core
        assert (label[shell] == 1).mean() > 0.6


def test_contrasts_are_those_of_the_modalities(cases):
    for _, image, label in cases:
        brain = (image != 0).any(axis=-1) & (label == 0)
        mean = {v: image[label == v].mean(axis=0) for v in (1, 2, 3) if (label == v).any()}
        healthy = image[brain].mean(axis=0)
        for channel in (0, 3):  # FLAIR and T2w
            assert mean[1][channel] > 1.3 * healthy[channel]
        assert mean[1][2] < healthy[2]
        if 3 in mean:
            assert mean[3][2] > 1.4 * healthy[2]
            assert mean[3][2] > 1.4 * mean[2][2]


def test_scales_differ_from_case_to_case(cases):
    flair = [np.median(image[..., 0][image[..., 0] > 0]) for _, image, _ in cases]
    assert max(flair) > 1.15 * min(flair)


def test_a_seed_is_its_bytes(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        generator("msd")(tmp_path / name, 1, 0, seed)
    one, two, other = (tree(tmp_path / name) for name in "abc")
    assert one == two
    image = f"{FOLDER}/imagesTr/BRATS_001.nii.gz"
    assert one[image] != other[image]


def test_more_samples_leave_the_first_as_they_are(root, tmp_path):
    generator("msd")(tmp_path, 2, 0, 0)
    before = tree(root)
    for name, data in tree(tmp_path).items():
        if not name.endswith("dataset.json"):
            assert before[name] == data
