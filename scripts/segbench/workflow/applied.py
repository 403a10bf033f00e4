"""Inputs and parameters of `snakemake apply`: a trained model and a folder of new images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segbench.config.loader import Config
from segbench.errors import SegbenchError
from segbench.inference.request import USAGE, Request, read_request
from segbench.workflow.paths import APPLIED, APPLIED_IMAGES, MODEL, PRIVATE, TABLE


@dataclass(frozen=True)
class Applied:
    """What is to be applied to which images.

    Attributes
    ----------
    config : Config
        Holds the studies.
    asked : Request or None
        None: nothing is asked for. Then only the names of the rules' outputs are needed.
    """

    config: Config
    asked: Request | None

    @classmethod
    def from_config(cls, config: Config, base: Path) -> Applied:
        """Read the request of a configuration; relative folders lie below `base`."""
        return cls(config, read_request(config, base))

    @property
    def name(self) -> str:
        """Of the folder of results below ``applied/``."""
        return self.asked.name if self.asked else "nothing"

    @property
    def folder(self) -> str:
        """The folder of results."""
        return APPLIED.format(name=self.name)

    @property
    def request(self) -> Request:
        """The request.

        Raises
        ------
        SegbenchError
            There is none.
        """
        if self.asked is None:
            missing = "model=" if self.config.main.images else "neither images= nor model="
            raise SegbenchError(
                f"nothing to apply: {missing} is{' not' if missing == 'model=' else ''} given",
                "a folder of new images and a trained model",
                USAGE,
            )
        return self.asked

    def images(self) -> str:
        """The list of the new images."""
        return APPLIED_IMAGES.format(name=self.request.name)

    def models(self) -> list[str]:
        """The networks that are applied, or among which the study's table chooses."""
        return [
            MODEL.format(**arm._asdict(), fold=fold)
            for arm in self.request.arms
            for fold in self.request.folds(self.config, arm)
        ]

    def recipes(self) -> set[str]:
        """The model recipes of these networks."""
        return {arm.model for arm in self.request.arms}

    def table(self) -> list[str]:
        """The table that ranks the arms, where the best is requested."""
        if not self.request.best:
            return []
        return [TABLE.format(study=self.request.study, format="csv")]

    def settings(self) -> dict[str, Any]:
        """Recipes, labels and folders of what is applied."""
        return self.request.settings(self.config)

    def refresh(self) -> None:
        """Update the list of the new images, if any are requested."""
        if self.asked is not None:
            from segbench.datasets import reader_of
            from segbench.inference.images import write_manifest

            cache = Path(PRIVATE, "applied", f"{self.name}.json")
            study = self.config.studies[self.asked.study]
            channels = reader_of(self.config.datasets[study.dataset]).channels_in_files
            write_manifest(self.asked.images, Path(self.images()), cache, channels)
