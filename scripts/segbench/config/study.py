"""Studies: config/studies/NAME.yaml. One question, one table."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from segbench.config.base import Count, Fraction, Strict

#: Metrics of label maps, and of numbered objects. `segbench.metrics` registers the same.
SEMANTIC_METRICS = ("iou", "dice", "precision", "recall")
INSTANCE_METRICS = ("dsb_map",)
METRICS = (*SEMANTIC_METRICS, *INSTANCE_METRICS)


class Published(Strict):
    """A published row to stand beside ours."""

    method: str
    metric: str
    definition: str = Field(description="How the publication defines the figure.")
    value: float
    spread: float | None = Field(None, description="As published, plus or minus.")
    source: str


class Study(Strict):
    """The arms are the product of the lists below."""

    title: str
    question: str
    dataset: str
    protocol: str
    preprocessing: tuple[str, ...]
    augmentation: tuple[str, ...]
    models: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)
    ensemble: bool = Field(False, description="Predict the fixed test set by all folds together.")
    metrics: tuple[str, ...]
    primary: str = Field(description="The metric that ranks the arms; one of `metrics`.")
    confidence: Fraction = 0.95
    bootstrap: Count = Field(2000, description="Resamples of the groups.")
    published: tuple[Published, ...] = ()
    empty: Literal["exclude", "one", "zero"] = Field(
        "exclude", description="Score of an image where truth and prediction are both empty."
    )
