"""Where the files of a report lie: what the workflow hands to the report, by study and arm."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from segbench.strict import Strict


class ArmParts(Strict):
    """The pictures of one arm."""

    names: dict[str, str] = Field(
        description="preprocessing, augmentation, model and seed, as `arm_label` names them."
    )
    overlays: Path | None = Field(None, description="Test samples; null for classifiers.")
    classes: dict[str, Path] = Field(
        default_factory=dict, description="Of classifiers, kind of picture -> picture."
    )


class StudyParts(Strict):
    """The files of one study's section."""

    samples: Path = Field(description="samples.tsv of its dataset.")
    folds: Path = Field(description="The folds of its protocol.")
    verdict: Path = Field(description="The leak check's verdict.")
    tables: dict[str, Path] = Field(description="Format -> table.")
    curves: Path = Field(description="Learning curves of all arms.")
    losses: Path = Field(description="The lowest losses of each arm and fold.")
    sweep: Path | None = Field(None, description="The points of the sweep, if there is one.")
    arms: tuple[ArmParts, ...] = Field((), description="In the order of the page.")
