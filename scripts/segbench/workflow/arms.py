"""The arms and folds of the studies, and the files that they have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache

from segbench.arms import Arm
from segbench.config.loader import Config
from segbench.datasets.formats import FORMATS
from segbench.workflow.paths import APPEARANCE, MODEL

#: The fold of a prediction that all folds' networks make together.
ENSEMBLE = "ensemble"


class Arms:
    """The arms of all studies of a configuration.

    Parameters
    ----------
    config : Config
        Checked.
    """

    #: Wildcards that are names of recipes.
    NAMES = tuple(key for key in Arm._fields if key != "seed")

    def __init__(self, config: Config) -> None:
        self._config = config
        self._metrics = lru_cache(maxsize=None)(self._metrics_of)

    def folds(self, dataset: str, protocol: str) -> range:
        """The folds of a protocol; each has a network."""
        return range(self._config.datasets[dataset].protocols[protocol].folds)

    def trained_folds(self, study: str) -> range:
        """The folds on which each arm of a study is trained."""
        chosen = self._config.studies[study]
        return self.folds(chosen.dataset, chosen.protocol)

    def scored_folds(self, study: str) -> range | list[str]:
        """The folds of each arm of a study whose predictions are scored."""
        return [ENSEMBLE] if self._config.studies[study].ensemble else self.trained_folds(study)

    def is_classified(self, study: str) -> bool:
        """Whether whole images are classified: then there are no objects and no overlays."""
        return self._config.datasets[self._config.studies[study].dataset].task == "classification"

    def trained(self, pattern: str, study: str) -> list[str]:
        """A file of every arm of a study and every fold that is trained on."""
        return _files(pattern, self._config.arms(study), self.trained_folds(study))

    def scored(self, pattern: str, study: str) -> list[str]:
        """A file of every arm of a study and every fold that is scored."""
        return _files(pattern, self._config.arms(study), self.scored_folds(study))

    def trained_runs(self, study: str) -> list[dict[str, object]]:
        """The names of every arm of a study with its fold, in the order of `trained`."""
        return [
            {**arm._asdict(), "fold": fold}
            for arm in self._config.arms(study)
            for fold in self.trained_folds(study)
        ]

    def segmented(self, pattern: str) -> list[str]:
        """A file of every scored run of all studies whose images are segmented."""
        studies = [study for study in self._config.studies if not self.is_classified(study)]
        return sorted({path for study in studies for path in self.scored(pattern, study)})

    def submitted(self, pattern: str) -> list[str]:
        """A file of every arm on data whose publisher accepts submissions."""
        return [
            pattern.format(**arm._asdict())
            for study in self._config.studies
            for arm in self._config.arms(study)
            if FORMATS[self._config.datasets[arm.dataset].format].takes_submissions
        ]

    def appearance(self, wildcards: Mapping[str, str]) -> str | list[str]:
        """The images that look alike, where a protocol balances its folds by them."""
        dataset = self._config.datasets[wildcards["dataset"]]
        if dataset.protocols[wildcards["protocol"]].stratify_by != "appearance":
            return []
        return APPEARANCE.format(**wildcards)

    def networks(self, wildcards: Mapping[str, str]) -> str | list[str]:
        """The networks that predict in a run: the fold's own, or together those of all folds."""
        if wildcards["fold"] != ENSEMBLE:
            return MODEL.format(**wildcards)
        folds = self.folds(wildcards["dataset"], wildcards["protocol"])
        return [MODEL.format(**{**wildcards, "fold": fold}) for fold in folds]

    def studies_of(self, wildcards: Mapping[str, str]) -> tuple[str, ...]:
        """The names of the studies that have the arm of a run."""
        return self._by_arm.get(tuple(wildcards[key] for key in Arm._fields), ())

    def metrics_of(self, wildcards: Mapping[str, str]) -> list[str]:
        """All metrics for which the studies of a run ask, sorted; do not change the list."""
        return self._metrics(self.studies_of(wildcards))

    def empty_of(self, wildcards: Mapping[str, str]) -> str:
        """The policy for empty masks of a run; the config check made its studies agree on it."""
        return self._config.studies[self.studies_of(wildcards)[0]].empty

    def jobs(self, study: str) -> dict[str, list[dict[str, object]]]:
        """The jobs of a study's arms, as wildcards, by what a stage has one job for.

        Parameters
        ----------
        study : str
            Its name.

        Returns
        -------
        dict
            ``per`` of a `segbench.stages.Stage` -> wildcards of each job.
        """
        arms = [(arm, arm._asdict()) for arm in self._config.arms(study)]
        shards = [
            (arm, {**names, "shard": shard})
            for arm, names in arms
            for shard in range(self._config.datasets[arm.dataset].shards)
        ]
        scored = [{**names, "fold": fold} for _, names in arms for fold in self.scored_folds(study)]
        return {
            "dataset": [names for _, names in arms],
            "shard": [names for _, names in shards],
            "amplified shard": [
                names
                for arm, names in shards
                if self._config.augmentation[arm.augmentation].amplification is not None
            ],
            "fold": self.trained_runs(study),
            "scored fold": scored,
            "segmented fold": [] if self.is_classified(study) else scored,
        }

    @cached_property
    def _by_arm(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """The names of each arm, as wildcards give them -> the studies that have it."""
        found: dict[tuple[str, ...], tuple[str, ...]] = {}
        for study in self._config.studies:
            for arm in self._config.arms(study):
                names = tuple(map(str, arm))
                found[names] = (*found.get(names, ()), study)
        return found

    def _metrics_of(self, studies: tuple[str, ...]) -> list[str]:
        return sorted({name for study in studies for name in self._config.studies[study].metrics})


def _files(pattern: str, arms: list[Arm], folds: range | list[str]) -> list[str]:
    return [pattern.format(**arm._asdict(), fold=fold) for arm in arms for fold in folds]
