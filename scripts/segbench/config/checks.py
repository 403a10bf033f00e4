"""Checks of one recipe beyond its types: values that contradict each other.

They live apart from the types so that a new check is no change of any stage's code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from segbench.config.augmentation import Amplification, Augmentation, Jitter
from segbench.config.checked_model import Model
from segbench.config.checks_dataset import check_dataset, repeated
from segbench.config.dataset import Dataset
from segbench.config.findings import Finding
from segbench.config.preprocessing import Preprocessing
from segbench.config.problems import Key, nearest
from segbench.config.study import Space, Study, Sweep
from segbench.models.losses import LOSSES
from segbench.models.schedules import Schedule
from segbench.strict import Strict

#: Steps that work on images, not on volumes.
_OF_IMAGES = ("resize", "clahe", "neighbours")


def _preprocessing(recipe: Preprocessing) -> Iterator[Finding]:
    if recipe.spacing_mm is not None and min(recipe.spacing_mm) <= 0:
        yield Finding(("spacing_mm",), "is not a spacing", "three numbers > 0",
                      value=list(recipe.spacing_mm))  # fmt: skip
    of_volumes = recipe.spacing_mm is not None or recipe.crop != "none"
    for name in _OF_IMAGES:
        if of_volumes and getattr(recipe, name):
            yield Finding((name,), "works on images, but crop or spacing_mm on volumes",
                          "one or the other")  # fmt: skip
    if recipe.normalise != "zscore":
        return
    if recipe.dtype not in ("float16", "float32"):
        yield Finding(
            ("dtype",), "cannot hold a z-score", "float32 or float16, as normalise is zscore",
            value=recipe.dtype,
        )  # fmt: skip
    for name in ("clahe", "gamma"):
        if getattr(recipe, name) is not None:
            yield Finding((name,), "works on values in 0...1", "null, as normalise is zscore")


def _amplification(recipe: Amplification) -> Iterator[Finding]:
    key = ("amplification",)
    shifts = len(recipe.horizontal_shifts) + len(recipe.vertical_shifts)
    counts = (len(recipe.rotations_degrees), len(recipe.flips), shifts)
    product = 1 + counts[0] * counts[1] * counts[2]
    if recipe.copies != product:
        yield Finding(
            (*key, "copies"), "does not agree with the poses and shifts",
            f"{product} = 1 + {counts[0]} rotations x {counts[1]} flips x {counts[2]} shifts",
            value=recipe.copies,
        )  # fmt: skip
    for name in ("rotations_degrees", "flips", "horizontal_shifts", "vertical_shifts"):
        for value in repeated(getattr(recipe, name)):
            yield Finding((*key, name), f"has {value!r} twice", "each value once")


#: Range knob of the jitter -> lowest and highest value, and whether the lowest is allowed.
_RANGES = {
    "rotation_degrees": (-180.0, 180.0, True),
    "shift_fraction": (-1.0, 1.0, True),
    "scale": (0.0, 10.0, False),
    "contrast": (0.0, 10.0, True),
    "gamma": (0.0, 10.0, False),
}


def _jitter(recipe: Jitter) -> Iterator[Finding]:
    for name, (low, high, closed) in _RANGES.items():
        span = getattr(recipe, name)
        if span is None:
            continue
        first, last = span
        if not (low <= first <= last <= high) or (first == low and not closed):
            edge = f"{low:g} {'<=' if closed else '<'} low <= high <= {high:g}"
            yield Finding(("jitter", name), "is not a valid range", f"[low, high] with {edge}",
                          value=list(span))  # fmt: skip


def _augmentation(recipe: Augmentation) -> Iterator[Finding]:
    if recipe.amplification is not None:
        yield from _amplification(recipe.amplification)
    if recipe.jitter is not None:
        yield from _jitter(recipe.jitter)


def _schedule(schedule: Schedule, epochs: int) -> Iterator[Finding]:
    key = ("training", "schedule")
    if schedule.warmup_epochs >= epochs:
        yield Finding(
            (*key, "warmup_epochs"), "lasts as long as the training",
            f"less than training.epochs, which is {epochs}", value=schedule.warmup_epochs,
        )  # fmt: skip
    if (schedule.name == "steps") != bool(schedule.steps):
        what = "is missing" if schedule.name == "steps" else "has no meaning"
        yield Finding((*key, "steps"), f"{what}: the schedule is {schedule.name}",
                      "a list of [from epoch, learning rate] with name: steps")  # fmt: skip
    starts = [start for start, _ in schedule.steps]
    if starts != sorted(set(starts)) or any(start > epochs for start in starts):
        yield Finding((*key, "steps"), "has epochs out of order, or after the last",
                      f"epochs that rise, up to training.epochs, which is {epochs}",
                      value=starts)  # fmt: skip
    for number, (_, rate) in enumerate(schedule.steps):
        if rate <= 0:
            yield Finding((*key, "steps", number, 1), "is not a rate", "a number > 0", value=rate)


def _sides(model: Model) -> Iterator[Finding]:
    """Patches and tiles must survive the poolings."""
    factor = model.network.unit
    for key, sides in (
        (("training", "patch"), model.training.patch),
        (("prediction", "tile"), model.prediction.tile),
    ):
        if sides is not None and len(sides) not in model.network.dimensions:
            allowed = " or ".join(map(str, model.network.dimensions))
            yield Finding(key, "has a number of sides that the network does not work on",
                          f"{allowed} sides", value=list(sides))  # fmt: skip
        elif sides is not None and any(side % factor for side in sides):
            yield Finding(key, f"is not divisible by {factor}, which the network needs",
                          f"multiples of {factor}", value=list(sides))  # fmt: skip
    patch, tile = model.training.patch, model.prediction.tile
    if patch and tile and len(patch) != len(tile):
        yield Finding(("prediction", "tile"), "has another number of sides than training.patch",
                      f"{len(patch)} sides", value=list(tile))  # fmt: skip


def _backbone(model: Model) -> Iterator[Finding]:
    """Where the weights of the backbone come from."""
    backbone, key = model.network.encoder, ("network", "backbone", "sha256")
    if backbone is None:
        return
    if backbone.local_weights is not None and backbone.sha256 is None:
        yield Finding(key, "is missing: weights is a local file",
                      "the file's SHA-256 (sha256sum FILE)")  # fmt: skip
    if backbone.local_weights is None and backbone.sha256 is not None:
        yield Finding(key, "has no meaning without a local file of weights", "null",
                      value=backbone.sha256)  # fmt: skip


def _classifier(model: Model) -> Iterator[Finding]:
    """What has a meaning for whole images only, or for maps only."""
    whole = model.network.whole
    best = model.training.best_epoch
    if (best == "val_accuracy") != whole and best in ("val_accuracy", "val_dice"):
        other = "val_accuracy, val_loss or last" if whole else "val_dice, val_loss or last"
        yield Finding(("training", "best_epoch"), f"is not known of a {model.network.kind}", other,
                      value=best)  # fmt: skip
    if not whole:
        if model.decision.favour:
            yield Finding(
                ("decision", "favour"), "decides on whole images", "network.kind: classifier"
            )
        return
    for key, given in (
        (("training", "patch"), model.training.patch),
        (("prediction", "tile"), model.prediction.tile),
    ):
        if given is not None:
            yield Finding(key, "has no meaning for a classifier", "null", value=list(given))
    if model.target != "classes":
        yield Finding(("target",), "has no meaning for a classifier", "classes", value=model.target)
    if LOSSES[model.loss.name].sets is not None:
        yield Finding(("loss", "name"), "compares masks, but a classifier has none",
                      ", ".join(name for name, kind in LOSSES.items() if kind.sets is None),
                      value=model.loss.name)  # fmt: skip


def _model(model: Model) -> Iterator[Finding]:
    yield from _sides(model)
    yield from _backbone(model)
    yield from _classifier(model)
    yield from _schedule(model.training.schedule, model.training.epochs)
    method, target = model.instances.method, model.target
    if method == "watershed" and target not in ("foreground_boundary", "foreground_distance"):
        yield Finding(
            ("instances", "method"), f"finds no seeds in the target {target}",
            "components, or target: foreground_boundary or foreground_distance", value=method,
        )  # fmt: skip
    if method != "none" and target == "classes":
        yield Finding(("instances", "method"), "needs a foreground target",
                      "none, or target: foreground...", value=method)  # fmt: skip
    if target == "foreground_distance" and LOSSES[model.loss.name].pixels is None:
        losses = ", ".join(name for name, kind in LOSSES.items() if kind.pixels is not None)
        yield Finding(("loss", "name"), "compares sets, but a distance is a degree", losses,
                      value=model.loss.name)  # fmt: skip
    by = model.training.sampling.by
    if by == "foreground" and model.network.whole:
        yield Finding(("training", "sampling", "by"), "chooses patches, but images are whole",
                      "uniform, or classes: each class equally often", value=by)  # fmt: skip
    elif by != "uniform" and model.training.patch is None and not model.network.whole:
        yield Finding(("training", "sampling", "by"), "chooses patches, but there are none",
                      "uniform, or a training.patch", value=by)  # fmt: skip
    if model.training.share == 0:
        yield Finding(("training", "share"), "leaves nothing to train on", "more than 0", value=0)
    for name, factor in model.loss.weights.items():
        if factor < 0:
            yield Finding(("loss", "weights", name), "is negative", "a number >= 0", value=factor)


def _chosen(study: Study) -> Iterator[Finding]:
    """Metrics that are ranked by or published, but not computed."""
    chosen: list[tuple[Key, str]] = [(("primary",), study.primary)]
    chosen += [(("published", n, "metric"), row.metric) for n, row in enumerate(study.published)]
    for key, metric in chosen:
        if metric not in study.metrics:
            yield Finding(
                key, "is not one of the study's metrics", ", ".join(study.metrics),
                nearest(metric, study.metrics), metric,
            )  # fmt: skip


def _sweep(sweep: Sweep) -> Iterator[Finding]:
    key = ("sweep",)
    if not sweep.grid and not sweep.random:
        yield Finding(key, "has no keys", "a grid, or random and points")
    if bool(sweep.random) != bool(sweep.points):
        yield Finding((*key, "points"), "and random go together", "both, or neither",
                      value=sweep.points)  # fmt: skip
    for name in sorted(set(sweep.grid) & set(sweep.random)):
        yield Finding((*key, "random", name), "is in the grid too", "the key once")
    for name, values in sweep.grid.items():
        if not values:
            yield Finding((*key, "grid", name), "is empty", "one value or more")
    for name, space in sweep.random.items():
        yield from _space(space, (*key, "random", name))


def _space(space: Space, key: Key) -> Iterator[Finding]:
    low, high = space.low, space.high
    if space.choices:
        if low is not None or high is not None or space.log:
            yield Finding(key, "has choices and a range", "one or the other")
    elif low is None or high is None:
        yield Finding(key, "has no values", "low and high, or choices")
    elif not low < high or (space.log and low <= 0):
        allowed = "0 < low < high, as log is true" if space.log else "low < high"
        yield Finding(key, "is not a valid range", allowed, value=[low, high])


def _study(study: Study) -> Iterator[Finding]:
    if study.sweep is not None:
        yield from _sweep(study.sweep)
    for name in ("preprocessing", "augmentation", "models", "seeds", "metrics"):
        values = getattr(study, name)
        if not values:
            yield Finding((name,), "is empty", "one entry or more")
        for value in repeated(values):
            yield Finding((name,), f"has {value!r} twice", "each entry once")
    yield from _chosen(study)
    for number, seed in enumerate(study.seeds):
        if seed < 0:
            yield Finding(("seeds", number), "is negative", "integers >= 0", value=seed)
    if study.confidence in (0.0, 1.0):
        allowed = "more than 0 and less than 1"
        yield Finding(("confidence",), "gives no interval", allowed, value=study.confidence)


_CHECKS: dict[type[Strict], Callable[[Any], Iterator[Finding]]] = {
    Dataset: check_dataset,
    Preprocessing: _preprocessing,
    Augmentation: _augmentation,
    Model: _model,
    Study: _study,
}


def check_recipe(recipe: Strict) -> list[Finding]:
    """Find the contradictions inside one recipe."""
    return list(_CHECKS[type(recipe)](recipe))
