"""Valid folders that other tools are reported to read wrongly, each read with its right values."""

from __future__ import annotations

import gzip
import struct
import zlib

import cv2
import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from segbench.config.dataset import Class
from segbench.datasets.inventory import write_shards
from unit.datasets.folders import ONE, make, save, scan

SIZE = (40, 50)
RNG = np.random.default_rng(0)


def object_mask(*depth: int) -> np.ndarray:
    """One rectangle, in every slice."""
    mask = np.zeros((*depth, *SIZE), np.uint8)
    mask[..., 5:15, 8:30] = 1
    return mask


def opened(root, classes=ONE):
    """Image and label of the only sample."""
    source = make(classes=classes)
    (raw,) = source.scan(root)
    return source.read_image(root, raw), source.read_label(root, raw)


@pytest.mark.parametrize(
    ("shape", "axes", "ome"),
    [
        ((2, *SIZE), "CYX", False),
        ((5, *SIZE), "CYX", False),
        ((7, *SIZE), "CYX", True),
        ((6, 2, *SIZE), "ZCYX", False),
        ((4, *SIZE), "ZYX", False),
        ((3, *SIZE), "ZYX", True),
    ],
)
def test_axes_that_the_file_names(tmp_path, shape, axes, ome):
    """cellpose 82, 148, 226: stains taken for slices, colours or opacity."""
    picture = RNG.integers(0, 999, shape).astype(np.uint16)
    kind = {"ome": True} if ome else {"imagej": True}
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    tifffile.imwrite(tmp_path / "images/a.tif", picture, metadata={"axes": axes}, **kind)
    depth = shape[:1] if "Z" in axes else ()
    mask_kind = {"imagej": True, "metadata": {"axes": "ZYX"}} if depth else {}
    tifffile.imwrite(
        tmp_path / "masks/a.tif", object_mask(*depth), photometric="minisblack", **mask_kind
    )
    image, label = opened(tmp_path)
    wanted = np.moveaxis(picture, axes.index("C"), -1) if "C" in axes else picture[..., None]
    assert np.array_equal(image, wanted)
    assert np.array_equal(label, object_mask(*depth))


@pytest.mark.parametrize("side", [1, 2, 3, 4, 6])
def test_sagittal_volumes_with_the_thin_axis_first(tmp_path, side):
    """SIRF-Exercises 154: at most four voxels along x are no colours."""
    volume = RNG.normal(size=(side, 40, 50)).astype(np.float32)
    mask = np.zeros(volume.shape, np.uint8)
    mask[: side // 2 + 1, 4:20, 4:20] = 1
    for place, array in (("images", volume), ("masks", mask)):
        (tmp_path / place).mkdir()
        affine = np.diag([4, 0.5, 0.5, 1.0])
        nibabel.save(nibabel.Nifti1Image(array, affine), tmp_path / place / "a.nii.gz")
    image, label = opened(tmp_path)
    assert np.array_equal(image[..., 0], volume.T)
    assert np.array_equal(label, mask.T)


def test_a_stack_that_was_written_page_by_page(tmp_path):
    """tifffile 30: the pages beyond the first series."""
    volume = RNG.integers(0, 255, (9, *SIZE)).astype(np.uint8)
    for place, array in (("images", volume), ("masks", object_mask(9))):
        (tmp_path / place).mkdir()
        for page in array:
            tifffile.imwrite(tmp_path / place / "a.tif", page, append=True)
    image, label = opened(tmp_path)
    assert np.array_equal(image[..., 0], volume)
    assert np.array_equal(label, object_mask(9))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_an_inverting_lookup_table_is_no_other_mask(tmp_path, kind):
    """scifio 309: white is zero in masks of ImageJ, whatever the depth."""
    mask = object_mask()
    save(tmp_path / "images/a.png", mask * np.uint8(200))
    (tmp_path / "masks").mkdir()
    stored = mask.astype(kind) * kind(255)
    tifffile.imwrite(tmp_path / "masks/a.tif", stored, photometric="miniswhite")
    _, label = opened(tmp_path, [Class(name="thing", value=1, labels=(255,))])
    assert np.array_equal(label, mask)


def test_16_bits_are_kept_in_tiff_of_opencv(tmp_path):
    picture = RNG.integers(0, 60000, (*SIZE, 3)).astype(np.uint16)
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images/a.tif"), picture[..., ::-1])  # LZW
    save(tmp_path / "masks/a.png", object_mask())
    image, _ = opened(tmp_path)
    assert image.dtype == np.uint16
    assert np.array_equal(image, picture)


def test_16_bits_are_kept_in_grey_png_with_opacity(tmp_path):
    """Pillow 880."""
    grey = RNG.integers(0, 60000, SIZE).astype(np.uint16)
    pixels = np.dstack([grey, np.full(SIZE, 65535, np.uint16)])

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", SIZE[1], SIZE[0], 16, 4, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    save(tmp_path / "masks/a.png", object_mask())
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )  # fmt: skip
    image, _ = opened(tmp_path)
    assert np.array_equal(image, grey[..., None])


@pytest.mark.parametrize(
    ("tag", "turn"),
    [(2, np.fliplr), (3, lambda a: np.rot90(a, 2)), (6, lambda a: np.rot90(a, -1))],
)
def test_the_orientation_of_a_photo(tmp_path, tag, turn):
    """detectron2 262: the mask was drawn as every viewer shows the photo."""
    stored = np.zeros((40, 40), np.uint8)
    stored[3:11, 3:18] = 200
    exif = Image.Exif()
    exif[0x0112] = tag
    (tmp_path / "images").mkdir()
    Image.fromarray(np.dstack([stored] * 3)).save(tmp_path / "images/a.jpg", quality=95, exif=exif)
    save(tmp_path / "masks/a.png", np.ascontiguousarray(turn(stored) > 100).astype(np.uint8))
    image, label = opened(tmp_path)
    assert np.array_equal(image[..., 0] > 100, label > 0)


def test_the_affine_counts_where_pixdim_says_another_size(tmp_path, caplog):
    """nibabel 668."""
    affine = np.diag([0.5, 0.5, 4, 1.0])
    for place, kind in (("images", np.float32), ("masks", np.uint8)):
        (tmp_path / place).mkdir()
        path = tmp_path / place / "a.nii.gz"
        nibabel.save(nibabel.Nifti1Image(np.ones((20, 20, 8), kind), affine), path)
        stored = bytearray(gzip.decompress(path.read_bytes()))
        struct.pack_into("<3f", stored, 80, 1, 1, 1)
        path.write_bytes(gzip.compress(bytes(stored)))
    source = make(classes=ONE)
    (raw,) = source.scan(tmp_path)
    assert source.spacing_mm(tmp_path, raw) == (4, 0.5, 0.5)
    source.read_image(tmp_path, raw)
    assert "images/a.nii.gz: " in caplog.text
    assert "pixdim" in caplog.text


def test_folders_that_are_links_to_another_disk(tmp_path):
    """fastai 2270: samples of half the patients, without a word."""
    root = tmp_path / "data"
    for number in range(4):
        home = tmp_path / "disk" if number % 2 else root
        for place, array in (("images", object_mask() * 90), ("masks", object_mask())):
            save(home / place / f"p{number}/s1.png", array)
            if number % 2:
                link = root / place / f"p{number}"
                link.symlink_to(home / place / f"p{number}", target_is_directory=True)
    found = scan(make(classes=ONE), root)
    assert sorted(found) == ["p0.s1", "p1.s1", "p2.s1", "p3.s1"]
    write_shards(make(classes=ONE), root, {0: tmp_path / "shard.tsv"}, 1, tmp_path / "side")
    assert (tmp_path / "shard.tsv").read_text().count("s1.png") == 8
