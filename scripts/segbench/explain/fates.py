"""The fate of each job that must run: computed, restored, or still open.

A job is restored if the store has its key. The key is known when all inputs are: existing files,
or stored outputs of jobs that will be restored. After a job that is computed, all is open: its
outputs may turn out identical, and then the jobs after it are restored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from segbench.errors import SegbenchError
from segbench.explain.plan import Planned
from segbench.provenance.keys import CachePolicy, Job, digest_input, work_key
from segbench.provenance.record import FileStat
from segbench.provenance.store import Store

#: ``computed``: will run. ``restored``: found in the store. ``open``: may run or be restored.
Fate = Literal["computed", "restored", "open"]
FATES: tuple[Fate, ...] = ("computed", "restored", "open")


class Inputs:
    """Digests of existing files; files that did not change since a record are not read."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, path: str, seen: FileStat | None = None) -> str:
        """The digest of a file.

        Parameters
        ----------
        path : str
            The file.
        seen : FileStat, optional
            Its stat in an earlier record.
        """
        if path not in self._known:
            status = Path(path).stat()
            same = seen is not None and seen[1:] == (status.st_size, status.st_mtime_ns)
            self._known[path] = seen.digest if seen and same else digest_input(Path(path))
        return self._known[path]


class Fates:
    """Finds the fate of jobs in the order in which they run.

    Parameters
    ----------
    store : Store
        The store; it is only read.
    policy : callable
        Returns the cache policy of a rule.
    digest : callable
        Returns the digest of an existing file.
    seconds : float
        Time limit for working out keys; after it, jobs are open.
    """

    def __init__(
        self,
        store: Store,
        policy: Callable[[str], CachePolicy],
        digest: Callable[[str], str],
        seconds: float = 30.0,
    ) -> None:
        self._store = store
        self._policy = policy
        self._digest = digest
        self._end = time.monotonic() + seconds
        self._objects: dict[str, Path] = {}
        self._like: dict[str, str] = {}
        self._keys: set[str] = set()

    def of(self, jobs: Iterable[Planned]) -> dict[int, Fate]:
        """The fate of every job.

        Parameters
        ----------
        jobs : iterable of Planned
            Each after the jobs that make its inputs.
        """
        return {job.number: self._fate(job) for job in jobs}

    def _fate(self, job: Planned) -> Fate:
        policy = self._policy(job.rule)
        if not policy.stored:
            return "computed"
        if any(path not in self._objects for path in job.makers) or time.monotonic() > self._end:
            return "open"
        try:
            key = self._key(job, policy)
        except (SegbenchError, OSError, ValueError, KeyError):
            return "open"  # inputs do not fit together; the job itself will report it
        if key in self._keys:
            return "restored"
        self._keys.add(key)
        entry = self._store.find(key) if self._store.holds(key) else None
        outputs = {name: path for name, path in job.outputs.items() if name != "cost"}
        if entry is None or set(entry["outputs"]) != set(outputs):
            return "computed"
        for name, path in outputs.items():
            self._objects[path] = self._store.object_path(entry["outputs"][name]["sha256"])
        return "restored"

    def _key(self, job: Planned, policy: CachePolicy) -> str:
        inputs: dict[str, list[Path]] = {}
        for name, paths in job.inputs.items():
            inputs[name] = [
                self._objects.get(p, Path(p)) if p in job.makers else Path(p) for p in paths
            ]
            self._like.update(
                {str(actual): path for actual, path in zip(inputs[name], paths, strict=True)}
            )
        outputs = {name: Path(path) for name, path in job.outputs.items()}
        ready = Job(inputs, outputs, job.params, job.wildcards, 1)
        return work_key(job.rule, ready, policy.selection, self._digest_of)

    def _digest_of(self, path: Path) -> str:
        like = self._like.get(str(path), str(path))
        return self._digest(str(path)) if like == str(path) else digest_input(path, like)
