"""Decathlon's and nnU-Net's layouts with files of every format, and the spacing beside them."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import tifffile

from segbench.config.dataset import Layout
from segbench.datasets import reader_of
from unit.datasets.msd_trees import (
    MODALITY,
    SHAPE,
    decathlon,
    described,
    expect,
    image_of,
    label_of,
    nnunet,
    write,
)


def volumes(tmp_path, ending=".tif", spacing=None, **options):
    """nnU-Net's TIFF volumes with a JSON file of the spacing beside each."""
    base = tmp_path / "Dataset001"
    for folder, stem, array in (
        ("imagesTr", "a_0000", image_of(0)[..., 0]),
        ("imagesTr", "a_0001", image_of(0)[..., 1].astype(np.float32)),
        ("labelsTr", "a", label_of(0)),
    ):
        (base / folder).mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(base / folder / f"{stem}{ending}", array, photometric="minisblack")
        if spacing is not None:
            text = json.dumps({"spacing": spacing})
            (base / folder / "a.json").write_text(text)
    labels = {"background": 0, "edema": 1, "non-enhancing tumor": 2, "enhancing tumour": 3}
    known = {"channel_names": MODALITY, "labels": labels, "file_ending": ending, **options}
    (base / "dataset.json").write_text(json.dumps(known))
    return base


def test_tiff_volumes_with_their_spacing_beside_them(tmp_path, caplog):
    volumes(tmp_path, spacing=[2.0, 0.5, 0.25])
    source = reader_of(described())
    (raw,) = source.scan(tmp_path)
    image = source.read_image(tmp_path, raw)
    assert image.dtype == np.float32, "int16 and float32 in one dtype that holds both"
    np.testing.assert_array_equal(image, image_of(0))
    expected = np.array([0, 1, 7, 3])[label_of(0)]
    np.testing.assert_array_equal(source.read_label(tmp_path, raw), expected)
    assert source.spacing_mm(tmp_path, raw) == (2.0, 0.5, 0.25)
    assert {"Dataset001/imagesTr/a.json", "Dataset001/labelsTr/a.json"} <= set(raw.files)
    assert (
        "imagesTr/a.json: the spacing 2, 0.5, 0.25 mm is read in the order z, y, x" in caplog.text
    )


def test_the_spacing_of_a_case_with_one_channel(tmp_path):
    base = volumes(tmp_path, spacing=[2.0, 0.5, 0.25], channel_names={"0": "em"})
    (base / "imagesTr/a_0001.tif").unlink()
    source = reader_of(described())
    (raw,) = source.scan(tmp_path)
    assert source.spacing_mm(tmp_path, raw) == (2.0, 0.5, 0.25)
    assert source.read_image(tmp_path, raw).shape == (*SHAPE, 1)


@pytest.mark.parametrize(
    ("spacing", "what"),
    [
        ([2.0, 0.5, 0], "the spacing is [2.0, 0.5, 0]"),
        ("2 mm", "the spacing is '2 mm'"),
        ([2.0, 0.5], "2 numbers for the 3 axes"),
    ],
)
def test_a_spacing_that_is_none_is_refused(tmp_path, spacing, what):
    volumes(tmp_path, spacing=spacing)
    source = reader_of(described())
    with expect("a.json", what):
        source.spacing_mm(tmp_path, next(source.scan(tmp_path)))


def test_other_spacings_of_image_and_label_are_refused(tmp_path):
    base = volumes(tmp_path, spacing=[2.0, 0.5, 0.5])
    (base / "labelsTr/a.json").write_text('{"spacing": [3.0, 0.5, 0.5]}')
    source = reader_of(described())
    with expect("labelsTr/a.tif", "3 x 0.5 x 0.5 mm, not 2 x 0.5 x 0.5 mm"):
        source.read_label(tmp_path, next(source.scan(tmp_path)))


def test_json_files_that_say_no_spacing_are_passed_over(tmp_path):
    base = volumes(tmp_path)
    (base / "imagesTr/a.json").write_text('{"scanner": "S"}')
    source = reader_of(described())
    assert source.spacing_mm(tmp_path, next(source.scan(tmp_path))) is None


@pytest.mark.parametrize("ending", [".NII.GZ", ".Nii.gz"])
def test_capitals_of_endings_do_not_matter(tmp_path, ending):
    nnunet(tmp_path, ending=ending, file_ending=".nii.gz")
    assert [raw.sample for raw in reader_of(described()).scan(tmp_path)] == ["case_01", "case_02"]


def test_the_ending_is_that_of_the_labels_where_nothing_is_said(tmp_path):
    base = decathlon(tmp_path)
    for path in [*base.glob("*Tr/*.nii.gz")]:
        path.rename(path.with_name(path.name.replace(".nii.gz", ".NII")))
        packed = path.with_name(path.name.replace(".nii.gz", ".NII"))
        packed.write_bytes(gzip.decompress(packed.read_bytes()))
    source = reader_of(described())
    raw = next(source.scan(tmp_path))
    np.testing.assert_array_equal(source.read_image(tmp_path, raw), image_of(0))


def test_names_of_every_kind_are_taken(tmp_path):
    nnunet(tmp_path, names=("case 1 (b)", "a--b"))
    found = {raw.sample: raw for raw in reader_of(described()).scan(tmp_path)}
    assert list(found) == ["a-b", "case_1_b"]
    assert found["case_1_b"].images[0].endswith("imagesTr/case 1 (b)_0000.nii.gz")


def test_links_of_folders_are_followed(tmp_path):
    base = nnunet(tmp_path / "data")
    (tmp_path / "disk").mkdir()
    for name in ("imagesTr", "labelsTr"):
        (base / name).rename(tmp_path / "disk" / name)
        (base / name).symlink_to(tmp_path / "disk" / name, target_is_directory=True)
    assert len(list(reader_of(described()).scan(tmp_path / "data"))) == 2
    assert len(list(reader_of(described()).scan(base))) == 2


def test_one_slice_is_a_volume_where_the_axes_say_so(tmp_path):
    base = decathlon(tmp_path, names=("a", "b"), modality={"0": "CT"})
    for folder, array in (("imagesTr", image_of(0)), ("labelsTr", label_of(0)[..., None])):
        write(base / folder / "a.nii.gz", array[:1, ..., 0])
    source = reader_of(described(layout=Layout(axes="zyx")))
    first = next(source.scan(tmp_path))
    assert source.read_image(tmp_path, first).shape == (1, *SHAPE[1:], 1)
    assert source.read_label(tmp_path, first).shape == (1, *SHAPE[1:])


def test_a_file_that_says_where_it_lies_counts_before_the_spacing_beside_it(tmp_path, caplog):
    base = nnunet(tmp_path)
    (base / "imagesTr/case_01.json").write_text('{"spacing": [2.0, 0.5, 0.25]}')
    source = reader_of(described())
    raw = next(source.scan(tmp_path))
    assert source.spacing_mm(tmp_path, raw) == (1.0, 1.0, 1.0)
    assert "case_01.json: its spacing 2, 0.5, 0.25 mm is not that of" in caplog.text


def test_images_with_another_ending_are_named(tmp_path):
    base = nnunet(tmp_path)
    for path in sorted((base / "labelsTr").iterdir()):
        path.rename(path.with_name(path.name.replace(".nii.gz", ".nii")))
    known = json.loads((base / "dataset.json").read_text()) | {"file_ending": ".nii"}
    (base / "dataset.json").write_text(json.dumps(known))
    with expect("its images are none; case_01_0000.nii.gz, ", "file_ending in dataset.json"):
        list(reader_of(described()).scan(tmp_path))
