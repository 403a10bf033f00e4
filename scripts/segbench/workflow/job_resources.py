"""What jobs ask for: memory, memory of a GPU, minutes, more at each attempt; and expected seconds.

Snakemake asks for every job that it plans, so what jobs share is kept. Before a dataset's
samples.tsv is there, the configuration alone is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path

from segbench.arms import Arm
from segbench.config.loader import Config
from segbench.resources import (
    Fingerprint,
    Needs,
    Sheet,
    fingerprint,
    predict_needs,
    read_sheet,
    stage_needs,
    training_needs,
)
from segbench.stages import STAGES
from segbench.workflow.arms import ENSEMBLE
from segbench.workflow.paths import OBJECTS, SAMPLES

#: A resource of a rule, in the form in which Snakemake asks for it.
Resource = Callable[[Mapping[str, str], int, int], int]


class JobResources:
    """Predicts what jobs need.

    Parameters
    ----------
    config : Config
        Holds the recipes.
    gpus_of : callable
        GPUs that the jobs of a rule get. A job that is found in the store asks for none, but
        needs no more without one.
    """

    def __init__(self, config: Config, gpus_of: Callable[[str], int]) -> None:
        self._config = config
        self._gpus_of = gpus_of
        self._data = lru_cache(maxsize=None)(self._fingerprint)
        self._needs = lru_cache(maxsize=None)(self._with_network)
        #: An arm of each dataset: on what the rules before the folds need, all agree.
        self._first_arm: dict[str, Arm] = {}
        for name, study in config.studies.items():
            self._first_arm.setdefault(study.dataset, config.arms(name)[0])

    def memory(self, rule: str) -> Resource:
        """Memory that jobs of a rule ask for, in MiB."""
        return self._resource(rule, "mem_mb")

    def minutes(self, rule: str) -> Resource:
        """Time that jobs of a rule ask for, in minutes."""
        return self._resource(rule, "runtime_min")

    def gpu_memory(self, rule: str) -> Resource:
        """Memory of each GPU that jobs of a rule ask for, in MiB; 0 on a CPU."""
        return self._resource(rule, "gpu_mem_mb")

    def seconds(self, rule: str) -> Resource:
        """Wall time that is expected of jobs of a rule, in seconds, for forecasts."""
        return self._resource(rule, "expected_s")

    def _resource(self, rule: str, name: str) -> Resource:
        def resource(wildcards: Mapping[str, str], attempt: int, threads: int) -> int:
            return int(getattr(self.needs(rule, wildcards, attempt, threads), name))

        return resource

    def needs(self, rule: str, wildcards: Mapping[str, str], attempt: int, threads: int) -> Needs:
        """What a job needs.

        Parameters
        ----------
        rule : str
            The rule.
        wildcards : mapping
            Of the job. Parts of the arm that it lacks do not matter to its rule.
        attempt : int
            Counted from 1.
        threads : int
            Of the job.
        """
        dataset = wildcards["dataset"]
        arm = self._first_arm[dataset]
        protocol = wildcards.get("protocol", arm.protocol)
        model = wildcards.get("model", arm.model)
        preprocessing = wildcards.get("preprocessing", arm.preprocessing)
        augmentation = wildcards.get("augmentation", arm.augmentation)
        sheet = read_sheet(SAMPLES.format(dataset=dataset))
        data = self._data(dataset, protocol, preprocessing, augmentation, sheet)
        if not STAGES[rule].network:
            table_bytes = _size(OBJECTS.format(**wildcards)) if rule == "describe" else 0
            return _without_network(rule, data, threads, table_bytes).at(attempt)
        folds = self._config.datasets[dataset].protocols[protocol].folds
        networks = folds if wildcards.get("fold") == ENSEMBLE else 1
        gpus = self._gpus_of(rule)
        return self._needs(rule, data, model, augmentation, networks, gpus, threads).at(attempt)

    def _fingerprint(
        self,
        dataset: str,
        protocol: str,
        preprocessing: str,
        augmentation: str,
        sheet: Sheet | None,
    ) -> Fingerprint:
        chosen = self._config.datasets[dataset]
        return fingerprint(
            chosen,
            chosen.protocols[protocol],
            self._config.preprocessing[preprocessing],
            self._config.augmentation[augmentation],
            sheet,
        )

    def _with_network(
        self,
        rule: str,
        data: Fingerprint,
        model: str,
        augmentation: str,
        networks: int,
        gpus: int,
        threads: int,
    ) -> Needs:
        recipe = self._config.models[model]
        if rule == "train":
            jitter = self._config.augmentation[augmentation].jitter
            return training_needs(recipe, data, jitter, gpus=gpus, threads=threads)
        return predict_needs(recipe, data, networks=networks, gpus=gpus, threads=threads)


@cache
def _without_network(rule: str, data: Fingerprint, threads: int, table_bytes: int) -> Needs:
    return stage_needs(rule, data, threads=threads, table_bytes=table_bytes)


def _size(path: str) -> int:
    """Bytes of a file; 0 before it is there."""
    file = Path(path)
    return file.stat().st_size if file.exists() else 0
