"""Learning curves: loss and validation score over the epochs, a pair of plots per arm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from segbench.figures.canvas import message
from segbench.figures.charts import whole_numbers
from segbench.figures.palette import BLUE, GREEN, INK, VERMILION
from segbench.figures.saving import save
from segbench.figures.style import house_style
from segbench.reporting.histories import History, Run

#: Losses are drawn on a logarithmic scale from this ratio of largest to smallest on.
LOG_RATIO = 30.0


def _draw_loss(axes: Axes, runs: list[History], thin: float) -> None:
    for run in runs:
        axes.plot(run.epoch, run.loss, color=BLUE, linewidth=thin)
        axes.plot(run.epoch, run.val_loss, color=VERMILION, linewidth=thin, linestyle=(0, (4, 2)))
        _mark(axes, run, run.val_loss, VERMILION)


def _draw_score(axes: Axes, runs: list[History], thin: float) -> None:
    for run in runs:
        axes.plot(run.epoch, run.score, color=GREEN, linewidth=thin)
        _mark(axes, run, run.score, GREEN)
    axes.set_ylim(-0.02, 1.02)


def _mark(axes: Axes, run: History, values: list[float], colour: str) -> None:
    best = run.best
    if best is not None and math.isfinite(values[best]):
        axes.plot(
            [run.epoch[best]], [values[best]], marker="o", markersize=5, color=colour,
            markeredgecolor=INK, zorder=4,
        )  # fmt: skip


def _loss_scale(runs: list[History]) -> str:
    losses = [v for run in runs for v in run.loss + run.val_loss if math.isfinite(v)]
    if losses and min(losses) > 0 and max(losses) / min(losses) > LOG_RATIO:
        return "log"
    return "linear"


def _grid(figure: Figure, arms: int) -> list[tuple[Axes, Axes]]:
    """Make a (loss, score) pair of axes for each arm; up to three arms side by side."""
    if arms == 1:
        loss, score = figure.subplots(1, 2)
        return [(loss, score)]
    columns = min(arms, 3)
    bands = -(-arms // columns)
    # Losses share a scale, and scores another.
    cells = figure.subplots(2 * bands, columns, sharex=True, squeeze=False)
    pairs = [
        (cells[2 * (k // columns)][k % columns], cells[2 * (k // columns) + 1][k % columns])
        for k in range(bands * columns)
    ]
    for loss, score in pairs[1:]:
        loss.sharey(pairs[0][0])
        score.sharey(pairs[0][1])
    for spare in pairs[arms:]:
        for axes in spare:
            axes.set_visible(False)
    return pairs[:arms]


def _legend(figure: Figure, metric: str) -> None:
    figure.legend(
        handles=[
            Line2D([], [], color=BLUE, label="training loss"),
            Line2D([], [], color=VERMILION, linestyle=(0, (4, 2)), label="validation loss"),
            Line2D([], [], color=GREEN, label=f"validation {metric}"),
            Line2D(
                [], [], color="white", marker="o", markeredgecolor=INK, linestyle="none",
                label="chosen epoch",
            ),
        ],
        loc="outside lower center", ncols=4, fontsize=8.5,
    )  # fmt: skip


def _describe(arm: str, runs: list[History]) -> str:
    best = [(run.epoch[i], run.score[i]) for run in runs if (i := run.best) is not None]
    scores = [score for _, score in best if math.isfinite(score)]
    if not scores:
        return f"{arm}: no epoch chosen"
    epochs = sorted(int(epoch) for epoch, _ in best)
    span = f"{epochs[0]}" if epochs[0] == epochs[-1] else f"{epochs[0]} to {epochs[-1]}"
    mean = sum(scores) / len(scores)
    return f"{arm}: validation {runs[0].metric} {mean:.3f} at the chosen epoch ({span})"


def draw_curves(runs: Sequence[Run], title: str, output: str | Path) -> None:
    """Draw training loss, validation loss and validation score of every arm and fold.

    Parameters
    ----------
    runs : sequence of Run
        Of one study. The folds of an arm share a pair of plots; all arms share their axes,
        so heights can be compared.
    title : str
        Above the picture.
    output : str or Path
        ``*.svg``; the same input gives the same bytes.
    """
    arms: dict[str, list[History]] = {}
    for run in runs:
        arms.setdefault(run.arm, []).append(run.history)
    with house_style():
        if not arms:
            none = "no training histories"
            save(message(none, title), output, f"{title}. {none.capitalize()}.")
            return
        columns, bands = min(len(arms), 3), -(-len(arms) // 3)
        size = (7.4, 3.2) if len(arms) == 1 else (3.1 * columns + 0.6, 4.0 * bands + 0.9)
        figure = Figure(figsize=size, layout="constrained")
        figure.suptitle(title, fontsize=10, parse_math=False)
        scale = _loss_scale([run.history for run in runs])
        metric = runs[0].history.metric
        for (arm, group), (loss, score) in zip(arms.items(), _grid(figure, len(arms)), strict=True):
            thin = 1.4 if len(group) == 1 else 0.9
            _draw_loss(loss, group, thin)
            _draw_score(score, group, thin)
            loss.set_yscale(scale)
            loss.set_title(arm, parse_math=False)
            loss.set_ylabel("loss")
            score.set_ylabel(f"validation {metric}")
            for axes in (loss, score) if len(arms) == 1 else (score,):
                axes.set_xlabel("epoch")
                whole_numbers(axes)
        _legend(figure, metric)
        words = "; ".join(_describe(arm, group) for arm, group in arms.items())
        save(figure, output, f"{title}. {words}.")
