from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from segbench.archives import ArchiveWriter
from segbench.errors import SegbenchError
from segbench.figures.layers import Layer
from segbench.figures.palette import PALETTE, rgb
from segbench.figures.planes import Plane
from segbench.figures.saving import LIMIT_BYTES
from segbench.reporting.assets import read_picture
from segbench.reporting.overlays import CLASSES, DASHES, ONE_CLASS, VOLUMES, draw_overlays
from unit.reporting import kinds
from unit.reporting.builders import (
    NASTY,
    score_rows,
    toy_study,
    write_archives,
    write_scores,
)

ARM = "p64 · none · unet · seed 0"
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
        "example: sample a; example: sample b; example: sample c."
    )


def test_no_sample_at_all_still_gives_a_picture(tmp_path: Path):
    prep, segmentation, truth = write_archives(tmp_path, {})
    output = tmp_path / "o.png"
    scores = write_scores(tmp_path / "s.parquet", score_rows({"a": 0.5}))
    draw_overlays([scores], toy_study(), ARM, [prep], [segmentation], [truth], output)
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
        assert (legend == rgb(colour)).all(axis=1).sum() > 20, colour


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


SHAPE = (6, 8)


def plane_of(*names: str) -> Plane:
    """A plane with one object of each class, predicted one pixel further right."""
    image = np.full((*SHAPE, 3), 0.5, np.float32)
    truth, guess = [], []
    for number, name in enumerate(names):
        label = np.zeros(SHAPE, np.uint8)
        label[number : number + 2, 1:4] = 1
        truth.append(Layer(name, PALETTE[number], label))
        guess.append(Layer(name, PALETTE[number], np.roll(label, 1, axis=1)))
    return Plane("slice 3: a", image, truth, guess)


def test_one_class_is_drawn_as_two_outlines():
    (cell,) = ONE_CLASS.cells(plane_of("a"))
    assert [(colour, dashes) for _, colour, _, dashes in cell.lines] == [
        (PALETTE[0], "solid"), (PALETTE[1], DASHES)
    ]  # fmt: skip
    assert (cell.image == 0.5).all()


def test_several_classes_are_drawn_in_colours_truth_above_prediction():
    plane = plane_of("a", "b")
    truth, guess = CLASSES.cells(plane)
    assert [colour for _, colour, _, _ in truth.lines] == list(PALETTE[:2])
    assert truth.image[0, 1] == pytest.approx(
        0.55 * 0.5 + 0.45 * np.array(rgb(PALETTE[0])) / 255, abs=1e-6
    )
    assert (np.roll(truth.image, 1, axis=1) == guess.image).all()


def test_slices_of_a_volume_say_what_they_are():
    (cell,) = VOLUMES.cells(plane_of("a", "b"))
    assert cell.note == "slice 3: a"
    assert [(colour, dashes) for _, colour, _, dashes in cell.lines] == [
        (PALETTE[0], "solid"), (PALETTE[1], "solid"), (PALETTE[0], DASHES), (PALETTE[1], DASHES)
    ]  # fmt: skip


def test_a_cell_draws_its_image_lines_and_note():
    axes = Figure().subplots()
    VOLUMES.cells(plane_of("a"))[0].draw(axes)
    assert len(axes.images) == 1
    assert len(axes.collections) == 2
    assert axes.get_title("left") == "slice 3: a"
