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
    pictures: dict[str, Path] = Field(description="File of a `PictureKind` -> SVG or PNG.")


class StudyParts(Strict):
    """The files of one study's section."""

    samples: Path = Field(description="samples.tsv of its dataset.")
    folds: Path = Field(description="The folds of its protocol.")
    verdict: Path = Field(description="The leak check's verdict.")
    tables: dict[str, Path] = Field(description="Format -> table.")
    losses: Path = Field(description="The lowest losses of each arm and fold.")
    pictures: dict[str, Path] = Field(
        description="File of a `PictureKind` of the whole study -> SVG or PNG."
    )
    arms: tuple[ArmParts, ...] = Field(description="In the order of the page.")


class ExplorationParts(Strict):
    """The files of one dataset's exploration."""

    summary: Path = Field(description="summary.json; it says which pictures tell something.")
    pictures: dict[str, Path] = Field(description="By the names of the summary.")
