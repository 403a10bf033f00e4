"""Learning curves: loss and validation score over the epochs, a pair of plots an arm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from segbench.figures.palette import BLUE, GREEN, INK, VERMILION
from segbench.figures.saving import save
from segbench.figures.style import house_style
from segbench.reporting.histories import History, read_history
from segbench.reporting.names import FOLD

#: Losses are drawn on a logarithmic scale from this ratio of largest to smallest on.
LOG_RATIO = 30.0


def arms_of(labels: Mapping[str, object] | list[str]) -> dict[str, list[str]]:
    """Sort labels by arm, in the order given; the folds of an arm together.

    Examples
    --------
    >>> arms_of(["unet, fold 0", "unet, fold 1", "plain"])
    {'unet': ['unet, fold 0', 'unet, fold 1'], 'plain': ['plain']}
    """
    arms: dict[str, list[str]] = {}
    for label in labels:
        arms.setdefault(label.split(FOLD)[0], []).append(label)
    return arms


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
            [run.epoch[best]],
            [values[best]],
            marker="o",
            markersize=5,
            color=colour,
            markeredgecolor=INK,
            zorder=4,
        )


def _loss_scale(runs: list[History]) -> str:
    losses = [v for run in runs for v in run.loss + run.val_loss if math.isfinite(v)]
    if losses and min(losses) > 0 and max(losses) / min(losses) > LOG_RATIO:
        return "log"
    return "linear"


def _grid(figure: Figure, arms: int) -> list[tuple[Axes, Axes]]:
    """Make a (loss, score) pair of axes for each arm; up to three arms side by side."""
    if arms == 1:
        loss, dice = figure.subplots(1, 2)
        return [(loss, dice)]
    columns = min(arms, 3)
    bands = -(-arms // columns)
    # Only the arms' own scales are shared: a loss is not a Dice.
    cells = figure.subplots(2 * bands, columns, sharex=True, squeeze=False)
    pairs = [
        (cells[2 * (k // columns)][k % columns], cells[2 * (k // columns) + 1][k % columns])
        for k in range(bands * columns)
    ]
    for loss, dice in pairs[1:]:
        loss.sharey(pairs[0][0])
        dice.sharey(pairs[0][1])
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
                [],
                [],
                color="white",
                marker="o",
                markeredgecolor=INK,
                linestyle="none",
                label="chosen epoch",
            ),
        ],
        loc="outside lower center",
        ncols=4,
        fontsize=8.5,
    )


def _metric(runs: Mapping[str, History]) -> str:
    """What the scores are: of one study they are all the same."""
    return " or ".join(sorted({run.metric for run in runs.values()})) or "Dice"


def _describe(title: str, arms: dict[str, list[str]], runs: dict[str, History]) -> str:
    parts = []
    for arm, labels in arms.items():
        best = [
            (runs[k].epoch[i], runs[k].score[i]) for k in labels if (i := runs[k].best) is not None
        ]
        scores = [score for _, score in best if math.isfinite(score)]
        if scores:
            epochs = sorted(int(epoch) for epoch, _ in best)
            span = f"{epochs[0]}" if epochs[0] == epochs[-1] else f"{epochs[0]} to {epochs[-1]}"
            mean = sum(scores) / len(scores)
            parts.append(
                f"{arm}: validation {_metric(runs)} {mean:.3f} at the chosen epoch ({span})"
            )
        else:
            parts.append(f"{arm}: no epoch chosen")
    return f"{title}. " + "; ".join(parts or ["no training histories"]) + "."


def draw_curves(histories: Mapping[str, str | Path], title: str, output: str | Path) -> None:
    """Draw training loss, validation loss and validation score of every arm and fold.

    Parameters
    ----------
    histories : mapping of str to Path
        Label to ``history.csv``. The labels ``ARM, fold K`` of one arm share a pair of
        plots; all arms share their axes, so heights can be compared.
    title : str
        Above the picture.
    output : str or Path
        ``*.svg`` or ``*.png``; the same input gives the same bytes.

    Raises
    ------
    SegbenchError
        A history is unreadable, or the ending of `output` is neither.
    """
    runs = {label: read_history(path) for label, path in histories.items()}
    arms = arms_of(list(histories))
    columns = min(max(len(arms), 1), 3)
    bands = -(-len(arms) // 3)
    with house_style():
        width, height = (7.4, 3.2) if len(arms) <= 1 else (3.1 * columns + 0.6, 4.0 * bands + 0.9)
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.suptitle(title, fontsize=10, parse_math=False)
        if not arms:
            figure.text(0.5, 0.45, "no training histories", ha="center", color="#555555")
        else:
            scale = _loss_scale(list(runs.values()))
            for (arm, labels), (loss, dice) in zip(
                arms.items(), _grid(figure, len(arms)), strict=True
            ):
                group = [runs[label] for label in labels]
                thin = 1.4 if len(group) == 1 else 0.9
                _draw_loss(loss, group, thin)
                _draw_score(dice, group, thin)
                loss.set_yscale(scale)
                loss.set_title(arm, parse_math=False)
                loss.set_ylabel("loss")
                dice.set_ylabel(f"validation {_metric(runs)}")
                dice.set_xlabel("epoch")
                dice.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
                if len(arms) == 1:
                    loss.set_xlabel("epoch")
                    loss.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
            _legend(figure, _metric(runs))
        save(figure, output, _describe(title, arms, runs))
