"""Scores of a study, read from the files of its arms and laid out as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from segbench.arms import Recipes
from segbench.artefacts.scores import NAMES, RunScores, read_run
from segbench.config.study import Study
from segbench.errors import SegbenchError
from segbench.metrics.registry import PARTS
from segbench.statistics.bootstrap import ratio

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class MetricScores:
    """All values of one metric.

    Attributes
    ----------
    definition : str
        Id of its definition.
    classes : tuple of str
        Sorted.
    values : ndarray of float64, shape (arm, seed, class, sample)
        Mean over the folds in which a sample is tested on; NaN where it is left out.
    weights : ndarray of float64, shape (arm, seed, class, sample)
        How much each value counts in a mean over samples. Where there is no value: 0 for a
        sample that adds nothing to a pooled figure, 1 for one that is left out.
    samples : tuple of str
        That the metric is of, sorted: of some it is stacks, of others only a part.
    groups : ndarray of int, shape (sample,)
        Number of each one's group, in the order of the study's groups.
    """

    definition: str
    classes: tuple[str, ...]
    values: np.ndarray
    weights: np.ndarray
    samples: tuple[str, ...]
    groups: np.ndarray

    @property
    def pooled(self) -> bool:
        """Whether some samples add nothing to a pooled figure."""
        return bool((self.weights == 0).any())

    @cached_property
    def cases(self) -> np.ndarray:
        """Which samples are cases of each arm and class, shape (arm, class, sample).

        Those that are not left out with every seed. One that adds nothing to a pooled figure
        is a case: the figure is of the whole pool.
        """
        cases: np.ndarray = (~np.isnan(self.values) | (self.weights == 0)).any(axis=1)
        return cases

    @cached_property
    def uneven(self) -> frozenset[str]:
        """Classes in which arms differ: in their cases, or in whether they have a value."""
        some = ~np.isnan(self.values).all(axis=(1, 3))
        differ = (self.cases != self.cases[:1]).any(axis=(0, 2)) | (some != some[:1]).any(axis=0)
        return frozenset(name for name, own in zip(self.classes, differ, strict=True) if own)


@dataclass(frozen=True)
class Scores:
    """The scores of a study.

    Attributes
    ----------
    arms : tuple of Recipes
        In the order of the study's lists.
    seeds : tuple of int
        As in the study.
    samples : tuple of str
        Of all metrics, sorted.
    group_names : tuple of str
        Sorted.
    metrics : dict of str to MetricScores
        The study's metrics in its order, each followed by its parts.
    """

    arms: tuple[Recipes, ...]
    seeds: tuple[int, ...]
    samples: tuple[str, ...]
    group_names: tuple[str, ...]
    metrics: dict[str, MetricScores]


class _Run(NamedTuple):
    """The scores of one arm, seed and fold."""

    path: str
    arm: Recipes
    seed: int
    table: pa.Table


class _Axes(NamedTuple):
    """What values are laid out by, besides the class; samples with their groups."""

    arms: tuple[Recipes, ...]
    seeds: tuple[int, ...]
    groups: dict[str, int]


def read_scores(paths: Sequence[str | Path], study: Study) -> Scores:
    """Read the scores of all arms, seeds and folds of a study.

    Parameters
    ----------
    paths : sequence of str or Path
        Parquet files, one per arm, seed and fold. They may hold more metrics than the
        study asks for.
    study : Study
        Which arms, seeds and metrics there must be.

    Returns
    -------
    Scores

    Raises
    ------
    SegbenchError
        A file is unreadable or of another study, an arm, seed, metric or sample is
        missing, scores occur twice, a metric has two definitions, or a sample two
        groups.
    """
    definitions: dict[str, str] = {}
    group_of: dict[str, str] = {}
    files: dict[str, str] = {}
    runs = []
    for path in sorted(map(str, paths)):
        run = read_run(path)
        _check_study(run, study)
        arm, seed = Recipes(*(run.labels[name] for name in Recipes._fields)), run.labels["seed"]
        name = "/".join([*arm, f"seed {seed}", f"fold {run.labels['fold']}"])
        _agree(files, [(name, path)], path, ("the run", "files"))
        _agree(definitions, _pairs(run, "metric", "definition"), path, ("metric", "definitions"))
        _agree(group_of, _pairs(run, "sample", "group"), path, ("sample", "groups"))
        runs.append(_Run(path, arm, seed, _encoded(run)))
    samples, groups = tuple(sorted(group_of)), tuple(sorted(set(group_of.values())))
    place = {name: n for n, name in enumerate(groups)}
    axes = _Axes(study.rows(), study.seeds, {name: place[group_of[name]] for name in samples})
    metrics = {
        metric: _arrange(runs, metric, definitions, axes) for metric in _order(study, definitions)
    }
    return Scores(axes.arms, axes.seeds, samples, groups, metrics)


def _check_study(run: RunScores, study: Study) -> None:
    """Refuse scores of another study."""
    allowed: dict[str, Sequence[Any]] = {
        "dataset": [study.dataset],
        "protocol": [study.protocol],
        "preprocessing": study.preprocessing,
        "augmentation": study.augmentation,
        "model": study.models,
        "seed": study.seeds,
    }
    for name, values in allowed.items():
        if run.labels[name] not in values:
            raise SegbenchError(
                f"{run.path}: {name} is {run.labels[name]!r}",
                f"one of {', '.join(map(str, values))}, as in the study",
                "pass the scores of this study only",
            )


def _pairs(run: RunScores, first: str, second: str) -> Iterable[tuple[str, str]]:
    """Which names of two columns occur together."""
    found = run.table.group_by([first, second]).aggregate([]).sort_by(first)
    return zip(found[first].to_pylist(), found[second].to_pylist(), strict=True)


def _agree(
    known: dict[str, str], pairs: Iterable[tuple[str, str]], path: str, words: tuple[str, str]
) -> None:
    """Refuse a name that means two things."""
    for key, value in pairs:
        if key in known and (known[key] != value or words[1] == "files"):
            raise SegbenchError(
                f"{path}: {words[0]} {key!r} has two {words[1]}, {known[key]!r} and {value!r}",
                f"one of the {words[1]}",
                "pass each file once; score all arms again with one config",
            )
        known[key] = value


def _encoded(run: RunScores) -> pa.Table:
    """What differs from row to row, texts as numbers: a study has many rows."""
    table = run.table.select([*NAMES, "weight", "value"])
    for n, name in enumerate(NAMES):
        table = table.set_column(n, name, table.column(name).dictionary_encode())
    return table


def _order(study: Study, found: Iterable[str]) -> list[str]:
    """The study's metrics in its order, each followed by its parts."""
    order, known = [], set(found)
    for metric in study.metrics:
        order.append(metric)
        order += [name for name in PARTS.get(metric, ()) if name in known]
    return order


def _arrange(
    runs: Sequence[_Run], metric: str, definitions: dict[str, str], axes: _Axes
) -> MetricScores:
    """Lay the values of one metric out as an array, and check that none is missing."""
    import pyarrow.compute as pc

    tables = [run.table.filter(pc.equal(run.table["metric"], metric)) for run in runs]
    classes, samples = (
        tuple(sorted({name for table in tables for name in table[column].unique().to_pylist()}))
        for column in ("class", "sample")
    )
    shape = len(axes.arms), len(axes.seeds), max(1, len(classes)), max(1, len(samples))
    total, weight, number = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    present, pooled = np.zeros(shape, bool), np.zeros(shape, bool)
    for run, table in zip(runs, tables, strict=True):
        at = axes.arms.index(run.arm), axes.seeds.index(run.seed)
        cells = _places(table, "class", classes), _places(table, "sample", samples)
        _check_once(run, metric, cells, samples)
        values, weights = (table[name].to_numpy() for name in ("value", "weight"))
        valid = ~np.isnan(values)
        counted = np.where(valid, weights, 0.0)
        present[at][cells] = True
        total[at][cells] += np.where(valid, values, 0.0) * counted
        weight[at][cells] += counted
        number[at][cells] += valid
        pooled[at][cells] |= weights == 0
    _check_complete(present, metric, axes, samples)
    return MetricScores(
        definitions[metric],
        classes,
        ratio(total, weight),
        # Tested on in several folds, a sample still counts once.
        np.where(number > 0, weight / np.maximum(number, 1), np.where(pooled, 0.0, 1.0)),
        samples,
        np.array([axes.groups[sample] for sample in samples], dtype=np.intp),
    )


def _places(table: pa.Table, column: str, names: tuple[str, ...]) -> np.ndarray:
    """Place of each row on an axis."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = table[column].cast(pa.string())
    places: np.ndarray = pc.index_in(texts, value_set=pa.array(names, pa.string())).to_numpy()
    return places.astype(np.intp)


def _check_once(
    run: _Run, metric: str, cells: tuple[np.ndarray, np.ndarray], samples: tuple[str, ...]
) -> None:
    """Refuse a score that occurs twice."""
    flat = cells[0] * len(samples) + cells[1]
    twice = np.flatnonzero(np.bincount(flat, minlength=1) > 1)
    if twice.size:
        raise SegbenchError(
            f"{run.path}: {metric} of sample {samples[twice[0] % len(samples)]!r} is there twice",
            "one score per sample, class and metric",
            "delete the file and run the same command again",
        )


def _check_complete(
    present: np.ndarray, metric: str, axes: _Axes, samples: tuple[str, ...]
) -> None:
    """Check that each arm and seed has a score for each sample and class of a metric."""
    if not axes.groups:
        raise SegbenchError(
            "no scores", "a file per arm, seed and fold", "run the scoring of the study"
        )
    if not present.all():
        arm, seed, _, sample = np.argwhere(~present)[0]
        raise SegbenchError(
            f"no {metric} of sample {(samples or tuple(axes.groups))[sample]!r} for "
            f"{'/'.join(axes.arms[arm])}, seed {axes.seeds[seed]}",
            "scores of all arms, seeds and metrics of the study on the same samples",
            "run the scoring of this arm again, with the study's metrics",
        )
