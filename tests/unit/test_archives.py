"""Sample archives: readable by others, equal bytes for equal content, damage detected."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segbench.archives import Archive, ArchiveWriter
from segbench.chunks import encode
from segbench.errors import SegbenchError

RNG = np.random.default_rng(0)


def sample(height: int = 6, width: int = 5, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "image": rng.integers(0, 256, (height, width, 3), np.uint8),
        "label": rng.integers(0, 4, (height, width)).astype(np.uint16),
    }


def write(path: Path, names: str = "abc", attributes: dict | None = None, **shape: int) -> Path:
    with ArchiveWriter(path, attributes or {"stage": "test", "classes": ["x"]}) as writer:
        for number, name in enumerate(names):
            writer.add(name, sample(seed=number, **shape), {"source": name.upper()})
    return path


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "a.zarr.zip")


# ---- what goes in comes out


def test_arrays_come_back(path):
    with Archive(path) as archive:
        for number, name in enumerate("abc"):
            for key, expected in sample(seed=number).items():
                ours = archive.read(name, key)
                assert ours.dtype == expected.dtype
                assert (ours == expected).all()
                assert archive.shape(name, key) == expected.shape


def test_attributes_records_and_ids(path):
    with Archive(path) as archive:
        assert archive.attributes == {"stage": "test", "classes": ["x"]}
        assert archive.record("b") == {"source": "B"}
        assert archive.ids == ["a", "b", "c"]
        assert archive.has("a", "label")
        assert not archive.has("a", "probability")


def test_ids_keep_the_order_of_writing(tmp_path):
    path = write(tmp_path / "a.zarr.zip", "cab")
    with Archive(path) as archive:
        assert archive.ids == ["c", "a", "b"]
        assert (archive.read("a", "image") == sample(seed=1)["image"]).all()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.float16, np.float32, np.int32, np.bool_]),
        hnp.array_shapes(min_dims=2, max_dims=4, max_side=6),
    )
)
def test_any_array_comes_back(tmp_path, array):
    path = tmp_path / "any.zarr.zip"
    with ArchiveWriter(path, {}) as writer:
        writer.add("s", {"x": array})
    with Archive(path) as archive:
        ours = archive.read("s", "x")
        assert ours.dtype == array.dtype
        assert ours.tobytes() == np.ascontiguousarray(array).tobytes()


def test_other_byte_orders_and_layouts(tmp_path):
    values = np.arange(12, dtype=">u2").reshape(3, 4)
    with ArchiveWriter(tmp_path / "a.zip", {}) as writer:
        writer.add("big", {"x": values})
        writer.add("turned", {"x": np.asfortranarray(values)})
        writer.add("view", {"x": np.arange(24, dtype=">u2").reshape(3, 8)[:, ::2]})
    with Archive(tmp_path / "a.zip") as archive:
        assert archive.read("big", "x").tolist() == values.tolist()
        assert archive.read("turned", "x").tolist() == values.tolist()
        assert archive.read("view", "x").tolist() == (values * 2).tolist()
        assert archive.digest("big") == archive.digest("turned") != archive.digest("view")


def test_what_is_read_cannot_be_written_to(path):
    with Archive(path) as archive, pytest.raises(ValueError, match="read-only"):
        archive.read("a", "image")[0] = 1


def test_ragged_sizes(tmp_path):
    path = tmp_path / "a.zarr.zip"
    sizes = {"a": (4, 5), "b": (7, 2), "c": (4, 5), "d": (1, 1)}
    with ArchiveWriter(path, {}) as writer:
        for number, (name, size) in enumerate(sizes.items()):
            writer.add(name, sample(*size, seed=number))
    with Archive(path) as archive:
        for number, (name, size) in enumerate(sizes.items()):
            assert archive.shape(name, "label") == size
            assert (archive.read(name, "label") == sample(*size, seed=number)["label"]).all()


def test_volumes_have_a_group_of_three_sides(tmp_path):
    path = tmp_path / "a.zarr.zip"
    volume = RNG.random((3, 4, 5, 2)).astype(np.float32)
    with ArchiveWriter(path, {}) as writer:
        writer.add("v", {"image": volume, "label": volume[..., 0]})
    with zipfile.ZipFile(path) as archive:
        assert "3x4x5/image/c/0/0/0/0/0" in archive.namelist()
    with Archive(path) as archive:
        assert (archive.read("v", "image") == volume).all()


def test_an_empty_archive(tmp_path):
    path = write(tmp_path / "a.zarr.zip", "")
    with Archive(path) as archive:
        assert archive.ids == []
        assert archive.attributes["stage"] == "test"


# ---- others can read it


def test_zarr_reads_it(path):
    store = zarr.storage.ZipStore(path, mode="r")
    group = zarr.open_group(store, mode="r")
    assert group.attrs["stage"] == "test"
    assert list(group.group_keys()) == ["6x5"]
    image, label = group["6x5/image"], group["6x5/label"]
    assert image.shape == (3, 6, 5, 3)
    assert image.chunks == (1, 6, 5, 3)
    assert label.dtype == np.uint16
    for number in range(3):
        assert (image[number] == sample(seed=number)["image"]).all()
        assert (label[number] == sample(seed=number)["label"]).all()
    store.close()


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint16, np.float16, np.float64])
def test_zarr_reads_every_dtype(tmp_path, dtype):
    path = tmp_path / "a.zarr.zip"
    array = RNG.integers(0, 2, (3, 4)).astype(dtype)
    with ArchiveWriter(path, {}) as writer:
        writer.add("s", {"x": array})
    store = zarr.storage.ZipStore(path, mode="r")
    ours = zarr.open_array(store, path="3x4/x", mode="r")
    assert ours.dtype == dtype
    assert (ours[0] == array).all()
    store.close()


# ---- equal content, equal bytes


def test_equal_content_is_equal_bytes(tmp_path, monkeypatch):
    first = write(tmp_path / "one.zarr.zip").read_bytes()
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert write(tmp_path / "two.zarr.zip").read_bytes() == first


def test_order_of_keys_does_not_matter(tmp_path):
    def one(name, attributes, record, arrays):
        with ArchiveWriter(tmp_path / name, attributes) as writer:
            writer.add("s", arrays, record)
        return (tmp_path / name).read_bytes()

    arrays = sample()
    backwards = dict(reversed(arrays.items()))
    first = one("a", {"x": 1, "y": {"p": 1, "q": 2}}, {"m": 1, "n": 2}, arrays)
    assert one("b", {"y": {"q": 2, "p": 1}, "x": 1}, {"n": 2, "m": 1}, backwards) == first


def test_encoding_ahead_gives_the_same_bytes(tmp_path, path):
    with ArchiveWriter(tmp_path / "b", {"stage": "test", "classes": ["x"]}) as writer:
        for number, name in enumerate("abc"):
            arrays = encode(sample(seed=number))
            writer.add_encoded(name, arrays, {"source": name.upper()})
    assert (tmp_path / "b").read_bytes() == path.read_bytes()


def test_encoded_arrays_know_what_they_are():
    encoded = encode({"x": np.zeros((100, 100), np.uint8)})["x"]
    assert encoded.shape == (100, 100)
    assert encoded.dtype == np.uint8
    # SHA-256 of 10,000 zero bytes.
    assert encoded.sha256.startswith("95b532cc4381affd")
    assert encoded.chunk == (100, 100)
    assert [len(part) < 100 for part in encoded.parts] == [True]


def test_digests_follow_content_and_record(tmp_path):
    base = sample()
    variants = {
        "same": (base, {}), "other_image": ({**base, "image": base["image"] ^ 1}, {}),
        "other_label": ({**base, "label": base["label"] + 1}, {}), "other_record": (base, {"k": 1}),
    }  # fmt: skip
    with ArchiveWriter(tmp_path / "a", {}) as writer:
        writer.add("base", base, {})
        for name, (arrays, record) in variants.items():
            writer.add(name, arrays, record)
    with Archive(tmp_path / "a") as archive:
        digests = {name: archive.digest(name) for name in archive.ids}
    assert digests["base"] == digests["same"]
    assert len(set(digests.values())) == 4


def test_digest_does_not_depend_on_the_neighbours(tmp_path, path):
    alone = write(tmp_path / "b.zarr.zip", "a", {"other": 1})
    with Archive(path) as one, Archive(alone) as two:
        assert one.digest("a") == two.digest("a")


# ---- nothing half-written


def test_nothing_appears_before_it_is_whole(tmp_path):
    path = tmp_path / "a.zarr.zip"
    with ArchiveWriter(path, {}) as writer:
        writer.add("a", sample())
        assert not path.exists()
    assert path.exists()


def test_a_failing_writer_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), ArchiveWriter(tmp_path / "a.zarr.zip", {}) as writer:
        writer.add("a", sample())
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_failing_writer_keeps_the_old_archive(path):
    before = path.read_bytes()
    with pytest.raises(SegbenchError), ArchiveWriter(path, {}) as writer:
        writer.add("a", sample())
        writer.add("a", sample())
    assert path.read_bytes() == before


def test_attributes_that_are_no_json_leave_nothing(tmp_path):
    for bad in (float("nan"), object()):
        with pytest.raises((ValueError, TypeError)), ArchiveWriter(tmp_path / "a", {"x": bad}):
            pass
    assert list(tmp_path.iterdir()) == []


def test_duplicate_ids_are_refused(tmp_path):
    with (
        pytest.raises(SegbenchError, match="'a' occurs twice"),
        ArchiveWriter(tmp_path / "x", {}) as writer,
    ):
        writer.add("a", sample())
        writer.add("a", sample(9, 9))


@pytest.mark.parametrize(
    "other",
    [
        {"image": np.zeros((6, 5, 1), np.uint8), "label": np.zeros((6, 5), np.uint16)},
        {"image": np.zeros((6, 5, 3), np.uint8), "label": np.zeros((6, 5), np.uint8)},
    ],
)
def test_other_channels_or_dtypes_are_refused(tmp_path, other):
    with (
        pytest.raises(SegbenchError, match="sample 'b'"),
        ArchiveWriter(tmp_path / "x", {}) as writer,
    ):
        writer.add("a", sample())
        writer.add("b", other)


# ---- damage


def test_a_missing_archive(tmp_path):
    with pytest.raises(SegbenchError, match=r"none\.zip"):
        Archive(tmp_path / "none.zip")


@pytest.mark.parametrize("keep", [0, 10, 500, -1, -30])
def test_a_cut_archive(path, keep):
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(SegbenchError, match="not a readable sample archive"):
        Archive(path)


def test_another_zip_file(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "x")
    with pytest.raises(SegbenchError, match="not a readable sample archive"):
        Archive(path)


def test_a_flipped_bit_in_a_chunk_is_found(path):
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("6x5/image/c/1/0/0/0")
    data = bytearray(path.read_bytes())
    data[entry.header_offset + 30 + len(entry.filename) + 20] ^= 1
    path.write_bytes(bytes(data))
    with Archive(path) as archive:
        archive.read("a", "image")
        with pytest.raises(SegbenchError, match="sample 'b', array 'image' is damaged"):
            archive.read("b", "image")


def test_every_flipped_byte_is_found_or_harmless(tmp_path):
    path = tmp_path / "a.zarr.zip"
    with ArchiveWriter(path, {}) as writer:
        writer.add("a", {"x": np.arange(12, dtype=np.uint8).reshape(3, 4)})
    good = path.read_bytes()
    expected = list(range(12))
    for position in range(0, len(good), 7):
        data = bytearray(good)
        data[position] ^= 0x55
        path.write_bytes(bytes(data))
        try:
            with Archive(path) as archive:
                assert archive.read("a", "x").ravel().tolist() == expected
        except SegbenchError as error:
            assert str(path) in str(error)


def test_an_unknown_sample_is_no_damage(path):
    with Archive(path) as archive, pytest.raises(KeyError, match="nobody"):
        archive.read("nobody", "image")


# ---- threads


def test_reading_in_threads(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    names = [chr(97 + number) for number in range(20)]
    path = write(tmp_path / "a.zarr.zip", "".join(names), height=40, width=40)
    with Archive(path) as archive, ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda name: archive.read(name, "image"), names * 5))
    for number, image in enumerate(images):
        expected = sample(40, 40, seed=number % 20)["image"]
        assert (image == expected).all()


def test_metadata_is_plain_json(path):
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith("zarr.json"):
                assert json.loads(archive.read(name))["zarr_format"] == 3
            assert archive.getinfo(name).compress_type == zipfile.ZIP_STORED
    assert os.listdir(path.parent) == [path.name]
