from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segbench.archives import Archive, ArchiveSet
from segbench.figures.planes import Plane, fullest_slice, is_volume, planes_of, telling_slices
from unit.reporting import kinds

REGIONS = {"axes": "zyxk", "classes": ["WT", "TC"], "class_values": [1, 2]}


def read(paths: tuple[Path, Path, Path], sample: str = "a") -> list[Plane]:
    prep, segmentation, truth = paths
    with Archive(segmentation) as predicted:
        return planes_of(sample, ArchiveSet([prep]), ArchiveSet([truth]), predicted)


def test_each_class_brings_the_slice_with_its_largest_area():
    label = np.zeros((6, 4, 4, 2), np.uint8)
    label[1, :3, :3, 0] = 1
    label[4, :2, :2, 0] = label[4, :2, :2, 1] = 1
    assert telling_slices(label, REGIONS) == {1: "WT", 4: "TC"}
    label[1, :3, :2, 1] = 1
    assert telling_slices(label, REGIONS) == {1: "WT, TC"}
    assert telling_slices(np.zeros((6, 4, 4, 2), np.uint8), REGIONS) == {3: ""}


def test_of_many_classes_the_largest_three_choose():
    label = np.zeros((5, 6, 6), np.uint8)
    for value in range(1, 6):
        label[value - 1, :value, :value] = value
    kind = {"classes": list("abcde"), "class_values": [1, 2, 3, 4, 5]}
    assert telling_slices(label, kind) == {4: "e", 3: "d", 2: "c"}


def test_an_image_is_one_plane_with_all_classes(tmp_path: Path):
    (plane,) = read(kinds.overlapping(tmp_path), "b")
    assert plane.note == ""
    assert plane.image.shape == (80, 100, 3)
    assert [layer.name for layer in plane.truth] == list(kinds.ORGANS)
    shifted = np.roll(plane.truth[0].label, 3, axis=0)
    assert (plane.prediction[0].label == shifted).all()


def test_fourteen_classes_have_fourteen_colours(tmp_path: Path):
    (plane,) = read(kinds.clothes(tmp_path))
    assert [layer.name for layer in plane.truth] == list(kinds.CLOTHES)
    assert len({layer.colour for layer in plane.truth}) == 14
    assert all(layer.label.any() for layer in plane.truth)


def test_slices_of_a_volume_lie_under_their_labels(tmp_path: Path):
    planes = read(kinds.volumes(tmp_path))
    assert [plane.note for plane in planes] == ["slice 7: WT", "slice 10: TC", "slice 12: ET"]
    for plane in planes:
        assert plane.image.shape == (60, 50, 3)
        # Outside of the recipe's crop, x 5...45, there is nothing.
        assert not plane.image[:, :5].any()
        assert not plane.image[:, 45:].any()
        # Images were made from the truth: 40 and 60 more for each region; the first
        # modality alone is shown, the others are white.
        regions = sum((layer.label > 0).astype(int) for layer in plane.truth)
        expected = (40 + 60 * regions) / 255
        inside = (slice(None), slice(5, 45))
        assert plane.image[inside][..., 0] == pytest.approx(expected[inside], abs=1e-6)


def test_a_slice_outside_of_the_crop_is_black(tmp_path: Path):
    truth = np.zeros((6, 4, 4), np.uint8)
    truth[5] = 1
    image = np.full((3, 4, 4, 1), 200, np.uint8)
    kind = {"axes": "zyx", "task": "semantic", "classes": ["a"], "class_values": [1]}
    records = {"a": {"crop": [[0, 3], [0, 4], [0, 4]]}}
    paths = kinds.write(tmp_path, kind, {"a": (image, truth, truth)}, {"axes": "zyxc"}, records)
    (plane,) = read(paths)
    assert plane.note == "slice 5: a"
    assert not plane.image.any()


def test_a_resampled_volume_shows_the_nearest_slice(tmp_path: Path):
    truth = np.zeros((9, 4, 4), np.uint8)
    truth[7] = 1
    image = (np.arange(3, dtype=np.uint8) * 50)[:, None, None, None] * np.ones((3, 8, 8, 1), "u1")
    kind = {"axes": "zyx", "task": "semantic", "classes": ["a"], "class_values": [1]}
    paths = kinds.write(tmp_path, kind, {"a": (image, truth, truth)}, {"axes": "zyxc"})
    (plane,) = read(paths)
    # Slices 6, 7, 8 of nine lie in the last of three.
    assert plane.image == pytest.approx(np.full((4, 4, 3), 100 / 255))


def test_what_was_not_annotated_is_not_drawn(tmp_path: Path):
    masks = np.zeros((4, 4, 2), np.uint8)
    masks[..., 1], masks[0, 0, 0] = 255, 1
    kind = {"axes": "yxk", "task": "overlapping", "classes": ["a", "b"], "class_values": [1, 2]}
    image = np.zeros((4, 4, 3), np.uint8)
    (plane,) = read(
        kinds.write(tmp_path, kind, {"a": (image, masks, masks % 255)}, {"axes": "yxc"})
    )
    assert [int(layer.label.sum()) for layer in plane.truth] == [1, 0]


def test_neighbouring_slices_are_not_colours(tmp_path: Path):
    image = np.zeros((4, 4, 3), np.uint8)
    image[...] = (0, 128, 255)
    label = np.ones((4, 4), np.uint8)
    kind = {"axes": "yx", "task": "semantic", "classes": ["a"], "class_values": [1]}
    sample = {"a": (image, label, label)}
    (plane,) = read(kinds.write(tmp_path / "n", kind, sample, {"recipe": {"neighbours": 1}}))
    assert plane.image == pytest.approx(np.full((4, 4, 3), 128 / 255))
    (colour,) = read(kinds.write(tmp_path / "c", kind, sample, {"recipe": {"neighbours": 0}}))
    assert colour.image[0, 0] == pytest.approx([0, 128 / 255, 1])


def test_what_is_a_volume():
    assert is_volume({"axes": "zyxk"})
    assert not is_volume({"axes": "yxk"})
    assert not is_volume({})


def test_the_fullest_slice_has_the_largest_labelled_area():
    label = np.zeros((5, 4, 4, 2), np.uint8)
    label[1, 0, 0] = 1
    label[3, :2, :2, 1] = 1
    assert fullest_slice(label) == 3
    assert fullest_slice(label * 0) == 2
