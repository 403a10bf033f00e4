"""Volumes lie in chunks, so that a patch can be read alone."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from segbench.archives import Archive, ArchiveSet, ArchiveWriter, archive_digest
from segbench.chunks import CHUNK_SIDE, chunk_key, copy_overlap, encode, grid
from segbench.errors import SegbenchError

SHAPE = (70, 65, 130)


@pytest.fixture(scope="module")
def volume():
    rng = np.random.default_rng(0)
    return {
        "image": rng.integers(-500, 500, (*SHAPE, 2)).astype(np.float16),
        "label": rng.integers(0, 4, SHAPE, dtype=np.uint8),
    }


@pytest.fixture(scope="module")
def path(volume, tmp_path_factory):
    path = tmp_path_factory.mktemp("volumes") / "a.zarr.zip"
    small = {name: array[:9, :8, :7] for name, array in volume.items()}
    with ArchiveWriter(path, {"axes": "zyxc"}) as writer:
        writer.add("big", volume, {"source": "big"})
        writer.add("other", {name: array[::-1] for name, array in volume.items()}, {})
        writer.add("small", small, {})
    return path


def test_the_grid_covers_the_array():
    assert grid((155, 240, 240, 4), (64, 64, 64, 4)) == (3, 4, 4, 1)
    assert grid((64, 64), (64, 64)) == (1, 1)
    assert chunk_key(3, (0, 2, 1)) == "c/3/0/2/1"


def test_chunks_of_a_volume_and_of_an_image():
    zeros = np.zeros((100, 10, 70), np.uint8)
    assert encode({"x": zeros}, volume=True)["x"].chunk == (CHUNK_SIDE, 10, CHUNK_SIDE)
    assert len(encode({"x": zeros}, volume=True)["x"].parts) == 4
    assert encode({"x": zeros})["x"].chunk == zeros.shape
    assert encode({"x": np.zeros((1,), np.uint8)}, volume=True)["x"].chunk == (1,)


def test_chunking_does_not_change_the_digest(volume):
    whole, cut = encode(volume), encode(volume, volume=True)
    assert {n: e.sha256 for n, e in whole.items()} == {n: e.sha256 for n, e in cut.items()}


def test_what_is_written_is_read(path, volume):
    with Archive(path) as archive:
        for name, array in volume.items():
            assert np.array_equal(archive.read("big", name), array)
            assert np.array_equal(archive.read("other", name), array[::-1])
            assert np.array_equal(archive.read("small", name), array[:9, :8, :7])
            assert archive.read("big", name).dtype == array.dtype
            assert not archive.read("big", name).flags.writeable
        assert archive.shape("small", "image") == (9, 8, 7, 2)


def test_zarr_reads_it(path, volume):
    store = zarr.storage.ZipStore(path, mode="r")
    group = zarr.open_group(store, mode="r")["70x65x130"]
    assert group["image"].chunks == (1, 64, 64, 64, 2)
    assert np.array_equal(group["image"][0], volume["image"])
    assert np.array_equal(group["label"][1], volume["label"][::-1])
    store.close()


windows = st.tuples(
    *(
        st.tuples(st.integers(0, n), st.integers(0, n)).map(lambda ab: (min(ab), max(ab)))
        for n in SHAPE
    )
)


@given(windows=windows)
def test_any_window_is_that_part(path, volume, windows):
    start, stop = zip(*windows, strict=True)
    here = tuple(slice(a, b) for a, b in windows)
    with Archive(path) as archive:
        assert np.array_equal(
            archive.read_window("big", "image", start, stop), volume["image"][here]
        )
        assert np.array_equal(
            archive.read_window("big", "label", start, stop), volume["label"][here]
        )


def test_a_window_reads_only_the_chunks_it_touches(path, monkeypatch):
    read = []
    real = zipfile.ZipFile.read
    with Archive(path) as archive:
        archive.shape("big", "label")  # the metadata are read once
        monkeypatch.setattr(
            zipfile.ZipFile, "read", lambda self, name: read.append(name) or real(self, name)
        )
        archive.read_window("big", "label", (0, 0, 60), (64, 64, 70))
    assert read == ["70x65x130/label/c/0/0/0/0", "70x65x130/label/c/0/0/0/1"]


def test_a_window_of_an_image_and_of_the_leading_axes(tmp_path):
    image = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    with ArchiveWriter(tmp_path / "a.zarr.zip", {"axes": "yxc"}) as writer:
        writer.add("s", {"image": image, "label": image[..., 0]}, {})
    both = ArchiveSet([tmp_path / "a.zarr.zip"])
    assert np.array_equal(both.read_window("s", "image", (1, 2), (3, 5)), image[1:3, 2:5])
    assert np.array_equal(both.read_window("s", "image", (1,), (2,)), image[1:2])
    assert np.array_equal(both.read_window("s", "label", (0, 0), (4, 5)), image[..., 0])


@pytest.mark.parametrize(
    ("start", "stop"), [((0, 0, 0), (71, 1, 1)), ((5, 0, 0), (4, 1, 1)), ((-1, 0, 0), (1, 1, 1))]
)
def test_a_window_outside_is_refused(path, start, stop):
    with Archive(path) as archive, pytest.raises(SegbenchError, match="window"):
        archive.read_window("big", "label", start, stop)


def test_volumes_of_one_slice_size_do_not_collide(tmp_path):
    with ArchiveWriter(tmp_path / "a.zarr.zip", {"axes": "zyx"}) as writer:
        writer.add("a", {"label": np.ones((3, 4, 5), np.uint8)}, {})
        writer.add("b", {"label": np.full((3, 4, 6), 2, np.uint8)}, {})
    with Archive(tmp_path / "a.zarr.zip") as archive:
        assert archive.shape("a", "label") == (3, 4, 5)
        assert archive.read("b", "label").sum() == 144


def test_overlapping_masks_and_whole_image_classes(tmp_path):
    masks = np.arange(24, dtype=np.uint8).reshape(3, 4, 2) % 2
    with ArchiveWriter(tmp_path / "masks.zarr.zip", {"axes": "yxk"}) as writer:
        writer.add("a", {"label": masks}, {})
    with ArchiveWriter(tmp_path / "classes.zarr.zip", {"axes": "s"}) as writer:
        writer.add("a", {"label": np.uint8([7])}, {})
        writer.add("b", {"label": np.uint8([1])}, {})
    with Archive(tmp_path / "masks.zarr.zip") as archive:
        assert np.array_equal(archive.read("a", "label"), masks)
    with Archive(tmp_path / "classes.zarr.zip") as archive:
        assert [archive.read(s, "label").tolist() for s in "ab"] == [[7], [1]]


def test_equal_content_equal_bytes(tmp_path, volume):
    for name in ("a", "b"):
        with ArchiveWriter(tmp_path / name, {"axes": "zyxc"}) as writer:
            writer.add("s", volume, {})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert archive_digest(tmp_path / "a") == archive_digest(tmp_path / "b")


def test_copy_overlap_by_hand():
    result = np.zeros(4, int)
    copy_overlap(np.array([1, 2, 3]), [2], result, [3])
    assert result.tolist() == [2, 3, 0, 0]
