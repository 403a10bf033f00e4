"""Overlays: truth and prediction drawn over the best, the median and the worst sample."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from PIL import Image, PngImagePlugin

from segbench.archives import Archive, ArchiveSet
from segbench.config.study import Study
from segbench.definitions import DEFINITIONS
from segbench.errors import SegbenchError
from segbench.files import atomic_path
from segbench.reporting.names import arm_label
from segbench.reporting.ranking import Ranked, rank_samples
from segbench.reporting.style import ORANGE, SKY_BLUE, house_style

#: Largest picture. A report of a dozen arms stays a few megabytes.
LIMIT_BYTES = 400_000
#: Resolution of the first attempt, dots per inch, and the number of attempts.
RESOLUTION = 130
ATTEMPTS = 6
#: Longer ids are shortened in the picture; the description keeps them whole.
ID_LENGTH = 30


@dataclass(frozen=True)
class _Panel:
    """One sample, ready to be drawn."""

    ranked: Ranked
    image: np.ndarray
    truth: list[np.ndarray]
    prediction: list[np.ndarray]


def display_image(image: np.ndarray, scale: float, height: int, width: int) -> np.ndarray:
    """Make an image for the eye, at another size.

    Parameters
    ----------
    image : (y, x, c) ndarray
        As stored; value = stored * `scale`.
    scale : float
        Makes stored values 0...1.
    height, width : int
        Of the result, in pixels.

    Returns
    -------
    (height, width, 3) ndarray of float32
        In 0...1. Values outside (a z-score, say) are stretched from the 1st to the 99th
        percentile. Of other than three channels, the mean is shown in grey.
    """
    values = np.nan_to_num(image.astype(np.float32) * np.float32(scale))
    if values.shape[2] != 3:
        values = values.mean(axis=2, keepdims=True)
    shrinks = height * width < values.shape[0] * values.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    values = cv2.resize(np.ascontiguousarray(values), (width, height), interpolation=interpolation)
    values = values.reshape(height, width, -1)
    low, high = float(values.min()), float(values.max())
    if low < -1e-3 or high > 1 + 1e-3:
        low, high = (float(v) for v in np.percentile(values, (1, 99)))
        values = (values - low) / max(high - low, 1e-6)
    return np.broadcast_to(np.clip(values, 0, 1), (height, width, 3))


def outlines(label: np.ndarray) -> list[np.ndarray]:
    """Trace every value of a label map or of every numbered object.

    Parameters
    ----------
    label : (y, x) ndarray of unsigned int
        0 is the background.

    Returns
    -------
    list of (n, 2) ndarray of float64
        Closed lines of (x, y) in pixels, pixel centres at integers. Objects that touch
        each keep their own line.

    Examples
    --------
    >>> label = np.zeros((5, 5), np.uint8)
    >>> label[2, 2] = 1
    >>> line, = outlines(label)
    >>> line.min(), line.max()
    (np.float64(1.5), np.float64(2.5))
    """
    from scipy.ndimage import find_objects
    from skimage.measure import find_contours

    lines: list[np.ndarray] = []
    for value, box in enumerate(find_objects(label.astype(np.int32)), start=1):
        if box is None:
            continue
        # The margin closes the lines of objects that touch the image's edge.
        mask = np.pad(label[box] == value, 1).astype(np.float32)
        corner = np.array([box[1].start - 1, box[0].start - 1])
        lines += [line[:, ::-1] + corner for line in find_contours(mask, 0.5)]
    return lines


def _panel(
    ranked: Ranked, images: ArchiveSet, segmentations: Sequence[Archive], truth: ArchiveSet
) -> _Panel:
    sample = ranked.sample
    for name, archives in (("preprocessed", images), ("truth", truth)):
        if sample not in archives:
            raise SegbenchError(
                f"sample {sample!r} has a score but is in no {name} archive",
                f"the {name} archives of the study's dataset",
                "pass all shards of the dataset",
            )
    label = truth.read(sample, "label")
    image = images.read(sample, "image")
    scale = float(images.attributes.get("image_scale", 1.0))
    return _Panel(
        ranked=ranked,
        image=display_image(image, scale, *label.shape),
        truth=outlines(label),
        prediction=outlines(segmentations[ranked.segmentation].read(sample, "label")),
    )


def _metric(ranked: Ranked) -> str:
    known = DEFINITIONS.get(ranked.definition)
    return known.title if known else ranked.metric


def _short(text: str) -> str:
    half = ID_LENGTH // 2 - 1
    return text if len(text) <= ID_LENGTH else f"{text[:half]}…{text[-half:]}"


def _draw_lines(
    axes: Axes, lines: list[np.ndarray], colour: str, width: float, dashes: object
) -> None:
    collection = LineCollection(lines, colors=colour, linewidths=width, linestyles=[dashes])
    # A dark rim keeps the line visible on bright ground.
    collection.set_path_effects([withStroke(linewidth=width + 1.1, foreground="#00000099")])
    axes.add_collection(collection)


def _draw_panel(axes: tuple[Axes, Axes], panel: _Panel) -> None:
    height, width = panel.image.shape[:2]
    for cell in axes:
        cell.imshow(panel.image, interpolation="antialiased")
        cell.set_xlim(-0.5, width - 0.5)
        cell.set_ylim(height - 0.5, -0.5)
        cell.set_axis_off()
        cell.set_anchor("N")
    _draw_lines(axes[1], panel.truth, ORANGE, 1.4, "solid")
    _draw_lines(axes[1], panel.prediction, SKY_BLUE, 1.4, (0, (2.5, 1.5)))
    ranked = panel.ranked
    axes[0].set_title(
        f"{ranked.rank}: {_metric(ranked)} {ranked.value:.3f}\n"
        f"{_short(ranked.sample)}\ngroup {_short(ranked.group) or 'none'}",
        fontsize=8,
        loc="left",
        linespacing=1.35,
        parse_math=False,
    )


def _legend(figure: Figure) -> None:
    figure.legend(
        handles=[
            Line2D([], [], color=ORANGE, linewidth=1.8, label="truth"),
            Line2D(
                [], [], color=SKY_BLUE, linewidth=1.8, linestyle=(0, (3, 2)), label="prediction"
            ),
        ],
        loc="outside lower center",
        ncols=2,
        fontsize=8.5,
    )


def _figure(panels: list[_Panel], title: str) -> Figure:
    ratio = max((p.image.shape[0] / p.image.shape[1] for p in panels), default=0.5)
    ratio = min(max(ratio, 0.4), 1.6)
    columns = max(len(panels), 1)
    width = max(2.5 * columns, 4.0)
    height = 2 * (width / columns) * ratio + 1.35 if panels else 1.6
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=9.5, parse_math=False)
    if not panels:
        figure.text(0.5, 0.4, "no scored sample", ha="center", color="#555555")
        return figure
    cells = figure.subplots(2, columns, squeeze=False)
    for column, panel in enumerate(panels):
        _draw_panel((cells[0][column], cells[1][column]), panel)
    _legend(figure)
    return figure


def _encode(figure: Figure, description: str) -> bytes:
    """PNG below `LIMIT_BYTES`: first all colours, then 256, then fewer and fewer pixels."""
    information = PngImagePlugin.PngInfo()
    information.add_itxt("Description", description)
    data, dpi = b"", RESOLUTION
    for _ in range(ATTEMPTS):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
        full = Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")
        few = full.quantize(256, dither=Image.Dither.NONE)
        for picture in (full, few):
            out = io.BytesIO()
            picture.save(out, format="PNG", optimize=True, pnginfo=information)
            data = out.getvalue()
            if len(data) < LIMIT_BYTES:
                return data
        # Bytes go by area; a little less, so that the next attempt mostly is the last.
        dpi = int(dpi * max(0.5, 0.93 * (LIMIT_BYTES / len(data)) ** 0.5))
    return data


def _describe(title: str, ranked: list[Ranked]) -> str:
    parts = [
        f"{r.rank}: sample {r.sample}, group {r.group or 'none'}, {_metric(r)} {r.value:.3f}"
        for r in ranked
    ]
    definition = f" (definition {ranked[0].definition})" if ranked else ""
    return (
        f"{title}. Truth and predicted outlines over the image"
        f"{definition}; " + ("; ".join(parts) or "no scored sample") + "."
    )


def draw_overlays(
    scores: Sequence[str | Path],
    study: Study,
    arm: Mapping[str, object],
    preprocessed: Sequence[str | Path],
    segmentations: Sequence[str | Path],
    truth: Sequence[str | Path],
    output: str | Path,
) -> None:
    """Draw the best, the median and the worst sample of an arm, with both outlines.

    Parameters
    ----------
    scores : sequence of Path
        ``scores.parquet``; where there are as many as `segmentations`, the k-th was
        computed from the k-th.
    study : Study
        Gives the primary metric.
    arm : mapping
        ``preprocessing``, ``augmentation``, ``model``, ``seed``: names of the arm.
    preprocessed, truth : sequence of Path
        Archives of images, and of labels at the original size.
    segmentations : sequence of Path
        Archives of labels at the original size.
    output : str or Path
        PNG, below 400 kB; the same input gives the same bytes.

    Raises
    ------
    SegbenchError
        A score has no image, truth or segmentation; a file is unreadable.
    """
    archives = [Archive(path) for path in segmentations]
    try:
        ranked = rank_samples(
            [Path(path) for path in scores], [set(a.ids) for a in archives], study, arm
        )
        images, labels = ArchiveSet(preprocessed), ArchiveSet(truth)
        panels = [_panel(item, images, archives, labels) for item in ranked]
    finally:
        for archive in archives:
            archive.close()
    title = arm_label(arm)
    with house_style():
        data = _encode(_figure(panels, title), _describe(title, ranked))
    with atomic_path(output) as beside:
        beside.write_bytes(data)
