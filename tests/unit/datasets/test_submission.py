from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from segbench.archives import ArchiveWriter
from segbench.datasets.rle import decode
from segbench.datasets.submission import write_submission
from segbench.errors import SegbenchError

ORGANS = ["large_bowel", "small_bowel", "stomach"]


def segmentation(path: Path, masks: dict[str, np.ndarray], **attributes: object) -> Path:
    """Masks as the segmentation stage writes them."""
    shared = {
        "axes": "yxk",
        "task": "overlapping",
        "classes": ORGANS,
        "class_values": [1, 2, 3],
        "background": None,
        **attributes,
    }
    with ArchiveWriter(path, shared) as archive:
        for sample in sorted(masks):
            archive.add(sample, {"label": masks[sample]}, {"source": sample})
    return path


def mask(seed: int, shape: tuple[int, int] = (5, 7), share: float = 0.4) -> np.ndarray:
    return (np.random.default_rng(seed).random((*shape, 3)) < share).astype(np.uint8)


def test_the_competitions_format(tmp_path):
    label = np.zeros((2, 3, 3), np.uint8)
    label[0, :2, 2] = 1
    label[1, 1, 2] = 1
    label[:, 0, 0] = 1
    path = segmentation(tmp_path / "s.zarr.zip", {"case1_day0_slice_0002": label})
    write_submission([path], ORGANS, tmp_path / "submission.csv")
    assert (tmp_path / "submission.csv").read_bytes() == (
        b"id,class,predicted\n"
        b"case1_day0_slice_0002,large_bowel,1 1 4 1\n"
        b"case1_day0_slice_0002,small_bowel,\n"
        b"case1_day0_slice_0002,stomach,1 2 5 1\n"
    )


def test_all_folds_in_one_file_sorted_by_id(tmp_path):
    masks = {f"case{c}_day0_slice_{n:04d}": mask(10 * c + n) for c in (1, 2, 10) for n in (1, 2)}
    folds = [
        segmentation(
            tmp_path / f"{fold}.zarr.zip",
            {name: value for k, (name, value) in enumerate(masks.items()) if k % 3 == fold},
        )
        for fold in range(3)
    ]
    write_submission(folds, ORGANS, tmp_path / "submission.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "submission.csv").read_text())))
    assert [(row["id"], row["class"]) for row in rows] == [
        (name, organ) for name in sorted(masks) for organ in ORGANS
    ]
    for row in rows:
        expected = masks[row["id"]][..., ORGANS.index(row["class"])]
        assert np.array_equal(decode(row["predicted"], (5, 7), "row"), expected)


def test_slices_of_many_sizes(tmp_path):
    masks = {"a": mask(1, (4, 9)), "b": mask(2, (9, 4)), "c": mask(3, (1, 1), 0.0)}
    path = segmentation(tmp_path / "s.zarr.zip", masks)
    write_submission([path], ORGANS, tmp_path / "submission.csv")
    rows = [line.split(",") for line in (tmp_path / "submission.csv").read_text().splitlines()[1:]]
    assert len(rows) == 9
    for sample, organ, code in rows:
        expected = masks[sample][..., ORGANS.index(organ)]
        assert np.array_equal(decode(code, expected.shape, "row"), expected)


def test_the_order_of_the_rows_is_the_publishers(tmp_path):
    path = segmentation(
        tmp_path / "s.zarr.zip", {"a": mask(1)}, classes=["stomach", "large_bowel", "small_bowel"]
    )
    write_submission([path], ORGANS, tmp_path / "submission.csv")
    rows = [line.split(",") for line in (tmp_path / "submission.csv").read_text().splitlines()[1:]]
    assert [organ for _, organ, _ in rows] == ORGANS
    assert np.array_equal(decode(rows[2][2], (5, 7), "row"), mask(1)[..., 0])


def test_equal_masks_equal_bytes(tmp_path):
    path = segmentation(tmp_path / "s.zarr.zip", {"a": mask(1), "b": mask(2)})
    for name in ("one.csv", "two.csv"):
        write_submission([path], ORGANS, tmp_path / name)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_a_slice_in_two_folds(tmp_path):
    paths = [segmentation(tmp_path / f"{k}.zarr.zip", {"a": mask(k)}) for k in range(2)]
    with pytest.raises(SegbenchError, match="'a' is in two shards"):
        write_submission(paths, ORGANS, tmp_path / "submission.csv")
    assert not (tmp_path / "submission.csv").exists()


def test_another_task(tmp_path):
    path = segmentation(tmp_path / "s.zarr.zip", {}, task="semantic")
    with pytest.raises(SegbenchError, match=r"s\.zarr\.zip: are of task semantic"):
        write_submission([path], ORGANS, tmp_path / "submission.csv")


def test_a_class_that_is_not_there(tmp_path):
    path = segmentation(tmp_path / "s.zarr.zip", {"a": mask(1)}, classes=["stomach", "x", "y"])
    with pytest.raises(SegbenchError, match="have no class large_bowel, small_bowel"):
        write_submission([path], ORGANS, tmp_path / "submission.csv")
