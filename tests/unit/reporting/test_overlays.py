from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segbench.archives import ArchiveWriter
from segbench.errors import SegbenchError
from segbench.reporting.assets import read_picture
from segbench.reporting.drawing import LIMIT_BYTES, display_image, outlines
from segbench.reporting.overlays import draw_overlays
from unit.reporting.builders import (
    NASTY,
    score_rows,
    toy_study,
    write_archives,
    write_scores,
)

ARM = {"preprocessing": "p64", "augmentation": "none", "model": "unet", "seed": "0"}
SIZES = {"a": (90, 120), "b": (60, 40), "c": (64, 64), "d": (64, 64)}


def draw(folder: Path, values: dict[str, float], output: Path, **archives: object) -> None:
    sizes = archives.pop("sizes", SIZES)
    prep, segmentation, truth = write_archives(folder, sizes, **archives)
    scores = write_scores(folder / "scores.parquet", score_rows(values))
    draw_overlays([scores], toy_study(), ARM, [prep], [segmentation], [truth], output)


def test_picture_names_the_samples(tmp_path: Path):
    draw(tmp_path, {"a": 0.9, "b": 0.2, "c": 0.5, "d": float("nan")}, tmp_path / "o.png")
    size = read_picture(tmp_path / "o.png")
    assert size.description == (
        "p64 · none · unet · seed 0. Truth and predicted outlines over the image (definition "
        "iou/per-image/empty-excluded); best: sample a, group g-a, IoU 0.900; median: sample c, "
        "group g-c, IoU 0.500; worst: sample b, group g-b, IoU 0.200."
    )
    assert size.width > 500


def test_same_input_same_bytes(tmp_path: Path):
    for number in range(2):
        draw(tmp_path / str(number), {"a": 0.9, "b": 0.2}, tmp_path / f"{number}.png")
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()


def test_both_colours_are_there(tmp_path: Path):
    draw(tmp_path, {"a": 0.9, "b": 0.2, "c": 0.4}, tmp_path / "o.png")
    with Image.open(tmp_path / "o.png") as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3).astype(int)
    for colour in ((0xE6, 0x9F, 0x00), (0x56, 0xB4, 0xE9)):
        assert (np.abs(pixels - colour).max(axis=1) < 25).sum() > 100


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_any_number_of_channels(tmp_path: Path, channels: int):
    draw(tmp_path, {"a": 0.9}, tmp_path / "o.png", channels=channels)
    assert (tmp_path / "o.png").stat().st_size < LIMIT_BYTES


def test_noise_stays_below_the_limit(tmp_path: Path):
    rng = np.random.default_rng(0)
    archives = [tmp_path / f"{name}.zarr.zip" for name in ("prep", "seg", "truth")]
    label = np.zeros((512, 512), np.uint16)
    label[100:300, 100:300] = 1
    with (
        ArchiveWriter(archives[0], {"image_scale": 1 / 255}) as images,
        ArchiveWriter(archives[1], {}) as predicted,
        ArchiveWriter(archives[2], {}) as truth,
    ):
        for sample in "abc":
            images.add(sample, {"image": rng.integers(0, 256, (512, 512, 3)).astype(np.uint8)})
            predicted.add(sample, {"label": label})
            truth.add(sample, {"label": label})
    scores = write_scores(tmp_path / "s.parquet", score_rows({"a": 0.1, "b": 0.2, "c": 0.3}))
    output = tmp_path / "o.png"
    draw_overlays([scores], toy_study(), ARM, archives[:1], archives[1:2], archives[2:], output)
    assert output.stat().st_size < LIMIT_BYTES
    assert "best: sample c" in read_picture(output).description


def test_nothing_scored_still_gives_a_picture(tmp_path: Path):
    draw(tmp_path, {"a": float("nan")}, tmp_path / "o.png")
    assert "no scored sample" in read_picture(tmp_path / "o.png").description


def test_blank_prediction_and_truth(tmp_path: Path):
    archives = [tmp_path / f"{name}.zarr.zip" for name in ("prep", "seg", "truth")]
    blank = np.zeros((8, 9), np.uint8)
    for path, arrays in zip(
        archives,
        [{"image": np.zeros((4, 4, 1), np.uint8)}, {"label": blank}, {"label": blank}],
        strict=True,
    ):
        with ArchiveWriter(path, {}) as writer:
            writer.add("a", arrays)
    scores = write_scores(tmp_path / "s.parquet", score_rows({"a": 1.0}))
    output = tmp_path / "o.png"
    draw_overlays([scores], toy_study(), ARM, archives[:1], archives[1:2], archives[2:], output)
    assert "best: sample a" in read_picture(output).description


def test_nasty_ids_are_text(tmp_path: Path):
    name = NASTY + "$\\frac{"
    draw(tmp_path, {name: 0.5}, tmp_path / "o.png", sizes={name: (64, 64)})
    assert name in read_picture(tmp_path / "o.png").description


def test_missing_archives_are_named(tmp_path: Path):
    prep, segmentation, truth = write_archives(tmp_path, SIZES)
    scores = write_scores(tmp_path / "s.parquet", score_rows({"a": 0.5}))
    output = tmp_path / "o.png"
    with pytest.raises(SegbenchError, match="'a' has a score but is in no preprocessed archive"):
        draw_overlays([scores], toy_study(), ARM, [], [segmentation], [truth], output)
    with pytest.raises(SegbenchError, match="in no truth archive"):
        draw_overlays([scores], toy_study(), ARM, [prep], [segmentation], [], output)
    assert not output.exists()


def test_outlines_of_touching_objects_are_apart():
    label = np.zeros((6, 8), np.uint16)
    label[1:5, 1:4] = 7
    label[1:5, 4:7] = 300
    lines = outlines(label)
    assert len(lines) == 2
    # (x, y): each box is traced half a pixel outside of its pixels' centres.
    assert [(*line.min(axis=0), *line.max(axis=0)) for line in lines] == [
        (0.5, 0.5, 3.5, 4.5),
        (3.5, 0.5, 6.5, 4.5),
    ]
    assert all((line[0] == line[-1]).all() for line in lines)


def test_outlines_at_the_edge_are_closed_and_holes_are_traced():
    label = np.ones((5, 5), np.uint8)
    (line,) = outlines(label)
    assert line.min() == -0.5
    assert line.max() == 4.5
    label[2, 2] = 0
    assert len(outlines(label)) == 2
    assert outlines(np.zeros((3, 3), np.uint8)) == []


def test_display_image_scales_and_resizes():
    image = np.full((4, 4, 1), 51, np.uint8)
    shown = display_image(image, 1 / 255, 6, 10)
    assert shown.shape == (6, 10, 3)
    assert np.allclose(shown, 0.2)
    assert display_image(image, 1 / 255, 2, 2).shape == (2, 2, 3)


def test_display_image_stretches_z_scores():
    image = np.linspace(-3, 3, 400, dtype=np.float32).reshape(20, 20, 1)
    image[0, 0] = np.nan
    shown = display_image(image, 1.0, 20, 20)
    assert shown.min() == 0
    assert shown.max() == 1
    assert 0.4 < shown[10, 0, 0] < 0.6


def test_display_image_keeps_colours():
    image = np.zeros((2, 2, 3), np.uint8)
    image[..., 1] = 255
    assert (display_image(image, 1 / 255, 2, 2)[0, 0] == [0, 1, 0]).all()
