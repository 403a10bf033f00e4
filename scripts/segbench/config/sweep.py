"""Sweeps: from ranges of hyper-parameters to points, and from a point to a model recipe."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from segbench.config.documents import Document, Mark
from segbench.config.problems import Key
from segbench.config.study import Space, Sweep

#: Significant digits of a number that is drawn: what stands in a name is what is trained.
DIGITS = 3

#: A point: key of a model recipe, with dots -> value.
Point = dict[str, Any]


def points_of(sweep: Sweep) -> list[Point]:
    """List the points of a sweep, pruned ones included: its grid, each with each drawn point.

    Examples
    --------
    >>> points_of(Sweep(grid={"training.share": (0.5, 1.0)}))
    [{'training.share': 0.5}, {'training.share': 1.0}]
    """
    grid = [dict(zip(sweep.grid, values, strict=True)) for values in product(*sweep.grid.values())]
    drawn = [
        {key: _draw(space, f"{sweep.seed}/{key}/{number}") for key, space in sweep.random.items()}
        for number in range(sweep.points if sweep.random else 0)
    ]
    return [{**a, **b} for a, b in product(grid, drawn or [{}])]


def _draw(space: Space, seed: str) -> Any:
    """Draw one value; which one depends on the seed, the key and the number alone."""
    # A text seeds Python's generator through SHA-512: the same on every machine.
    uniform = random.Random(seed).random()
    if space.choices:
        return space.choices[int(uniform * len(space.choices))]
    assert space.low is not None and space.high is not None  # checked with the config
    if space.log:
        low, high = math.log(space.low), math.log(space.high)
        value = math.exp(low + uniform * (high - low))
    else:
        value = space.low + uniform * (space.high - space.low)
    return float(f"{value:.{DIGITS}g}")


def point_name(model: str, point: Mapping[str, Any]) -> str:
    """Name of a model at a point; no file can have it, because of the two hyphens.

    Examples
    --------
    >>> point_name("unet", {"training.optimizer.learning_rate": 1e-3, "training.share": 0.25})
    'unet--learning_rate-0.001--share-0.25'
    >>> point_name("unet", {"a.name": "x", "b.name": True})
    'unet--a.name-x--b.name-true'
    """
    last = Counter(key.rsplit(".", 1)[-1] for key in point)
    parts = [
        f"{key if last[key.rsplit('.', 1)[-1]] > 1 else key.rsplit('.', 1)[-1]}-{_word(value)}"
        for key, value in point.items()
    ]
    return "--".join([model, *parts])


def _word(value: Any) -> str:
    """A value as part of a name: small letters, digits, dots and hyphens."""
    if isinstance(value, list | tuple):
        return "x".join(map(_word, value))
    if isinstance(value, Mapping):
        return "-".join(f"{key}-{_word(item)}" for key, item in value.items())
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "empty"


def at_point(model: Document, study: Document, point: Mapping[str, Any]) -> Document:
    """Lay a point over a model recipe; what is wrong is said with the line of the study's sweep."""
    for key, value in point.items():
        part = "grid" if key in study.data["sweep"].get("grid", {}) else "random"
        mark = study.mark(("sweep", part, key))
        way = tuple(key.split("."))
        data: Any = value
        for name in reversed(way):
            data = {name: data}
        marks: dict[Key, Mark] = {
            way[:n]: Mark(mark.file, mark.line, ("sweep", part)) for n in range(len(way) + 1)
        }
        model = model.merged(Document(data, marks))
    return model


def variants(sweep: Sweep, models: Sequence[str]) -> Iterator[tuple[str, str, Point]]:
    """Give name, model and point of all variants that are not pruned."""
    for model, point in product(models, points_of(sweep)):
        name = point_name(model, point)
        if name not in sweep.leave_out:
            yield name, model, point
