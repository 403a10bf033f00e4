"""Plots of a dataset: sizes, intensities, classes, objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from segbench.artefacts.samples import Sample
from segbench.exploration.summary import Measured, objects_of, size_of
from segbench.figures.canvas import message, plain_legend, shortened
from segbench.figures.charts import bars, histogram, logarithmic, whole_numbers
from segbench.figures.palette import BLUE, GREEN, INK, VERMILION, colour_of
from segbench.figures.saving import save
from segbench.figures.style import house_style

#: More distinct sizes than this are drawn as histograms.
BARS = 12
#: Colours of the channels.
CHANNELS = {"red": VERMILION, "green": GREEN, "blue": BLUE, "grey": INK}
#: Number of classes whose object sizes are drawn.
DRAWN_CLASSES = 8
#: Shares are drawn on a logarithmic axis from this ratio of largest to smallest.
LOG_RATIO = 50.0
BINS = 64
TIMES = " \N{MULTIPLICATION SIGN} "


def draw_sizes(rows: Sequence[Sample], title: str, output: str | Path) -> None:
    """Draw the sizes of the images and the samples per group to an SVG file."""
    sizes = Counter(size_of(row) for row in rows)
    per_group = np.array(sorted(Counter(row.group for row in rows).values()), np.int64)
    few = len(sizes) <= BARS
    axes_names = ("depth", "height", "width")[-len(next(iter(sizes))) :] if sizes else ()
    grouped = bool(len(per_group)) and per_group.max() > 1
    panels = (1 if few else len(axes_names)) + grouped
    with house_style():
        height = max(1.9, 0.24 * len(sizes) + 0.9) if few else 2.6
        figure = Figure(figsize=(max(3.4 * panels, 4.4), height), layout="constrained")
        cells = list(figure.subplots(1, panels, squeeze=False)[0])
        if few:
            ordered = sorted(sizes, key=lambda size: (-sizes[size], size))
            names = [TIMES.join(map(str, size)) for size in ordered]
            bars(cells[0], names, [sizes[size] for size in ordered])
            cells[0].set_xlabel("samples")
            cells[0].set_title(f"size in px ({TIMES.join(axes_names)})")
        else:
            for number, name in enumerate(axes_names):
                values = np.array([size_of(row)[number] for row in rows], np.int64)
                histogram(cells[number], values, f"{name}, px")
        if grouped:
            histogram(cells[-1], per_group, "samples in a group")
            cells[-1].set_ylabel("groups")
        common = "; ".join(f"{TIMES.join(map(str, s))} px: {n}" for s, n in sizes.most_common(5))
        words = (
            f"{title}: sizes of {len(rows)} images. {len(sizes)} different, most often {common}."
        )
        if grouped:
            words += f" {len(per_group)} groups of {per_group[0]} to {per_group[-1]} samples."
        save(figure, output, words)


def draw_intensities(
    measured: Measured, names: Sequence[str], title: str, output: str | Path
) -> None:
    """Draw the intensities of each channel, and the images' means, to an SVG file."""
    images = list(measured.images.values())
    with house_style():
        figure = Figure(figsize=(7.4, 2.8), layout="constrained")
        pixels, means = figure.subplots(1, 2)
        for channel, name in enumerate(names):
            values = (i.values[:, channel] for i in images if channel < i.values.shape[1])
            having = [v[~np.isnan(v)] for v in values if not np.isnan(v).all()]
            if not having:
                continue
            colour = CHANNELS.get(name, colour_of(6 + channel))
            pooled = np.concatenate(having)
            low, high = (float(v) for v in np.quantile(pooled, (0.0005, 0.9995)))
            edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
            counts, _ = np.histogram(pooled, bins=edges)
            pixels.stairs(counts / max(pooled.size, 1), edges, color=colour, label=name)
            averages = np.array([values.mean() for values in having])
            bins = int(np.clip(2 * np.sqrt(len(averages)), 5, 24))
            counts, edges = np.histogram(averages, bins=bins)
            means.stairs(counts, edges, color=colour, label=name)
        logarithmic(pixels, vertical=True)
        pixels.set_xlabel("intensity as stored")
        pixels.set_ylabel("share of pixels")
        means.set_xlabel("mean intensity of an image")
        means.set_ylabel("images")
        whole_numbers(means, vertical=True)
        if len(names) > 1:
            plain_legend(pixels)
        words = (
            f"{title}: intensities of {len(images)} images. Left: share of pixels on a logarithmic "
            f"scale, every image counting the same; right: the mean of each image."
        )
        save(figure, output, words)


def draw_classes(summary: Mapping[str, Any], title: str, output: str | Path) -> None:
    """Draw each class's share of samples and of pixels to an SVG file."""
    classes = summary["classes"]
    names = [entry["name"] for entry in classes]
    whole = summary["task"] == "classification"
    with house_style():
        height = max(1.7, 0.22 * (len(names) + 1) + 0.8)
        figure = Figure(figsize=(4.2 if whole else 7.4, height), layout="constrained")
        cells = list(figure.subplots(1, 1 if whole else 2, squeeze=False)[0])
        holding = [100 * (entry["share_of_samples"] or 0) for entry in classes]
        extra = [] if whole else [100 * (summary["empty"]["share"] or 0)]
        bars(cells[0], names + ["(none)"] * len(extra), holding + extra, "{:.1f}")
        cells[0].set_xlabel("% of samples" if whole else "% of samples that hold the class")
        if not whole:
            pixels = [100 * (entry["share_of_pixels"] or 0) for entry in classes]
            rest = 100 * (summary["background_share"] or 0)
            bars(cells[1], [*names, "(none)"], [*pixels, rest], "{:.3g}")
            cells[1].set_xlabel("% of pixels")
            known = [share for share in [*pixels, rest] if share > 0]
            if known and max(known) / min(known) > LOG_RATIO:
                logarithmic(cells[1])
                cells[1].set_xlim(min(known) / 2, 700)
                cells[1].set_xlabel("% of pixels (logarithmic)")
        words = "; ".join(
            f"{entry['name']} in {100 * (entry['share_of_samples'] or 0):.1f} %"
            for entry in classes
        )
        save(figure, output, f"{title}: balance of the classes. Of the samples: {words}.")


def draw_objects(
    rows: Sequence[Sample], measured: Measured, title: str, output: str | Path
) -> None:
    """Draw the objects per sample and their sizes to an SVG file."""
    counts = np.array(objects_of(rows), np.int64)
    found = [(name, measured.objects(k)) for k, name in enumerate(measured.classes)]
    found = sorted(((n, s) for n, s in found if len(s)), key=lambda item: -len(item[1]))
    with house_style():
        if not found:
            save(message("no objects"), output, f"{title}: no objects.")
            return
        figure = Figure(figsize=(7.4, 2.9), layout="constrained")
        many, large = figure.subplots(1, 2)
        histogram(many, counts, "objects in a sample")
        whole = np.concatenate([sizes for _, sizes in found])
        top = float(max(whole.max(), whole.min() + 1))
        bins = int(np.clip(2 * np.sqrt(len(whole)), 6, 36))
        edges = np.geomspace(float(whole.min()), top * (1 + 1e-9), bins + 1)
        for number, (name, sizes) in enumerate(found[:DRAWN_CLASSES]):
            colour = BLUE if len(found) == 1 else colour_of(measured.classes.index(name))
            large.stairs(
                np.histogram(sizes, bins=edges)[0], edges, color=colour, linewidth=1.4,
                label=shortened(name, 18), zorder=3 - number / 20,
            )  # fmt: skip
        logarithmic(large)
        large.set_xlabel("size of an object, px")
        large.set_ylabel("objects")
        whole_numbers(large, vertical=True)
        if len(found) > 1:
            plain_legend(large)
        median = float(np.median(whole))
        words = (
            f"{title}: {counts.sum()} objects, median {np.median(counts):g} per sample; "
            f"median size {median:g} px, from {int(whole.min())} to {int(whole.max())}."
        )
        save(figure, output, words)
