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

    method: str = Field(description="What was done, in a few words.")
    metric: str = Field(description="The metric of ours beside which it stands.")
    definition: str = Field(description="How the publication defines the figure.")
    value: float = Field(description="As published.")
    spread: float | None = Field(None, description="As published, plus or minus.")
    source: str = Field(description="Where it is published, and on which images.")


class Study(Strict):
    """The arms are the product of the lists below."""

    title: str = Field(description="The table's heading.")
    question: str = Field(description="What the table answers, as a question.")
    dataset: str = Field(description="Name of a dataset.")
    protocol: str = Field(description="Name of one of the dataset's protocols.")
    preprocessing: tuple[str, ...] = Field(description="Names of preprocessing recipes.")
    augmentation: tuple[str, ...] = Field(description="Names of augmentation recipes.")
    models: tuple[str, ...] = Field(description="Names of model recipes.")
    seeds: tuple[int, ...] = Field(
        (0,), description="Each arm is trained once for each: initial weights, order, jitter."
    )
    ensemble: bool = Field(False, description="Predict the fixed test set by all folds together.")
    metrics: tuple[str, ...] = Field(
        description=f"Of {', '.join(METRICS)}; the last for numbered objects only."
    )
    primary: str = Field(description="The metric that ranks the arms; one of `metrics`.")
    confidence: Fraction = Field(0.95, description="Level of the bootstrap intervals.")
    bootstrap: Count = Field(2000, description="Resamples of the groups.")
    published: tuple[Published, ...] = Field(
        (), description="Rows that stand above ours, never beside figures of generated data."
    )
    empty: Literal["exclude", "one", "zero"] = Field(
        "exclude", description="Score of an image where truth and prediction are both empty."
    )
