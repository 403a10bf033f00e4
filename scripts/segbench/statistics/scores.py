"""Scores of a study, read from the files of its arms and laid out as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from segbench.arms import Recipes
from segbench.artefacts.scores import NAMES, read_run
from segbench.config.study import Study
from segbench.definitions import PARTS
from segbench.errors import SegbenchError
from segbench.statistics.bootstrap import ratio


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


@dataclass(frozen=True)
class _Part:
    """One file: the scores of one arm, seed and fold."""

    path: str
    labels: dict[str, Any]
    names: dict[str, list[str]]
    codes: dict[str, np.ndarray]
    weights: np.ndarray
    values: np.ndarray

    @property
    def arm(self) -> Recipes:
        return Recipes(*(self.labels[name] for name in Recipes._fields))

    def pairs(self, first: str, second: str) -> Iterator[tuple[str, str]]:
        """Which names of two columns occur together."""
        base = max(1, len(self.names[second]))
        for code in np.unique(self.codes[first] * base + self.codes[second]).tolist():
            yield self.names[first][code // base], self.names[second][code % base]


def read_scores(paths: Sequence[str | Path], study: Study) -> Scores:
    """Read the scores of all arms, seeds and folds of a study.

    Parameters
    ----------
    paths : sequence of str or Path
        Parquet files, one an arm, seed and fold. They may hold more metrics than the
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
    parts = [_read(path) for path in sorted(map(str, paths))]
    definitions: dict[str, str] = {}
    group_of: dict[str, str] = {}
    files: dict[str, str] = {}
    for part in parts:
        _check_study(part, study)
        run = "/".join([*part.arm, f"seed {part.labels['seed']}", f"fold {part.labels['fold']}"])
        _agree(files, [(run, part.path)], part.path, ("the run", "files"))
        _agree(
            definitions, part.pairs("metric", "definition"), part.path, ("metric", "definitions")
        )
        _agree(group_of, part.pairs("sample", "group"), part.path, ("sample", "groups"))
    samples = tuple(sorted(group_of))
    names = tuple(sorted(set(group_of.values())))
    place = {name: n for n, name in enumerate(names)}
    of_sample = {sample: place[group_of[sample]] for sample in samples}
    axes = _Axes(study.rows(), study.seeds, of_sample)
    return Scores(
        axes.arms,
        axes.seeds,
        samples,
        names,
        {name: _arrange(parts, name, definitions, axes) for name in _order(study, definitions)},
    )


class _Axes(NamedTuple):
    """What the values are laid out by, beside the class; samples with their groups."""

    arms: tuple[Recipes, ...]
    seeds: tuple[int, ...]
    groups: dict[str, int]


def _order(study: Study, found: Iterable[str]) -> list[str]:
    """The study's metrics in its order, each followed by its parts."""
    order, known = [], set(found)
    for metric in study.metrics:
        order.append(metric)
        order += [name for name in PARTS.get(metric, ()) if name in known]
    return order


def _read(path: str) -> _Part:
    """Read one file of scores."""
    run = read_run(path)
    coded = {name: run.table.column(name).combine_chunks().dictionary_encode() for name in NAMES}
    return _Part(
        path,
        run.labels,
        {name: column.dictionary.to_pylist() for name, column in coded.items()},
        {name: column.indices.to_numpy().astype(np.int64) for name, column in coded.items()},
        *(run.table.column(name).to_numpy().astype(np.float64) for name in ("weight", "value")),
    )


def _check_study(part: _Part, study: Study) -> None:
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
        if part.labels[name] not in values:
            raise SegbenchError(
                f"{part.path}: {name} is {part.labels[name]!r}",
                f"one of {', '.join(map(str, values))}, as in the study",
                "pass the scores of this study only",
            )


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


def _arrange(
    parts: Sequence[_Part], metric: str, definitions: dict[str, str], axes: _Axes
) -> MetricScores:
    """Lay the values of one metric out as an array; insist that none is missing."""
    rows = [_rows_of(part, metric) for part in parts]
    classes, samples = (_names_in(parts, rows, column) for column in ("class", "sample"))
    shape = len(axes.arms), len(axes.seeds), max(1, len(classes)), max(1, len(samples))
    total, number, present = np.zeros(shape), np.zeros(shape), np.zeros(shape, bool)
    weight, pooled = np.zeros(shape), np.zeros(shape, bool)
    of_class = {name: n for n, name in enumerate(classes)}
    of_sample = {name: n for n, name in enumerate(samples)}
    for part, chosen in zip(parts, rows, strict=True):
        run = axes.arms.index(part.arm), axes.seeds.index(part.labels["seed"])
        cells = (
            _translate(part, "class", of_class)[chosen],
            _translate(part, "sample", of_sample)[chosen],
        )
        _check_once(part, metric, cells, shape)
        present[run][cells] = True
        values = part.values[chosen]
        valid = ~np.isnan(values)
        counted = np.where(valid, part.weights[chosen], 0.0)
        total[run][cells] += np.where(valid, values, 0.0) * counted
        weight[run][cells] += counted
        number[run][cells] += valid
        pooled[run][cells] |= part.weights[chosen] == 0
    _check_whole(present, metric, axes, samples)
    return MetricScores(
        definitions[metric],
        classes,
        ratio(total, weight),
        # Tested on in several folds, a sample still counts once.
        np.where(number > 0, weight / np.maximum(number, 1), np.where(pooled, 0.0, 1.0)),
        samples,
        np.array([axes.groups[sample] for sample in samples], dtype=np.intp),
    )


def _names_in(parts: Sequence[_Part], rows: Sequence[np.ndarray], column: str) -> tuple[str, ...]:
    """Names that occur in some rows, sorted."""
    found: set[str] = set()
    for part, chosen in zip(parts, rows, strict=True):
        found.update(part.names[column][n] for n in np.unique(part.codes[column][chosen]))
    return tuple(sorted(found))


def _rows_of(part: _Part, metric: str) -> np.ndarray:
    """Find the rows of a metric."""
    names = part.names["metric"]
    code = names.index(metric) if metric in names else -1
    return np.flatnonzero(part.codes["metric"] == code)


def _translate(part: _Part, column: str, places: dict[str, int]) -> np.ndarray:
    """Turn a file's codes of names into places on an axis."""
    table = np.array([places.get(name, -1) for name in part.names[column]], dtype=np.intp)
    places_of_rows: np.ndarray = table[part.codes[column]]
    return places_of_rows


def _check_once(
    part: _Part, metric: str, cells: tuple[np.ndarray, np.ndarray], shape: tuple[int, ...]
) -> None:
    """Refuse a score that occurs twice."""
    flat = cells[0] * shape[3] + cells[1]
    twice = np.flatnonzero(np.bincount(flat, minlength=1) > 1)
    if twice.size:
        row = _rows_of(part, metric)[np.flatnonzero(flat == twice[0])[0]]
        sample = part.names["sample"][part.codes["sample"][row]]
        raise SegbenchError(
            f"{part.path}: {metric} of sample {sample!r} is there twice",
            "one score a sample, class and metric",
            "delete the file and run the same command again",
        )


def _check_whole(present: np.ndarray, metric: str, axes: _Axes, samples: tuple[str, ...]) -> None:
    """Insist that each arm and seed has a score for each sample and class of a metric."""
    if not axes.groups:
        raise SegbenchError(
            "no scores", "a file an arm, seed and fold", "run the scoring of the study"
        )
    if not present.all():
        arm, seed, _, sample = np.argwhere(~present)[0]
        raise SegbenchError(
            f"no {metric} of sample {(samples or tuple(axes.groups))[sample]!r} for "
            f"{'/'.join(axes.arms[arm])}, seed {axes.seeds[seed]}",
            "scores of all arms, seeds and metrics of the study on the same samples",
            "run the scoring of this arm again, with the study's metrics",
        )
