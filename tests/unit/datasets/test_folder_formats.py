"""Volumes and segmentations of every format in a folder, listed, indexed and read."""

from __future__ import annotations

import h5py
import nibabel
import numpy as np
import pytest
import SimpleITK
import tifffile

from segbench.artefacts.inventory import by_sample, read_inventory
from segbench.artefacts.samples import read_samples
from segbench.config.dataset import Class
from segbench.datasets import reader_of
from segbench.datasets.index import index_shard
from segbench.datasets.inventory import write_shards
from segbench.errors import SegbenchError
from unit.datasets.folders import TWO, label, make
from unit.datasets.helpers import make_dataset
from unit.decoders.itk_files import write_nrrd
from unit.decoders.test_nrrd import PLACE, write_segmentation
from unit.decoders.zarr_stores import write_image

SHAPE = (4, 8, 10)
VOLUME = np.random.default_rng(0).integers(-900, 900, SHAPE).astype(np.int16)
LABEL = label(2, 0, SHAPE)


def write(path, array):
    """Write a volume with the format's own library."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ending = "".join(path.suffixes)
    if ending in {".nrrd", ".mha", ".mhd"}:
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(path))
    elif ending == ".nii.gz":
        nibabel.save(nibabel.Nifti1Image(array.T, np.eye(4)), path)
    elif ending == ".tif":
        tifffile.imwrite(path, array, imagej=True, metadata={"axes": "ZYX"})
    elif ending == ".ome.tif":
        tifffile.imwrite(path, array, metadata={"axes": "ZYX"})
    elif ending == ".npy":
        np.save(path, array)
    elif ending == ".npz":
        np.savez_compressed(path, array)
    elif ending == ".h5":
        with h5py.File(path, "w") as file:
            file["a"] = array
            for dimension, axis in zip(file["a"].dims, "zyx", strict=True):
                dimension.label = axis
    else:
        write_image(path, [array], "zyx")


@pytest.mark.parametrize(
    ("ending", "parts"),
    [
        (".nrrd", 1),
        (".mha", 1),
        (".mhd", 2),
        (".nii.gz", 1),
        (".tif", 1),
        (".ome.tif", 1),
        (".npy", 1),
        (".npz", 1),
        (".h5", 1),
        (".ome.zarr", None),
    ],
)
def test_volumes_of_every_format(tmp_path, ending, parts):
    root = tmp_path / "raw"
    for name, array in (("images", VOLUME), ("masks", LABEL)):
        write(root / name / f"a 1{ending}", array)
    dataset = make_dataset("folder", task="semantic", classes=TWO)
    source = reader_of(dataset)
    (raw,) = source.scan(root)
    assert raw.sample == "a_1"
    assert raw.images == (f"images/a 1{ending}",)
    np.testing.assert_array_equal(source.read_image(root, raw), VOLUME[..., None])
    np.testing.assert_array_equal(source.read_label(root, raw), LABEL)
    write_shards(source, root, {0: tmp_path / "0.tsv"}, 1, tmp_path / "side")
    listed = by_sample(read_inventory(tmp_path / "0.tsv"))["a_1"]
    everything = {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}
    assert set(listed) == set(raw.files) == everything
    assert parts is None or len(everything) == 2 * parts
    index_shard(dataset, root, tmp_path / "0.tsv", 0, tmp_path / "samples.tsv")
    (row,) = read_samples(tmp_path / "samples.tsv")
    assert (row.size, row.dtype, row.classes) == (SHAPE, "int16", ("cell", "debris"))


def test_a_changed_part_of_an_image_changes_its_inventory(tmp_path):
    root = tmp_path / "raw"
    for name, array in (("images", VOLUME), ("masks", LABEL)):
        write(root / name / "a.ome.zarr", array)
    texts = []
    for fill in (b"", b"x"):
        chunk = max((root / "images").rglob("c/*/*/*"))
        chunk.write_bytes(chunk.read_bytes() + fill)
        write_shards(make(), root, {0: tmp_path / "0.tsv"}, 1, tmp_path / "side")
        texts.append((tmp_path / "0.tsv").read_text())
    assert texts[0] != texts[1]


# ---- names of segments

CLASSES = (Class(name="lesion", value=4, labels=("Tumour", "cyst")), Class(name="Liver", value=2))
LAYERS = np.zeros((2, 3, 4, 2), np.uint8)
LAYERS[0, :, :2, 0], LAYERS[1, :, 1:, 0], LAYERS[:, 0, :, 1] = 1, 2, 1


def segmented(root, stored, *segments):
    for name in ("images", "masks"):
        (root / name).mkdir(parents=True)
    write_nrrd(root / "images/p1.nrrd", np.ones((2, 3, 4), np.int16), *PLACE)
    write_segmentation(root / "masks/p1.seg.nrrd", stored, *segments)
    return root


def read_label(root, task="semantic"):
    source = make(task, CLASSES)
    (raw,) = source.scan(root)
    return source.read_label(root, raw)


def test_values_are_classes_by_their_names(tmp_path):
    stored = LAYERS[..., 0] * np.uint8(3)
    root = segmented(tmp_path, stored, ("liver", 3, 0), ("Cyst", 6, 0))
    expected = np.array([0, 2, 4], np.uint8)[LAYERS[..., 0]]
    np.testing.assert_array_equal(read_label(root), expected)
    masks = read_label(root, "overlapping")
    np.testing.assert_array_equal(masks, np.stack([expected == 4, expected == 2], axis=-1))


def test_a_segment_that_no_class_is_called_as_is_named(tmp_path):
    root = segmented(tmp_path, LAYERS[..., 0], ("liver", 1, 0), ("bone", 2, 0))
    with pytest.raises(SegbenchError, match=r"no class: 'bone' \(9 px\)"):
        read_label(root)


def test_segments_in_layers_overlap(tmp_path):
    root = segmented(tmp_path, LAYERS, ("liver", 1, 0), ("cyst", 2, 0), ("tumour", 1, 1))
    masks = read_label(root, "overlapping")
    lesion = (LAYERS[..., 0] == 2) | (LAYERS[..., 1] == 1)
    np.testing.assert_array_equal(masks, np.stack([lesion, LAYERS[..., 0] == 1], axis=-1))
    with pytest.raises(SegbenchError, match="2 pixels are in the segments of two classes"):
        read_label(root)


def test_layers_that_do_not_overlap_are_a_label_map(tmp_path):
    layers = LAYERS.copy()
    layers[0, 0, :2, 1] = 0
    root = segmented(tmp_path, layers, ("liver", 1, 0), ("cyst", 2, 0), ("tumour", 1, 1))
    expected = np.where((layers[..., 0] == 2) | (layers[..., 1] == 1), 4, 2 * layers[..., 0])
    np.testing.assert_array_equal(read_label(root), expected)
