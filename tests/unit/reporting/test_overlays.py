from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segbench.archives import ArchiveWriter
from segbench.errors import SegbenchError
from segbench.reporting.assets import read_picture
from segbench.reporting.drawing import (
    LIMIT_BYTES,
    PALETTE,
    display_image,
    layers_of,
    outlines,
    shortened,
    tinted,
)
from segbench.reporting.overlays import draw_overlays
from unit.reporting import kinds
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


def test_where_nothing_is_scored_examples_are_shown(tmp_path: Path):
    draw(tmp_path, {"a": float("nan")}, tmp_path / "o.png")
    assert read_picture(tmp_path / "o.png").description == (
        "p64 · none · unet · seed 0. Truth and predicted outlines over the image; "
        "example: sample a, group none; example: sample b, group none; "
        "example: sample c, group none."
    )


def test_no_sample_at_all_still_gives_a_picture(tmp_path: Path):
    prep, segmentation, truth = write_archives(tmp_path, {})
    output = tmp_path / "o.png"
    draw_overlays([], toy_study(), ARM, [prep], [segmentation], [truth], output)
    assert "no scored sample" in read_picture(tmp_path / "o.png").description


@pytest.mark.parametrize("kind", ["overlapping", "clothes", "volumes"])
def test_several_classes_and_volumes(tmp_path: Path, kind: str):
    prep, segmentation, truth = getattr(kinds, kind)(tmp_path)
    names = "ab" if kind == "volumes" else "abc"
    values = {name: 0.9 - 0.3 * k for k, name in enumerate(names)}
    scores = write_scores(tmp_path / "s.parquet", score_rows(values))
    for number in range(2):
        output = tmp_path / f"{number}.png"
        draw_overlays([scores], toy_study(), ARM, [prep], [segmentation], [truth], output)
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()
    assert (tmp_path / "0.png").stat().st_size < LIMIT_BYTES
    size = read_picture(tmp_path / "0.png")
    assert "best: sample a, group g-a, IoU 0.900" in size.description
    # Image, truth and prediction below one another; of a volume the image and three slices.
    assert size.height > 0.9 * size.width


def test_colours_of_the_legend_are_those_of_the_classes(tmp_path: Path):
    prep, segmentation, truth = kinds.clothes(tmp_path)
    scores = write_scores(tmp_path / "s.parquet", score_rows({"a": 0.9, "b": 0.5, "c": 0.1}))
    output = tmp_path / "o.png"
    draw_overlays([scores], toy_study(), ARM, [prep], [segmentation], [truth], output)
    with Image.open(output) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert (pixels[0, 0] == 255).all(), "white stays white with few colours"
    legend = pixels[-pixels.shape[0] // 10 :].reshape(-1, 3)
    for colour in PALETTE[:14]:
        exact = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
        assert (legend == exact).all(axis=1).sum() > 20, colour


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


def test_display_image_within_given_limits():
    image = np.array([[[100], [200], [400]]], np.uint16)
    shown = display_image(image, 1.0, 1, 3, limits=(100, 300))
    assert shown[0, :, 0].tolist() == [0, 0.5, 1]


def test_layers_of_every_kind_of_label():
    label = np.array([[0, 2], [7, 7]], np.uint8)
    objects = layers_of(label, {"task": "instances", "classes": ["n"], "class_values": [1]})
    assert [(layer.name, layer.label.max()) for layer in objects] == [("n", 7)]
    classes = layers_of(label, {"task": "semantic", "classes": ["a", "b"], "class_values": [7, 2]})
    assert [layer.label.sum() for layer in classes] == [2, 1]
    masks = np.stack([label > 0, label > 2], axis=-1).astype(np.uint8)
    both = layers_of(masks, {"task": "overlapping", "classes": ["a", "b"]})
    assert [layer.label.sum() for layer in both] == [3, 2]
    assert len({layer.colour for layer in both}) == 2
    assert [layer.name for layer in layers_of(label, {})] == ["objects"]


def test_tints_mix_where_classes_overlap():
    masks = np.ones((1, 1, 2), np.uint8)
    layers = layers_of(masks, {"classes": ["a", "b"]})
    black = np.zeros((1, 1, 3), np.float32)
    first = np.array([int(PALETTE[0][k : k + 2], 16) / 255 for k in (1, 3, 5)])
    second = np.array([int(PALETTE[1][k : k + 2], 16) / 255 for k in (1, 3, 5)])
    mixed = tinted(black, layers, 0.5)[0, 0]
    assert mixed == pytest.approx(0.25 * first + 0.5 * second, abs=1e-6)
    assert not black.any(), "the image itself is not changed"


def test_long_names_lose_their_middle():
    assert shortened("short") == "short"
    assert len(shortened("x" * 64)) <= 30
