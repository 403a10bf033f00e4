"""The amplification stage on small archives."""

from __future__ import annotations

import logging
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from segbench.archives import Archive, ArchiveWriter
from segbench.augmentation import amplification
from segbench.augmentation.amplification import amplify_shard, copy_id, ordered_copies
from segbench.augmentation.poses import Pose, apply_pose, poses
from segbench.config.augmentation import Amplification
from segbench.errors import SegbenchError

KIDNEY = Amplification()
SMALL = Amplification(
    rotations_degrees=(0, 90), flips=("none",), horizontal_shifts=(0.25,), vertical_shifts=(0.5,),
    copies=5,
)  # fmt: skip


def prepared(path: Path, splits: dict[str, str], shape: tuple[int, int] = (8, 12)) -> Path:
    """A shard as the preprocessing stage writes it."""
    rng = np.random.default_rng(0)
    with ArchiveWriter(path, {"stage": "preprocess", "image_scale": 1 / 255}) as writer:
        for name, split in splits.items():
            label = rng.integers(0, 6, shape).astype(np.uint8)
            image = np.stack([label * 40, 255 - label], axis=-1)
            record = {"source": name, "split": split, "original_size": [99, 77]}
            writer.add(name, {"image": image, "label": label}, record)
    return path


@pytest.fixture
def source(tmp_path):
    return prepared(tmp_path / "prep.zarr.zip", {"a": "train", "b": "test", "c": "train"})


def amplified(source: Path, recipe: Amplification, threads: int = 1, name: str = "amp") -> Path:
    output = source.with_name(f"{name}.zarr.zip")
    amplify_shard(source, recipe, output, threads)
    return output


def test_113_copies_of_each_sample_but_none_of_the_test_split(source):
    with Archive(amplified(source, KIDNEY)) as archive:
        assert len(archive.ids) == 2 * 113
        sources = [archive.record(name)["source"] for name in archive.ids]
        assert sources.count("a") == sources.count("c") == 113
        assert {name.split("--")[0] for name in archive.ids} == {"a", "c"}


def test_every_copy_is_its_pose_of_its_source(source):
    with Archive(amplified(source, KIDNEY)) as archive, Archive(source) as before:
        for name in archive.ids:
            record = archive.record(name)
            pose = Pose(**record["pose"])
            assert name == copy_id(record["source"], pose)
            for array in ("image", "label"):
                expected = apply_pose(before.read(record["source"], array), pose, "reflect")
                assert (archive.read(name, array) == expected).all()


def test_original_keeps_its_id_and_its_pixels(source):
    with Archive(amplified(source, KIDNEY)) as archive, Archive(source) as before:
        assert archive.record("a")["pose"] == Pose().record()
        assert (archive.read("a", "image") == before.read("a", "image")).all()


def test_label_and_image_still_agree(source):
    with Archive(amplified(source, KIDNEY)) as archive:
        for name in archive.ids:
            label, image = archive.read(name, "label"), archive.read(name, "image")
            assert (image[..., 0] == label * 40).all()
            assert (image[..., 1] == 255 - label).all()


def test_attributes_and_record(source):
    with Archive(amplified(source, SMALL)) as archive:
        assert archive.attributes == {
            "stage": "amplify", "image_scale": 1 / 255,
            "amplification": SMALL.model_dump(mode="json"),
        }  # fmt: skip
        assert archive.record("a--r090-fn-x1of4") == {
            "source": "a", "split": "train", "original_size": [99, 77],
            "pose": {"rotation": 90, "flip": "none", "dx": 0.25, "dy": 0.0},
        }  # fmt: skip


def test_quarter_turns_exchange_the_sides(source):
    with Archive(amplified(source, SMALL)) as archive:
        assert archive.shape("a", "label") == (8, 12)
        assert archive.shape("a--r090-fn-y1of2", "label") == (12, 8)


def test_order_is_shuffled_over_all_samples_by_the_seed(source):
    with Archive(source) as archive:
        first = ordered_copies(archive, KIDNEY)
        again = ordered_copies(archive, KIDNEY)
        other = ordered_copies(archive, Amplification(seed=1))
        plain = ordered_copies(archive, Amplification(shuffle=False))
    assert first == again
    assert first != other
    assert first != plain
    assert sorted(map(str, first)) == sorted(map(str, other)) == sorted(map(str, plain))
    assert plain == [(name, pose) for name in "ac" for pose in poses(KIDNEY)]
    changes = sum(a[0] != b[0] for a, b in pairwise(first))
    assert 80 < changes < 145  # of 225; both samples lie mixed


def test_written_in_that_order(source):
    with Archive(amplified(source, KIDNEY)) as archive, Archive(source) as before:
        assert archive.ids == [copy_id(*copy) for copy in ordered_copies(before, KIDNEY)]


def test_the_seed_changes_the_order_alone(source):
    one, two = (amplified(source, Amplification(seed=s), name=f"s{s}") for s in (0, 1))
    with Archive(one) as first, Archive(two) as second:
        assert first.ids != second.ids
        assert all(first.digest(name) == second.digest(name) for name in first.ids)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_the_bytes(source, threads):
    one = amplified(source, KIDNEY).read_bytes()
    assert amplified(source, KIDNEY, threads, "many").read_bytes() == one


def test_a_small_cache_does_not_change_the_bytes(source, monkeypatch):
    one = amplified(source, KIDNEY).read_bytes()
    monkeypatch.setattr(amplification, "CACHE_BYTES", 1)
    assert amplified(source, KIDNEY, 2, "cold").read_bytes() == one


def test_cache_is_bounded(tmp_path, monkeypatch):
    names = {f"s{number}": "train" for number in range(20)}
    source = prepared(tmp_path / "prep.zarr.zip", names, (50, 50))
    monkeypatch.setattr(amplification, "CACHE_BYTES", 3 * 7500)
    with Archive(source) as archive:
        sources = amplification._Sources(archive)
        for name in list(names) * 2:
            sources.read(name)
            assert amplification._size(sources.read(name)) == 7500
            assert len(sources._kept) <= 3
            assert sources._bytes <= 3 * 7500


@pytest.mark.parametrize("splits", [{}, {"a": "test"}])
def test_nothing_to_amplify(tmp_path, splits):
    source = prepared(tmp_path / "prep.zarr.zip", splits)
    with Archive(amplified(source, KIDNEY)) as archive:
        assert archive.ids == []
        assert archive.attributes["stage"] == "amplify"


def test_memory_does_not_grow_with_the_samples(tmp_path, monkeypatch):
    import tracemalloc

    monkeypatch.setattr(amplification, "CACHE_BYTES", 2**16)
    peaks = []
    for count in (4, 24):
        names = {f"s{number:02d}": "train" for number in range(count)}
        source = prepared(tmp_path / f"{count}.zarr.zip", names, (128, 128))
        amplified(source, SMALL, 2)
        tracemalloc.start()
        amplified(source, SMALL, 2)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 20 * 5 * 3 * 128**2 / 10


def test_progress_is_logged(source, caplog):
    with caplog.at_level(logging.INFO):
        amplified(source, SMALL)
    assert "amplify: 10 of 10 copies" in caplog.text


def test_a_wrong_count_leaves_nothing_behind(source):
    with pytest.raises(SegbenchError, match="copies"):
        amplified(source, Amplification(copies=7))
    assert [path.name for path in source.parent.iterdir()] == [source.name]


def test_a_damaged_source_is_named(source):
    data = bytearray(source.read_bytes())
    data[120] ^= 0xFF
    source.write_bytes(bytes(data))
    with pytest.raises(SegbenchError, match=r"prep\.zarr\.zip"):
        amplified(source, SMALL)
    assert [path.name for path in source.parent.iterdir()] == [source.name]


def test_real_kidney_tile(publisher_data, tmp_path):
    from PIL import Image

    folder = next(publisher_data.glob("kidney_em/*/*"))
    file = sorted((folder / "4_Test_GT").iterdir())[0]
    label = np.asarray(Image.open(file)).astype(np.uint8)[::4, ::4]
    image = np.asarray(Image.open(folder / "3_Test" / file.name))[::4, ::4, None]
    source = tmp_path / "prep.zarr.zip"
    with ArchiveWriter(source, {}) as writer:
        writer.add("tile", {"image": image, "label": label}, {"split": "train"})
    with Archive(amplified(source, KIDNEY, 2)) as archive:
        assert len(archive.ids) == 113
        inside = image[..., 0][label > 0].mean()
        for name in archive.ids:
            moved, mask = archive.read(name, "image"), archive.read(name, "label")
            if mask.any():
                assert moved[..., 0][mask > 0].mean() == pytest.approx(inside, rel=0.35)


def test_overlapping_masks_move_with_their_image(tmp_path):
    masks = np.random.default_rng(0).integers(0, 2, (8, 12, 3), dtype=np.uint8)
    with ArchiveWriter(tmp_path / "prep.zarr.zip", {"axes": "yxc"}) as writer:
        image = masks[..., :1] * 255
        writer.add("a", {"image": image, "label": masks}, {"source": "a", "split": "train"})
    with Archive(amplified(tmp_path / "prep.zarr.zip", SMALL)) as archive:
        assert len(archive.ids) == 5
        for name in archive.ids:
            label = archive.read(name, "label")
            assert np.array_equal(label[..., :1] * 255, archive.read(name, "image"))


def test_the_class_of_a_whole_image_has_no_pose(tmp_path):
    with ArchiveWriter(tmp_path / "prep.zarr.zip", {"axes": "yxc"}) as writer:
        arrays = {"image": np.zeros((8, 12, 1), np.uint8), "label": np.uint8([7])}
        writer.add("a", arrays, {"source": "a", "split": "train"})
    with Archive(amplified(tmp_path / "prep.zarr.zip", SMALL)) as archive:
        assert [archive.read(name, "label").tolist() for name in archive.ids] == [[7]] * 5


def test_volumes_are_refused(tmp_path):
    with ArchiveWriter(tmp_path / "prep.zarr.zip", {"axes": "zyxc"}) as writer:
        arrays = {
            "image": np.zeros((4, 8, 12, 1), np.uint8),
            "label": np.zeros((4, 8, 12), np.uint8),
        }
        writer.add("a", arrays, {"source": "a", "split": "train"})
    with pytest.raises(SegbenchError, match="holds volumes"):
        amplified(tmp_path / "prep.zarr.zip", SMALL)
    assert not (tmp_path / "amp.zarr.zip").exists()


@pytest.mark.parametrize("fill", ["zero", "reflect"])
def test_what_is_filled_in_is_no_background_of_a_class_that_was_not_annotated(tmp_path, fill):
    label = np.zeros((8, 12, 2), np.uint8)
    label[2:5, 3:6, 0], label[..., 1] = 1, 255
    label[0, 0, 0] = 255
    path = tmp_path / "prep.zarr.zip"
    with ArchiveWriter(path, {"axes": "yxc"}) as writer:
        writer.add("a", {"image": label[..., :1], "label": label}, {"source": "a"})
    with Archive(amplified(path, SMALL.model_copy(update={"fill": fill}))) as archive:
        for name in archive.ids:
            found = archive.read(name, "label")
            assert (found[..., 1] == 255).all()
            assert found[..., 0].min() == 0
