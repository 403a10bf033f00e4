"""Look up the work of a job in the store before the job is queued.

On a cluster, a job that only restores must not wait for a GPU. Its key is known as soon as its
inputs exist: it is made of their content, its code and its parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from segbench.errors import SegbenchError
from segbench.provenance.keys import Job, cache_policy_of, work_key
from segbench.provenance.store import Store
from segbench.provenance.store_entry import canonical

_policy = cache(cache_policy_of)


def _stamp(path: Path) -> tuple[str, int, int]:
    """A value that changes with the file."""
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size


class Lookup:
    """Looks up jobs in a store; remembers their keys.

    Parameters
    ----------
    store : Store
        The store that the jobs will use.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[str, str] = {}

    def holds(
        self,
        script: Path,
        inputs: Mapping[str, Iterable[str | Path]],
        params: Mapping[str, Any],
        wildcards: Mapping[str, str],
    ) -> bool:
        """Whether the store has the work of a job.

        Parameters
        ----------
        script : Path
            The script of the job's rule, named as the rule.
        inputs : mapping of str to iterable of Path
            Its input files by their names in the rule.
        params : mapping
            Its parameters, all of them.
        wildcards : mapping of str to str
            Its wildcards.

        Returns
        -------
        bool
            False also if an input is missing or unreadable; the job itself reports that.
        """
        files = {name: [Path(path) for path in paths] for name, paths in inputs.items()}
        try:
            stamps = {name: [_stamp(path) for path in paths] for name, paths in files.items()}
            asked = canonical([script.stem, stamps, params, wildcards])
            if asked not in self._keys:
                job = Job(files, {}, dict(params), dict(wildcards), threads=1)
                self._keys[asked] = work_key(script.stem, job, _policy(script).selection)
        except (OSError, SegbenchError):
            return False
        return self._store.holds(self._keys[asked])
