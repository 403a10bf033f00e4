"""Studies and scores for the tests of the statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from segbench.artefacts.scores import Score, write_scores
from segbench.config.study import Published, Study
from segbench.metrics.registry import definition_id

PUBLISHED = Published(
    method="kumeS U-Net",
    metric="iou",
    definition="mean IoU of 7 test images",
    value=0.941,
    spread=0.047,
    source="concept/ClassRelation2.png",
)


def study(**changes: Any) -> Study:
    """Two preprocessings, one model, IoU; the rest by `changes`."""
    values: dict[str, Any] = {
        "title": "Kidney nuclei by input size",
        "question": "Which input size is better?",
        "dataset": "kidney_nuclei",
        "protocol": "published",
        "preprocessing": ("em-128", "em-256"),
        "augmentation": ("none",),
        "models": ("unet",),
        "metrics": ("iou",),
        "primary": "iou",
        "bootstrap": 500,
    }
    return Study(**{**values, **changes})


#: (preprocessing, augmentation, model, seed, sample, metric) -> value
Value = Callable[[str, str, str, int, str, str], float]


def write_run(
    path: Path,
    one: Study,
    values: Mapping[tuple[str, str, str], float | tuple[float, float]],
    labels: Mapping[str, Any] | None = None,
    group: Callable[[str], str] = lambda sample: sample,
) -> Path:
    """One file of scores. Keys of `values`: sample, class, metric; (value, weight) or value."""
    head = {
        "dataset": one.dataset,
        "preprocessing": one.preprocessing[0],
        "augmentation": one.augmentation[0],
        "model": one.models[0],
        "seed": one.seeds[0],
        "protocol": one.protocol,
        "fold": "0",
        **(labels or {}),
    }
    rows = [
        Score(
            sample,
            group(sample),
            class_name,
            metric,
            definition_id(metric, one.empty),
            weight,
            value,
        )
        for (sample, class_name, metric), both in values.items()
        for value, weight in [both if isinstance(both, tuple) else (both, 1.0)]
    ]
    write_scores(head, rows, path)
    return path


def write_all(
    folder: Path,
    one: Study,
    value: Value,
    samples: list[str],
    *,
    group: Callable[[str], str] = lambda sample: sample,
    metrics: tuple[str, ...] = (),
) -> list[Path]:
    """One file an arm and seed, one fold."""
    paths = []
    for prep in one.preprocessing:
        for aug in one.augmentation:
            for model in one.models:
                for seed in one.seeds:
                    values = {
                        (s, "nucleus", m): value(prep, aug, model, seed, s, m)
                        for s in samples
                        for m in metrics or one.metrics
                    }
                    labels = {
                        "preprocessing": prep,
                        "augmentation": aug,
                        "model": model,
                        "seed": seed,
                    }
                    path = folder / f"{prep}-{aug}-{model}-{seed}.parquet"
                    paths.append(write_run(path, one, values, labels, group))
    return paths
