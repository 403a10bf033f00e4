"""The whole stage on small datasets of every kind, read by a reader of NumPy files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segbench.archives import ArchiveWriter
from segbench.artefacts.samples import Sample, read_samples, write_samples
from segbench.config.dataset import Dataset
from segbench.datasets.base import RawSample, Reader
from segbench.errors import SegbenchError
from segbench.exploration import stage
from segbench.exploration.stage import PICTURES, black_and_white, explore


class Arrays(Reader):
    """`NAME.npy` images; counts how often each is opened."""

    def __init__(self):
        self.opened: list[str] = []

    def scan(self, root):
        for path in sorted(root.glob("*.npy")):
            yield RawSample(path.stem, (path.name,), ())

    def read_image(self, root, raw):
        self.opened.append(raw.sample)
        return np.load(root / raw.images[0])


class Made:
    """A dataset of one kind of label with everything that the stage reads."""

    def __init__(self, folder: Path, axes: str, count: int = 9) -> None:
        self.folder, self.axes = folder, axes
        self.raw = folder / "raw"
        self.raw.mkdir(parents=True)
        self.task = {"s": "classification", "yxk": "overlapping", "zyxk": "overlapping"}.get(
            axes, "semantic"
        )
        classes = [{"name": "round", "value": 1}, {"name": "square", "value": 2}]
        self.dataset = Dataset.model_validate(
            {
                "title": "Made", "format": "folder", "task": self.task, "classes": classes,
                "licence": "-", "citation": "-", "protocols": {},
            }
        )  # fmt: skip
        attributes = {
            "axes": axes, "task": self.task, "classes": ["round", "square"], "class_values": [1, 2]
        }  # fmt: skip
        rng = np.random.default_rng(0)
        rows = []
        with ArchiveWriter(folder / "truth.zarr.zip", attributes) as truth:
            for number in range(count):
                name = f"s{number:02d}"
                image = rng.integers(0, 60, (24, 20 + number % 2, 3)).astype(np.uint8)
                image += np.uint8(180 * (number % 3 == 0))
                label, present = self._label(image.shape[:2], number)
                if axes.startswith("z"):
                    image = np.stack([image[..., :1].astype(np.int16)] * 5)
                np.save(self.raw / f"{name}.npy", image)
                truth.add(name, {"label": label})
                rows.append(
                    Sample(
                        name, f"g{number // 3}", classes=tuple(present),
                        objects=None if axes == "s" else len(present), size=image.shape[:-1],
                        channels=image.shape[-1], dtype=image.dtype.name,
                        spacing_mm=(2.0, 0.5, 0.5),
                    )
                )  # fmt: skip
        write_samples(rows, folder / "samples.tsv")

    def _label(self, size: tuple[int, int], number: int) -> tuple[np.ndarray, list[str]]:
        if self.axes == "s":
            return np.array([1 + number % 2], np.uint8), [("round", "square")[number % 2]]
        plane = np.zeros(size, np.uint8)
        if number == 4:
            return self._shaped(plane), []
        plane[3:9, 3:9] = 1
        plane[12:22, 10:18] = 2
        return self._shaped(plane), ["round", "square"]

    def _shaped(self, plane: np.ndarray) -> np.ndarray:
        label = plane
        if self.axes.startswith("z"):
            label = np.zeros((5, *plane.shape), np.uint8)
            label[1:3] = plane
        if self.axes.endswith("k"):
            label = np.stack([label > 0, label == 2], axis=-1).astype(np.uint8)
        return label

    def explore(self, name: str = "out", **options: int) -> dict[str, Path]:
        """Run the stage; gives its outputs."""
        folder = self.folder / name
        outputs = {
            key: folder / f"{key}.{'png' if key in ('sheet', 'appearance') else 'svg'}"
            for key in PICTURES
        }
        outputs |= {"summary": folder / "summary.json", "clusters": folder / "appearance.tsv"}
        truth = [self.folder / "truth.zarr.zip"]
        sheet = self.folder / "samples.tsv"
        explore("made", self.dataset, self.raw, sheet, truth, outputs, **options)
        return outputs


@pytest.fixture(scope="module")
def arrays():
    """The stage reads NumPy files, and shows few samples: drawing takes most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        reader = Arrays()
        patch.setattr(stage, "reader_of", lambda dataset: reader)
        patch.setattr(stage, "SHEET", 4)
        yield reader


@pytest.fixture(scope="module")
def plain(tmp_path_factory, arrays: Arrays) -> tuple[Made, dict[str, Path], list[str]]:
    """A dataset of label maps, what the stage wrote, and the images that it opened."""
    arrays.opened.clear()
    made = Made(tmp_path_factory.mktemp("plain"), "yx")
    outputs = made.explore()
    return made, outputs, list(arrays.opened)


def read(outputs: dict[str, Path]) -> dict:
    return json.loads(outputs["summary"].read_text())


def check(outputs: dict[str, Path], axes: str) -> None:
    """What is known of the made labels."""
    assert all(path.stat().st_size > 40 for path in outputs.values())
    summary = read(outputs)
    first, second = summary["classes"]
    assert first["samples"] == second["samples"] == 8
    assert summary["empty"] == {"samples": 1, "share": 0.111111}
    slices = 2 if axes.startswith("z") else 1
    # Overlapping: the first mask is both squares, 36 + 80 pixels in two pieces.
    assert first["pixels"] == 8 * slices * (116 if axes.endswith("k") else 36)
    assert second["pixels"] == 8 * slices * 80
    assert second["object_pixels"]["0.5"] == slices * 80
    # 0.25 mm² a pixel, 0.5 mm³ a voxel.
    assert second["object_mm"]["0.5"] == (80 if axes.startswith("z") else 20)
    assert "objects" in dict(summary["pictures"])


def test_label_maps(plain):
    check(plain[1], "yx")


@pytest.mark.parametrize("axes", ["yxk", "zyxk"])
def test_masks_that_overlap_also_in_volumes(tmp_path: Path, arrays: Arrays, axes: str):
    check(Made(tmp_path, axes).explore(), axes)


def test_whole_images(tmp_path: Path, arrays: Arrays):
    summary = read(Made(tmp_path, "s").explore())
    assert [entry["samples"] for entry in summary["classes"]] == [5, 4]
    assert "pixels" not in summary["classes"][0]
    assert "objects" not in dict(summary["pictures"])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_floats_with_gaps(tmp_path: Path, arrays: Arrays, value: float):
    made = Made(tmp_path, "yx")
    images = sorted(made.raw.glob("*.npy"))
    for path in images[1:]:
        image = np.load(path).astype(np.float32)
        image[:3] = value
        image[..., 2] = value
        np.save(path, image)
    np.save(images[0], np.full((24, 20, 3), value, np.float32))
    rows = [replace(r, dtype="float32") for r in read_samples(tmp_path / "samples.tsv")]
    write_samples(rows, tmp_path / "samples.tsv")
    outputs = made.explore()

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    summary = json.loads(outputs["summary"].read_text(), parse_constant=refuse)
    first, _, last = summary["intensities"]
    assert 0 <= first["min"] <= first["0.5"] <= first["max"] <= 255
    assert set(last.values()) == {"channel 3", None}, "no image has a value in it"
    assert set(last) == set(first)
    clusters = dict(line.split("\t") for line in outputs["clusters"].read_text().splitlines()[1:])
    assert clusters["s00"] == "", "without values it looks like no group"
    assert all(path.stat().st_size > 40 for path in outputs.values())


def test_each_image_is_opened_once(plain):
    assert sorted(plain[2]) == [f"s{k:02d}" for k in range(9)]


def test_of_many_images_some_are_opened_and_all_labels_are_read(plain, arrays: Arrays):
    arrays.opened.clear()
    outputs = plain[0].explore("some", opened=4)
    assert len(arrays.opened) == 4
    summary = read(outputs)
    assert summary["images_opened"] == 4
    assert summary["classes"][1]["pixels"] == 8 * 80
    table = outputs["clusters"].read_text().splitlines()
    assert len(table) == 10
    assert sum(line.endswith("\t") for line in table) == 5


def test_same_input_same_bytes(plain):
    again = plain[0].explore("again")
    for key, path in plain[1].items():
        assert path.read_bytes() == again[key].read_bytes(), key


def test_bright_and_dark_images_are_two_groups(plain):
    rows = [line.split("\t") for line in plain[1]["clusters"].read_text().splitlines()[1:]]
    groups = dict(rows)
    assert {groups[f"s{k:02d}"] for k in (0, 3, 6)} == {"2"}
    assert {groups[f"s{k:02d}"] for k in (1, 2, 4, 5, 7, 8)} == {"1"}
    assert dict(read(plain[1])["pictures"])["appearance"] == "Images by appearance"


def test_a_sample_without_truth_is_named(tmp_path: Path, arrays: Arrays):
    made = Made(tmp_path, "yx")
    rows = read_samples(tmp_path / "samples.tsv")
    write_samples([*rows, replace(rows[-1], sample="s99")], tmp_path / "samples.tsv")
    with pytest.raises(SegbenchError, match=r"'s99' is in no archive of the truth"):
        made.explore()


def test_a_sample_without_a_raw_file_is_named(tmp_path: Path, arrays: Arrays):
    made = Made(tmp_path, "yx")
    (made.raw / "s03.npy").unlink()
    with pytest.raises(SegbenchError, match="'s03' is not there any more"):
        made.explore()
    assert not (tmp_path / "out" / "summary.json").exists()


def test_black_and_white_of_a_dataset():
    from segbench.exploration.measure import measure_image
    from segbench.exploration.summary import Measured

    measured = Measured(["a"])
    ramp = np.arange(1000, dtype=np.uint16).reshape(10, 100, 1)
    measured.images["a"] = measure_image(ramp)
    low, high = black_and_white([Sample("a", "a", dtype="uint16")], measured)
    assert (low, high) == pytest.approx((999 * 0.005, 999 * 0.995))
    assert black_and_white([Sample("a", "a")], measured) == (0, 255)
    assert black_and_white([Sample("a", "a", dtype="uint16")], Measured(["a"])) == (0, 255)


def test_a_dataset_without_samples(tmp_path: Path, arrays: Arrays):
    with pytest.raises(SegbenchError, match=r"samples\.tsv: no samples"):
        Made(tmp_path, "yx", count=0).explore()
