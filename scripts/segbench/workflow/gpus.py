"""GPUs: how many a training and a prediction ask for; none for what the store has already.

On a cluster, a job whose work is found in the store asks for no GPU, so it does not queue
for one. It is looked up when the job is ready to be submitted: then its inputs are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from segbench.config.loader import Config
from segbench.provenance.lookup import Lookup
from segbench.provenance.store import Store
from segbench.workflow.code import Code
from segbench.workflow.parameters import gpu_parameters

#: Whether the store has a job's work: rule, wildcards, inputs by their names in the rule.
IsStored = Callable[[str, Mapping[str, str], Mapping[str, list[str]]], bool]


def granted_gpus(environment: Mapping[str, str]) -> int:
    """Number of GPUs in ``CUDA_VISIBLE_DEVICES``, as a cluster's job got them.

    Examples
    --------
    >>> granted_gpus({"CUDA_VISIBLE_DEVICES": "0,1"})
    2
    >>> granted_gpus({"CUDA_VISIBLE_DEVICES": "NoDevFiles"}), granted_gpus({})
    (0, 0)
    """
    shown = environment.get("CUDA_VISIBLE_DEVICES", "")
    return len(set(shown.split(",")) - {"", "-1", "NoDevFiles"})


class StoredWork:
    """Whether the store has a job's work; see `IsStored`.

    Parameters
    ----------
    config : Config
        Says where the store is, and what the rules' parameters are.
    code : Code
        Digests of the scripts.
    """

    def __init__(self, config: Config, code: Code) -> None:
        self._lookup = Lookup(Store(config.store()))
        self._parameters = gpu_parameters(config)
        self._code = code

    def __call__(
        self, rule: str, wildcards: Mapping[str, str], inputs: Mapping[str, list[str]]
    ) -> bool:
        """Whether it has; False where that cannot be known."""
        params = {name: ask(wildcards) for name, ask in self._parameters[rule].items()}
        params["code"] = self._code.with_network(rule)(wildcards)
        return self._lookup.holds(self._code.script(rule), inputs, params, dict(wildcards))


@dataclass(frozen=True)
class GpuRequests:
    """How many GPUs jobs ask for.

    Attributes
    ----------
    wanted : int
        Of a training, where the profile says nothing.
    is_stored : callable, optional
        Asked before a job goes to a cluster; None: jobs do not go to one.
    """

    wanted: int
    is_stored: IsStored | None = None

    @classmethod
    def of_run(
        cls,
        configured: int | None,
        *,
        submitted: bool,
        granted: int | None = None,
        is_stored: IsStored | None = None,
    ) -> GpuRequests:
        """What the jobs of a run ask for.

        Parameters
        ----------
        configured : int or None
            ``gpus:`` of the configuration.
        submitted : bool
            Whether jobs go to a cluster; in a dry run, whether they would.
        granted : int, optional
            Given inside a job: GPUs that it got.
        is_stored : callable, optional
            See the class.
        """
        if granted is not None:
            return cls(granted)
        return cls(int(submitted) if configured is None else configured, is_stored)

    def of_rule(self, rule: str) -> int:
        """GPUs of a rule's jobs: a training is one process on all, a prediction uses one."""
        return self.wanted if rule == "train" else min(self.wanted, 1)

    def of_job(self, rule: str, wildcards: Mapping[str, str], inputs: Mapping[str, Any]) -> int:
        """GPUs that a job asks for: none where it is submitted only to be restored.

        Parameters
        ----------
        rule : str
            ``train`` or ``predict``.
        wildcards : mapping
            Of the job.
        inputs : mapping
            Name in the rule -> a path or several.
        """
        if self.is_stored is not None:
            files = {
                name: [paths] if isinstance(paths, str) else list(paths)
                for name, paths in inputs.items()
            }
            if self.is_stored(rule, wildcards, files):
                return 0
        return self.of_rule(rule)
