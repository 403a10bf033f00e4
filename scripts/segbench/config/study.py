"""Studies: config/studies/NAME.yaml. One question, one table."""

from __future__ import annotations

from itertools import product
from typing import Any, Literal

from pydantic import Field

from segbench.arms import Arm, Recipes
from segbench.strict import Count, Fraction, Strict


class Published(Strict):
    """A published row, to compare ours with."""

    method: str = Field(description="What was done, in a few words.")
    metric: str = Field(description="The metric that it is compared with.")
    of_class: str | None = Field(
        None, description="The class of which it is the figure; null: the mean over classes."
    )
    definition: str = Field(description="How the publication defines the figure.")
    value: float = Field(description="As published.")
    spread: float | None = Field(None, description="As published, plus or minus.")
    source: str = Field(description="Where it was published, and for which images.")


class Space(Strict):
    """What a random search draws a value from: a range, or a list."""

    low: float | None = Field(None, description="Smallest value; with high.")
    high: float | None = Field(None, description="Largest value; with low.")
    log: bool = Field(False, description="Draw uniformly on a logarithmic scale.")
    choices: tuple[Any, ...] = Field((), description="Values to choose from, instead of a range.")


class Sweep(Strict):
    """Hyper-parameters: each point is one more model, trained and scored by its own jobs.

    Keys are those of a model recipe, with dots: training.optimizer.learning_rate.
    """

    grid: dict[str, tuple[Any, ...]] = Field(
        default_factory=dict, description="Key -> its values; the points are their product."
    )
    random: dict[str, Space] = Field(
        default_factory=dict, description="Key -> what its value is drawn from."
    )
    points: int = Field(0, ge=0, description="How many points are drawn, for random.")
    seed: int = Field(0, ge=0, description="Of the draw; a larger `points` keeps the first ones.")
    leave_out: tuple[str, ...] = Field((), description="Names of points to leave out.")


class Study(Strict):
    """The arms are the product of the lists below."""

    title: str = Field(description="The table's heading.")
    question: str = Field(description="What the table answers, as a question.")
    dataset: str = Field(description="Name of a dataset.")
    protocol: str = Field(description="Name of one of the dataset's protocols.")
    preprocessing: tuple[str, ...] = Field(description="Names of preprocessing recipes.")
    augmentation: tuple[str, ...] = Field(description="Names of augmentation recipes.")
    models: tuple[str, ...] = Field(description="Names of model recipes.")
    sweep: Sweep | None = Field(
        None, description="Each model is replaced by variants of it, one per point; null: none."
    )
    seeds: tuple[int, ...] = Field(
        (0,), description="Each arm is trained once for each: initial weights, order, jitter."
    )
    ensemble: bool = Field(
        False, description="Predict the fixed test set with the networks of all folds together."
    )
    metrics: tuple[str, ...] = Field(description="Names of metrics that fit the task.")
    primary: str = Field(description="The metric that ranks the arms; one of `metrics`.")
    confidence: Fraction = Field(0.95, description="Level of the bootstrap intervals.")
    bootstrap: Count = Field(2000, description="Resamples of the groups.")
    published: tuple[Published, ...] = Field(
        (), description="Published rows, printed above ours; left out where the data are generated."
    )
    empty: Literal["exclude", "one", "zero"] = Field(
        "exclude", description="Score of an image where truth and prediction are both empty."
    )

    def rows(self) -> tuple[Recipes, ...]:
        """Give the rows of the table: the product of the lists of recipes, in their order."""
        lists = self.preprocessing, self.augmentation, self.models
        return tuple(map(Recipes._make, product(*lists)))

    def arms(self) -> tuple[Arm, ...]:
        """Give the arms: each row with each seed."""
        runs = product(self.rows(), self.seeds)
        return tuple(Arm(self.dataset, *row, seed, self.protocol) for row, seed in runs)
